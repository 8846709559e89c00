package gitlab

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlacesHaveTheirPaths(t *testing.T) {
	t.Parallel()
	all := places{project: "/projects/{project}/a/{b}", group: "/groups/{group}/a/{b}", everywhere: "/a/{b}"}
	for want, p := range map[string]Place{
		"/projects/group%2Fapp/a/x%2Fy": InProject("group/app"), "/groups/7/a/x%2Fy": InGroup("7"), "/a/x%2Fy": Everywhere(),
	} {
		got := p.path(all, "x/y")
		require.NoError(t, got.err)
		assert.Equal(t, want, got.String())
	}
	assert.Zero(t, Everywhere())
	for says, p := range map[string]Place{
		`gitlab: InProject("a"): GitLab has nothing of this kind there`: InProject("a"),
		`gitlab: InGroup("b"): GitLab has nothing of this kind there`:   InGroup("b"),
		`gitlab: Everywhere(): GitLab has nothing of this kind there`:   {},
	} {
		require.EqualError(t, p.path(places{}).err, says)
	}
	for _, name := range []string{"", ".", ".."} {
		require.Error(t, InProject(name).path(all, "x").err)
		require.Error(t, InGroup(name).path(all, "x").err)
	}
}

func TestTargetsHaveTheirPaths(t *testing.T) {
	t.Parallel()
	both := targets{issue: "/projects/{project}/issues/{iid}/a/{b}", mergeRequest: "/projects/{project}/merge_requests/{iid}/a/{b}"}
	for want, target := range map[string]Target{
		"/projects/group%2Fapp/issues/7/a/1": OnIssue("group/app", 7), "/projects/group%2Fapp/merge_requests/8/a/1": OnMergeRequest("group/app", 8),
	} {
		got := target.path(both, 1)
		require.NoError(t, got.err)
		assert.Equal(t, want, got.String())
	}
	for says, target := range map[string]Target{
		`gitlab: OnIssue("a", 7): GitLab has nothing of this kind there`:                           OnIssue("a", 7),
		`gitlab: OnMergeRequest("a", 8): GitLab has nothing of this kind there`:                    OnMergeRequest("a", 8),
		`gitlab: no target; see OnIssue and OnMergeRequest: GitLab has nothing of this kind there`: {},
	} {
		require.EqualError(t, target.path(targets{}).err, says)
	}
	require.Error(t, Target{}.path(both, 1).err, "the zero Target is none")
	require.Error(t, OnIssue("", 7).path(both, 1).err)
}

func TestQueryHasWhatIsNotZero(t *testing.T) {
	t.Parallel()
	q := make(query)
	q.set("a", "")
	q.flag("b", false)
	q.choice("c", nil)
	q.number("d", 0)
	q.list("e", nil)
	q.numbers("f", nil)
	q.time("g", time.Time{})
	assert.Empty(t, q.values())
	no, yes := false, true
	q.set("a", "x")
	q.flag("b", true)
	q.choice("c", &no)
	q.choice("c2", &yes)
	q.number("d", -7)
	q.list("e", []string{"x", ""})
	q.numbers("f", []int64{1, 0})
	q.time("g", time.Date(2024, time.February, 29, 12, 0, 0, 5e8, time.FixedZone("", 3600)))
	assert.Equal(t, url.Values{
		"a": {"x"}, "b": {"true"}, "c": {"false"}, "c2": {"true"}, "d": {"-7"}, "e[]": {"x", ""}, "f[]": {"1", "0"}, "g": {"2024-02-29T11:00:00.5Z"},
	}, q.values())
	assert.Equal(t, "all", orAll(""))
	assert.Equal(t, "created_by_me", orAll("created_by_me"))
}
