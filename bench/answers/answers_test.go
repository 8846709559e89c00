package answers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/bench/answers"
)

func TestPageNumbersItsThings(t *testing.T) {
	t.Parallel()
	for _, kind := range []answers.Kind{answers.Issue, answers.MergeRequest, answers.Project, answers.User} {
		var things []struct {
			ID int `json:"id"`
		}
		page := answers.Page(kind, 5, 100)
		require.NoError(t, json.Unmarshal(page, &things), kind)
		require.Len(t, things, 100, kind)
		assert.Equal(t, 1_000_005, things[0].ID, kind)
		assert.Equal(t, 1_000_104, things[99].ID, kind)
		assert.Greater(t, len(page), 150_000, kind)
	}
}
