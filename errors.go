package gitlab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	ErrRateLimited  = errors.New("gitlab: too many requests") // 429; APIError.RetryAfter tells how long
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
	// be reached, the lock was not had, or the outcome is unclear. Try later.
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
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("gitlab: %s %s: status %d", e.Method, e.Path, e.StatusCode)
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

// Is matches the sentinel that stands for the status.
func (e *APIError) Is(target error) bool {
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
		return e.StatusCode == http.StatusTooManyRequests
	}
	return false
}

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

// newAPIError describes a refusal; body is what was read of its body.
func newAPIError(resp *http.Response, body []byte) *APIError {
	e := &APIError{
		StatusCode: resp.StatusCode,
		RequestID:  clean(resp.Header.Get("X-Request-Id")),
		RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	if resp.Request != nil {
		e.Method = resp.Request.Method
		e.Path = resp.Request.URL.EscapedPath()
	}
	var secret string
	if resp.Request != nil {
		_, secret, _ = strings.Cut(resp.Request.Header.Get("Authorization"), " ")
	}
	e.readBody(resp.Header.Get("Content-Type"), body, secret)
	if location := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && location != "" {
		e.Message = "redirected; only GET requests follow redirects"
	}
	return e
}

// readBody finds the words in the forms that GitLab uses: message as string,
// list, or object of lists by field; error, with or without error_description;
// plain text; a page of HTML.
func (e *APIError) readBody(contentType string, body []byte, secret string) {
	var answer struct {
		Message     json.RawMessage `json:"message"`
		Error       json.RawMessage `json:"error"`
		Description json.RawMessage `json:"error_description"`
	}
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
	case json.Unmarshal(trimmed, &answer) == nil:
		var words []string
		flatten("", answer.Message, func(field, text string) {
			if field != "" && field != "error" {
				if e.Fields == nil {
					e.Fields = make(map[string][]string)
				}
				text = redact(text, secret)
				e.Fields[field] = append(e.Fields[field], text)
				text = field + " " + text
			}
			words = append(words, text)
		})
		code := jsonText(answer.Error)
		if description := jsonText(answer.Description); description != "" {
			e.Code = redact(code, secret)
			words = append(words, description)
		} else if code != "" {
			words = append(words, code)
		}
		e.Message = redact(strings.Join(words, "; "), secret)
	case trimmed[0] == '<' || strings.HasPrefix(contentType, "text/html"):
		e.Message = "an HTML page instead of an API answer (is it the right URL? is the instance being deployed?)"
	default:
		e.Message = redact(string(trimmed), secret)
	}
}

// flatten calls add for every text in a message of GitLab's, with the dotted
// name of the field it stands under, in the order of the names.
func flatten(field string, raw json.RawMessage, add func(field, text string)) {
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
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
			if nested := clean(name); field == "" {
				flatten(nested, members[name], add)
			} else {
				flatten(field+"."+nested, members[name], add)
			}
		}
	case raw[0] == '[':
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) == nil {
			for _, item := range items {
				flatten(field, item, add)
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
		return clean(s)
	}
	if len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && string(raw) != "null" {
		return clean(string(raw))
	}
	return ""
}

// redact is text fit for an error, without secret.
func redact(text, secret string) string {
	if len(secret) >= 4 {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return clean(text)
}

// clean makes a stranger's text fit for one line of a log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
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

// retryAfter reads how long a refusal asks to wait (RFC 9110, section 10.2.3):
// seconds or a date. 0: it does not say. At most a day, GitLab's own limit.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), 86400)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), 24*time.Hour)
}
