package main

import (
	"context"
	"fmt"
	"iter"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/bench/answers"
)

// pageSize is how many things are on a page: as many as GitLab gives.
const pageSize = 100

// project is the one whose issues and merge requests are listed.
const project = "platform/tools/importer"

var pageCases = []*benchCase{
	pageCase("page_issues_100", answers.Issue, "/projects/platform%2Ftools%2Fimporter/issues?per_page=100",
		func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
			return c.Issues.List(ctx, gitlab.InProject(project), gitlab.ListIssues{})
		},
		func(c *clientgo.Client, list clientgo.ListOptions, o ...clientgo.RequestOptionFunc) ([]*clientgo.Issue, *clientgo.Response, error) {
			return c.Issues.ListProjectIssues(project, &clientgo.ListProjectIssuesOptions{ListOptions: list}, o...)
		},
		target{metric: timeNS, against: clientGo, factor: 0.15},
		target{metric: sizeBytes, against: clientGo, factor: 0.15},
		target{metric: allocCount, against: clientGo, factor: 0.1}),
	pageCase("page_projects_100", answers.Project, "/projects?per_page=100",
		func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Project, error] {
			return c.Projects.List(ctx, gitlab.ListProjects{})
		},
		func(c *clientgo.Client, list clientgo.ListOptions, o ...clientgo.RequestOptionFunc) ([]*clientgo.Project, *clientgo.Response, error) {
			return c.Projects.ListProjects(&clientgo.ListProjectsOptions{ListOptions: list}, o...)
		},
		target{metric: timeNS, against: clientGo, factor: 0.4},
		target{metric: sizeBytes, against: clientGo, factor: 0.6}),
	pageCase("page_users_100", answers.User, "/users?per_page=100",
		func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.User, error] {
			return c.Users.List(ctx, gitlab.ListUsers{})
		},
		func(c *clientgo.Client, list clientgo.ListOptions, o ...clientgo.RequestOptionFunc) ([]*clientgo.User, *clientgo.Response, error) {
			return c.Users.ListUsers(&clientgo.ListUsersOptions{ListOptions: list}, o...)
		}),
	pageCase("page_mrs_100", answers.MergeRequest, "/projects/platform%2Ftools%2Fimporter/merge_requests?per_page=100",
		func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequest, error] {
			return c.MergeRequests.List(ctx, gitlab.InProject(project), gitlab.ListMergeRequests{})
		},
		func(c *clientgo.Client, list clientgo.ListOptions, o ...clientgo.RequestOptionFunc) ([]*clientgo.BasicMergeRequest, *clientgo.Response, error) {
			return c.MergeRequests.ListProjectMergeRequests(project, &clientgo.ListProjectMergeRequestsOptions{ListOptions: list}, o...)
		}),
}

// pageCase is the reading of one whole page of things that this library calls T
// and client-go calls U. path is the same list by hand.
func pageCase[T, U any](
	name string, kind answers.Kind, path string,
	mine func(context.Context, *gitlab.Client) iter.Seq2[T, error],
	theirs func(*clientgo.Client, clientgo.ListOptions, ...clientgo.RequestOptionFunc) ([]*U, *clientgo.Response, error),
	targets ...target,
) *benchCase {
	start := func(ctx context.Context) (map[subject]round, func(), error) {
		answer := &stub{answers.Page(kind, 1, pageSize)}
		a, err := newOurs(ctx, stubURL, answer)
		if err != nil {
			return nil, nil, err
		}
		b, err := newClientGo(stubURL, answer)
		if err != nil {
			return nil, nil, err
		}
		byHand, lent := newRaw(stubURL, answer), newOAuth2(stubURL, answer)
		return map[subject]round{
			ours: perOperation(func(ctx context.Context) error { return wants(pageSize)(count(mine(ctx, a))) }),
			clientGo: perOperation(func(ctx context.Context) error {
				things, _, err := theirs(b, clientgo.ListOptions{PerPage: pageSize}, clientgo.WithContext(ctx))
				return wants(pageSize)(len(things), err)
			}),
			raw:    perOperation(getPage[T](byHand, path)),
			oAuth2: perOperation(getPage[T](lent, path)),
		}, nil, nil
	}
	return &benchCase{
		name:    name,
		about:   fmt.Sprintf("a page of %d things of kind %s without a network, decoded", pageSize, kind),
		rounds:  30,
		targets: targets,
		start:   start,
	}
}

func getPage[T any](w *web, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		var things []T
		_, err := w.get(ctx, path, &things)
		return wants(pageSize)(len(things), err)
	}
}

// count goes through a list and does nothing with what is in it.
func count[T any](list iter.Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range list {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// wants makes a list of another length an error.
func wants(n int) func(int, error) error {
	return func(got int, err error) error {
		if err == nil && got != n {
			return fmt.Errorf("there were %d things instead of %d", got, n)
		}
		return err
	}
}
