package redisstore

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestSavedHashIsReadable(t *testing.T) {
	t.Parallel()
	s := startServer(t).access().open(t)
	id := gitlab.Identity{Key: "tenant/7 <zoë>", BaseURL: "https://gitlab.example.com/git"}
	require.NoError(t, id.Data.UnmarshalJSON([]byte(`{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer",
		"scope":"api","created_at":1700000000,"expires_at":1700007200,"id_token":"a.b.c"}`)))
	revision, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	const name = "{8487fabefdd7ef7123c9389ce037e279c5b784ec16270443ed9c56e6a11ed425}"
	fields, err := s.client.HGetAll(t.Context(), s.prefix+name).Result()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"key": "tenant/7 <zoë>", "base_url": "https://gitlab.example.com/git", "revision": revision,
		"data": `{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer",` +
			`"scope":"api","created_at":1700000000,"expires_at":1700007200,"id_token":"a.b.c"}`,
	}, fields)
	assert.GreaterOrEqual(t, len(revision), 26, "random: 128 bits in base 32")

	lock, err := s.LockIdentity(t.Context(), id.Key)
	require.NoError(t, err)
	defer lock.Unlock()
	token, err := s.client.Get(t.Context(), s.prefix+name+":lock").Result()
	require.NoError(t, err)
	held, err := s.client.HGet(t.Context(), s.prefix+name, "held").Result()
	require.NoError(t, err)
	assert.Equal(t, token, held)
}

func TestKeysOfAnIdentityShareASlot(t *testing.T) {
	t.Parallel()
	s := &Store{prefix: "some prefix:"}
	seen := map[string]bool{}
	for _, key := range []string{"a", "A", "}{", "{}", "a b", "\x00", "\xff", strings.Repeat("k", 1024)} {
		names := s.keys(key)
		assert.Regexp(t, `^some prefix:\{[0-9a-f]{64}\}$`, names[0])
		assert.Equal(t, names[0]+":lock", names[1])
		seen[names[0]] = true
	}
	assert.Len(t, seen, 8)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	single := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, ReadTimeout: time.Second})
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	t.Cleanup(func() {
		_ = errors.Join(single.Close(), cluster.Close(), ring.Close())
	})
	wrapped := struct{ redis.UniversalClient }{single}
	for _, row := range []struct {
		client redis.UniversalClient
		option Option
		why    string // "": it works
	}{
		{single, Prefix(""), ""},
		{cluster, Lease(shortestLease), ""},
		{wrapped, Prefix("x"), ""},
		{single, WaitReplicas(1, time.Second), ""},
		{cluster, WaitReplicas(2, time.Second/2), ""},
		{nil, Prefix("x"), "no client"},
		{ring, Prefix("x"), "Ring"},
		{single, Prefix("{x}"), "brace"},
		{single, Lease(0), "lease of 0s"},
		{single, Lease(-time.Second), "lease of -1s"},
		{single, WaitReplicas(0, time.Second), "0 replicas"},
		{single, WaitReplicas(0, 0), ""},
		{single, WaitReplicas(-1, time.Second), "-1 replicas"},
		{single, WaitReplicas(1, 0), "timeout of 0s"},
		{single, WaitReplicas(1, time.Minute), "ReadTimeout"},
		{cluster, WaitReplicas(1, time.Second), "ReadTimeout"},
		{wrapped, WaitReplicas(1, time.Second), "WaitReplicas needs"},
	} {
		_, err := New(row.client, row.option)
		if row.why == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, row.why)
		}
	}
}

func TestPrintingShowsThePrefixAlone(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: "hunter2"})
	t.Cleanup(func() { _ = client.Close() })
	s, err := New(client, Prefix("app:"))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, "redisstore(app:)", fmt.Sprintf(verb, s), verb)
		assert.Equal(t, "redisstore(app:)", fmt.Sprintf(verb, *s), verb)
	}
	assert.Equal(t, "redisstore(app:)", s.String())
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("opened", "store", s, "copy", *s)
	assert.Contains(t, log.String(), "store=redisstore(app:) copy=redisstore(app:)\n")
}

func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	const password, token = "hunter2", "glpat-token"
	strict := startServer(t)
	require.NoError(t, strict.access().open(t).client.ConfigSet(t.Context(), "requirepass", "another").Err())
	mute := startServer(t, "--rename-command", "EVALSHA", "", "--rename-command", "EVAL", "")
	cluster := startCluster(t)
	clients := map[string]redis.UniversalClient{
		"wrong password": redis.NewClient(&redis.Options{Addr: strict.addr, Username: "default", Password: password}),
		"nobody there":   redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: password, DialerRetries: 1}),
		"no scripts":     redis.NewClient(&redis.Options{Addr: mute.addr}),
		"no sentinel": redis.NewFailoverClient(&redis.FailoverOptions{
			SentinelAddrs: []string{"127.0.0.1:1"}, MasterName: "m", Password: password, DialerRetries: 1, MaxRetries: -1,
		}),
		"cluster as a single": redis.NewClient(&redis.Options{Addr: cluster.Addrs[0]}),
	}
	for name, client := range clients {
		t.Cleanup(func() { _ = client.Close() })
		s, err := New(client, Prefix(""))
		require.NoError(t, err)
		for i := range 10 { // one of them is in another slot
			id := gitlab.Identity{Key: fmt.Sprintf("user-%d", i), Data: gitlab.OAuthData{AccessToken: token, RefreshToken: token}}
			if _, err = s.SaveIdentity(t.Context(), id); err != nil {
				break
			}
		}
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), password, name)
		assert.NotContains(t, err.Error(), token, name)
		assert.NotContains(t, err.Error(), "args beginning", name)
		assert.NotErrorIs(t, err, gitlab.ErrIdentityConflict, name)
	}
}

func TestDamagedIdentityIsAnErrorThatSaysWhich(t *testing.T) {
	t.Parallel()
	s := startServer(t).access().open(t)
	create(t, s, "user-1")
	other := create(t, s, "user-2")
	name, ctx := s.keys("user-1")[0], t.Context()
	check := func(why string) {
		t.Helper()
		_, err := s.LoadIdentity(ctx, "user-1")
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, err, `identity "user-1"`)
		require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound)
		require.NotContains(t, err.Error(), "access-1")
		_, err = s.SaveIdentity(ctx, gitlab.Identity{Key: "user-1"})
		require.Error(t, err, "nothing goes over it")
	}
	require.NoError(t, s.client.HSet(ctx, name, "data", `{"access_token":"access-1`).Err())
	check("damaged")
	require.NoError(t, s.client.HDel(ctx, name, "revision").Err())
	check("damaged")
	require.NoError(t, s.client.Copy(ctx, s.keys("user-2")[0], name, 0, true).Err())
	check(`holds that of "user-2"`)
	require.NoError(t, s.client.Set(ctx, name, "access-1", 0).Err())
	check("WRONGTYPE")
	_, err := s.LockIdentity(ctx, "user-1")
	require.ErrorContains(t, err, "WRONGTYPE")
	require.ErrorContains(t, s.DeleteIdentity(ctx, "user-1", ""), "WRONGTYPE")
	assert.Zero(t, s.client.Exists(ctx, s.keys("user-1")[1]).Val(), "the failed lock was not taken")

	loaded, err := s.LoadIdentity(ctx, "user-2")
	require.NoError(t, err)
	assert.Equal(t, other, loaded)
}

// The core turns a panic of a store into an error, in the goroutine that calls.
func TestPanicOfAHookIsTheCallers(t *testing.T) {
	t.Parallel()
	s := startServer(t).access().open(t)
	s.client.AddHook(after(func(redis.Cmder) { panic("a hook's") }))
	assert.PanicsWithValue(t, "a hook's", func() { _, _ = s.LoadIdentity(t.Context(), "user-1") })
}
