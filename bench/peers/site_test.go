package peers_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/store/filestore"
)

const (
	project = "team/app"
	fresh   = time.Hour    // the time that a stored pair has left
	stale   = -time.Minute // the same of one that has expired
)

// site is a GitLab with one user who has signed in, and the storage of an
// application, which all its processes share.
type site struct {
	*gitlabtest.Server
	issue  int64
	stored pair // for libraries without a store; nobody changes it
	store  *flaky

	// clientGo are options of client-go that are not its defaults.
	clientGo []clientgo.ClientOptionFunc
}

type pair struct {
	access, refresh string
	expiry          time.Time
}

// newSite is a site whose user's access token has so much time left, by GitLab's
// clock and by what is stored.
func newSite(t *testing.T, left time.Duration) *site {
	t.Helper()
	server := gitlabtest.New(t)
	token := server.SignIn("ada")
	if left < 0 {
		server.Expire(token.AccessToken)
	}
	files, err := filestore.New(t.TempDir())
	require.NoError(t, err)
	s := &site{
		Server: server,
		issue:  server.AddIssue(project, "Trouble").IID,
		stored: pair{access: token.AccessToken, refresh: token.RefreshToken, expiry: time.Now().Add(left)},
		store:  &flaky{IdentityStore: files},
	}
	_, err = files.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada", BaseURL: s.URL, Data: gitlab.OAuthData{
		AccessToken: s.stored.access, RefreshToken: s.stored.refresh, ExpiresAt: s.stored.expiry,
	}})
	require.NoError(t, err)
	return s
}

func (s *site) tokenURL() string { return s.URL + "/oauth/token" }

// posts are the requests for a new pair.
func (s *site) posts() int { return len(s.CallsTo("POST", "/oauth/token")) }

// onRefresh lets a refresh meet trouble, so many times.
func (s *site) onRefresh(times int, do gitlabtest.Effect) {
	s.Fault(gitlabtest.Fault{Method: "POST", On: "/oauth/token", Times: times, Do: do})
}

// onUser lets GET /user meet trouble once.
func (s *site) onUser(do gitlabtest.Effect) {
	s.Fault(gitlabtest.Fault{Method: "GET", On: "/api/v4/user", Do: do})
}

// flaky is a store that is down while it saves, for some times.
type flaky struct {
	gitlab.IdentityStore
	failures atomic.Int32
}

func (f *flaky) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if f.failures.Add(-1) >= 0 {
		return "", errors.New("the store is down")
	}
	return f.IdentityStore.SaveIdentity(ctx, id)
}
