package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// asProgram makes this test program the soak, in the environment of a process.
const asProgram = "GITLAB_SOAK_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// soak runs a whole soak and returns its last line, its exit code and what it
// said of its findings. It skips or fails the test if a server is not installed,
// as [engines.Need] does.
func soak(t *testing.T, args ...string) (summary, int, string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ended && exit.ExitCode() == exitMissing:
		engines.Need(t, fmt.Errorf("a server of the soak is %w:\n%s", engines.ErrMissing, &said))
	case !ended || exit.ExitCode() != exitFailed:
		require.NoError(t, err, "%s", &said)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var sum summary
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &sum), "%s", &said)
	t.Logf("%s", lines[len(lines)-1])
	return sum, cmd.ProcessState.ExitCode(), said.String()
}

// briefSeed kills a process after 3, 5 and 6 seconds: also a short run on a slow
// machine has kills.
const briefSeed = "65"

func TestSoakBriefly(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped by -short: four soaks take a minute and a half")
	}
	for _, row := range []struct{ store, gitlab string }{
		{"file", gitlabDouble},
		{"postgres", gitlabDouble},
		{"redis", gitlabDouble},
		{"file", gitlabDoorkeeper},
	} {
		t.Run(row.store+" and "+row.gitlab, func(t *testing.T) { // one after the other: each wants the machine for itself
			sum, code, said := soak(t, "-store", row.store, "-gitlab", row.gitlab, "-minutes", "0.35", "-seed", briefSeed)
			assert.Zero(t, sum.DoubleSpends)
			assert.Zero(t, sum.InvalidGrantWithoutFault)
			assert.Zero(t, sum.LostOutsideWindow)
			assert.Zero(t, sum.FalseReauthorize)
			assert.Zero(t, sum.FailedByKind["wrong identity"])
			assert.Zero(t, code, said)
			// It must have been a soak, also on a machine that has other things to do.
			assert.Greater(t, sum.Rotations, 10)
			assert.Greater(t, sum.Kills, 1)
			assert.Greater(t, sum.Faults, 10)
			assert.Positive(t, sum.GrantsAlive)
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-store", "tape"}, {"-gitlab", "hub"}, {"-minutes", "0"}, {"-faults", "rain"}, {"-off", "gravity"}, {"-processes", "0"}, {"more"},
	} {
		_, err := parseOptions(args)
		require.ErrorIs(t, err, errUsage, "%q", args)
	}
	o, err := parseOptions([]string{"-store", "redis", "-faults", "-kill,stop"})
	require.NoError(t, err)
	assert.NotContains(t, o.faults, faultKill)
	assert.NotContains(t, o.faults, faultStop)
	assert.Contains(t, o.faults, faultCut)
}
