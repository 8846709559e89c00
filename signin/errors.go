package signin

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/freshgrant/gitlab"
)

// Why a sign-in failed; errors.Is finds them in an [*Error].
var (
	ErrDenied      = errors.New("signin: the user did not grant access")
	ErrReturnTo    = errors.New("signin: return_to is no path of this application")
	ErrInstance    = errors.New("signin: there is no instance of that name")
	ErrRequest     = errors.New("signin: the request cannot be understood")
	ErrState       = errors.New("signin: the callback has no state of ours")
	ErrNoAttempt   = errors.New("signin: this browser has no such attempt: it is finished, forged, or its cookie is lost")
	ErrExpired     = errors.New("signin: the attempt took too long")
	ErrMixedUp     = errors.New("signin: the callback is not of the instance that the attempt was made at")
	ErrCode        = errors.New("signin: GitLab refuses the code: it was used, is too old, or belongs to another redirect URL")
	ErrUnavailable = errors.New("signin: GitLab cannot be reached, or not now")
	ErrRejected    = errors.New("signin: GitLab rejects the application, its scopes or its redirect URL")
	ErrUser        = errors.New("signin: GitLab does not tell who has signed in (that needs the scope api, read_api or read_user)")
	ErrNotAccepted = errors.New("signin: the application does not accept this user")
	ErrStore       = errors.New("signin: the store does not take the tokens, or the attempt cannot be kept")
)

// Error is a sign-in that failed. It holds no secret. Its ServeHTTP shows a page
// that says what to do.
type Error struct {
	Kind       error         // one of the variables of this package
	Instance   string        // its name, if it is known
	RetryAfter time.Duration // how long GitLab asks to wait; 0: not said

	cause error  // nil: Kind says it all
	start string // Config.StartPage
}

func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Instance != "" {
		text += " (" + strconv.Quote(e.Instance) + ")"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap lets errors.Is find Kind and what caused it.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// advice is what a page says of an error.
type advice struct {
	status      int
	title, text string
}

var advices = map[error]advice{
	ErrDenied:      {http.StatusForbidden, "Access was not granted", "You have not allowed the application to use your GitLab account. Nothing was changed."},
	ErrReturnTo:    {http.StatusBadRequest, "This link is broken", "It leads to a place outside of this application."},
	ErrInstance:    {http.StatusNotFound, "Unknown GitLab", "This application does not know the GitLab that the link names."},
	ErrRequest:     {http.StatusBadRequest, "This request is broken", "It cannot be understood."},
	ErrState:       {http.StatusBadRequest, "Nothing to finish here", "This page ends a sign-in that was started in this application. Please start it there."},
	ErrNoAttempt:   {http.StatusBadRequest, "This sign-in is over", "It is finished already, was started in another browser, or its cookie is gone. If you are not signed in, please start again."},
	ErrExpired:     {http.StatusBadRequest, "This sign-in took too long", "For your safety it ended after ten minutes. Please start again."},
	ErrMixedUp:     {http.StatusBadRequest, "This sign-in was stopped", "The answer came from another GitLab than the one that was asked. Nothing was sent anywhere."},
	ErrCode:        {http.StatusBadRequest, "GitLab did not confirm the sign-in", "Its confirmation was used already or is too old. Please start again."},
	ErrUnavailable: {http.StatusServiceUnavailable, "GitLab cannot be reached", "Please try again in a few minutes."},
	ErrRejected:    {http.StatusInternalServerError, "GitLab does not accept this application", "Its operator has to mend the settings. It is not your fault."},
	ErrUser:        {http.StatusBadGateway, "GitLab does not say who you are", "Please check that your GitLab account is active, then start again."},
	ErrNotAccepted: {http.StatusForbidden, "This account cannot be used here", "The application does not accept your GitLab account. It keeps no access to it."},
	ErrStore:       {http.StatusServiceUnavailable, "The sign-in could not be saved", "Please try again in a few minutes."},
}

func (e *Error) advice() advice {
	if a, ok := advices[e.Kind]; ok {
		return a
	}
	return advice{http.StatusInternalServerError, "The sign-in failed", "Please start again."}
}

// Status is the HTTP status that fits.
func (e *Error) Status() int { return e.advice().status }

// Message is what the page says to the user, for a page that looks like the
// application's own: plain text, in English.
func (e *Error) Message() (title, text string) {
	a := e.advice()
	return a.title, a.text
}

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.4rem; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1c1c1c; } a { color: #8ab4f8; } }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Start}}
<p><a href="{{.Start}}">Back to the application</a></p>
{{- end}}
</body>
</html>
`))

// ServeHTTP answers with a page that repeats nothing of the request.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	a := e.advice()
	var page bytes.Buffer
	_ = errorPage.Execute(&page, struct{ Title, Text, Start string }{a.title, a.text, e.start}) // a buffer takes everything
	harden(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(page.Bytes())
}

// harden keeps the answer, and the URL that it answers, to this browser.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// ofGitLab is an error of a call to GitLab: known says what its refusal means.
func ofGitLab(err, known error) *Error {
	e := &Error{Kind: ErrUnavailable, cause: err}
	refused, answered := errors.AsType[*gitlab.APIError](err)
	if answered {
		e.RetryAfter = refused.RetryAfter
	}
	switch {
	case errors.Is(err, gitlab.ErrClientRejected):
		e.Kind = ErrRejected
	case answered && !refused.Temporary():
		e.Kind = known
	}
	return e
}

// ofExchange is an error of the exchange of a code.
func ofExchange(err error) *Error {
	e := ofGitLab(err, ErrRejected)
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok && refused.Code == "invalid_grant" {
		e.Kind = ErrCode
	}
	return e
}

// ofCallback is what GitLab says in a callback in place of a code (RFC 6749,
// section 4.1.2.1). The words beside it are not repeated: whoever made the link
// chose them.
func ofCallback(code string) *Error {
	switch code {
	case "access_denied":
		return &Error{Kind: ErrDenied}
	case "server_error", "temporarily_unavailable":
		return &Error{Kind: ErrUnavailable, cause: errors.New(code)}
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope",
		"invalid_client", "invalid_redirect_uri", "invalid_code_challenge_method":
		return &Error{Kind: ErrRejected, cause: errors.New(code)}
	}
	return &Error{Kind: ErrRejected, cause: errors.New("with an error that this package does not know")}
}

// ended reports that a wait ended by itself, not with its caller's ctx.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
}
