package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
)

// sideBySide is an answer and the two types that read it.
type sideBySide struct {
	name    string
	literal string // the constant in the root's tests that holds the answer
	ours    func(context.Context, *gitlab.Client) (any, error)
	theirs  func(*clientgo.Client) (any, error)
}

func bothRead[Ours, Theirs any](name, literal string) sideBySide {
	return sideBySide{
		name: name, literal: literal,
		ours: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return gitlab.Get[Ours](ctx, c, gitlab.PathTo("/answer"))
		},
		theirs: func(c *clientgo.Client) (any, error) {
			var v Theirs
			req, err := c.NewRequest(http.MethodGet, "answer", nil, nil)
			if err == nil {
				_, err = c.Do(req, &v)
			}
			return v, err
		},
	}
}

var sidesBySide = []sideBySide{
	bothRead[gitlab.Project, clientgo.Project]("project", "projectJSON"),
	bothRead[gitlab.Issue, clientgo.Issue]("issue", "issueJSON"),
	bothRead[gitlab.MergeRequest, clientgo.MergeRequest]("merge request", "mergeRequestJSON"),
	bothRead[gitlab.MergeRequest, clientgo.BasicMergeRequest]("merge request in lists", "basicMRJSON"),
	bothRead[gitlab.User, clientgo.User]("user", "fullUserJSON"),
	bothRead[gitlab.Group, clientgo.Group]("group", "groupJSON"),
	bothRead[gitlab.Member, clientgo.ProjectMember]("member of a project", "memberJSON"),
	bothRead[gitlab.Member, clientgo.GroupMember]("member of a group", "memberJSON"),
	bothRead[gitlab.Hook, clientgo.ProjectHook]("hook of a project", "hookJSON"),
	bothRead[gitlab.Hook, clientgo.GroupHook]("hook of a group", "hookJSON"),
	bothRead[gitlab.Note, clientgo.Note]("note", "noteJSON"),
	bothRead[gitlab.Discussion, clientgo.Discussion]("discussion", "discussionJSON"),
	bothRead[gitlab.Commit, clientgo.Commit]("commit", "commitJSON"),
	bothRead[gitlab.CommitComment, clientgo.CommitComment]("comment on a commit", "commitCommentJSON"),
	bothRead[gitlab.CommitStatus, clientgo.CommitStatus]("commit status", "commitStatusJSON"),
	bothRead[gitlab.Diff, clientgo.Diff]("diff of a commit", "diffJSON"),
	bothRead[gitlab.Diff, clientgo.MergeRequestDiff]("diff of a merge request", "diffJSON"),
	bothRead[gitlab.Branch, clientgo.Branch]("branch", "branchJSON"),
	bothRead[gitlab.Tag, clientgo.Tag]("tag", "tagJSON"),
	bothRead[gitlab.Pipeline, clientgo.Pipeline]("pipeline", "pipelineJSON"),
	bothRead[gitlab.BasicPipeline, clientgo.PipelineInfo]("pipeline in lists", "basicPipelineJSON"),
	bothRead[gitlab.Job, clientgo.Job]("job", "jobJSON"),
	bothRead[gitlab.Deployment, clientgo.Deployment]("deployment", "deploymentJSON"),
	bothRead[gitlab.Release, clientgo.Release]("release", "releaseJSON"),
	bothRead[gitlab.Label, clientgo.Label]("label", "labelJSON"),
	bothRead[gitlab.Milestone, clientgo.Milestone]("milestone of a project", "ownMilestoneJSON"),
	bothRead[gitlab.Milestone, clientgo.GroupMilestone]("milestone of a group", "ownMilestoneJSON"),
	bothRead[gitlab.File, clientgo.File]("file", "fileJSON"),
	bothRead[gitlab.TreeEntry, clientgo.TreeNode]("entry of a tree", "treeEntryJSON"),
	bothRead[gitlab.Comparison, clientgo.Compare]("comparison", "compareJSON"),
	bothRead[gitlab.FoundBlob, clientgo.Blob]("found blob", "foundBlobJSON"),
	bothRead[gitlab.AwardEmoji, clientgo.AwardEmoji]("award emoji", "awardEmojiJSON"),
	bothRead[gitlab.MergeRequestApprovals, clientgo.MergeRequestApprovals]("approvals", "approvalsJSON"),
	bothRead[gitlab.MergeRequestVersion, clientgo.MergeRequestDiffVersion]("version of a merge request", "versionJSON"),
	bothRead[gitlab.IssueLink, clientgo.IssueLink]("issue link", "issueLinkJSON"),
	bothRead[gitlab.LinkedIssue, clientgo.IssueRelation]("linked issue", "linkedIssueJSON"),
	bothRead[gitlab.Metadata, clientgo.Metadata]("metadata", "metadataJSON"),
	bothRead[gitlab.PersonalAccessToken, clientgo.PersonalAccessToken]("access token", "accessTokenJSON"),
}

// largerTheirs are the pairs where client-go reads a part of an answer with the
// type of a whole one, and what that part is. GitLab sends less there.
var largerTheirs = map[string]string{
	"ApprovalRule | MergeRequestApprovalRule": "a rule in approvals has no more than its name and kind",
	"BasicEnvironment | Environment":          "an environment in a deployment",
	"BasicUser | User":                        "a user beside something of theirs",
	"IssueEpic | Epic":                        "an epic in an issue",
	"JobProject | Project":                    "a project in a job has one setting",
	"JobRunner | Runner":                      "a runner in a job",
	"MemberRole | MemberRole":                 "a role in a member: what it permits grows with GitLab's releases and is asked of the role",
}

// onlyTheirs are the members that client-go's types have and ours do not, and
// why.
var onlyTheirs = map[string]string{
	"Author.blocked":    "not sent: state says it",
	"Author.created_at": "not sent with a user in another answer",
	"Author.email":      "not sent with a user in another answer",
	"BasicMergeRequest.allow_maintainer_to_push":   "deprecated: allow_collaboration",
	"BasicMergeRequest.assignee":                   "deprecated: assignees",
	"BasicMergeRequest.label_details":              "not sent: labels are names or objects, as is asked for",
	"BasicMergeRequest.merged_by":                  "deprecated: merge_user",
	"BasicUser.created_at":                         "not sent with a user in another answer",
	"Blob.filename":                                "deprecated: path",
	"File.encoding":                                "always base64, which our type has undone",
	"Group.default_branch_protection":              "deprecated: default_branch_protection_defaults",
	"Group.emails_disabled":                        "deprecated: emails_enabled",
	"Group.projects":                               "deprecated: they are listed by themselves, in pages",
	"Group.runners_token":                          "a secret that GitLab is about to drop, kept out so that nothing prints it",
	"Group.shared_projects":                        "deprecated: they are listed by themselves, in pages",
	"HookCustomHeader.value":                       "never sent: it is a secret",
	"HookURLVariable.value":                        "never sent: it is a secret",
	"Issue.assignee":                               "deprecated: assignees",
	"Issue.epic_issue_id":                          "only in the list of an epic's issues",
	"Issue.external_id":                            "only of other trackers' issues",
	"Issue.issue_link_id":                          "only of linked issues: gitlab.LinkedIssue",
	"Issue.label_details":                          "not sent: labels are names or objects, as is asked for",
	"IssueRelation.assignee":                       "deprecated: assignees",
	"Job.artifacts_file":                           "artifacts has it, with its type",
	"JobRunner.active":                             "deprecated: paused",
	"MergeRequest.allow_maintainer_to_push":        "deprecated: allow_collaboration",
	"MergeRequest.assignee":                        "deprecated: assignees",
	"MergeRequest.label_details":                   "not sent: labels are names or objects, as is asked for",
	"MergeRequest.merged_by":                       "deprecated: merge_user",
	"MergeRequest.pipeline":                        "deprecated: head_pipeline",
	"MergeRequest.work_in_progress":                "deprecated: draft",
	"MergeRequestApprovals.approvals_before_merge": "deprecated: approvals_required",
	"MergeRequestApprovals.approver_groups":        "deprecated: approval rules have them",
	"MergeRequestApprovals.approvers":              "deprecated: approval rules have them",
	"MergeRequestApprovals.created_at":             "the merge request's own",
	"MergeRequestApprovals.description":            "the merge request's own",
	"MergeRequestApprovals.id":                     "the merge request's own",
	"MergeRequestApprovals.iid":                    "the merge request's own",
	"MergeRequestApprovals.merge_status":           "the merge request's own",
	"MergeRequestApprovals.project_id":             "the merge request's own",
	"MergeRequestApprovals.state":                  "the merge request's own",
	"MergeRequestApprovals.title":                  "the merge request's own",
	"MergeRequestApprovals.updated_at":             "the merge request's own",
	"Note.confidential":                            "deprecated: internal",
	"Note.expires_at":                              "not sent: snippets had it once",
	"Note.file_name":                               "not sent: snippets have it",
	"Note.title":                                   "not sent: snippets have it",
	"NoteAuthor.email":                             "not sent with a user in another answer",
	"NoteResolvedBy.email":                         "not sent with a user in another answer",
	"PersonalAccessToken.token":                    "only sent by calls that make a token, which we do not have",
	"Project.approvals_before_merge":               "deprecated: approval rules have it",
	"Project.ci_opt_in_jwt":                        "dropped by GitLab",
	"Project.container_registry_enabled":           "deprecated: container_registry_access_level",
	"Project.emails_disabled":                      "deprecated: emails_enabled",
	"Project.issues_enabled":                       "deprecated: issues_access_level",
	"Project.jobs_enabled":                         "deprecated: builds_access_level",
	"Project.marked_for_deletion_at":               "deprecated: marked_for_deletion_on",
	"Project.merge_requests_enabled":               "deprecated: merge_requests_access_level",
	"Project.operations_access_level":              "dropped by GitLab: four features have levels of their own",
	"Project.packages_enabled":                     "deprecated: package_registry_access_level",
	"Project.public_builds":                        "deprecated: public_jobs",
	"Project.restrict_user_defined_variables":      "deprecated: ci_pipeline_variables_minimum_override_role",
	"Project.runners_token":                        "a secret that GitLab is about to drop, kept out so that nothing prints it",
	"Project.snippets_enabled":                     "deprecated: snippets_access_level",
	"Project.tag_list":                             "deprecated: topics",
	"Project.wiki_enabled":                         "deprecated: wiki_access_level",
	"ReleaseAssets.evidence_file_path":             "deprecated: evidences",
	"ReleaseLink.external":                         "deprecated: true of every link",
	"User.extern_uid":                              "identities have it",
	"User.provider":                                "identities have it",
	"User.skype":                                   "a service that has ended",
}

// otherwise are the members that both have and read otherwise, and why.
var otherwise = map[string]string{
	"Commit.extended_trailers": "all values of each name: client-go's strings do not take lists",
	"File.content":             "ours has the content itself, theirs what encodes it",
	"Pipeline.queued_duration": "client-go takes whole seconds alone, and makes an error of others",
}

// What client-go makes of the answers that the root's tests have, with a value
// for every member, is what we make of them.
func TestTypesAgreeWithClientGo(t *testing.T) {
	t.Parallel()
	literals := rootLiterals(t)
	report := &sides{types: make(map[string]*sidesOfType), different: make(map[string]string)}
	for _, row := range sidesBySide {
		answer, ok := literals[row.literal]
		require.True(t, ok, "the root's tests have no constant %s", row.literal)
		ours, theirs := row.decode(t, answer)
		report.compare(row.name, "", ours, theirs)

		ours, theirs = row.decode(t, nullsIn(t, answer))
		assert.True(t, ours.IsZero(), "%s: ours of nulls", row.name)
		assert.Empty(t, filledMembers(theirs), "%s: theirs of nulls", row.name)
	}

	t.Log("\n" + report.String())
	for name, what := range report.different {
		if otherwise[name] == "" {
			t.Errorf("%s is read otherwise: %s", name, what)
		}
	}
	for name := range otherwise {
		if report.different[name] == "" {
			t.Errorf("%s is no longer read otherwise: take it out of the table", name)
		}
	}
	for pair := range largerTheirs {
		if members := report.types[pair]; members == nil || len(members.theirs) == 0 {
			t.Errorf("%s: client-go's is no longer the larger one: take it out of the table", pair)
		}
	}
	theirs := report.onlyTheirs()
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if onlyTheirs[name] == "" {
			t.Errorf("only client-go has %s", name)
		}
	}
	for name := range onlyTheirs {
		if !theirs[name] {
			t.Errorf("%s is not client-go's alone any more: take it out of the table", name)
		}
	}
	assert.Empty(t, report.empty, "members without a value prove nothing")
}

// decode reads an answer with both clients.
func (row sideBySide) decode(t *testing.T, answer string) (ours, theirs reflect.Value) {
	t.Helper()
	transport := &http.Client{Transport: answering(answer)}
	ourClient, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom, HTTPClient: transport})
	require.NoError(t, err)
	theirClient, err := clientgo.NewClient("token", clientgo.WithHTTPClient(transport))
	require.NoError(t, err)
	our, err := row.ours(t.Context(), ourClient)
	require.NoError(t, err, row.name)
	their, err := row.theirs(theirClient)
	if wrongType := new(json.UnmarshalTypeError); !errors.As(err, &wrongType) {
		// What a member of the wrong type leaves unread is found by the comparison.
		require.NoError(t, err, row.name)
	}
	return reflect.ValueOf(our), reflect.ValueOf(their)
}

// answering is a GitLab with one answer to everything.
type answering string

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(a))), ContentLength: int64(len(a)),
	}, nil
}

// rootLiterals are the constants of the root's tests that hold answers. They are
// read where they are, so that a member that joins one is compared here.
func rootLiterals(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../*_test.go")
	require.NoError(t, err)
	expressions := make(map[string]ast.Expr)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				for i, value := range spec.(*ast.ValueSpec).Values {
					expressions[spec.(*ast.ValueSpec).Names[i].Name] = value
				}
			}
		}
	}
	var text func(expr ast.Expr) (string, bool)
	text = func(expr ast.Expr) (string, bool) {
		switch expr := expr.(type) {
		case *ast.BasicLit:
			s, err := strconv.Unquote(expr.Value)
			return s, err == nil && expr.Kind == token.STRING
		case *ast.Ident:
			value, ok := expressions[expr.Name]
			if !ok {
				return "", false
			}
			return text(value)
		case *ast.BinaryExpr:
			left, leftOK := text(expr.X)
			right, rightOK := text(expr.Y)
			return left + right, leftOK && rightOK && expr.Op == token.ADD
		}
		return "", false
	}
	literals := make(map[string]string)
	for name, expr := range expressions {
		if s, ok := text(expr); ok {
			literals[name] = s
		}
	}
	return literals
}

// nullsIn is an object with null for each of its members.
func nullsIn(t *testing.T, answer string) string {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(answer), &object))
	for name := range object {
		object[name] = nil
	}
	nulls, err := json.Marshal(object)
	require.NoError(t, err)
	return string(nulls)
}

// filledMembers are the members of a struct that are neither null nor zero.
func filledMembers(v reflect.Value) (filled []string) {
	for name, field := range membersOf(v.Type()) {
		if value := pointedTo(v.FieldByIndex(field.Index)); value.IsValid() && !value.IsZero() {
			filled = append(filled, name)
		}
	}
	return filled
}

// sides is what a comparison found.
type sides struct {
	types     map[string]*sidesOfType
	different map[string]string
	empty     []string
	values    int // compared
}

// sidesOfType are the members of a type of ours and the one of client-go that
// reads the same.
type sidesOfType struct {
	both, ours, theirs []string
}

func (s *sides) onlyTheirs() map[string]bool {
	names := make(map[string]bool)
	for pair, members := range s.types {
		if _, ok := largerTheirs[pair]; ok {
			continue
		}
		_, theirs, _ := strings.Cut(pair, " | ")
		for _, member := range members.theirs {
			names[theirs+"."+member] = true
		}
	}
	return names
}

// compare compares what both read; at is where in the answer, and name how
// client-go calls it.
func (s *sides) compare(at, name string, ours, theirs reflect.Value) {
	ours, theirs = pointedTo(ours), pointedTo(theirs)
	if !ours.IsValid() || !theirs.IsValid() || ours.IsZero() || theirs.IsZero() {
		switch {
		case ours.IsValid() && !ours.IsZero() || theirs.IsValid() && !theirs.IsZero():
			s.different[name] = fmt.Sprintf("%s: ours %s, theirs %s", at, shown(ours), shown(theirs))
		default:
			s.empty = append(s.empty, at)
		}
		return
	}
	our, ourScalar := scalar(ours)
	their, theirScalar := scalar(theirs)
	switch {
	case ourScalar && theirScalar:
		s.values++
		if our != their {
			s.different[name] = fmt.Sprintf("%s: ours %v, theirs %v", at, our, their)
		}
	case ours.Kind() == reflect.Slice && theirs.Kind() == reflect.Slice:
		if ours.Len() != theirs.Len() {
			s.different[name] = fmt.Sprintf("%s: ours has %d, theirs %d", at, ours.Len(), theirs.Len())
			return
		}
		for i := range ours.Len() {
			s.compare(fmt.Sprintf("%s[%d]", at, i), name, ours.Index(i), theirs.Index(i))
		}
	case ours.Kind() == reflect.Map && theirs.Kind() == reflect.Map:
		for _, key := range ours.MapKeys() {
			s.compare(at+"."+key.String(), name, ours.MapIndex(key), theirs.MapIndex(key))
		}
	case ours.Kind() == reflect.Struct && theirs.Kind() == reflect.Struct:
		s.compareStructs(at, name, ours, theirs)
	default:
		s.different[name] = fmt.Sprintf("%s: ours is %s, theirs %s", at, ours.Type(), theirs.Type())
	}
}

func (s *sides) compareStructs(at, name string, ours, theirs reflect.Value) {
	if theirs.Type().Name() != "" {
		name = theirs.Type().Name()
	}
	members := new(sidesOfType)
	our, their := membersOf(ours.Type()), membersOf(theirs.Type())
	for _, member := range slices.Sorted(maps.Keys(our)) {
		field, ok := their[member]
		if !ok {
			members.ours = append(members.ours, member)
			continue
		}
		members.both = append(members.both, member)
		s.compare(at+"."+member, name+"."+member, ours.FieldByIndex(our[member].Index), theirs.FieldByIndex(field.Index))
	}
	for _, member := range slices.Sorted(maps.Keys(their)) {
		if _, ok := our[member]; !ok {
			members.theirs = append(members.theirs, member)
		}
	}
	s.types[ours.Type().Name()+" | "+name] = members
}

func (s *sides) String() string {
	var b strings.Builder
	both, ours, theirs := 0, 0, 0
	fmt.Fprintf(&b, "%-70s %5s %5s %7s\n", "ours | client-go's", "both", "ours", "theirs")
	for _, pair := range slices.Sorted(maps.Keys(s.types)) {
		members := s.types[pair]
		fmt.Fprintf(&b, "%-70s %5d %5d %7d  %s\n", pair, len(members.both), len(members.ours), len(members.theirs), largerTheirs[pair])
		both, ours, theirs = both+len(members.both), ours+len(members.ours), theirs+len(members.theirs)
	}
	fmt.Fprintf(&b, "%-70s %5d %5d %7d\n%d answers, %d values compared\n\nonly theirs:\n", fmt.Sprintf("%d pairs of types", len(s.types)), both, ours, theirs, len(sidesBySide), s.values)
	for _, name := range slices.Sorted(maps.Keys(s.onlyTheirs())) {
		fmt.Fprintf(&b, "  %-70s %s\n", name, onlyTheirs[name])
	}
	b.WriteString("\ndifferent:\n")
	for _, name := range slices.Sorted(maps.Keys(s.different)) {
		fmt.Fprintf(&b, "  %-70s %s\n    %q\n", name, otherwise[name], s.different[name])
	}
	return b.String()
}

func shown(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	return fmt.Sprintf("%s %v", v.Type(), v)
}

// pointedTo is v without its pointers, interfaces and client-go's Nullables,
// which are maps of bool; invalid for nil.
func pointedTo(v reflect.Value) reflect.Value {
	for {
		switch {
		case v.Kind() == reflect.Pointer, v.Kind() == reflect.Interface:
			v = v.Elem()
		case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.Bool:
			v = v.MapIndex(reflect.ValueOf(true))
		default:
			return v
		}
	}
}

// scalar is a value in the form that both sides compare in: times in UTC, dates
// as text, numbers as floats, enumerations as what they are made of.
func scalar(v reflect.Value) (any, bool) {
	switch value := v.Interface().(type) {
	case time.Time:
		return value.UTC().Format(time.RFC3339Nano), true
	case gitlab.Date:
		return value.String(), true
	case clientgo.ISOTime:
		return value.String(), true
	case net.IP:
		return value.String(), true
	case []byte:
		return string(value), true
	}
	switch {
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.Kind() == reflect.Bool:
		return v.Bool(), true
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanFloat():
		return v.Float(), true
	}
	return nil, false
}

// membersOf are the fields of a struct by their names in JSON, those of embedded
// structs included.
func membersOf(t reflect.Type) map[string]reflect.StructField {
	members := make(map[string]reflect.StructField)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		if other, ok := members[name]; !ok || len(field.Index) < len(other.Index) {
			members[name] = field
		}
	}
	return members
}
