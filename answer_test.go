package gitlab_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// limits answers with status and the headers of GitLab's rate limits.
func limits(status int, body string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp := answer(req, status, body)
		for name, value := range map[string]string{
			"RateLimit-Name": "throttle_authenticated_api", "RateLimit-Limit": "600", "RateLimit-Observed": "1", "RateLimit-Remaining": "599", "RateLimit-Reset": "1609844400",
			"RateLimit-ResetTime": "Tue, 05 Jan 2021 11:00:00 GMT", "ETag": `W/"abc"`, "X-Request-Id": "01JD", "X-Total": "7", "X-Total-Pages": "3", "X-Extra": "x",
		} {
			resp.Header.Set(name, value)
		}
		return resp, nil
	}
}

var theLimit = gitlab.RateLimit{Name: "throttle_authenticated_api", Limit: 600, Remaining: 599, Reset: time.Unix(1609844400, 0)}

func TestAnswerTellsWhatIsBesideTheBody(t *testing.T) {
	t.Parallel()
	for status, fails := range map[int]bool{200: false, 201: false, 304: true, 400: true, 404: true} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(limits(status, `{}`))
		a := gitlab.Answer{Total: 99}
		err := w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, gitlab.WithAnswer(&a))
		require.Equal(t, fails, err != nil, status)
		assert.Equal(t, status, a.StatusCode)
		assert.Equal(t, `W/"abc"`, a.ETag)
		assert.Equal(t, "01JD", a.RequestID)
		assert.Equal(t, theLimit, a.RateLimit)
		assert.Equal(t, int64(7), a.Total)
		assert.Equal(t, int64(3), a.TotalPages)
		assert.Equal(t, "x", a.Header.Get("X-Extra"))
		assert.Empty(t, a.Cursor(), "it is no list")
	}
}

func TestAnswerSaysWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, odd := range []string{"", "x", "-1", "1.5", "99999999999999999999"} {
		w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, `{}`)
			for _, name := range []string{"X-Total", "X-Total-Pages", "RateLimit-Reset"} {
				resp.Header.Set(name, odd)
			}
			return resp, nil
		})
		var a gitlab.Answer
		require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, gitlab.WithAnswer(&a)))
		assert.Equal(t, int64(-1), a.Total, odd)
		assert.Equal(t, int64(-1), a.TotalPages, odd)
		assert.Zero(t, a.RateLimit, odd)
		assert.Empty(t, a.ETag+a.RequestID)
	}
	w.mock.RegisterNoResponder(with("X-Total", "0", always(http.StatusOK, `{}`)))
	var a gitlab.Answer
	require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil, gitlab.WithAnswer(&a)))
	assert.Zero(t, a.Total, "an empty list")
}

func TestAnswerIsTheLastOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(inTurn(
			with("X-Request-Id", "1", page(http.StatusBadGateway)), with("X-Request-Id", "2", cut(`{`)), with("X-Request-Id", "3", always(http.StatusOK, `{}`)),
		))
		var a gitlab.Answer
		var out any
		require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, &out, gitlab.WithAnswer(&a)))
		assert.Equal(t, "3", a.RequestID)
		assert.Equal(t, http.StatusOK, a.StatusCode)
	})
}

func TestUnchangedAnswerIsAskedForByItsETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("If-None-Match") == `W/"abc"` {
			return limits(http.StatusNotModified, "")(req)
		}
		return limits(http.StatusOK, userJSON)(req)
	})
	var a gitlab.Answer
	user, err := gitlab.Get[gitlab.User](t.Context(), w.client, itemsPath, gitlab.WithAnswer(&a))
	require.NoError(t, err)
	assert.Equal(t, "ada", user.Username)
	_, err = gitlab.Get[gitlab.User](t.Context(), w.client, itemsPath, gitlab.WithAnswer(&a), gitlab.WithIfNoneMatch(a.ETag))
	require.ErrorIs(t, err, gitlab.ErrNotModified)
	require.NotErrorIs(t, err, gitlab.ErrNotFound)
	assert.Equal(t, http.StatusNotModified, a.StatusCode)
	_, err = every[item](t.Context(), t, w.client, itemsPath, gitlab.WithIfNoneMatch(a.ETag))
	require.ErrorIs(t, err, gitlab.ErrNotModified)
	assert.Len(t, w.sent(), 3)
}
