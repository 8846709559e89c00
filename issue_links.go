package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// IssueLinkType is what the link of an issue to another says.
type IssueLinkType string

// The types of links. The last two need GitLab Premium.
const (
	LinkRelatesTo   IssueLinkType = "relates_to"
	LinkBlocks      IssueLinkType = "blocks"
	LinkIsBlockedBy IssueLinkType = "is_blocked_by"
)

// LinkedIssue is an issue that another one is linked to
// (https://docs.gitlab.com/api/issue_links/).
type LinkedIssue struct {
	Issue

	LinkID        int64         `json:"issue_link_id"`
	LinkType      IssueLinkType `json:"link_type"` // as seen from the other one
	LinkCreatedAt time.Time     `json:"link_created_at"`
	LinkUpdatedAt time.Time     `json:"link_updated_at"`
}

// IssueLink is a link of two issues.
type IssueLink struct {
	ID          int64         `json:"id"` // 0: GitLab did not tell; it is in [IssuesService.Links]
	SourceIssue Issue         `json:"source_issue"`
	TargetIssue Issue         `json:"target_issue"`
	LinkType    IssueLinkType `json:"link_type"`
}

// LinkIssue says what an issue is linked to.
type LinkIssue struct {
	TargetProject string        `json:"target_project_id"` // required: its full path, or its number in decimal digits
	TargetIID     int64         `json:"target_issue_iid"`  // required
	LinkType      IssueLinkType `json:"link_type,omitzero"`
}

// Links lists the issues that an issue is linked to, oldest link first, without
// those that the identity may not see.
func (s *IssuesService) Links(ctx context.Context, project string, iid int64, opts ...RequestOption) iter.Seq2[LinkedIssue, error] {
	return List[LinkedIssue](ctx, s.client, PathTo(pathIssueLinks, project, iid), opts...)
}

// Link links an issue to another one; the link is seen from both.
func (s *IssuesService) Link(ctx context.Context, project string, iid int64, in LinkIssue, opts ...RequestOption) (IssueLink, error) {
	var out IssueLink
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathIssueLinks, project, iid), in, &out, opts...)
	return out, err
}

// Unlink removes a link, by its own id, from both issues.
func (s *IssuesService) Unlink(ctx context.Context, project string, iid, linkID int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathIssueLink, project, iid, linkID), nil, nil, opts...)
}
