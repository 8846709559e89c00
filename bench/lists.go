package main

import (
	"context"
	"iter"
	"time"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
)

var listCases = []*benchCase{
	{
		name:    "list_issues_5000",
		about:   "50 pages of issues, each of which the server has after 20 ms; the caller does nothing with them",
		rounds:  7,
		targets: []target{{metric: timeNS, against: clientGo, factor: 0.75}},
		start:   startList5000(subjects),
	},
	{
		name:    "list_issues_5000_parallel8",
		about:   "the same with gitlab.Parallel(8); client-go has no such thing",
		rounds:  7,
		targets: []target{{metric: timeNS, against: clientGo, factor: 0.15}},
		start:   startList5000([]subject{ours, clientGo}, gitlab.Parallel(8)),
	},
	{
		name:   "list_1000000",
		about:  "a million issues by keyset, of which client-go reads a tenth; bytes is the peak of the heap",
		rounds: 1,
		limit:  5 * time.Minute,
		start:  startListMillion,
	},
}

// startList5000 prepares the listing of 5 000 issues. The options are this
// library's.
func startList5000(of []subject, opts ...gitlab.RequestOption) func(context.Context) (map[subject]round, func(), error) {
	const items = 5000
	return func(ctx context.Context) (map[subject]round, func(), error) {
		srv, err := startServer(ctx, serverConfig{Latency: 20 * time.Millisecond, Items: items})
		if err != nil {
			return nil, nil, err
		}
		rounds := make(map[subject]round)
		for _, s := range of {
			list, err := newLister(ctx, s, srv.API, opts...)
			if err != nil {
				return nil, srv.stop, err
			}
			rounds[s] = once(func(ctx context.Context) error { return wants(items)(list(ctx, false, func() {})) })
		}
		return rounds, srv.stop, nil
	}
}

// lister goes through all issues, calls each for every one, and returns how many
// there were. keyset: by keyset also where that is not the subject's default.
type lister func(ctx context.Context, keyset bool, each func()) (int, error)

func newLister(ctx context.Context, s subject, baseURL string, opts ...gitlab.RequestOption) (lister, error) {
	switch s {
	case ours:
		client, err := newOurs(ctx, baseURL, nil)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, _ bool, each func()) (int, error) {
			return countEach(client.Issues.List(ctx, gitlab.InProject(project), gitlab.ListIssues{}, opts...), each)
		}, nil
	case clientGo:
		client, err := newClientGo(baseURL, nil)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, keyset bool, each func()) (int, error) {
			return countEach(scan(ctx, client, keyset), each)
		}, nil
	case raw:
		return newRaw(baseURL, nil).list, nil
	default:
		return newOAuth2(baseURL, nil).list, nil
	}
}

// scan lists issues as client-go's documentation does.
func scan(ctx context.Context, client *clientgo.Client, keyset bool) iter.Seq2[*clientgo.Issue, error] {
	opts := &clientgo.ListProjectIssuesOptions{ListOptions: clientgo.ListOptions{PerPage: pageSize}}
	if keyset {
		opts.Pagination = "keyset"
	}
	return clientgo.Scan2(func(next clientgo.PaginationOptionFunc) ([]*clientgo.Issue, *clientgo.Response, error) {
		return client.Issues.ListProjectIssues(project, opts, next, clientgo.WithContext(ctx))
	})
}

// list goes from page to page by the number of the next.
func (w *web) list(ctx context.Context, _ bool, each func()) (int, error) {
	n := 0
	for page := "1"; page != ""; {
		var issues []gitlab.Issue
		header, err := w.get(ctx, "/projects/platform%2Ftools%2Fimporter/issues?per_page=100&page="+page, &issues)
		if err != nil {
			return n, err
		}
		for range issues {
			n++
			each()
		}
		page = header.Get("X-Next-Page")
	}
	return n, nil
}

func countEach[T any](list iter.Seq2[T, error], each func()) (int, error) {
	n := 0
	for _, err := range list {
		if err != nil {
			return n, err
		}
		n++
		each()
	}
	return n, nil
}
