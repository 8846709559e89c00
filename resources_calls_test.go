package gitlab_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestNamesThatMeanAnotherResourceAreNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	first := func(_ any, err error) error { return err }
	for _, name := range []string{"", ".", ".."} {
		for _, err := range []error{
			first(c.Groups.Get(ctx, name)),
			first(collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
				return c.Issues.List(ctx, gitlab.InGroup(name), gitlab.ListIssues{})
			})(ctx, c)),
			first(c.Projects.Get(ctx, name)),
			first(c.Issues.Get(ctx, name, 1)),
			first(c.Issues.Create(ctx, name, gitlab.CreateIssue{Title: "x"})),
			first(c.Hooks.Create(ctx, gitlab.InProject(name), gitlab.CreateHook{URL: "x"})),
			c.Hooks.Delete(ctx, gitlab.InGroup(name), 1),
			first(c.Commits.Get(ctx, "4", name)),
			first(c.Notes.Create(ctx, gitlab.OnIssue(name, 1), gitlab.CreateNote{Body: "x"})),
		} {
			require.ErrorContains(t, err, "gitlab: path /")
		}
	}
	assert.Empty(t, w.sent())
}
