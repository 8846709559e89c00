package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// verifier is a PKCE code verifier.
const verifier = "a-code-verifier-has-at-least-forty-three-characters"

// scene is what one row of the comparison plays in: an application and a grant
// of its own.
type scene struct {
	t      *testing.T
	system system
	app    application
	grant  pair
}

func newScene(t *testing.T, s system, confidential bool) *scene {
	t.Helper()
	app := s.newApplication(confidential, "api", "read_api", "read_user")
	return &scene{t: t, system: s, app: app, grant: s.signIn(app, "ann", "api", "read_api")}
}

func (s *scene) send(r request) answer { s.t.Helper(); return send(s.t, s.system, r) }

// form is a token request's form; changes are pairs of a name and a value, and
// the value "-" leaves the name out.
func (s *scene) form(grantType string, changes ...string) url.Values {
	form := url.Values{"grant_type": {grantType}, "client_id": {s.app.clientID}, "client_secret": {s.app.clientSecret}}
	return change(form, changes)
}

func change(form url.Values, changes []string) url.Values {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "-" {
			form.Del(changes[i])
			continue
		}
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// refresh is the request for a refresh of the scene's grant, with changes.
func (s *scene) refresh(changes ...string) request {
	form := s.form("refresh_token", "refresh_token", s.grant.refresh)
	return postForm("/oauth/token", change(form, changes))
}

// json is the refresh as a JSON body.
func (s *scene) json() request {
	r := s.refresh().with("Content-Type", "application/json")
	r.body = fmt.Sprintf(`{"grant_type":"refresh_token","refresh_token":%q,"client_id":%q,"client_secret":%q}`,
		s.grant.refresh, s.app.clientID, s.app.clientSecret)
	return r
}

// multipart is the refresh as a form for files.
func (s *scene) multipart() request {
	s.t.Helper()
	var body strings.Builder
	out := multipart.NewWriter(&body)
	for name, values := range s.form("refresh_token", "refresh_token", s.grant.refresh) {
		require.NoError(s.t, out.WriteField(name, values[0]))
	}
	require.NoError(s.t, out.Close())
	r := s.refresh().with("Content-Type", out.FormDataContentType())
	r.body = body.String()
	return r
}

// spend refreshes the grant, and leaves the old pair in the scene.
func (s *scene) spend() pair { s.t.Helper(); return s.send(s.refresh()).pair(s.t) }

// other is another application's credentials, as changes of a form.
func (s *scene) other() []string {
	app := s.system.newApplication(true, "api")
	return []string{"client_id", app.clientID, "client_secret", app.clientSecret}
}

// client is a request to another endpoint than the token's, by credentials.
func (s *scene) client(path, token string, changes ...string) request {
	form := url.Values{"token": {token}, "client_id": {s.app.clientID}, "client_secret": {s.app.clientSecret}}
	return postForm(path, change(form, changes))
}

// authorize is the browser's request for a code, with PKCE unless changed.
func (s *scene) authorize(changes ...string) request {
	s.system.autoApprove("ann")
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {s.app.clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"api"}, "state": {"a state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	return get("/oauth/authorize?" + change(query, changes).Encode())
}

// code signs in and returns the code.
func (s *scene) code(changes ...string) string {
	s.t.Helper()
	answer := s.send(s.authorize(changes...))
	require.Equal(s.t, http.StatusFound, answer.Status, answer.Body)
	location, err := url.Parse(answer.Location)
	require.NoError(s.t, err)
	code := location.Query().Get("code")
	require.NotEmpty(s.t, code, "a code in %s", location)
	return code
}

// exchange is the request that makes a pair of a code, with changes.
func (s *scene) exchange(code string, changes ...string) request {
	form := s.form("authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
	return postForm("/oauth/token", change(form, changes))
}
