package signin_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/signin"
)

func TestDeviceSignsIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		started := time.Now()
		var shown signin.DeviceCode
		client, err := signin.Device(t.Context(), s.in, "me", func(code signin.DeviceCode) {
			shown = code
			time.AfterFunc(7*time.Second, func() { assert.NoError(t, s.gitlab.ApproveDevice(code.Code, "ada")) })
		})
		require.NoError(t, err)
		assert.Equal(t, 10*time.Second, time.Since(started))
		assert.Equal(t, "http://gitlab.test/gitlab/oauth/device", shown.URL)
		assert.Equal(t, "http://gitlab.test/gitlab/oauth/device?user_code="+shown.Code, shown.WithURL)
		assert.WithinDuration(t, started.Add(5*time.Minute), shown.Expires, 0)
		name, err := whoami(t.Context(), client)
		require.NoError(t, err)
		assert.Equal(t, "ada", name)
		_, err = s.store.LoadIdentity(t.Context(), "me")
		require.NoError(t, err)
	})
}

func TestDeviceThatSignsNobodyIn(t *testing.T) {
	t.Parallel()
	slow := gitlabtest.Status(400, "application/json", `{"error":"slow_down","error_description":"slower"}`)
	for name, row := range map[string]struct {
		fault gitlabtest.Fault
		deny  bool
		leave time.Duration
		limit time.Duration
		is    error
		after time.Duration
	}{
		"denied":            {deny: true, is: signin.ErrDenied, after: 5 * time.Second},
		"nobody came":       {is: signin.ErrExpired, after: 5 * time.Minute},
		"expired there":     {fault: gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.Status(400, "application/json", `{"error":"expired_token"}`)}, is: signin.ErrExpired, after: 5 * time.Second},
		"asked slower":      {fault: gitlabtest.Fault{On: "/oauth/token", Do: slow}, deny: true, is: signin.ErrDenied, after: 15 * time.Second},
		"cancelled":         {leave: 12 * time.Second, is: context.Canceled, after: 12 * time.Second},
		"program's limit":   {limit: 12 * time.Second, is: context.DeadlineExceeded, after: 12 * time.Second},
		"gone at the start": {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.CutBefore()}, is: signin.ErrUnavailable},
		"wrong secret":      {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.InvalidClient()}, is: signin.ErrRejected},
		"too old":           {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(404, "text/html", "<html>")}, is: signin.ErrRejected},
		"refused":           {fault: gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.InvalidGrant()}, is: signin.ErrRejected, after: 5 * time.Second},
		"no code":           {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush"}`)}, is: signin.ErrUnavailable},
		"no user code":      {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"https://a.example.com"}`)}, is: signin.ErrUnavailable},
		"escapes in it":     {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"https://a.example.com","user_code":"\u001b[2J"}`)}, is: signin.ErrUnavailable},
		"a script's page":   {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"javascript:alert(1)","user_code":"A"}`)}, is: signin.ErrUnavailable},
		"a page of nobody":  {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"https:///device","user_code":"A"}`)}, is: signin.ErrUnavailable},
		"another protocol":  {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"ftp://a.example.com","user_code":"A"}`)}, is: signin.ErrUnavailable},
		"escapes there":     {fault: gitlabtest.Fault{On: "/oauth/authorize_device", Do: gitlabtest.Status(200, "application/json", `{"device_code":"hush","verification_uri":"https://a.example.com/\u202e","user_code":"A"}`)}, is: signin.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, nil)
				if row.fault.Do != nil {
					s.gitlab.Fault(row.fault)
				}
				ctx, cancel := context.WithCancel(t.Context())
				if row.limit > 0 {
					ctx, cancel = context.WithTimeout(ctx, row.limit)
				}
				defer cancel()
				if row.leave > 0 {
					time.AfterFunc(row.leave, cancel)
				}
				started := time.Now()
				client, err := signin.Device(ctx, s.in, "me", func(code signin.DeviceCode) {
					if row.deny {
						assert.NoError(t, s.gitlab.DenyDevice(code.Code))
					}
				})
				require.ErrorIs(t, err, row.is)
				assert.Nil(t, client)
				if row.leave+row.limit > 0 {
					require.NotErrorIs(t, err, signin.ErrUnavailable)
				}
				requireSecretFree(t, err.Error(), s.app.ClientSecret, "hush", "\x1b")
				assert.Equal(t, row.after, time.Since(started))
				_, err = s.store.LoadIdentity(t.Context(), "me")
				require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
			})
		})
	}
}

func TestDeviceGoesOnAfterAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		s.gitlab.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.CutBefore(), Times: 2})
		_, err := signin.Device(t.Context(), s.in, "me", func(code signin.DeviceCode) {
			assert.NoError(t, s.gitlab.ApproveDevice(code.Code, "ada"))
		})
		require.NoError(t, err)
		assert.Len(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"), 3)
	})
}

func TestDeviceWhoseTokensAreNotStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		client, err := gitlab.New(gitlab.Config{BaseURL: s.gitlab.URL, Store: downStore{s.store}, Provider: s.in.Provider, HTTPClient: s.gitlab.Client()})
		require.NoError(t, err)
		_, err = signin.Device(t.Context(), signin.Instance{Client: client, Provider: s.in.Provider}, "me", func(code signin.DeviceCode) {
			assert.NoError(t, s.gitlab.ApproveDevice(code.Code, "ada"))
		})
		require.ErrorIs(t, err, signin.ErrStore)
	})
}

// leavingStore ends the caller's context before it is read.
type leavingStore struct {
	gitlab.IdentityStore
	leave context.CancelFunc
}

func (s leavingStore) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	s.leave()
	return s.IdentityStore.LoadIdentity(ctx, key)
}

func TestDeviceKeepsWhatItGotForACallerWhoLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		ctx, leave := context.WithCancel(t.Context())
		client, err := gitlab.New(gitlab.Config{BaseURL: s.gitlab.URL, Store: leavingStore{s.store, leave}, Provider: s.in.Provider, HTTPClient: s.gitlab.Client()})
		require.NoError(t, err)
		_, err = signin.Device(ctx, signin.Instance{Client: client, Provider: s.in.Provider}, "me", func(code signin.DeviceCode) {
			assert.NoError(t, s.gitlab.ApproveDevice(code.Code, "ada"))
		})
		require.NoError(t, err)
		_, err = s.store.LoadIdentity(t.Context(), "me")
		require.NoError(t, err)
	})
}

func TestDeviceThatIsNotAskedForRightly(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	show := func(signin.DeviceCode) { assert.Fail(t, "nothing to show") }
	for says, call := range map[string]func() (*gitlab.Client, error){
		"needs an Instance.Client": func() (*gitlab.Client, error) { return signin.Device(t.Context(), signin.Instance{}, "me", show) },
		"a function that shows":    func() (*gitlab.Client, error) { return signin.Device(t.Context(), s.in, "me", nil) },
		"needs a key":              func() (*gitlab.Client, error) { return signin.Device(t.Context(), s.in, "", show) },
	} {
		_, err := call()
		require.ErrorContains(t, err, says)
		var failed *signin.Error
		require.NotErrorAs(t, err, &failed)
	}
	assert.Empty(t, s.gitlab.Calls())
}
