package gitlab_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestHeadersOfOptionsAreSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `[]`))
	c := w.client.WithToken("glpat-1")
	opts := []gitlab.RequestOption{
		gitlab.WithSudo("ada"), gitlab.WithIfNoneMatch(`W/"abc"`), gitlab.WithHeader("x-trace", "1"), gitlab.WithHeader("X-Trace", "2"),
		gitlab.WithHeader("Accept", "text/plain"), gitlab.WithHeader("User-Agent", "me"), gitlab.WithHeader("Authorization", "Bearer other"),
	}
	require.NoError(t, c.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, opts...))
	_, err := every[item](t.Context(), t, c, itemsPath, opts...)
	require.NoError(t, err)
	_, err = gitlab.GraphQL[any](t.Context(), c, "{a}", nil, opts...)
	require.ErrorContains(t, err, "decoding", "a list is no GraphQL answer")
	require.Len(t, w.sent(), 3)
	for _, sent := range w.sent() {
		assert.Equal(t, "ada", sent.Header.Get("Sudo"))
		assert.Equal(t, `W/"abc"`, sent.Header.Get("If-None-Match"))
		assert.Equal(t, []string{"2"}, sent.Header["X-Trace"], "the last one holds")
		assert.Equal(t, "text/plain", sent.Header.Get("Accept"))
		assert.Equal(t, "me", sent.Header.Get("User-Agent"))
		assert.Equal(t, "Bearer glpat-1", sent.Authorization, "the client's own token")
	}
	require.NoError(t, c.Call(t.Context(), http.MethodGet, itemsPath, nil, nil))
	assert.Empty(t, w.sent()[3].Header.Get("Sudo"), "of one call alone")
	assert.Equal(t, "application/json", w.sent()[3].Header.Get("Accept"))
	require.NoError(t, c.Call(t.Context(), http.MethodPost, itemsPath, map[string]int{}, nil, gitlab.WithHeader("Content-Type", "application/x+json")))
	assert.Equal(t, "application/x+json", w.sent()[4].Header.Get("Content-Type"))
}

func TestOptionsThatMakeNoSenseAreErrorsBeforeAnyIO(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for says, opt := range map[string]gitlab.RequestOption{
		"gitlab: a page size of 0: it must be from 1 to 100":   gitlab.WithPageSize(0),
		"gitlab: a page size of -1: it must be from 1 to 100":  gitlab.WithPageSize(-1),
		"gitlab: a page size of 101: it must be from 1 to 100": gitlab.WithPageSize(101),
		"gitlab: 0 pages in parallel: it must be 1 or more":    gitlab.Parallel(0),
		"gitlab: -3 pages in parallel: it must be 1 or more":   gitlab.Parallel(-3),
	} {
		require.EqualError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, opt), says)
		items, err := every[item](t.Context(), t, w.client, itemsPath, opt)
		require.EqualError(t, err, says)
		assert.Empty(t, items)
		_, err = gitlab.GraphQL[any](t.Context(), w.client, "{a}", nil, opt)
		require.EqualError(t, err, says)
	}
	assert.Empty(t, w.sent())
}

func TestPageSizeIsWhatTheCallerWants(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]gitlab.RequestOption{
		"per_page=100": nil, "per_page=1": {gitlab.WithPageSize(1)}, "per_page=7": {gitlab.WithPageSize(100), gitlab.WithPageSize(7)},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, `[]`))
		_, err := every[item](t.Context(), t, w.client, itemsPath, opts...)
		require.NoError(t, err)
		_, err = every[item](t.Context(), t, w.client, itemsPath.With(url.Values{"per_page": {"50"}}), append(opts, gitlab.WithPageSize(100))...)
		require.NoError(t, err)
		require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, opts...))
		assert.Equal(t, []string{want, "per_page=100", ""}, w.queries(), "a call that lists nothing has no pages")
	}
}

func TestListWhoseQueryIsBrokenIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := every[item](t.Context(), t, w.client, gitlab.Path{})
	require.ErrorContains(t, err, "the path is empty")
	assert.Empty(t, w.sent())
}
