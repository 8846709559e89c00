package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// request is one HTTP request, written down as it goes over the wire.
type request struct {
	method, path string // path with its query
	header       http.Header
	body         string
}

func postForm(path string, form url.Values) request {
	return request{
		method: http.MethodPost, path: path, body: form.Encode(),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

func get(path string) request {
	return request{method: http.MethodGet, path: path, header: http.Header{}}
}

func (r request) with(header, value string) request {
	r.header = r.header.Clone()
	r.header.Set(header, value)
	return r
}

func (r request) bearer(token string) request { return r.with("Authorization", "Bearer "+token) }

func (r request) basic(app application) request {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(app.clientID, app.clientSecret)
	return r.with("Authorization", req.Header.Get("Authorization"))
}

// answer is what two servers are compared by.
type answer struct {
	Status                                     int
	Authenticate, CacheControl, Type, Location string
	Body                                       string
}

// plain sends requests as they are: no redirect is followed, nothing is unpacked.
var plain = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(t *testing.T, s system, r request) answer {
	t.Helper()
	a, _ := exchange(t, s, r)
	return a
}

func exchange(t *testing.T, s system, r request) (answer, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, s.root()+r.path, strings.NewReader(r.body))
	require.NoError(t, err)
	req.Header = r.header
	resp, err := plain.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{
		Status:       resp.StatusCode,
		Authenticate: strings.Join(resp.Header.Values("WWW-Authenticate"), "; "),
		CacheControl: resp.Header.Get("Cache-Control"),
		Type:         resp.Header.Get("Content-Type"),
		Location:     resp.Header.Get("Location"),
		Body:         string(body),
	}, resp.Header
}

// code is the body's error; "" when there is none.
func (a answer) code() string {
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(a.Body), &body) != nil {
		return ""
	}
	return body.Error
}

func (a answer) pair(t *testing.T) pair {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &body))
	return pair{body.Access, body.Refresh}
}

// masks are what two servers cannot have in common: tokens and codes, the
// database's id of a user, points in time, and seconds of a lifetime that may
// have passed since.
var masks = []struct {
	found  *regexp.Regexp
	masked string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<hex>"},
	{regexp.MustCompile(`"resource_owner_id":[0-9]+`), `"resource_owner_id":<id>`},
	{regexp.MustCompile(`"(created_at|exp|iat)":[0-9]{10}\b`), `"$1":<time>`},
	{regexp.MustCompile(`"(expires_in|expires_in_seconds)":(7200|719[0-9])\b`), `"$1":<lifetime>`},
}

// masked hides what may differ; client is the application's id, which is shown as such.
func (a answer) masked(client string) answer {
	for _, text := range []*string{&a.Body, &a.Location} {
		*text = strings.ReplaceAll(*text, client, "<client>")
		for _, mask := range masks {
			*text = mask.found.ReplaceAllString(*text, mask.masked)
		}
	}
	return a
}
