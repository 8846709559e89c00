package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// GitLabCom is the base URL of GitLab.com.
const GitLabCom = "https://gitlab.com"

// Config says which instance to call, and how identities are refreshed and
// kept. It is copied by [New].
type Config struct {
	// BaseURL is the instance's root, without /api/v4; it may have a path.
	// Required; for GitLab.com, [GitLabCom].
	BaseURL string
	// Provider refreshes identities, usually an [OAuthProvider]. nil: they are
	// never refreshed.
	Provider IdentityProvider
	// Store keeps identities. Required with a Provider; [NewMemoryStore] where
	// losing them at exit is fine.
	Store IdentityStore
	// HTTPClient carries the calls. It is never changed; its Transport also
	// carries token calls, so that both use the same CAs and proxy. nil: a
	// client with pooled connections and timeouts.
	HTTPClient *http.Client
	// UserAgent is sent with calls that do not set one. "": the library's name.
	UserAgent string

	// RefreshBefore is how long before a token's expiry its refresh starts.
	// 0: 5 minutes. Never more than a quarter of the token's lifetime. Negative:
	// only after a 401.
	RefreshBefore time.Duration
	// FreshTokenGrace is for how long a token that this process has just got is
	// tried again when GitLab answers with the 401 of an unknown token, which
	// lagging database replicas of large instances do. 0: not at all; 2 seconds
	// is a good value for GitLab.com.
	FreshTokenGrace time.Duration
	// MaxConcurrentRefreshes is the number of identities that are refreshed at
	// the same time, and of those that are read from the store beside that.
	// 0: 16.
	MaxConcurrentRefreshes int
	// MaxResponseBytes limits the body of an answer that is decoded; streams
	// from [Client.Do] are not limited. 0: 64 MiB.
	MaxResponseBytes int64
	// MaxRetries is how often a call is sent again that failed in passing: any
	// call after a 429 or a refused connection; GET, HEAD and those that are
	// [Idempotent] also after a 5xx or a cut connection. 0: 3. Negative: never.
	// What a 401 causes does not count. Calls of [Client.HTTPClient] are left to
	// the library that makes them.
	MaxRetries int
	// MaxRetryWait is the longest pause before that. If GitLab asks for more, or
	// for more than the context has left, its answer is returned at once. 0: a
	// minute.
	MaxRetryWait time.Duration

	// OnRefresh is told every outcome of a refresh, before those who wait for
	// it go on. It is called without locks, possibly concurrently; calls made
	// with its context never cause a refresh. nil: nobody.
	OnRefresh func(context.Context, RefreshEvent)
	// OnCall is told every API request, with the context of the call. It may be
	// called concurrently. nil: nobody.
	OnCall func(context.Context, CallEvent)
}

// Client calls one GitLab instance, as a stored identity ([Client.As]), with a
// fixed token ([Client.WithToken]), or anonymously.
//
// It is safe for concurrent use, and so are all clients made from it; they
// share connections and refreshes.
type Client struct {
	AwardEmoji    *AwardEmojiService
	Branches      *BranchesService
	Commits       *CommitsService
	Deployments   *DeploymentsService
	Discussions   *DiscussionsService
	Files         *FilesService
	Groups        *GroupsService
	Hooks         *HooksService
	Instance      *InstanceService
	Issues        *IssuesService
	Jobs          *JobsService
	Labels        *LabelsService
	Members       *MembersService
	MergeRequests *MergeRequestsService
	Milestones    *MilestonesService
	Notes         *NotesService
	Pipelines     *PipelinesService
	Projects      *ProjectsService
	Releases      *ReleasesService
	Repository    *RepositoryService
	Search        *SearchService
	Tags          *TagsService
	Tokens        *TokensService
	Users         *UsersService

	core    *core
	session *session
	static  *grant
	err     error
	http    *http.Client
	service service // what the fields above point to
}

// core is what all clients of one New share.
type core struct {
	*refresher

	url       *url.URL // normal form
	base      http.RoundTripper
	owned     *http.Transport // base, if New made it
	redirect  func(*http.Request, []*http.Request) error
	timeout   time.Duration
	jar       http.CookieJar
	userAgent []string
	grace     time.Duration
	maxBytes  int64
	retries   int           // of a call that failed in passing
	retryWait time.Duration // the longest pause between them
	onCall    func(context.Context, CallEvent)
	buffers   sync.Pool // of *bytes.Buffer, for bodies
	offsets   sync.Map  // templates of lists that this instance does not read by keyset
}

// New returns a client that calls anonymously. The error says which field of
// cfg to mend.
func New(cfg Config) (*Client, error) {
	base, err := normalBaseURL(cfg.BaseURL)
	switch {
	case err != nil:
		return nil, err
	case cfg.Provider != nil && cfg.Store == nil:
		return nil, errors.New("gitlab: Config.Provider needs a Config.Store, since refreshed tokens must be kept; NewMemoryStore() keeps them until exit")
	case isNobody(cfg.Provider):
		return nil, errors.New("gitlab: OAuthProvider.ClientID is empty; GitLab shows it where the application is registered")
	case cfg.MaxConcurrentRefreshes < 0, cfg.FreshTokenGrace < 0, cfg.MaxResponseBytes < 0, cfg.MaxRetryWait < 0:
		return nil, errors.New("gitlab: Config.MaxConcurrentRefreshes, FreshTokenGrace, MaxResponseBytes and MaxRetryWait must not be negative; 0 is the default")
	}
	c := &core{
		url:       base,
		userAgent: []string{cmp.Or(cfg.UserAgent, "freshgrant-gitlab")},
		grace:     cfg.FreshTokenGrace,
		maxBytes:  min(cmp.Or(cfg.MaxResponseBytes, 64<<20), math.MaxInt64-1),
		retries:   max(cmp.Or(cfg.MaxRetries, defaultRetries), 0),
		retryWait: cmp.Or(cfg.MaxRetryWait, defaultRetryWait),
		onCall:    cfg.OnCall,
	}
	c.connect(cfg.HTTPClient)
	c.refresher = &refresher{
		provider:  cfg.Provider,
		store:     cfg.Store,
		baseURL:   base.String(),
		tokenURL:  base.String() + "/oauth/token",
		tokenHTTP: &http.Client{Transport: c.base, CheckRedirect: noRedirect},
		before:    cmp.Or(cfg.RefreshBefore, 5*time.Minute),
		onRefresh: cfg.OnRefresh,
		slots:     make(chan struct{}, cmp.Or(cfg.MaxConcurrentRefreshes, 16)),
		looks:     make(chan struct{}, cmp.Or(cfg.MaxConcurrentRefreshes, 16)),
		closing:   make(chan struct{}),
		unsaved:   make(map[*session]bool),
	}
	return c.client(nil, nil, nil), nil
}

// isNobody reports whether provider is an application without a name: no refresh
// would succeed, and that would be found when the first token has expired.
func isNobody(provider IdentityProvider) bool {
	switch p := provider.(type) {
	case OAuthProvider:
		return p.ClientID == ""
	case *OAuthProvider:
		return p != nil && p.ClientID == ""
	}
	return false
}

// connect takes over what the application's client says of connections.
func (c *core) connect(client *http.Client) {
	if client == nil {
		dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
		c.owned = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          1000,
			MaxIdleConnsPerHost:   100,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 75 * time.Second, // GitLab itself gives up after 60 s
			ExpectContinueTimeout: time.Second,
		}
		c.base = c.owned
		return
	}
	c.base, c.redirect, c.timeout, c.jar = client.Transport, client.CheckRedirect, client.Timeout, client.Jar
	if c.base == nil {
		c.base = http.DefaultTransport
	}
}

// client makes a client of this core.
func (c *core) client(s *session, static *grant, err error) *Client {
	client := &Client{core: c, session: s, static: static, err: err}
	client.http = &http.Client{
		Transport:     &transport{core: c, session: s, static: static, err: err, patient: true},
		CheckRedirect: c.checkRedirect,
		Timeout:       c.timeout,
		Jar:           c.jar,
	}
	client.serve()
	return client
}

// checkRedirect lets only GET requests follow redirects (contract line 13).
func (c *core) checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case via[0].Method != http.MethodGet && via[0].Method != "":
		return http.ErrUseLastResponse
	case c.redirect != nil:
		return c.redirect(req, via)
	case len(via) >= 10:
		return errors.New("gitlab: stopped after 10 redirects")
	}
	return nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// As returns a client that acts as the identity stored under key. It is cheap
// and does no I/O: the identity is loaded at the first call, which fails with
// [ErrIdentityNotFound] if there is none. All clients of one key share tokens
// and refreshes.
func (c *Client) As(key string) *Client {
	switch {
	case key == "":
		return c.core.client(nil, nil, errEmptyKey)
	case c.core.store == nil:
		return c.core.client(nil, nil, errors.New("gitlab: As needs a Config.Store"))
	}
	return c.core.client(c.core.refresher.session(key), nil, nil)
}

// WithToken returns a client that acts with a personal, group or project access
// token. The token is never refreshed and never stored.
func (c *Client) WithToken(token string) *Client {
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return c.core.client(nil, nil, errors.New("gitlab: the token given to WithToken is empty or has white space in it"))
	}
	g := &grant{id: Identity{Data: OAuthData{AccessToken: token}}, header: []string{"Bearer " + token}, due: never, expires: never}
	return c.core.client(nil, g, nil)
}

// Identity returns the identity that c acts as, with the newest tokens: those of
// the store, or those in use if the store cannot be reached. It causes no
// refresh. A client that acts as no stored identity has [ErrIdentityNotFound].
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	if c.err != nil {
		return Identity{}, c.err
	}
	if c.session == nil {
		return Identity{}, meaning(ErrIdentityNotFound, errors.New("gitlab: this client acts as no stored identity, see Client.As"))
	}
	return c.session.identity(ctx)
}

// Do sends any request to the instance, with c's token in place of whatever
// credentials it has, refreshed as needed. The URL must be at the instance's
// scheme, host and port.
//
// GET requests follow redirects, to other hosts without the token. An answer of
// status 400 and above, and a redirect of any other method, is an [*APIError];
// its body is closed and the response is nil. Otherwise the caller closes the
// body.
//
// To be sent again after a refresh, a body needs req.GetBody, which
// [http.NewRequest] sets for bytes and strings.
//
// What failed in passing is sent again as [Config] says.
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.do(req, nil) }

// do is Do, and fills answer unless that is nil.
func (c *Client) do(req *http.Request, answer *Answer) (*http.Response, error) {
	if req == nil || req.URL == nil {
		return nil, errors.New("gitlab: Do needs a request with a URL")
	}
	if !c.core.sameOrigin(req.URL) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, fmt.Errorf("gitlab: %s is not at %s; tokens go nowhere else", origin(req.URL), origin(c.core.url))
	}
	resp, err := c.http.Do(req) //nolint:gosec // G704: it goes to the instance alone, as checked above
	if err != nil {
		return nil, because(cmp.Or(req.Method, http.MethodGet)+" "+req.URL.EscapedPath(), withoutURL(err))
	}
	if answer != nil {
		answer.read(resp)
	}
	if resp.StatusCode < 400 && (!isRedirect(resp) || resp.Request.Method == http.MethodGet) {
		return resp, nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what arrived is enough
	refused := newAPIError(resp, body)
	if cause := outcomeOf(resp); cause != nil {
		refused.RetryAfter = max(refused.RetryAfter, askedToWait(cause))
		return nil, &compoundError{text: refused.Error() + "; " + unprefixed(cause), errs: []error{refused, cause}}
	}
	return nil, refused
}

func isRedirect(resp *http.Response) bool {
	return resp.StatusCode/100 == 3 && resp.StatusCode != http.StatusNotModified
}

// HTTPClient returns an HTTP client for other libraries: GitLab's client-go, a
// GraphQL client, git. Its requests to the instance carry c's token in place of
// whatever credentials their headers have, and are refreshed and sent again like
// those of [Client.Do]; requests to other hosts are sent without credentials.
//
// Every answer comes back as a response, a 401 that no refresh cured included.
// Errors are those of the connection, and those of a refresh without which no
// call was made. To learn what a 401 means, make any call of c, such as
// c.Users.Current: its error matches [ErrReauthorize], [ErrClientRejected] or
// [ErrRefreshUnavailable]. Config.OnRefresh is told too.
func (c *Client) HTTPClient() *http.Client {
	client := *c.http
	client.Transport = &transport{core: c.core, session: c.session, static: c.static, err: c.err}
	return &client
}

// TokenSource returns c's access tokens, without the refresh token, for
// libraries that want them in this form. Token refreshes an expired token first;
// ctx bounds it.
func (c *Client) TokenSource(ctx context.Context) oauth2.TokenSource {
	return tokenSource{ctx: ctx, client: c}
}

type tokenSource struct {
	ctx    context.Context //nolint:containedctx // oauth2.TokenSource takes none
	client *Client
}

// Token implements [oauth2.TokenSource].
func (ts tokenSource) Token() (*oauth2.Token, error) {
	c, g := ts.client, ts.client.static
	switch {
	case c.err != nil:
		return nil, c.err
	case c.session != nil:
		var err error
		if g, _, err = c.session.token(ts.ctx, false); err != nil {
			return nil, err
		}
	case g == nil:
		return nil, errors.New("gitlab: an anonymous client has no token")
	}
	data := g.id.Data
	return &oauth2.Token{AccessToken: data.AccessToken, TokenType: cmp.Or(data.TokenType, "Bearer"), Expiry: data.ExpiresAt}, nil
}

// SignInContext is ctx for the sign-in methods of an [OAuthProvider]: with it,
// they use the connections of c's calls, and so the same CAs and proxy. No token
// of c's is sent with them.
func (c *Client) SignInContext(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.core.tokenHTTP)
}

// BaseURL is the instance's, in normal form: lower-case scheme and host, no
// default port, no trailing slash.
func (c *Client) BaseURL() string { return c.core.baseURL }

// Shutdown ends the refreshing of all clients of one [New]. No refresh starts
// any more: one asked for later is [ErrRefreshUnavailable]. Those under way are
// waited for and saved. An error names the identities whose new tokens no store
// has taken yet; they go on being saved, and Shutdown may be called again.
func (c *Client) Shutdown(ctx context.Context) error {
	err := c.core.shutdown(ctx)
	if c.core.owned != nil {
		c.core.owned.CloseIdleConnections()
	}
	return err
}
