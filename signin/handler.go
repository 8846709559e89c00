package signin

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freshgrant/gitlab"
)

// How long GitLab and the store may take, each.
const (
	exchangeLimit = 10 * time.Second
	userLimit     = 15 * time.Second
	revokeLimit   = 5 * time.Second
	storeLimit    = 10 * time.Second
)

const (
	maxForm = 16 << 10 // bytes of a form that starts a sign-in
	maxCode = 4 << 10  // bytes of a code
)

// Handler signs users in by the authorization code flow. It is safe for
// concurrent use.
//
// The application takes part in two places, and the tokens are stored in between:
// it cannot answer a request before they are, forget to store them, or store them
// under a key that it did not choose.
type Handler struct {
	cfg       Config
	instances map[string]*Instance
	attempts  Attempts
}

// String describes h without its secrets.
func (h *Handler) String() string { return "signin.Handler{" + h.cfg.String() + "}" }

// Format implements [fmt.Formatter].
func (h *Handler) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// LogValue implements [slog.LogValuer].
func (h *Handler) LogValue() slog.Value { return slog.StringValue(h.String()) }

// Login sends the browser to GitLab, on GET and POST. The parameter return_to,
// of query or form, is where it ends up: a path of the application's, at most 512
// bytes long.
func (h *Handler) Login(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if !allowed(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	to, fail := h.start(w, r)
	if fail != nil {
		h.fail(w, r, fail)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // G710: to the instance, which Config names
}

// start begins an attempt and returns the page of GitLab's that comes next.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) (to string, fail *Error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return "", &Error{Kind: ErrRequest} // the error repeats the request
	}
	name, in := h.instance(r, r.Form)
	if in == nil {
		return "", &Error{Kind: ErrInstance}
	}
	returnTo := cmp.Or(r.Form.Get("return_to"), "/")
	if !isLocal(returnTo) {
		return "", &Error{Kind: ErrReturnTo, Instance: name}
	}
	a := newAttempt(name, returnTo)
	to, err := in.Provider.AuthCodeURL(in.Client.BaseURL(), a.State, a.Verifier)
	if err != nil {
		return "", &Error{Kind: ErrRejected, Instance: name, cause: err}
	}
	text, err := a.encode()
	if err == nil {
		err = h.attempts.Save(w, r, attemptID(a.State), text, time.Unix(a.Expires, 0))
	}
	if err != nil {
		return "", &Error{Kind: ErrStore, Instance: name, cause: err}
	}
	return to, nil
}

// Callback ends what Login began, on GET: it exchanges the code, asks GitLab for
// the user, Config.Key for the key, stores the tokens, and lets Config.Done answer.
func (h *Handler) Callback(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if !allowed(w, r, http.MethodGet) {
		return
	}
	s, fail := h.finish(w, r)
	switch {
	case fail != nil:
		h.fail(w, r, fail)
	case h.cfg.Done != nil:
		h.cfg.Done(w, r, s)
	default:
		http.Redirect(w, r, s.ReturnTo, http.StatusSeeOther)
	}
}

func (h *Handler) finish(w http.ResponseWriter, r *http.Request) (SignIn, *Error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !isState(once(query, "state")) {
		return SignIn{}, &Error{Kind: ErrState}
	}
	state := query.Get("state")
	text, err := h.attempts.Take(w, r, attemptID(state))
	if err != nil {
		return SignIn{}, &Error{Kind: ErrStore, cause: err}
	}
	a, ok := decodeAttempt(text)
	if !ok || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return SignIn{}, &Error{Kind: ErrNoAttempt}
	}
	s, fail := h.complete(r, query, a)
	if fail != nil {
		fail.Instance = a.Instance
	}
	return s, fail
}

// complete goes on with a callback whose state is right.
func (h *Handler) complete(r *http.Request, query url.Values, a attempt) (SignIn, *Error) {
	name, in := h.instance(r, query)
	switch {
	case time.Now().Unix() >= a.Expires:
		return SignIn{}, &Error{Kind: ErrExpired}
	case h.instances[a.Instance] == nil: // it was taken away meanwhile
		return SignIn{}, &Error{Kind: ErrInstance}
	case in == nil || name != a.Instance:
		return SignIn{}, &Error{Kind: ErrMixedUp}
	case query.Has("iss") && strings.TrimSuffix(once(query, "iss"), "/") != in.Client.BaseURL():
		return SignIn{}, &Error{Kind: ErrMixedUp}
	case query.Has("error"):
		return SignIn{}, ofCallback(once(query, "error"))
	}
	code := once(query, "code")
	if code == "" || len(code) > maxCode {
		return SignIn{}, &Error{Kind: ErrCode}
	}
	ctx, cancel := within(r.Context(), exchangeLimit)
	tokens, err := in.Provider.Exchange(in.Client.SignInContext(ctx), in.Client.BaseURL(), code, a.Verifier)
	cancel()
	if err != nil {
		return SignIn{}, ofExchange(err)
	}
	return h.keep(r, in, SignIn{Instance: a.Instance, Tokens: tokens, ReturnTo: a.ReturnTo})
}

// keep finds out whose tokens they are, and stores them.
func (h *Handler) keep(r *http.Request, in *Instance, s SignIn) (SignIn, *Error) {
	s.Client = in.Client.WithToken(s.Tokens.AccessToken)
	user, err := whoami(r.Context(), s.Client)
	if err != nil {
		return SignIn{}, in.refuse(r.Context(), s.Tokens, ofGitLab(err, ErrUser))
	}
	s.User = user
	key := s.AccountKey()
	if h.cfg.Key != nil {
		if key, err = h.cfg.Key(r, s); err == nil && key == "" {
			err = errors.New("signin: Config.Key returned neither a key nor an error")
		}
		if err != nil {
			return SignIn{}, in.refuse(r.Context(), s.Tokens, &Error{Kind: ErrNotAccepted, cause: err})
		}
	}
	ctx, cancel := within(r.Context(), storeLimit)
	defer cancel()
	if s.Client, err = in.Client.Authorize(ctx, key, s.Tokens); err != nil {
		// They are not revoked: the store may have them, whatever it said.
		return SignIn{}, &Error{Kind: ErrStore, cause: err}
	}
	s.Key = key
	return s, nil
}

// whoami asks GitLab whose token it is. A server whose database lags does not
// know a new token for a moment.
func whoami(ctx context.Context, client *gitlab.Client) (gitlab.User, error) {
	ctx, cancel := within(ctx, userLimit)
	defer cancel()
	for pause := 500 * time.Millisecond; ; pause *= 2 {
		user, err := client.Users.Current(ctx)
		if err == nil || !errors.Is(err, gitlab.ErrUnauthorized) || pause > 2*time.Second {
			return user, err
		}
		time.Sleep(pause)
	}
}

// refuse revokes tokens that nobody will keep.
func (in *Instance) refuse(ctx context.Context, tokens gitlab.OAuthData, fail *Error) *Error {
	ctx, cancel := within(ctx, revokeLimit)
	defer cancel()
	token := cmp.Or(tokens.RefreshToken, tokens.AccessToken)
	if err := in.Provider.Revoke(in.Client.SignInContext(ctx), in.Client.BaseURL(), token); err != nil {
		fail.cause = fmt.Errorf("%w; the tokens could not be revoked: %w", fail.cause, err)
	}
	return fail
}

// instance is the one that the request names, or the only one.
func (h *Handler) instance(r *http.Request, values url.Values) (name string, in *Instance) {
	name = cmp.Or(r.PathValue("instance"), values.Get("instance"))
	if name == "" && len(h.instances) == 1 {
		for name, in := range h.instances {
			return name, in
		}
	}
	return name, h.instances[name]
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err *Error) {
	err.start = h.cfg.StartPage
	if h.cfg.Failed != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	err.ServeHTTP(w, r)
}

// allowed answers requests of other methods.
func allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	return false
}

// once is a parameter's value, "" unless it is there exactly once (RFC 6749,
// section 3.1).
func once(query url.Values, name string) string {
	if values := query[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}
