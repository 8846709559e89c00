package main

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestItTellsTheStoryOfARow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), out.String())

	rows := regexp.MustCompile(`ada  access_token (\S+)  refresh_token (\S+)  gitlab_revision (\S+)`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, rows, 5, out.String())
	for column := 1; column <= 3; column++ {
		assert.Equal(t, "NULL", rows[0][column], "before")
		assert.NotEqual(t, "NULL", rows[1][column], "connected")
		assert.NotEqual(t, "NULL", rows[2][column], "refreshed")
		assert.NotEqual(t, rows[1][column], rows[2][column], "rotated")
		assert.Equal(t, rows[2][column], rows[3][column], "withdrawn, and kept")
		assert.NotEqual(t, "NULL", rows[4][column], "connected again")
		assert.NotEqual(t, rows[3][column], rows[4][column], "replaced")
	}
	assert.Contains(t, out.String(), "goes on from its table; GitLab was asked for new tokens 1 time(s)")
	assert.NotRegexp(t, `[0-9a-f]{16}`, out.String(), "no token is shown whole")
}
