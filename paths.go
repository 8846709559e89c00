package gitlab

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// The paths that the library itself calls, below /api/v4, as templates for
// [PathTo]. Each placeholder stands for one element. The templates also name
// calls in a [CallEvent].
const (
	pathUser  = "/user"
	pathUsers = "/users"
	pathUserN = "/users/{user}"

	pathGroups         = "/groups"
	pathGroup          = "/groups/{group}"
	pathSubgroups      = "/groups/{group}/subgroups"
	pathGroupProjects  = "/groups/{group}/projects"
	pathGroupMembers   = "/groups/{group}/members"
	pathGroupMember    = "/groups/{group}/members/{user}"
	pathAllGroupMember = "/groups/{group}/members/all"
	pathGroupAnyMember = "/groups/{group}/members/all/{user}"

	pathProjects         = "/projects"
	pathProject          = "/projects/{project}"
	pathLanguages        = "/projects/{project}/languages"
	pathUploads          = "/projects/{project}/uploads"
	pathProjectMembers   = "/projects/{project}/members"
	pathProjectMember    = "/projects/{project}/members/{user}"
	pathAllProjectMember = "/projects/{project}/members/all"
	pathProjectAnyMember = "/projects/{project}/members/all/{user}"

	pathProjectHooks    = "/projects/{project}/hooks"
	pathProjectHook     = "/projects/{project}/hooks/{hook}"
	pathProjectHookTest = "/projects/{project}/hooks/{hook}/test/{trigger}"
	pathGroupHooks      = "/groups/{group}/hooks"
	pathGroupHook       = "/groups/{group}/hooks/{hook}"
	pathGroupHookTest   = "/groups/{group}/hooks/{hook}/test/{trigger}"

	pathIssues               = "/issues"
	pathGroupIssues          = "/groups/{group}/issues"
	pathProjectIssues        = "/projects/{project}/issues"
	pathIssue                = "/projects/{project}/issues/{iid}"
	pathIssueLinks           = "/projects/{project}/issues/{iid}/links"
	pathIssueLink            = "/projects/{project}/issues/{iid}/links/{link}"
	pathIssueMergeRequests   = "/projects/{project}/issues/{iid}/related_merge_requests"
	pathIssueNotes           = "/projects/{project}/issues/{iid}/notes"
	pathIssueNote            = "/projects/{project}/issues/{iid}/notes/{note}"
	pathIssueDiscussions     = "/projects/{project}/issues/{iid}/discussions"
	pathIssueDiscussion      = "/projects/{project}/issues/{iid}/discussions/{discussion}"
	pathIssueDiscussionNotes = "/projects/{project}/issues/{iid}/discussions/{discussion}/notes"
	pathIssueDiscussionNote  = "/projects/{project}/issues/{iid}/discussions/{discussion}/notes/{note}"
	pathIssueEmojis          = "/projects/{project}/issues/{iid}/award_emoji"
	pathIssueEmoji           = "/projects/{project}/issues/{iid}/award_emoji/{award}"
	pathIssueNoteEmojis      = "/projects/{project}/issues/{iid}/notes/{note}/award_emoji"
	pathIssueNoteEmoji       = "/projects/{project}/issues/{iid}/notes/{note}/award_emoji/{award}"

	pathMergeRequests               = "/merge_requests"
	pathGroupMergeRequests          = "/groups/{group}/merge_requests"
	pathProjectMergeRequests        = "/projects/{project}/merge_requests"
	pathMergeRequest                = "/projects/{project}/merge_requests/{iid}"
	pathMergeRequestMerge           = "/projects/{project}/merge_requests/{iid}/merge"
	pathMergeRequestApprove         = "/projects/{project}/merge_requests/{iid}/approve"
	pathMergeRequestUnapprove       = "/projects/{project}/merge_requests/{iid}/unapprove"
	pathMergeRequestApprovals       = "/projects/{project}/merge_requests/{iid}/approvals"
	pathMergeRequestCommits         = "/projects/{project}/merge_requests/{iid}/commits"
	pathMergeRequestDiffs           = "/projects/{project}/merge_requests/{iid}/diffs"
	pathMergeRequestVersions        = "/projects/{project}/merge_requests/{iid}/versions"
	pathMergeRequestVersion         = "/projects/{project}/merge_requests/{iid}/versions/{version}"
	pathMergeRequestPipelines       = "/projects/{project}/merge_requests/{iid}/pipelines"
	pathMergeRequestNotes           = "/projects/{project}/merge_requests/{iid}/notes"
	pathMergeRequestNote            = "/projects/{project}/merge_requests/{iid}/notes/{note}"
	pathMergeRequestDiscussions     = "/projects/{project}/merge_requests/{iid}/discussions"
	pathMergeRequestDiscussion      = "/projects/{project}/merge_requests/{iid}/discussions/{discussion}"
	pathMergeRequestDiscussionNotes = "/projects/{project}/merge_requests/{iid}/discussions/{discussion}/notes"
	pathMergeRequestDiscussionNote  = "/projects/{project}/merge_requests/{iid}/discussions/{discussion}/notes/{note}"
	pathMergeRequestEmojis          = "/projects/{project}/merge_requests/{iid}/award_emoji"
	pathMergeRequestEmoji           = "/projects/{project}/merge_requests/{iid}/award_emoji/{award}"
	pathMergeRequestNoteEmojis      = "/projects/{project}/merge_requests/{iid}/notes/{note}/award_emoji"
	pathMergeRequestNoteEmoji       = "/projects/{project}/merge_requests/{iid}/notes/{note}/award_emoji/{award}"

	pathCommits             = "/projects/{project}/repository/commits"
	pathCommit              = "/projects/{project}/repository/commits/{sha}"
	pathCommitDiff          = "/projects/{project}/repository/commits/{sha}/diff"
	pathCommitRefs          = "/projects/{project}/repository/commits/{sha}/refs"
	pathCommitComments      = "/projects/{project}/repository/commits/{sha}/comments"
	pathCommitStatuses      = "/projects/{project}/repository/commits/{sha}/statuses"
	pathCommitMergeRequests = "/projects/{project}/repository/commits/{sha}/merge_requests"
	pathStatuses            = "/projects/{project}/statuses/{sha}"

	pathCompare        = "/projects/{project}/repository/compare"
	pathMergeBase      = "/projects/{project}/repository/merge_base"
	pathTree           = "/projects/{project}/repository/tree"
	pathFile           = "/projects/{project}/repository/files/{file}"
	pathFileRaw        = "/projects/{project}/repository/files/{file}/raw"
	pathFileBlame      = "/projects/{project}/repository/files/{file}/blame"
	pathBranches       = "/projects/{project}/repository/branches"
	pathBranch         = "/projects/{project}/repository/branches/{branch}"
	pathMergedBranches = "/projects/{project}/repository/merged_branches"
	pathTags           = "/projects/{project}/repository/tags"
	pathTag            = "/projects/{project}/repository/tags/{tag}"

	pathProjectLabels     = "/projects/{project}/labels"
	pathProjectLabel      = "/projects/{project}/labels/{label}"
	pathGroupLabels       = "/groups/{group}/labels"
	pathGroupLabel        = "/groups/{group}/labels/{label}"
	pathProjectMilestones = "/projects/{project}/milestones"
	pathProjectMilestone  = "/projects/{project}/milestones/{milestone}"
	pathGroupMilestones   = "/groups/{group}/milestones"
	pathGroupMilestone    = "/groups/{group}/milestones/{milestone}"

	pathPipelines      = "/projects/{project}/pipelines"
	pathPipeline       = "/projects/{project}/pipelines/{pipeline}"
	pathPipelineLatest = "/projects/{project}/pipelines/latest"
	pathPipelineCreate = "/projects/{project}/pipeline"
	pathPipelineRetry  = "/projects/{project}/pipelines/{pipeline}/retry"
	pathPipelineCancel = "/projects/{project}/pipelines/{pipeline}/cancel"
	pathPipelineJobs   = "/projects/{project}/pipelines/{pipeline}/jobs"
	pathJobs           = "/projects/{project}/jobs"
	pathJob            = "/projects/{project}/jobs/{job}"
	pathJobTrace       = "/projects/{project}/jobs/{job}/trace"
	pathJobArtifacts   = "/projects/{project}/jobs/{job}/artifacts"
	pathDeployments    = "/projects/{project}/deployments"
	pathDeployment     = "/projects/{project}/deployments/{deployment}"
	pathReleases       = "/projects/{project}/releases"
	pathRelease        = "/projects/{project}/releases/{tag}"

	pathSearch        = "/search"
	pathGroupSearch   = "/groups/{group}/search"
	pathProjectSearch = "/projects/{project}/search"

	pathVersion             = "/version"
	pathMetadata            = "/metadata"
	pathPersonalAccessToken = "/personal_access_tokens/self"
)

// What it calls elsewhere, below the base URL itself.
const (
	pathOAuthInfo = "/oauth/token/info"
	routeGraphQL  = "/api/graphql"
)

// Path is the address of an API resource below /api/v4, made by [PathTo]. It is
// a value and safe to share.
type Path struct {
	template string
	escaped  string
	query    string // encoded
	err      error
}

// PathTo fills the placeholders of template with elems, in order, each escaped
// as one path segment: a project's full path goes in as it is.
//
//	gitlab.PathTo("/projects/{project}/issues/{iid}", "group/app", 7)
//
// An element is a string, an integer, or of a type based on one. A wrong
// number of elements, elements that are "", "." or "..", and a template that
// begins with /api/v4 make an error of every call with the path, before any I/O.
func PathTo(template string, elems ...any) Path {
	p := Path{template: template}
	if !strings.HasPrefix(template, "/") || strings.ContainsAny(template, "?#") {
		p.err = fmt.Errorf("gitlab: path template %q: start it with a slash, and put the query into Path.With", template)
		return p
	}
	if strings.HasPrefix(template, "/api/v4/") {
		p.err = fmt.Errorf("gitlab: path template %q: leave out /api/v4, which the library adds", template)
		return p
	}
	var b strings.Builder
	b.Grow(len(template)) // elements are about as long as their placeholders
	rest, used := template, 0
	plain := !strings.HasPrefix(template, "//") // else a host's name would follow
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		plain = plain && isPlain(before)
		if !found {
			break
		}
		_, tail, closed := strings.Cut(after, "}")
		if !closed {
			p.err = fmt.Errorf("gitlab: path template %q: a { has no }", template)
			return p
		}
		rest = tail
		if used < len(elems) {
			text, err := pathElement(elems[used])
			if err != nil {
				p.err = fmt.Errorf("gitlab: path %s, element %d: %w", template, used+1, err)
				return p
			}
			b.WriteString(text)
		}
		used++
	}
	if used != len(elems) {
		p.err = fmt.Errorf("gitlab: path %s: %d {placeholders}, but %d elements", template, used, len(elems))
		return p
	}
	escaped := b.String()
	for segment := range strings.SplitSeq(escaped[1:], "/") {
		if segment == "." || segment == ".." {
			p.err = fmt.Errorf("gitlab: path template %q has a segment %q", template, segment)
			return p
		}
	}
	if !plain && !isLegal(escaped) {
		p.err = fmt.Errorf("gitlab: path template %q has characters that are not legal in a URL", template)
		return p
	}
	p.escaped = escaped
	return p
}

// isPlain knows the characters of most templates, which need no escape.
func isPlain(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '/', c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// isLegal reports whether escaped goes into a URL as it is. Else net/http would
// escape all of the path anew, and split elements at their slashes.
func isLegal(escaped string) bool {
	u, err := url.Parse(escaped)
	return err == nil && u.EscapedPath() == escaped
}

// With is p with query added; values of a name that p has already are appended.
func (p Path) With(query url.Values) Path {
	if len(query) == 0 {
		return p
	}
	if p.query != "" {
		p.query += "&"
	}
	p.query += query.Encode()
	return p
}

// String is the path below /api/v4, escaped, without the query; "" if p is an
// error.
func (p Path) String() string { return p.escaped }

var errPathElement = errors.New("must be a string or an integer")

// pathElement is the only place that escapes.
func pathElement(elem any) (string, error) {
	var text string
	switch v := reflect.ValueOf(elem); v.Kind() {
	case reflect.String:
		text = v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	default:
		return "", fmt.Errorf("%T: %w", elem, errPathElement)
	}
	switch text {
	case "":
		return "", errors.New("is empty")
	case ".", "..":
		return "", fmt.Errorf("%q would name another resource", text)
	}
	// + is a legal path character, but some servers read it as a space.
	return strings.ReplaceAll(url.PathEscape(text), "+", "%2B"), nil
}
