// Package gitlabtest is a GitLab to test against: it runs in the test's own
// process, speaks HTTP, and keeps GitLab's rules where they hurt.
//
//	srv := gitlabtest.New(t)
//	srv.AddProject("team/app")
//	token := srv.SignIn("ada")
//	srv.Expire(token.AccessToken)
//	// point the code under test at srv.URL, srv.App and token
//
// A refresh token works once, and using it kills the old access token in the
// same act. Expired, revoked, unknown and too narrow tokens are refused with
// the status, headers and body that GitLab sends. Calls answer with the data
// that was seeded and with what earlier calls created; a wrong request fails
// as it does on a real server. Faults (a lost answer, a page of HTML, replica
// lag, a 429) happen on demand, see [Fault].
//
// The package needs the standard library only, and does not know the client
// library beside it: any HTTP client can be tested with it.
//
// Everything is safe for concurrent use. Nothing is kept after Close. Time is
// [time.Now], so that under testing/synctest a token expires when the bubble's
// clock says so; use [InMemory] there, a network would stop the clock.
//
// What there is: users, groups, projects and their members; hooks of projects
// and groups; issues and their links; merge requests with approvals; notes,
// discussions and reactions; labels and milestones; repositories with branches,
// tags, files, trees, comparisons, commits and what is said of them; pipelines
// and jobs; releases, deployments, search, uploads and tokens. Lists are filtered,
// ordered and paged as GitLab does it, by keyset where it does that; ids, numbers,
// times and authors are the server's; a GET answers 304 to whoever has its ETag.
// Methods that begin with Add seed it with what calls cannot make, or not as
// easily; what else is needed, a test makes by calls.
//
// Repositories are real as far as they are asked about: a merge brings files
// together, refuses conflicts and leaves a merge commit. Pipelines do nothing by
// themselves: [Server.SetJobStatus] says how a job goes on.
//
// What was left out: the client credentials grant, permissions (whoever is
// signed in reads and writes everything, but lists of groups and membership=true
// look at who is a member), rate limits that count by themselves (a 429 is a
// [Fault]), forks, personal namespaces, archiving, quick actions, system notes,
// events, the calling of hooks, and what is computed beside the point of a call,
// such as issues that a merge closes. GraphQL knows currentUser alone; other
// queries get their answers from a [Fault] that does [Status].
package gitlabtest
