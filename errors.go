package gitlab

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a refusal of the API means. errors.Is finds them in an [*APIError], and
// ErrUnauthorized also in every error of a refresh that an API 401 caused.
var (
	ErrUnauthorized = errors.New("gitlab: unauthorized")      // 401
	ErrForbidden    = errors.New("gitlab: forbidden")         // 403
	ErrNotFound     = errors.New("gitlab: not found")         // 404; also what the identity may not read
	ErrConflict     = errors.New("gitlab: conflict")          // 409
	ErrRateLimited  = errors.New("gitlab: too many requests") // 429, or a 503 with a Retry-After; APIError.RetryAfter tells how long
	ErrNotModified  = errors.New("gitlab: not modified")      // 304, see WithIfNoneMatch
)

// What became of a refresh.
var (
	// ErrReauthorize means that the grant is gone: GitLab no longer takes its
	// refresh token, or there is none. It is the only error on which an
	// application should ask its user to sign in again ([Client.Authorize]).
	ErrReauthorize = errors.New("gitlab: the grant is gone, the user must authorize again")
	// ErrClientRejected means that GitLab does not accept the application
	// itself (invalid_client, unauthorized_client). An operator must mend
	// client ID, secret or the application's settings; no grant is lost.
	ErrClientRejected = errors.New("gitlab: the OAuth application was rejected, check client ID and secret")
	// ErrRefreshUnavailable means that there is no new token now, and that
	// nothing is known to be lost: the store or the token endpoint could not
	// be reached, the lock was not had, or the outcome is unclear. Try later; if
	// the error has an [*APIError] with a RetryAfter, not before that.
	ErrRefreshUnavailable = errors.New("gitlab: no refresh possible now, try again later")
)

// What is wrong with an identity before GitLab is asked.
var (
	// ErrWrongInstance means that the stored identity belongs to another
	// GitLab instance than the client's.
	ErrWrongInstance = errors.New("gitlab: the identity belongs to another instance")
	// ErrIdentityNotFound is returned by an [IdentityStore] that has nothing
	// stored under a key, and by calls of a client that acts as that key.
	ErrIdentityNotFound = errors.New("gitlab: no such identity is stored")
	// ErrIdentityConflict is returned by an [IdentityStore] when the stored
	// Revision is not the one that the caller has seen.
	ErrIdentityConflict = errors.New("gitlab: the stored identity has changed")
)

var errEmptyKey = errors.New("gitlab: the identity's key is empty; name the grant, for example after your own user")

// IdentityNotValidError is the token endpoint's refusal to refresh an identity
// (RFC 6749, section 5.2). By itself it does not say whose fault that is: ask
// with errors.Is for [ErrReauthorize] or [ErrClientRejected].
type IdentityNotValidError struct {
	Key         string // the identity's key
	StatusCode  int    // of the endpoint's answer; 0 if no call was made
	Code        string // RFC 6749 error code such as "invalid_grant"; "" if there was none
	Description string // the endpoint's own words, cut to a reasonable length
}

func (e *IdentityNotValidError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gitlab: identity %q cannot be refreshed", e.Key)
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": status %d", e.StatusCode)
	}
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	return b.String()
}

// APIError is an answer of GitLab that is not the success that was asked for.
// It holds no token and no part of the request beyond method and path.
type APIError struct {
	StatusCode int
	Method     string
	Path       string              // as sent, without the query
	Message    string              // GitLab's words, or what was found instead of them
	Code       string              // the body's "error" when it is an OAuth code, such as "insufficient_scope"
	Fields     map[string][]string // validation messages by field; nil if there are none
	RequestID  string              // X-Request-Id, for the instance's administrator; "" if absent
	RetryAfter time.Duration       // how long GitLab asks to wait; 0: not said
	RateLimit  RateLimit           // zero if GitLab does not say
	Scopes     []string            // of a token's, one of which the call needs; nil: that was not the trouble

	page      bool // it is a page of HTML
	ofRefresh bool // the token endpoint's: its status says nothing of the resource that was called
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("gitlab: %s %s: status %d", e.Method, e.Path, e.StatusCode)
	if e.Code != "" && !strings.Contains(e.Message, e.Code) {
		s += ": " + e.Code
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

// Is matches the sentinel that stands for the status, unless e is what the token
// endpoint said during a refresh.
func (e *APIError) Is(target error) bool {
	if e.ofRefresh {
		return false
	}
	switch target {
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound
	case ErrConflict:
		return e.StatusCode == http.StatusConflict
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests || e.StatusCode == http.StatusServiceUnavailable && e.RetryAfter > 0
	case ErrNotModified:
		return e.StatusCode == http.StatusNotModified
	}
	return false
}

// Temporary reports whether the same call may succeed later: after a 429, a 5xx,
// and a page of HTML with status 200, which GitLab answers while it is being
// deployed.
func (e *APIError) Temporary() bool {
	return isPassing(e.StatusCode) || e.StatusCode == http.StatusOK && e.page
}

func asAPIError(err error) (*APIError, bool) { return errors.AsType[*APIError](err) }

// meaning is err, of which errors.Is also finds kind: what happened, and what it
// means for the caller.
func meaning(kind, err error) error {
	if err == nil || errors.Is(err, kind) {
		return err
	}
	return &compoundError{text: kind.Error() + ": " + unprefixed(err), errs: []error{err, kind}}
}

// because is err with what was being done before its text.
func because(doing string, err error) error {
	return &compoundError{text: "gitlab: " + doing + ": " + unprefixed(err), errs: []error{err}}
}

// compoundError is one text for several errors, all found by errors.Is and As.
type compoundError struct {
	text string
	errs []error
}

func (e *compoundError) Error() string   { return e.text }
func (e *compoundError) Unwrap() []error { return e.errs }

// unprefixed is err's text for the middle of another one of this package.
func unprefixed(err error) string { return strings.TrimPrefix(err.Error(), "gitlab: ") }

// maxErrorBody caps what is read of a refusal's body, in bytes.
const maxErrorBody = 64 << 10

// maxMessage caps what an error repeats of an answer's words, in bytes.
const maxMessage = 1000

// newAPIError describes a refusal; body is what was read of its body. Should it
// repeat the request's token or one of secrets, the error does not.
func newAPIError(resp *http.Response, body []byte, secrets ...string) *APIError {
	e := &APIError{
		StatusCode: resp.StatusCode,
		RetryAfter: retryAfter(resp, time.Now()),
		RateLimit:  readRateLimit(resp.Header),
	}
	if req := resp.Request; req != nil {
		e.Method, e.Path = req.Method, req.URL.EscapedPath()
		_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		secrets = append(secrets, token)
	}
	e.RequestID = redact(resp.Header.Get("X-Request-Id"), secrets...)
	e.readBody(resp.Header.Get("Content-Type"), body, secrets)
	switch {
	case !isRedirect(resp):
	case e.Method == http.MethodGet:
		e.Message = "a redirect that was not followed"
	default:
		e.Message = "redirected; only GET requests follow redirects"
	}
	return e
}

// readBody finds the words in the forms that GitLab uses: message as string,
// list, or object of lists by field; error, with or without error_description;
// plain text; a page of HTML.
func (e *APIError) readBody(contentType string, body []byte, secrets []string) {
	var answer struct {
		Message     json.RawMessage `json:"message"`
		Error       json.RawMessage `json:"error"`
		Description json.RawMessage `json:"error_description"`
		Scope       json.RawMessage `json:"scope"`
	}
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0 && !strings.HasPrefix(contentType, "text/html"):
	case json.Unmarshal(trimmed, &answer) == nil:
		var words []string
		flatten("", 0, answer.Message, func(field, text string) {
			if field != "" && field != "error" {
				if e.Fields == nil {
					e.Fields = make(map[string][]string)
				}
				name := redact(field, secrets...)
				e.Fields[name] = append(e.Fields[name], redact(text, secrets...))
				text = field + " " + text
			}
			words = append(words, text)
		})
		code := jsonText(answer.Error)
		description := jsonText(answer.Description)
		if description != "" || isCode(code) {
			e.Code = redact(code, secrets...)
		}
		if e.Code == "insufficient_scope" {
			e.Scopes = strings.Fields(redact(jsonText(answer.Scope), secrets...))
		}
		if text := cmp.Or(description, code); text != "" {
			words = append(words, text)
		}
		e.Message = redact(strings.Join(words, "; "), secrets...)
	case strings.HasPrefix(contentType, "text/html"), trimmed[0] == '<':
		e.page = true
		e.Message = "an HTML page instead of an API answer (is it the right URL? is the instance being deployed?)"
	default:
		e.Message = redact(string(trimmed), secrets...)
	}
}

// maxNesting is beyond the messages of GitLab's, and bounds the work for those
// of others: each level is read again.
const maxNesting = 8

// flatten calls add for every text in a message of GitLab's, with the dotted
// name of the field it stands under, in the order of the names.
func flatten(field string, depth int, raw json.RawMessage, add func(field, text string)) {
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null" || depth > maxNesting:
	case raw[0] == '{':
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return
		}
		names := make([]string, 0, len(members))
		for name := range members {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			nested := name
			if field != "" {
				nested = field + "." + name
			}
			flatten(nested, depth+1, members[name], add)
		}
	case raw[0] == '[':
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) == nil {
			for _, item := range items {
				flatten(field, depth+1, item, add)
			}
		}
	default:
		if text := jsonText(raw); text != "" {
			add(field, text)
		}
	}
}

// jsonText is a JSON string's text, or any other scalar as it is written.
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && string(raw) != "null" {
		return string(raw)
	}
	return ""
}

// isCode tells codes such as "invalid_grant" from sentences.
func isCode(text string) bool {
	return strings.Contains(text, "_") && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// redact is text fit for an error, without secrets, plain or as in a form. It
// cuts last: what is left of a secret would not be found.
func redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "[redacted]")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "[redacted]")
		}
	}
	return clean(text)
}

// withoutSecrets is err, or only its redacted text if that has any of secrets.
func withoutSecrets(err error, secrets ...string) error {
	text := redact(err.Error(), secrets...)
	if !strings.Contains(text, "[redacted]") {
		return err
	}
	return errors.New(text)
}

// withoutURL is what net/http found wrong, without the URL that it repeats with
// its query.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// clean makes a stranger's text fit for one line of a log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) { // controls, also those of line and direction
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= maxMessage {
		return text
	}
	cut := maxMessage
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// retryAfter reads how long an answer asks to wait (RFC 9110, section 10.2.3):
// seconds or a date, or when a rate limit is over. 0: it does not say. At most a
// day, GitLab's own limit.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	var wait time.Duration
	switch value := strings.TrimSpace(resp.Header.Get("Retry-After")); {
	case value != "":
		if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
			wait = time.Duration(min(max(seconds, 0), 86400)) * time.Second
		} else if at, err := http.ParseTime(value); err == nil {
			wait = at.Sub(now)
		}
	case resp.StatusCode == http.StatusTooManyRequests:
		if reset := readRateLimit(resp.Header).Reset; !reset.IsZero() {
			wait = reset.Sub(now)
		}
	}
	return min(max(wait, 0), 24*time.Hour)
}
