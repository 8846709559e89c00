package gitlab_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// chaos is a store that is slow, fails before or after it has worked, panics,
// and loses leases, as often as fault says.
type chaos struct {
	gitlab.IdentityStore
	fault     atomic.Int64 // in percent
	abandoned atomic.Bool  // a lease was lost since the last save

	mu  sync.Mutex // guards rng
	rng *rand.Rand
}

func (s *chaos) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}

func (s *chaos) unlucky() bool { return int64(s.roll(100)) < s.fault.Load() }

func (s *chaos) disturb(ctx context.Context) error {
	if !s.unlucky() {
		time.Sleep(time.Duration(s.roll(30)) * time.Millisecond)
		return ctx.Err()
	}
	switch s.roll(3) {
	case 0:
		panic("a bug")
	case 1: // it hangs
		<-ctx.Done()
		return ctx.Err()
	}
	return errDiskFull
}

func (s *chaos) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if err := s.disturb(ctx); err != nil {
		return gitlab.Identity{}, err
	}
	id, err := s.IdentityStore.LoadIdentity(ctx, key)
	time.Sleep(time.Duration(s.roll(30)) * time.Millisecond)
	return id, err
}

func (s *chaos) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if err := s.disturb(ctx); err != nil {
		return "", err
	}
	revision, err := s.IdentityStore.SaveIdentity(ctx, id)
	if err == nil {
		s.abandoned.Store(false)
	}
	time.Sleep(time.Duration(s.roll(30)) * time.Millisecond)
	if err == nil && s.unlucky() {
		return "", errors.New("connection reset")
	}
	return revision, err
}

func (s *chaos) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	if err := s.disturb(ctx); err != nil {
		return nil, err
	}
	lock, err := s.IdentityStore.LockIdentity(ctx, key)
	if err != nil {
		return nil, err
	}
	lock.Abandoned = s.abandoned.Load()
	var given atomic.Bool
	unlock := sync.OnceFunc(lock.Unlock)
	lock.Unlock = func() {
		time.Sleep(time.Duration(s.roll(30)) * time.Millisecond)
		given.Store(true)
		unlock()
		if s.unlucky() {
			panic("too late")
		}
	}
	if s.unlucky() {
		lease, lose := context.WithCancel(lock.Context)
		lock.Context = lease
		go func() {
			time.Sleep(time.Duration(s.roll(200)) * time.Millisecond)
			if !given.Load() {
				s.abandoned.Store(true)
			}
			lose()
			unlock()
		}()
	}
	return lock, nil
}

// Contract lines 1 to 4 and 8 at a time: three processes on a store that fails,
// while the application touches its row, and with even seeds while the user
// signs in.
func TestNoGrantIsLostInChaos(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { runChaos(t, seed) })
		})
	}
}

func runChaos(t *testing.T, seed uint64) {
	t.Helper()
	store := &chaos{IdentityStore: gitlab.NewMemoryStore(), rng: rand.New(rand.NewPCG(seed, 1))}
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
	gl := issuing(w, 10*time.Millisecond, 10*time.Millisecond)
	w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
		time.Sleep(time.Duration(store.roll(100)) * time.Millisecond)
		if store.unlucky() {
			return answer(req, http.StatusBadGateway, ""), nil
		}
		resp, err := gl.token(req)
		time.Sleep(time.Duration(store.roll(100)) * time.Millisecond)
		return resp, err
	})
	w.signIn(t, 0)
	processes := []*world{w, w.replica(t, store), w.replica(t, store)}
	store.fault.Store(int64(5 + store.roll(40)))

	var actors sync.WaitGroup
	var lost atomic.Int64
	for _, process := range processes {
		for range 5 {
			actors.Go(func() { lost.Add(chaoticCalls(t, store, process)) })
		}
	}
	actors.Go(func() { chaoticTouches(t, store) })
	if seed%2 == 0 {
		actors.Go(func() { chaoticSignIns(t, store, gl, processes) })
	}
	actors.Wait()
	store.fault.Store(0)
	time.Sleep(10 * time.Minute)

	for i, process := range processes {
		_, err := process.client.As("ada").Users.Current(t.Context())
		require.NoError(t, err, "process %d", i)
	}
	for _, process := range processes {
		require.NoError(t, process.client.Shutdown(t.Context()))
	}
	_, refresh := gl.pair()
	assert.Equal(t, refresh, w.stored(t).RefreshToken)
	if seed%2 != 0 {
		assert.Zero(t, lost.Load(), "nobody was asked to sign in")
	}
}

// chaoticCalls makes calls and counts those that say that the grant is lost.
func chaoticCalls(t *testing.T, store *chaos, process *world) (lost int64) {
	t.Helper()
	c := process.client.As("ada")
	for range 60 {
		time.Sleep(time.Duration(store.roll(20)) * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(store.roll(2000))*time.Millisecond)
		_, err := c.Users.Current(ctx)
		cancel()
		if errors.Is(err, gitlab.ErrReauthorize) || errors.Is(err, gitlab.ErrIdentityNotFound) {
			lost++
		}
	}
	return lost
}

// chaoticTouches saves the row as it was a moment ago.
func chaoticTouches(t *testing.T, store *chaos) {
	t.Helper()
	for range 60 {
		time.Sleep(time.Duration(store.roll(1200)) * time.Second)
		id, err := store.IdentityStore.LoadIdentity(t.Context(), "ada")
		time.Sleep(time.Duration(store.roll(30)) * time.Millisecond)
		if err == nil {
			_, _ = store.IdentityStore.SaveIdentity(t.Context(), id) // or somebody else was faster
		}
	}
}

// chaoticSignIns replaces the grant at GitLab, and then here.
func chaoticSignIns(t *testing.T, store *chaos, gl *issuer, processes []*world) {
	t.Helper()
	for range 20 {
		time.Sleep(time.Duration(store.roll(4000)) * time.Second)
		gl.mu.Lock()
		gl.rotated++
		data := pairOf(gl.rotated + 1)
		gl.mu.Unlock()
		for signedIn := false; !signedIn; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := processes[store.roll(len(processes))].client.Authorize(ctx, "ada", data)
			cancel()
			signedIn = err == nil
		}
	}
}
