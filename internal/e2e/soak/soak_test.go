package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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
// said of its findings.
func soak(t *testing.T, args ...string) (summary, int, string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		require.NoError(t, err, "%s", &said)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var sum summary
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &sum), "%s", &said)
	t.Logf("%s", lines[len(lines)-1])
	return sum, cmd.ProcessState.ExitCode(), said.String()
}

func TestSoakBriefly(t *testing.T) {
	t.Parallel()
	if os.Getenv("GITLAB_SOAK") == "" {
		t.Skip("the soak is young and not yet part of CI; set GITLAB_SOAK=1 to run it for half a minute")
	}
	sum, code, said := soak(t, "-store", "file", "-minutes", "0.4", "-seed", "1")

	assert.Zero(t, sum.DoubleSpends)
	assert.Zero(t, sum.InvalidGrantWithoutFault)
	assert.Zero(t, sum.LostOutsideWindow)
	assert.Zero(t, sum.FalseReauthorize)
	assert.Zero(t, sum.FailedByKind["wrong identity"])
	assert.Zero(t, code, said)
	// It must have been a soak.
	assert.Greater(t, sum.Rotations, 20)
	assert.Greater(t, sum.Kills, 2)
	assert.Greater(t, sum.Faults, 20)
	assert.GreaterOrEqual(t, sum.GrantsAlive+sum.LostInWindow, 12)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-store", "tape"}, {"-minutes", "0"}, {"-faults", "rain"}, {"-off", "gravity"}, {"-processes", "0"}, {"more"},
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
