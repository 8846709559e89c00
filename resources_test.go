package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// at is the moment of most fixtures.
var at = time.Date(2018, 9, 13, 0, 35, 7, 0, time.UTC)

// assertFilled asserts that v has no zero field, so that a comparison with it
// is about every one.
func assertFilled(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	assert.False(t, v.IsZero(), name)
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Slice:
		assertFilled(t, name+"[0]", v.Index(0))
	case v.Kind() == reflect.Struct:
		for field, value := range v.Fields() {
			assertFilled(t, name+"."+field.Name, value)
		}
	}
}

// inUTC is v with all its times in UTC, since == and assert.Equal tell apart
// what means the same instant.
func inUTC(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			inUTC(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for _, value := range v.Fields() {
			inUTC(value)
		}
	}
}

// fetch makes a call of one result something that the table can hold.
func fetch[T any](f func(context.Context, *gitlab.Client) (T, error)) func(context.Context, *gitlab.Client) (any, error) {
	return func(ctx context.Context, c *gitlab.Client) (any, error) {
		v, err := f(ctx, c)
		inUTC(reflect.ValueOf(&v).Elem())
		return v, err
	}
}

// collect does so with a list.
func collect[T any](f func(context.Context, *gitlab.Client) iter.Seq2[T, error]) func(context.Context, *gitlab.Client) (any, error) {
	return fetch(func(ctx context.Context, c *gitlab.Client) (items []T, err error) {
		for item, err := range f(ctx, c) {
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	})
}

// typedCall is one method, what it sends, and what comes of the answer.
type typedCall struct {
	name   string
	make   func(ctx context.Context, c *gitlab.Client) (any, error)
	method string
	path   string // below /api/v4, with the query
	body   string // to the byte; "" for none
	status int
	answer string
	want   any
}

func runTyped(t *testing.T, rows []typedCall) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(always(row.status, row.answer))
			c := w.signIn(t, 2*time.Hour)

			got, err := row.make(t.Context(), c)

			require.NoError(t, err)
			assert.Equal(t, row.want, got)
			require.Len(t, w.sent(), 1)
			sent := w.sent()[0]
			assert.Equal(t, row.method, sent.Method)
			assert.Equal(t, baseURL+"/api/v4"+row.path, sent.URL)
			assert.Equal(t, row.body, sent.Body)
			assert.Equal(t, "Bearer access-1", sent.Authorization)
			if row.body != "" {
				assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			}

			w.mock.RegisterNoResponder(always(http.StatusNotFound, `{"message":"404 Not Found"}`))
			_, err = row.make(t.Context(), c)
			require.ErrorIs(t, err, gitlab.ErrNotFound)
		})
	}
}
