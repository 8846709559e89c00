package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

const (
	linkedIssueJSON = issueFields + `,"issue_link_id":50,"link_type":"is_blocked_by","link_created_at":"2018-09-13T00:35:11Z","link_updated_at":"2018-09-13T00:35:12Z"}`
	issueLinkJSON   = `{"id":51,"source_issue":` + issueJSON + `,"target_issue":` + issueJSON + `,"link_type":"blocks"}`
)

var (
	fullLinkedIssue = gitlab.LinkedIssue{
		Issue: fullIssue, LinkID: 50, LinkType: gitlab.LinkIsBlockedBy, LinkCreatedAt: at.Add(4 * time.Second), LinkUpdatedAt: at.Add(5 * time.Second),
	}
	fullIssueLink = gitlab.IssueLink{ID: 51, SourceIssue: fullIssue, TargetIssue: fullIssue, LinkType: gitlab.LinkBlocks}
)

func TestIssueLinksAPI(t *testing.T) {
	t.Parallel()
	link := func(in gitlab.LinkIssue) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.IssueLink, error) {
			return c.Issues.Link(ctx, "group/app.io", 6, in)
		})
	}
	const path = "/projects/group%2Fapp.io/issues/6/links"
	runTyped(t, []typedCall{{
		name: "list", method: http.MethodGet, path: path + "?per_page=100", status: 200, answer: "[" + linkedIssueJSON + "]", want: []gitlab.LinkedIssue{fullLinkedIssue},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.LinkedIssue, error] {
			return c.Issues.Links(ctx, "group/app.io", 6)
		}),
	}, {
		name: "link nothing", method: http.MethodPost, path: path, body: `{"target_project_id":"","target_issue_iid":0}`, status: 201, answer: issueLinkJSON, want: fullIssueLink,
		make: link(gitlab.LinkIssue{}),
	}, {
		name: "link", method: http.MethodPost, path: path, body: `{"target_project_id":"other/lib.io","target_issue_iid":7,"link_type":"blocks"}`,
		status: 201, answer: issueLinkJSON, want: fullIssueLink,
		make: link(gitlab.LinkIssue{TargetProject: "other/lib.io", TargetIID: 7, LinkType: gitlab.LinkBlocks}),
	}, {
		name: "unlink", method: http.MethodDelete, path: path + "/50", status: 200, answer: issueLinkJSON, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Issues.Unlink(ctx, "group/app.io", 6, 50)
		},
	}})
}
