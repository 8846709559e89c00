package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freshgrant/gitlab"
)

// Config says whom a [Handler] signs in, and where. It is copied by [New].
// Printing it shows no secret.
type Config struct {
	// Instances are the GitLab instances by the names under which requests ask
	// for them, in the path value or the parameter "instance". Of a single one
	// the name need not be said. Of several, each has a Provider.RedirectURL of
	// its own, with its name as a segment of the path, for a pattern such as
	// /gitlab/{instance}/callback, or as the parameter "instance".
	Instances map[string]Instance

	// CookieKeys encrypt the cookies of attempts: at least 32 random bytes each,
	// the same in all replicas. The first encrypts, all decrypt: a new key is
	// put in front, and the old one taken away ten minutes later.
	CookieKeys [][]byte
	// Attempts keeps attempts in place of cookies. One of the two is set.
	Attempts Attempts

	// Key chooses the key under which the tokens are stored, usually the
	// application's own user, whom r's session tells. It stores nothing and
	// answers nothing: only its return ends the sign-in. An error refuses this
	// user: the tokens are revoked, and Failed is told [ErrNotAccepted].
	// nil: [SignIn.AccountKey].
	Key func(r *http.Request, s SignIn) (string, error)
	// Done answers the request after the tokens are stored; SignIn.Client acts
	// as the stored identity. nil: a redirect to SignIn.ReturnTo.
	Done func(w http.ResponseWriter, r *http.Request, s SignIn)
	// Failed answers a request that does not sign in. To log the error and show
	// the usual page, let it call err.ServeHTTP. nil: that page.
	Failed func(w http.ResponseWriter, r *http.Request, err *Error)
	// StartPage is the page of the application to which error pages link, such as
	// "/settings". "": they have no link.
	StartPage string
}

// Instance is one GitLab, and the application that is registered there.
type Instance struct {
	// Client calls the instance. It has a Store, and as Config.Provider the
	// same application: GitLab refuses another one's refresh tokens, so that each
	// user would have to sign in again when the first token has expired.
	Client *gitlab.Client
	// Provider is the application. RedirectURL is where [Handler.Callback]
	// answers, as browsers see it; a [Device] needs none. Scopes need api,
	// read_api or read_user, since the user is read.
	Provider gitlab.OAuthProvider
}

// SignIn is a user who has granted access.
type SignIn struct {
	Instance string      // the name in Config.Instances
	User     gitlab.User // as GitLab tells it
	// Tokens are what GitLab issued; Scope tells what for. Do not store them:
	// the handler does.
	Tokens gitlab.OAuthData
	// Client acts as the user: in Config.Key with these tokens, which are not
	// refreshed, then as the stored identity.
	Client   *gitlab.Client
	Key      string // under which the tokens are stored; "" in Config.Key
	ReturnTo string // a path of the application's, with query; "/" if none was asked for
}

// AccountKey names the GitLab account: no other account of any instance has the
// same, and it stays when the user is renamed.
func (s SignIn) AccountKey() string {
	return s.Client.BaseURL() + " user " + strconv.FormatInt(s.User.ID, 10)
}

// New checks cfg. The error says which field to mend.
func New(cfg Config) (*Handler, error) {
	h := &Handler{cfg: cfg, instances: make(map[string]*Instance, len(cfg.Instances)), attempts: cfg.Attempts}
	switch {
	case len(cfg.Instances) == 0:
		return nil, errors.New("signin: Config.Instances is empty")
	case (len(cfg.CookieKeys) == 0) == (cfg.Attempts == nil):
		return nil, errors.New("signin: Config needs either CookieKeys or Attempts")
	case cfg.StartPage != "" && !isLocal(cfg.StartPage):
		return nil, errors.New("signin: Config.StartPage is no path of the application's")
	}
	seen := make(map[string]bool)
	https := 0
	for name, in := range cfg.Instances {
		callback, err := in.check(name, len(cfg.Instances) > 1)
		switch {
		case err != nil:
			return nil, fmt.Errorf("signin: Config.Instances[%q]: %w", name, err)
		case seen[callback.String()]:
			return nil, fmt.Errorf("signin: Config.Instances: %s is the Provider.RedirectURL of two; each needs its own", callback.Redacted())
		}
		seen[callback.String()] = true
		if callback.Scheme == "https" {
			https++
		}
		h.instances[name] = &in
	}
	if https != 0 && https != len(cfg.Instances) {
		return nil, errors.New("signin: Config.Instances: some callbacks are https and some are not; cookies need one or the other")
	}
	if h.attempts == nil {
		jar, err := newCookies(cfg.CookieKeys, https != 0)
		if err != nil {
			return nil, err
		}
		h.attempts = jar
	}
	return h, nil
}

// check reads the URL of the callback.
func (in *Instance) check(name string, several bool) (callback *url.URL, err error) {
	switch {
	case in.Client == nil:
		return nil, errors.New("its Client is nil")
	case in.Provider.ClientID == "":
		return nil, errors.New("its Provider.ClientID is empty")
	}
	callback, err = url.Parse(in.Provider.RedirectURL)
	if err != nil || callback.Host == "" || callback.Scheme != "https" && callback.Scheme != "http" || callback.Fragment != "" || callback.User != nil {
		return nil, errors.New("its Provider.RedirectURL is not the URL of a callback, such as https://app.example.com/gitlab/callback")
	}
	named := slices.Contains(strings.Split(callback.Path, "/"), name) || callback.Query().Get("instance") == name
	if several && (name == "" || !named) {
		return nil, errors.New("its Provider.RedirectURL does not have the instance's name in it, as a segment of the path or as the parameter instance")
	}
	return callback, nil
}

// Attempts keeps attempts to sign in while their users are at GitLab, where
// cookies of their own are not wanted: in the application's session, which must
// be bound to the browser. Several attempts of one browser are kept side by side;
// id tells them apart. Their values are secret.
type Attempts interface {
	// Save keeps value under id, until expires at least.
	Save(w http.ResponseWriter, r *http.Request, id, value string, expires time.Time) error
	// Take returns what r's browser has under id and deletes it, in one step if
	// the session can do that. If there is nothing it returns "".
	Take(w http.ResponseWriter, r *http.Request, id string) (value string, err error)
}

// String describes cfg without its secrets.
func (cfg Config) String() string {
	names := make([]string, 0, len(cfg.Instances))
	for name := range cfg.Instances {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Sprintf("signin.Config{instances:%q cookie_keys:%d}", names, len(cfg.CookieKeys))
}

// Format implements [fmt.Formatter].
func (cfg Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, cfg.String()) }

// LogValue implements [slog.LogValuer].
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.String()) }

// within is ctx without its caller, limited: what GitLab has issued is kept even
// if the browser leaves.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}
