package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Answers of GitLab, with a value for every field that the library reads, and
// some that it does not.
const (
	fullUserJSON = `{"id":7,"username":"ada","name":"Ada Lovelace","state":"active","locked":true,"avatar_url":"https://a/1.png","web_url":"https://g/ada","email":"ada@x.org","public_email":"pub@x.org","commit_email":"com@x.org","bio":"Counts","location":"London","bot":true,"external":true,"is_admin":true,"created_at":"2018-09-13T00:35:07.123Z","two_factor_enabled":true}`
	groupJSON    = `{"id":3,"name":"Child","path":"child","full_name":"Parent / Child","full_path":"parent/child","parent_id":2,"description":"A group","visibility":"private","avatar_url":"https://a/3.png","web_url":"https://g/groups/parent/child","created_at":"2018-09-13T00:35:07Z","projects":[]}`
	projectJSON  = `{"id":4,"name":"App","name_with_namespace":"Group / App","path":"app","path_with_namespace":"group/app","description":"An app","default_branch":"main","topics":["go"],"visibility":"internal","archived":true,"empty_repo":true,"issues_enabled":true,"open_issues_count":5,"star_count":6,"forks_count":8,"creator_id":7,"namespace":{"id":3,"name":"Group","path":"group","kind":"group","full_path":"group","parent_id":2,"web_url":"https://g/groups/group"},"ssh_url_to_repo":"git@g:group/app.git","http_url_to_repo":"https://g/group/app.git","readme_url":"https://g/group/app/README.md","avatar_url":"https://a/4.png","web_url":"https://g/group/app","created_at":"2018-09-13T00:35:07Z","last_activity_at":"2018-09-13T02:35:07+02:00"}`
	issueJSON    = `{"id":70,"iid":9,"project_id":4,"title":"Broken","description":"It is","state":"closed","issue_type":"issue","labels":["bug","a b"],"author":` + fullUserJSON + `,"assignees":[` + fullUserJSON + `],"confidential":true,"upvotes":1,"downvotes":2,"user_notes_count":3,"due_date":"2019-01-02","web_url":"https://g/group/app/-/issues/9","created_at":"2018-09-13T00:35:07Z","updated_at":"2018-09-13T00:35:07Z","closed_at":"2018-09-13T00:35:07Z","milestone":null}`
	hookJSON     = `{"id":11,"project_id":4,"url":"https://app.example.com/hook","name":"ours","description":"Tells","push_events":true,"merge_requests_events":true,"issues_events":true,"note_events":true,"enable_ssl_verification":true,"alert_status":"executable","disabled_until":"2018-09-13T00:35:07Z","created_at":"2018-09-13T00:35:07Z","tag_push_events":false}`
	commitJSON   = `{"id":"6104942438c14ec7bd21c6cd5bd995272b3faff6","short_id":"6104942438c","title":"Fix","message":"Fix\n\nall","parent_ids":["1a0b36b3cdad1d2ee32457c102a8c0b7056fa863"],"author_name":"Ada","author_email":"ada@x.org","authored_date":"2018-09-13T00:35:07.000+00:00","committer_name":"Bob","committer_email":"bob@x.org","committed_date":"2018-09-13T00:35:07.000+00:00","created_at":"2018-09-13T00:35:07.000+00:00","web_url":"https://g/group/app/-/commit/6104942","trailers":{}}`
	diffJSON     = `{"old_path":"a.go","new_path":"b.go","a_mode":"100644","b_mode":"100755","diff":"@@ -1 +1 @@\n-a\n+b\n","new_file":true,"renamed_file":true,"deleted_file":true,"generated_file":true,"collapsed":true,"too_large":true}`
	compareJSON  = `{"commit":` + commitJSON + `,"commits":[` + commitJSON + `],"diffs":[` + diffJSON + `],"compare_timeout":true,"compare_same_ref":true,"web_url":"https://g/group/app/-/compare/a...b"}`
)

var (
	at       = time.Date(2018, 9, 13, 0, 35, 7, 0, time.UTC)
	fullUser = gitlab.User{
		ID: 7, Username: "ada", Name: "Ada Lovelace", State: "active", Locked: true, AvatarURL: "https://a/1.png", WebURL: "https://g/ada", Email: "ada@x.org",
		PublicEmail: "pub@x.org", CommitEmail: "com@x.org", Bio: "Counts", Location: "London", Bot: true, External: true, IsAdmin: true, CreatedAt: at.Add(123 * time.Millisecond),
	}
	fullGroup = gitlab.Group{
		ID: 3, Name: "Child", Path: "child", FullName: "Parent / Child", FullPath: "parent/child", ParentID: 2, Description: "A group", Visibility: "private",
		AvatarURL: "https://a/3.png", WebURL: "https://g/groups/parent/child", CreatedAt: at,
	}
	fullProject = gitlab.Project{
		ID: 4, Name: "App", NameWithNamespace: "Group / App", Path: "app", PathWithNamespace: "group/app", Description: "An app", DefaultBranch: "main",
		Topics: []string{"go"}, Visibility: "internal", Archived: true, EmptyRepo: true, IssuesEnabled: true, OpenIssuesCount: 5, StarCount: 6, ForksCount: 8, CreatorID: 7,
		Namespace:    gitlab.Namespace{ID: 3, Name: "Group", Path: "group", Kind: "group", FullPath: "group", ParentID: 2, WebURL: "https://g/groups/group"},
		SSHURLToRepo: "git@g:group/app.git", HTTPURLToRepo: "https://g/group/app.git", ReadmeURL: "https://g/group/app/README.md", AvatarURL: "https://a/4.png",
		WebURL: "https://g/group/app", CreatedAt: at, LastActivityAt: at,
	}
	fullIssue = gitlab.Issue{
		ID: 70, IID: 9, ProjectID: 4, Title: "Broken", Description: "It is", State: "closed", IssueType: "issue", Labels: []string{"bug", "a b"}, Author: fullUser,
		Assignees: []gitlab.User{fullUser}, Confidential: true, Upvotes: 1, Downvotes: 2, UserNotesCount: 3, DueDate: "2019-01-02",
		WebURL: "https://g/group/app/-/issues/9", CreatedAt: at, UpdatedAt: at, ClosedAt: at,
	}
	fullHook = gitlab.Hook{
		ID: 11, ProjectID: 4, URL: "https://app.example.com/hook", Name: "ours", Description: "Tells", PushEvents: true, MergeRequestsEvents: true, IssuesEvents: true,
		NoteEvents: true, EnableSSLVerification: true, AlertStatus: "executable", DisabledUntil: at, CreatedAt: at,
	}
	fullCommit = gitlab.Commit{
		ID: "6104942438c14ec7bd21c6cd5bd995272b3faff6", ShortID: "6104942438c", Title: "Fix", Message: "Fix\n\nall", ParentIDs: []string{"1a0b36b3cdad1d2ee32457c102a8c0b7056fa863"},
		AuthorName: "Ada", AuthorEmail: "ada@x.org", AuthoredDate: at, CommitterName: "Bob", CommitterEmail: "bob@x.org", CommittedDate: at, CreatedAt: at,
		WebURL: "https://g/group/app/-/commit/6104942",
	}
	fullDiff = gitlab.Diff{
		OldPath: "a.go", NewPath: "b.go", AMode: "100644", BMode: "100755", Diff: "@@ -1 +1 @@\n-a\n+b\n", NewFile: true, RenamedFile: true, DeletedFile: true,
		GeneratedFile: true, Collapsed: true, TooLarge: true,
	}
	fullComparison = gitlab.Comparison{
		Commit: fullCommit, Commits: []gitlab.Commit{fullCommit}, Diffs: []gitlab.Diff{fullDiff}, CompareTimeout: true, CompareSameRef: true,
		WebURL: "https://g/group/app/-/compare/a...b",
	}
)

// assertFilled asserts that v has no zero field, so that a comparison with it
// is about every one.
func assertFilled(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	assert.False(t, v.IsZero(), name)
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Slice:
		assertFilled(t, name+"[0]", v.Index(0))
	case v.Kind() == reflect.Struct:
		for field, value := range v.Fields() {
			assertFilled(t, name+"."+field.Name, value)
		}
	}
}

// inUTC is v with all its times in UTC, since == and assert.Equal tell apart
// what means the same instant.
func inUTC(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			inUTC(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for _, value := range v.Fields() {
			inUTC(value)
		}
	}
}

// fetch makes a call of one result something that the table can hold.
func fetch[T any](f func(context.Context, *gitlab.Client) (T, error)) func(context.Context, *gitlab.Client) (any, error) {
	return func(ctx context.Context, c *gitlab.Client) (any, error) {
		v, err := f(ctx, c)
		inUTC(reflect.ValueOf(&v).Elem())
		return v, err
	}
}

// collect does so with a list.
func collect[T any](f func(context.Context, *gitlab.Client) iter.Seq2[T, error]) func(context.Context, *gitlab.Client) (any, error) {
	return fetch(func(ctx context.Context, c *gitlab.Client) (items []T, err error) {
		for item, err := range f(ctx, c) {
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	})
}

// typedCall is one method, what it sends, and what comes of the answer.
type typedCall struct {
	name   string
	make   func(ctx context.Context, c *gitlab.Client) (any, error)
	method string
	path   string // below /api/v4, with the query
	body   string // to the byte; "" for none
	status int
	answer string
	want   any
}

func runTyped(t *testing.T, rows []typedCall) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(always(row.status, row.answer))
			c := w.signIn(t, 2*time.Hour)

			got, err := row.make(t.Context(), c)

			require.NoError(t, err)
			assert.Equal(t, row.want, got)
			require.Len(t, w.sent(), 1)
			sent := w.sent()[0]
			assert.Equal(t, row.method, sent.Method)
			assert.Equal(t, baseURL+"/api/v4"+row.path, sent.URL)
			assert.Equal(t, row.body, sent.Body)
			assert.Equal(t, "Bearer access-1", sent.Authorization)
			if row.body != "" {
				assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
			}

			w.mock.RegisterNoResponder(always(http.StatusNotFound, `{"message":"404 Not Found"}`))
			_, err = row.make(t.Context(), c)
			require.ErrorIs(t, err, gitlab.ErrNotFound)
		})
	}
}

func TestAnswersAreComparedInEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range []any{fullUser, fullGroup, fullProject, fullIssue, fullHook, fullCommit, fullDiff, fullComparison} {
		assertFilled(t, reflect.TypeOf(v).Name(), reflect.ValueOf(v))
	}
}

func TestNullsAreZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":9,"iid":9,"labels":null,"author":null,"assignees":null,"due_date":null,"closed_at":null,"description":null,"namespace":null,"avatar_url":null,"disabled_until":null,"parent_id":null}`))
	issue, err := w.client.Issues.Get(t.Context(), "group/app", 9)
	require.NoError(t, err)
	assert.Equal(t, gitlab.Issue{ID: 9, IID: 9}, issue)
	project, err := w.client.Projects.Get(t.Context(), "group/app")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Project{ID: 9}, project)
	hook, err := w.client.Hooks.Create(t.Context(), "group/app", gitlab.CreateHook{URL: "https://app.example.com"})
	require.NoError(t, err)
	assert.Equal(t, gitlab.Hook{ID: 9}, hook)
	group, err := w.client.Groups.Get(t.Context(), "group")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Group{ID: 9}, group)
}
