package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// The device grant is compared with GitLab's documentation alone: Debian's
// Doorkeeper does not have it.

// device is one that waits for its user.
type device struct {
	t      *testing.T
	server *gitlabtest.Server
	code   string
	user   string // the code that the user enters
}

func newDevice(t *testing.T) device {
	t.Helper()
	d := device{t: t, server: gitlabtest.New(t, gitlabtest.InMemory())}
	status, body := d.post("/oauth/authorize_device", url.Values{"client_id": {d.server.App.ClientID}})
	require.Equal(t, http.StatusOK, status, body)
	assert.InDelta(t, 300, body["expires_in"], 0)
	assert.InDelta(t, 5, body["interval"], 0)
	assert.Contains(t, body["verification_uri_complete"], body["user_code"])
	d.code, _ = body["device_code"].(string)
	d.user, _ = body["user_code"].(string)
	return d
}

func (d device) post(path string, form url.Values) (status int, body map[string]any) {
	d.t.Helper()
	form.Set("client_secret", d.server.App.ClientSecret)
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(d.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := d.server.Client().Do(req)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	require.NoError(d.t, json.NewDecoder(resp.Body).Decode(&body))
	return resp.StatusCode, body
}

// poll asks for the token; of a refusal it returns the error.
func (d device) poll() (status int, code any) {
	d.t.Helper()
	status, body := d.post("/oauth/token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {d.server.App.ClientID}, "device_code": {d.code},
	})
	return status, body["error"]
}

func (d device) assertPoll(status int, code any) {
	d.t.Helper()
	gotStatus, gotCode := d.poll()
	assert.Equal(d.t, status, gotStatus)
	assert.Equal(d.t, code, gotCode)
}

func TestDeviceGrant(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(t *testing.T, d device){
		"approved": func(t *testing.T, d device) {
			d.assertPoll(400, "authorization_pending")
			d.assertPoll(400, "slow_down")
			require.NoError(t, d.server.ApproveDevice(d.user, "ann"))
			time.Sleep(6 * time.Second)
			d.assertPoll(200, nil)
			time.Sleep(6 * time.Second)
			d.assertPoll(400, "invalid_grant")
		},
		"denied": func(t *testing.T, d device) {
			require.NoError(t, d.server.DenyDevice(d.user))
			d.assertPoll(400, "access_denied")
		},
		"expired": func(_ *testing.T, d device) {
			time.Sleep(301 * time.Second)
			d.assertPoll(400, "expired_token")
		},
		"unknown": func(_ *testing.T, d device) {
			d.code = "unknown"
			d.assertPoll(400, "invalid_grant")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { play(t, newDevice(t)) })
		})
	}
}

func TestSignInOnADevice(t *testing.T) {
	t.Parallel()
	for name, confidential := range map[string]bool{"public": false, "confidential": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := gitlabtest.New(t, gitlabtest.InMemory())
				app := server.NewApplication(gitlabtest.Application{Confidential: confidential})
				provider := gitlab.OAuthProvider{ClientID: app.ClientID}
				if confidential {
					provider.ClientSecret = app.ClientSecret
				}
				ctx := context.WithValue(t.Context(), oauth2.HTTPClient, server.Client())
				waiting, err := provider.DeviceAuth(ctx, server.URL)
				require.NoError(t, err)
				time.AfterFunc(17*time.Second, func() { assert.NoError(t, server.ApproveDevice(waiting.UserCode, "ann")) })

				data, err := provider.DeviceToken(ctx, server.URL, waiting)

				require.NoError(t, err)
				assert.True(t, server.State(data.AccessToken).Active())
			})
		})
	}
}
