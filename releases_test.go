package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/freshgrant/gitlab"
)

const releaseJSON = `{"tag_name":"v0.2","name":"Awesome app v0.2","description":"## CHANGELOG","description_html":"<h2>CHANGELOG</h2>","upcoming_release":true,"created_at":"2018-09-13T00:40:56Z","released_at":"2018-09-13T00:40:57Z","author":` + graceUserJSON + `,"commit":` + commitJSON + `,"commit_path":"/group/app/commit/079e90101242458910cccd35eab0e211dfc359c0","tag_path":"/group/app/-/tags/v0.2","milestones":[{"id":50,"iid":5,"project_id":4,"group_id":3,"title":"v2.0","description":"Soon","state":"closed","start_date":"2018-08-08","due_date":"2018-09-22","expired":true,"web_url":"https://g/group/app/-/milestones/5","created_at":"2018-09-13T00:40:01Z","updated_at":"2018-09-13T00:40:02Z","issue_stats":{"total":99,"closed":76}}],"assets":{"count":6,"sources":[{"format":"zip","url":"https://g/app-v0.2.zip"}],"links":[{"id":2,"name":"awesome-v0.2.msi","url":"http://192.0.2.10:3000/msi","direct_asset_url":"https://g/group/app/-/releases/v0.2/downloads/awesome.msi","external":true,"link_type":"package"}]},"evidences":[{"sha":"760d6cdfb0879c3ffedec13af470e0f71cf52c6cde4d","filepath":"https://g/group/app/-/releases/v0.2/evidence.json","collected_at":"2018-09-13T00:40:58Z"}],"_links":{"self":"https://g/1","edit_url":"https://g/2","opened_issues_url":"https://g/3","closed_issues_url":"https://g/4","opened_merge_requests_url":"https://g/5","closed_merge_requests_url":"https://g/6","merged_merge_requests_url":"https://g/7"}}`

var fullRelease = gitlab.Release{
	TagName: "v0.2", Name: "Awesome app v0.2", Description: "## CHANGELOG", DescriptionHTML: "<h2>CHANGELOG</h2>", UpcomingRelease: true, CreatedAt: second(56),
	ReleasedAt: second(57), Author: graceUser, Commit: fullCommit, CommitPath: "/group/app/commit/079e90101242458910cccd35eab0e211dfc359c0", TagPath: "/group/app/-/tags/v0.2",
	Milestones: []gitlab.ReleaseMilestone{{Milestone: sprint, IssueStats: gitlab.MilestoneIssueStats{Total: 99, Closed: 76}}},
	Assets: gitlab.ReleaseAssets{
		Count:   6,
		Sources: []gitlab.ReleaseSource{{Format: "zip", URL: "https://g/app-v0.2.zip"}},
		Links: []gitlab.ReleaseAssetLink{{
			ID: 2, Name: "awesome-v0.2.msi", URL: "http://192.0.2.10:3000/msi", DirectAssetURL: "https://g/group/app/-/releases/v0.2/downloads/awesome.msi", LinkType: "package",
		}},
	},
	Evidences: []gitlab.ReleaseEvidence{{
		SHA: "760d6cdfb0879c3ffedec13af470e0f71cf52c6cde4d", Filepath: "https://g/group/app/-/releases/v0.2/evidence.json", CollectedAt: second(58),
	}},
	Links: gitlab.ReleaseLinks{
		Self: "https://g/1", EditURL: "https://g/2", OpenedIssuesURL: "https://g/3", ClosedIssuesURL: "https://g/4", OpenedMergeRequestsURL: "https://g/5",
		ClosedMergeRequestsURL: "https://g/6", MergedMergeRequestsURL: "https://g/7",
	},
}

func TestReleasesAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "Release", reflect.ValueOf(fullRelease))
	list := func(in gitlab.ListReleases) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Release, error] {
			return c.Releases.List(ctx, "group/app.io", in)
		})
	}
	create := func(in gitlab.CreateRelease) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Release, error) {
			return c.Releases.Create(ctx, "group/app.io", in)
		})
	}
	update := func(in gitlab.UpdateRelease) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Release, error) {
			return c.Releases.Update(ctx, "group/app.io", "cli/v0.2+rc1", in)
		})
	}
	const (
		all = "/projects/group%2Fapp.io/releases"
		one = all + "/cli%2Fv0.2%2Brc1"
	)
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: all + "?per_page=100", status: 200, answer: "[" + releaseJSON + `,{"name":"for guests","commit":null}]`,
		want: []gitlab.Release{fullRelease, {Name: "for guests"}}, make: list(gitlab.ListReleases{}),
	}, {
		name: "some", method: http.MethodGet,
		path:   all + "?include_html_description=true&order_by=created_at&per_page=100&sort=asc&updated_after=2018-09-13T00%3A40%3A01Z&updated_before=2018-09-13T00%3A40%3A02Z",
		status: 200, answer: "[" + releaseJSON + "]", want: []gitlab.Release{fullRelease},
		make: list(gitlab.ListReleases{UpdatedAfter: second(1), UpdatedBefore: second(2), IncludeHTMLDescription: true, OrderBy: "created_at", Sort: "asc"}),
	}, {
		name: "get", method: http.MethodGet, path: one + "?include_html_description=true", status: 200, answer: releaseJSON, want: fullRelease,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Release, error) {
			return c.Releases.Get(ctx, "group/app.io", "cli/v0.2+rc1")
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: all, body: `{"tag_name":"v0.2"}`, status: 201, answer: releaseJSON, want: fullRelease,
		make: create(gitlab.CreateRelease{TagName: "v0.2"}),
	}, {
		name: "create the most", method: http.MethodPost, path: all,
		body: `{"tag_name":"v0.2","ref":"main","tag_message":"Tagged","name":"Awesome","description":"New","milestones":["v2.0","v2.1"],` +
			`"assets":{"links":[{"name":"msi","url":"https://x.org/msi","direct_asset_path":"/msi","link_type":"package"},{"name":"deb","url":"https://x.org/deb"}]},` +
			`"released_at":"2018-09-13T00:40:57Z"}`,
		status: 201, answer: releaseJSON, want: fullRelease,
		make: create(gitlab.CreateRelease{
			TagName: "v0.2", Ref: "main", TagMessage: "Tagged", Name: "Awesome", Description: "New", Milestones: []string{"v2.0", "v2.1"},
			Assets: gitlab.CreateReleaseAssets{Links: []gitlab.CreateReleaseLink{
				{Name: "msi", URL: "https://x.org/msi", DirectAssetPath: "/msi", LinkType: "package"}, {Name: "deb", URL: "https://x.org/deb"},
			}},
			ReleasedAt: second(57),
		}),
	}, {
		name: "update nothing", method: http.MethodPut, path: one, body: `{}`, status: 200, answer: releaseJSON, want: fullRelease, make: update(gitlab.UpdateRelease{}),
	}, {
		name: "update everything", method: http.MethodPut, path: one, body: `{"name":"Awesome","description":"New","milestones":["v2.0"],"released_at":"2018-09-13T00:40:57Z"}`,
		status: 200, answer: releaseJSON, want: fullRelease,
		make: update(gitlab.UpdateRelease{Name: new("Awesome"), Description: new("New"), Milestones: []string{"v2.0"}, ReleasedAt: second(57)}),
	}, {
		name: "take all away", method: http.MethodPut, path: one, body: `{"description":"","milestones":[]}`, status: 200, answer: releaseJSON, want: fullRelease,
		make: update(gitlab.UpdateRelease{Description: new(""), Milestones: []string{}}),
	}, {
		name: "delete", method: http.MethodDelete, path: one, status: 200, answer: releaseJSON, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Releases.Delete(ctx, "group/app.io", "cli/v0.2+rc1")
		},
	}})
}
