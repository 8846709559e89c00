// Package gitlab is a GitLab API client that keeps its own OAuth tokens fresh,
// for services that act for many GitLab users.
//
// # Quick start
//
// A client needs to know the instance, the OAuth application that is registered
// there, and a store for the users' tokens. A program makes one for each instance:
//
//	client, err := gitlab.New(gitlab.Config{
//		BaseURL:  gitlab.GitLabCom,
//		Provider: gitlab.OAuthProvider{ClientID: id, ClientSecret: secret},
//		Store:    store,
//	})
//
// When a user has signed in, the tokens are stored under a key of the
// application's own. From then on, in every process that shares the store, calls
// can be made as that user:
//
//	_, err = client.Authorize(ctx, "user-42", tokens)
//	…
//	user, err := client.As("user-42").Users.Current(ctx)
//
// The tokens are refreshed before their time is over, and after a 401, which the
// caller does not see then. What exactly is promised is the refresh contract, at
// the end of this page.
//
// # Identities
//
// A [Client] acts as a stored [Identity] ([Client.As]), with a personal, group or
// project access token ([Client.WithToken]), or anonymously, as [New] returns it.
// Clients are made of one another, cheaply and where they are needed; they share
// connections and refreshes, and are safe for concurrent use.
//
// A key names one user's grant on one instance. It is never sent to GitLab. Take
// it from the session that the application has verified: whoever chooses the key
// chooses the user.
//
// # Calls
//
// The fields of a Client group the API as GitLab's documentation does:
// [Client.Issues], [Client.MergeRequests], [Client.Pipelines] and so on.
//
//	issue, err := ada.Issues.Create(ctx, "team/app", gitlab.CreateIssue{Title: "It breaks"})
//
// A project or group is named by its full path, or by its number in decimal
// digits. What both of them have takes a [Place], such as [InGroup]; what issues
// and merge requests have takes a [Target], such as [OnIssue]. Optional fields of
// inputs are not sent while they are zero; where a zero has a meaning of its own
// they are pointers, as in new(false). Fields of answers are plain values.
//
// [Get], [List] and [Client.Call] reach every other path. [PathTo] escapes what is
// put into it:
//
//	path := gitlab.PathTo("/projects/{project}/languages", "team/app")
//	percent, err := gitlab.Get[map[string]float64](ctx, ada, path)
//
// A type that embeds one of the library's adds the fields that it lacks. Inputs of
// Call are sent as JSON, a [Form], an [Upload] and a [Stream] as what they are.
// [GraphQL] sends a query, and [Client.Do] any request.
//
// # Lists
//
// A list is ranged over. It fetches each page while the loop works through the one
// before, and stops when the loop is left:
//
//	for issue, err := range ada.Issues.List(ctx, gitlab.InProject("team/app"), gitlab.ListIssues{State: gitlab.IssueOpened}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(issue.Title)
//	}
//
// [WithPageSize] makes its pages smaller, [Parallel] fetches several at a time,
// and [WithCursor] goes on where an earlier run has ended ([Answer.Cursor]).
//
// # Options
//
// Every call takes any [RequestOption]: [WithAnswer] tells what is not in the body,
// such as ETag and rate limit; [WithIfNoneMatch] asks only for what has changed;
// [WithSudo] and [WithHeader] change the request; [Idempotent] lets it be sent
// again. What holds for all calls is in [Config].
//
// # Errors
//
// [ErrReauthorize] means that a user must sign in again, as does
// [ErrIdentityNotFound] for a key that was never authorized or was deleted.
// [ErrClientRejected] is for an operator, [ErrRefreshUnavailable] for a later try.
// Ask for these first: after an API 401 they match [ErrUnauthorized] too, which
// alone means a 401 that no refresh cured, and signs nobody out. Refusals of the
// API are an [*APIError], which matches [ErrNotFound] and its like, and tells what
// GitLab said. [IsTemporary] tells whether to try again later.
//
// # Sending again
//
// Apart from what a 401 causes, nothing is sent twice that GitLab may have taken.
// A 429 and a refused connection repeat any call whose body can be rewound; a
// 5xx, a cut connection and the page of HTML that GitLab answers while it is
// being deployed repeat GET, HEAD and what is [Idempotent]. Pauses double, with
// jitter, and obey Retry-After and RateLimit-Reset; where those are longer than
// [Config.MaxRetryWait] or than the context lasts, the answer is returned at
// once, as [ErrRateLimited]. Calls of [Client.HTTPClient] are sent once.
//
// # Stores
//
// An [IdentityStore] keeps the tokens, and is the lock among processes: all that
// act for the same users share one. There are:
//
//   - [github.com/freshgrant/gitlab/store/sqlstore] for PostgreSQL, MySQL, MariaDB
//     and SQLite
//   - [github.com/freshgrant/gitlab/store/redisstore] for Redis
//   - [github.com/freshgrant/gitlab/store/filestore] for the processes of one machine
//   - [github.com/freshgrant/gitlab/store/sealed], which encrypts what another one keeps
//   - [NewMemoryStore], which forgets everything at exit
//
// Package [github.com/freshgrant/gitlab/store/storetest] proves one of the
// application's own.
//
// # Signing in and out
//
// Package [github.com/freshgrant/gitlab/signin] has the handlers of a "Connect
// GitLab" button, and the sign-in of programs without a browser. They are made of
// [OAuthProvider.AuthCodeURL], [OAuthProvider.Exchange], [OAuthProvider.DeviceAuth]
// and [OAuthProvider.DeviceToken], which work alone too.
// [Client.Authorize] stores what they return, and replaces what was there.
// [Client.SignOut] ends a grant at GitLab and deletes it.
//
// # Webhooks
//
// Package [github.com/freshgrant/gitlab/webhook] receives them: it checks who sends
// them, and calls a function for each kind of event.
//
// # Other libraries
//
// [Client.HTTPClient] lends the fresh tokens to whatever takes an [http.Client]:
// GitLab's client-go, a generated GraphQL client, a program's own requests. Where
// only a token will do, as for git, there is [Client.TokenSource].
//
// # Running
//
// [Config.OnRefresh] is told every [RefreshEvent], [Config.OnCall] every
// [CallEvent]: for metrics, and for an alert on [OutcomeSaveFailed], when this
// process has the only copy of a user's tokens. At its end a program calls
// [Client.Shutdown], which saves what is not saved yet. The docs directory of the
// repository has more on running in production, with diagrams and all time limits.
//
// # Testing
//
// Package [github.com/freshgrant/gitlab/gitlabtest] is a GitLab in the test's own
// process. It keeps GitLab's rules for tokens, answers all typed calls, and errs on
// demand.
//
// # The refresh contract
//
// GitLab's refresh tokens work once, and using one kills the old access token in
// the same act. This is what the library promises; comments and tests name the
// lines by their numbers. Every error of a refresh that an API 401 caused also
// matches [ErrUnauthorized].
//
//  1. What was rejected decides. A 401 is compared with the access token that
//     was sent. If the identity has another one by now, the call is sent again
//     with that, and nothing is refreshed. Between memory and store, Revision
//     decides which pair is newer, never a time: a pair under another Revision
//     is newer, unless it is one that this process has just spent.
//  2. One refresh per key and process, whatever the number of goroutines and of
//     clients of one [New]; at most Config.MaxConcurrentRefreshes keys at a time,
//     and as many that are read from the store for other reasons. Waiters leave
//     when their own context ends; the refresh goes on, detached from every
//     caller.
//  3. One refresh among processes. It holds the store's lock of the key: a lease
//     that outlasts spend and save and ends with its holder's death. Its loss is
//     found by the compare-and-swap of SaveIdentity.
//  4. Look before spending. Under the lock the identity is loaded. Someone
//     else's newer pair is adopted without a request, and without the lock where
//     the refresh had to wait for its turn; if its own time is up too, it is the
//     one that is spent. If lock or load fails, nothing is spent:
//     [ErrRefreshUnavailable]. A key that the store no longer has was deleted:
//     [ErrIdentityNotFound], and no later save brings it back.
//  5. One POST per attempt, without redirects, to the token endpoint, over the
//     API's transport. No answer, a 5xx, a 429 and a page that is no token answer
//     are tried again with backoff, at most 3 attempts of 10 s each; then
//     [ErrRefreshUnavailable], told at once to further callers for a second,
//     doubling up to 30 s. A longer Retry-After is obeyed. Lock, each attempt
//     and save have time limits of their own, so that none is cut by another.
//  6. A 200 is kept. Whatever expires_in and created_at look like, a body with
//     an access token is a rotation; absent fields keep their old value; the
//     expiry counts from this machine's clock, and is unknown rather than past
//     when it makes no sense.
//  7. invalid_grant gets a second opinion: the store is loaded again, and a
//     second later GitLab is asked once more. Then the grant is dead:
//     [IdentityNotValidError], [ErrReauthorize]. If the lock was abandoned by its
//     last holder, it stays [ErrRefreshUnavailable] for 5 minutes: another
//     process may still hold the new pair. A dead refresh token is not sent
//     again for a minute, then ever more rarely. invalid_client and
//     unauthorized_client are [ErrClientRejected] and hold back all refreshes for
//     10 s, growing. Every other refusal is told as what it is. None of them
//     signs a user out. A 401 from the endpoint is final after one POST.
//  8. Persist before use. The new pair is saved before any call uses it. A save
//     that fails is repeated for up to 10 s; then the pair is used from memory,
//     saved again in the background and by [Client.Shutdown], and reported. The
//     lock is kept meanwhile, so that no other process spends what the store
//     still has. On a conflict the other pair is adopted, unless it is the one
//     just spent: then ours is saved over it. [Client.Authorize] always wins.
//  9. Retry once. After a refresh the call is sent again with the new token, its
//     body rewound with GetBody. What cannot be rewound is refreshed for the
//     next call, and its 401 is returned. A second 401 is returned. A call makes
//     at most one refresh; pairs adopted under lines 1 and 4 come before it.
//     Calls made by a provider, a store or a hook during a refresh never cause
//     another one. A panic of a provider or a store becomes an error, a panic of
//     a hook is recovered.
//  10. Grace, where asked for. With Config.FreshTokenGrace, a call answered with
//     the bare {"message":"401 Unauthorized"}, whose token this process got less
//     than that time ago, is sent again with growing pauses until the time is
//     over. Nothing is refreshed for it.
//  11. No storm. When a refresh did not cure a 401, that identity is not
//     refreshed for another 401 during 30 s. A 401 that is plainly not the
//     token's never causes a refresh. Whatever holds a refresh back (lines 5, 7
//     and 11), the store is looked at in between, at most every 2 s, so that
//     another process's good pair is found.
//  12. Before expiry, the refresh starts in the background, at 0.8 to 1 times
//     Config.RefreshBefore before it. Until its POST is sent, calls go on with
//     the old token; from then on new calls wait for it, at most a second. After
//     expiry the refresh comes first, and no failing call is made. If an early
//     refresh fails, the old token serves on and the next try is 30 s away.
//  13. The token stays home. It is attached only for the base URL's scheme, host
//     and port, on every hop of a redirect anew, in place of whatever credential
//     the caller set. Only GET requests follow redirects. A page link is
//     followed by its query alone.
//  14. Secrets are not printed, by fmt as values, pointers, or exported fields of
//     other structs, and by slog as values or pointers. The JSON of [OAuthData]
//     is the stored form and holds them, so that what holds one must not be
//     logged as JSON: that includes slog's JSON handler for other structs,
//     slices and maps.
//
// What cannot be repaired: between GitLab's commit and the store's, a lost
// answer or a dead process loses that grant. The library keeps that window as
// short as one answer and one write, never cancels in it, and says truthfully
// what it knows: [ErrRefreshUnavailable] or [ErrReauthorize].
package gitlab
