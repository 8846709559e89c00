package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" { // this test program is one of the processes that a test has started
		os.Exit(run(nil))
	}
	goleak.VerifyTestMain(m)
}

func TestReplicasSpendEachTokenOnce(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{
		"replicas", "-store", "postgres", "-processes", "2", "-goroutines", "8", "-identities", "20",
		"-seconds", "5", "-lifetime", "3s", "-pause", "50ms", "-server-time", "100ms", "-limit", "3m",
	})
	require.NoError(t, err)

	got, err := replicas(t.Context(), o)
	engines.Need(t, err)

	require.IsType(t, replicasResult{}, got)
	r := got.(replicasResult)
	assert.Equal(t, r.PostsGood, r.Rotations, "each new pair was stored")
	assert.Zero(t, r.InvalidGrant)
	assert.Zero(t, r.FailedCalls, r.Failures)
	assert.Zero(t, r.Outdated)
	assert.Empty(t, r.missed())
	// It must have been a race.
	assert.Greater(t, r.Rotations, 20)
	assert.Greater(t, r.Refreshes["adopted"], 20)
}

func TestKeysAreMeasuredWhileHoursPass(t *testing.T) {
	t.Parallel()
	got, err := keys(t.Context(), options{name: "keys", identities: 20_000, limit: time.Minute})
	require.NoError(t, err)

	require.IsType(t, keysResult{}, got)
	r := got.(keysResult)
	assert.Empty(t, r.missed())
	assert.Greater(t, r.BytesEach, 100.0)
	assert.Less(t, r.HoursLaterBytes, r.BytesEach/2)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		nil,
		{"tape"},
		{"keys", "more"},
		{"keys", "-store", "postgres"},
		{"herd", "-store", "tape"},
		{"herd", "-share", "some"},
		{"herd", "-expired", "soon"},
		{"replicas", "-processes", "0"},
		{"replicas", "-lifetime", "1ms"},
		{"identities", "-identities", "0"},
	} {
		_, err := parseOptions(args)
		require.ErrorIs(t, err, errUsage, "%q", args)
	}
	o, err := parseOptions([]string{"herd", "-share", "all", "-server-time", "200ms"})
	require.NoError(t, err)
	assert.Equal(t, 200*time.Millisecond, o.serverTime)
	assert.Equal(t, 10_000, o.identities)
}
