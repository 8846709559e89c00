package gitlabtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

const genericGrantText = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) decode(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.body), into), r.body)
}

// requireBody compares byte for byte: the order of members counts too.
func requireBody(t *testing.T, want string, r reply, why ...any) {
	t.Helper()
	require.Equal(t, want, r.body, why...)
}

// send makes one call without following redirects. header is name, value, ….
func send(t *testing.T, srv *gitlabtest.Server, method, path, contentType, body string, header ...string) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := *srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(b)}, err
}

// get calls the API with a bearer token.
func get(t *testing.T, srv *gitlabtest.Server, token, path string) reply {
	t.Helper()
	r, err := send(t, srv, http.MethodGet, "/api/v4"+path, "", "", "Authorization", "Bearer "+token)
	require.NoError(t, err)
	return r
}

// post calls the API with a bearer token and a JSON body.
func post(t *testing.T, srv *gitlabtest.Server, token, path, body string) reply {
	t.Helper()
	r, err := send(t, srv, http.MethodPost, "/api/v4"+path, "application/json", body, "Authorization", "Bearer "+token)
	require.NoError(t, err)
	return r
}

// form posts name, value, … to an OAuth endpoint.
func form(t *testing.T, srv *gitlabtest.Server, path string, pairs ...string) reply {
	t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	r, err := send(t, srv, http.MethodPost, path, "application/x-www-form-urlencoded", values.Encode())
	require.NoError(t, err)
	return r
}

// refresh spends a refresh token as the default application; more parameters
// may follow.
func refresh(t *testing.T, srv *gitlabtest.Server, refreshToken string, more ...string) reply {
	t.Helper()
	return form(t, srv, "/oauth/token", append([]string{
		"grant_type", "refresh_token", "refresh_token", refreshToken,
		"client_id", srv.App.ClientID, "client_secret", srv.App.ClientSecret,
	}, more...)...)
}

func requireRefusal(t *testing.T, r reply, status int, code, text string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	require.Equal(t, `{"error":"`+code+`","error_description":"`+text+`"}`, r.body)
	require.Equal(t, `Bearer realm="Doorkeeper", error="`+code+`", error_description="`+text+`"`, r.header.Get("WWW-Authenticate"))
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	require.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
}
