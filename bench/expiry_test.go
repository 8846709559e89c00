package main

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// TestMain lets the test program be what the cases start.
func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// started is the rounds of a case.
func started(t *testing.T, start func(context.Context) (map[subject]round, func(), error)) map[subject]round {
	t.Helper()
	rounds, stop, err := start(t.Context())
	if stop != nil {
		t.Cleanup(stop)
	}
	engines.Need(t, err)
	return rounds
}

func TestStormOfThisLibraryIsOneRefreshAndNoFailure(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		sent         float64
		oAuth2Failed float64 // which goes by the clock alone
	}{
		{name: "storm_1000", sent: 0, oAuth2Failed: 0},
		{name: "storm_1000_early", sent: 1, oAuth2Failed: stormSize},
	} {
		rounds := started(t, find(row.name).start)
		mine, err := rounds[ours](t.Context())
		require.NoError(t, err)
		assert.Zero(t, mine[failCount], row.name)
		assert.InDelta(t, 1, mine[postCount], 0, row.name)
		assert.InDelta(t, row.sent, mine[resends], 0, row.name)
		assert.GreaterOrEqual(t, mine[p50NS], float64(tokenTime+apiTime), row.name)
		theirs, err := rounds[oAuth2](t.Context())
		require.NoError(t, err)
		assert.InDelta(t, row.oAuth2Failed, theirs[failCount], 0, row.name)
		byHand, err := rounds[raw](t.Context())
		require.NoError(t, err)
		assert.Positive(t, byHand[failCount], row.name)
		assert.Greater(t, byHand[postCount], 1.0, row.name)
	}
}

func TestRolloverOfThisLibraryFailsNoCall(t *testing.T) {
	t.Parallel()
	const rotations = 2
	rounds := started(t, startRollover(rotations))
	mine, err := rounds[ours](t.Context())
	require.NoError(t, err)
	assert.Zero(t, mine[failCount])
	assert.GreaterOrEqual(t, mine[postCount], float64(rotations))
	assert.LessOrEqual(t, mine[postCount], float64(rotations+1), "the calls go on for a moment")
	assert.LessOrEqual(t, mine[resends], 1.0)
	assert.Less(t, mine[p50NS], mine[maxNS])
}

func TestReplicasOfThisLibraryPostOncePerRotation(t *testing.T) {
	t.Parallel()
	for _, c := range replicaCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rounds := started(t, c.start)
			mine, err := rounds[ours](t.Context())
			require.NoError(t, err)
			assert.Zero(t, mine[failCount])
			assert.InDelta(t, 1, mine[postCount], 0)
			theirs, err := rounds[oAuth2](t.Context())
			require.NoError(t, err)
			assert.Positive(t, theirs[failCount], "replicas that share no store lose their grants")
			assert.Greater(t, theirs[postCount], 1.0)
		})
	}
}
