package gitlab

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// transport sends requests as one client: the only door to the API. Every hop
// of a redirect comes through it anew.
type transport struct {
	core    *core
	session *session // nil: not a stored identity
	static  *grant   // a fixed token; nil: none
	err     error    // why no call can be made; nil: none
	patient bool     // what failed in passing is sent again, see retry.go
}

// maxAdoptions bounds how often a call is sent again with a pair that others
// made; its one refresh comes on top (contract line 9).
const maxAdoptions = 2

// tries is what one call has had already: the guard of contract line 9, local to
// the call.
type tries struct {
	sent      int  // requests
	failed    int  // times that it failed in passing
	refreshed bool // its one refresh, before or after it was first sent
	cured     bool // that refresh answered a 401: one more is returned
	adoptions int  // pairs that others had made
	pauses    int  // of contract line 10
	reached   bool // the last error is a connection's
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case t.err != nil:
		return refuse(req, t.err)
	case !t.core.sameOrigin(req.URL):
		return t.core.roundTrip(bare(req))
	}
	before := triedBefore(req)
	had := tries{sent: before.sent, failed: before.failed, refreshed: before.refreshed || refreshedBefore(req)}
	sent := req
	for {
		resp, err := t.heal(sent, &had)
		if !t.patient || !inPassing(req, resp, err, &had) || !t.core.retry(req, resp, err, had.failed+1) {
			return had.noted(resp), err
		}
		had.failed++
		again := replay(req)
		if again == nil {
			return resp, err
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, maxErrorBody) // so that the connection is used again
			_ = resp.Body.Close()
		}
		sent = again
	}
}

// heal sends req with the newest token, and again when a 401 says that there is
// a newer one, or a refresh makes one.
func (t *transport) heal(req *http.Request, had *tries) (*http.Response, error) {
	if t.session == nil {
		return t.send(req, t.static, had)
	}
	g, refreshed, err := t.session.token(req.Context(), replayable(req))
	if err != nil {
		had.reached = false
		return refuse(req, err)
	}
	had.refreshed = had.refreshed || refreshed
	resp, err := t.send(req, g, had)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	return t.resend(req, g, had, resp)
}

// resend answers for a call whose token g was rejected: it sends it again as
// often as contract lines 1, 9 and 10 allow, and returns the last answer.
func (t *transport) resend(req *http.Request, g *grant, had *tries, resp *http.Response) (*http.Response, error) {
	for {
		next, cause := t.another(req, g, resp, had)
		if next == nil {
			return withOutcome(resp, cause), nil
		}
		again := replay(req)
		if again == nil {
			return resp, nil
		}
		_ = resp.Body.Close()
		g = next
		var err error
		if resp, err = t.send(again, g, had); err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
	}
}

// another returns the grant to send req again with after g was answered with
// resp, a 401; or nil, and why a refresh did not help if one was tried.
func (t *transport) another(req *http.Request, g *grant, resp *http.Response, had *tries) (*grant, error) {
	kind := readChallenge(resp)
	if kind == challengeOther {
		return nil, nil
	}
	newest := t.session.now.Load()
	if !had.cured && had.adoptions < maxAdoptions && replayable(req) && newest.usable(time.Now()) && !newest.sameToken(g) {
		had.adoptions++
		return newest, nil // contract line 1
	}
	switch wait := t.lag(g, kind, had.pauses); {
	case wait > 0:
		if !replayable(req) || sleep(req.Context(), wait) != nil {
			return nil, nil //nolint:nilerr // the 401 is the answer, whatever ended the pause
		}
		had.pauses++
		return g, nil
	case had.refreshed, !replayable(req) && g.notCuring():
		t.session.notCured(g)
		return nil, nil
	case wait == 0:
		return nil, nil
	}
	cure := t.session.heal(req.Context(), g)
	switch {
	case cure.grant == nil, !replayable(req):
		return nil, cure.err
	case cure.refreshed:
		had.refreshed, had.cured = true, true
	case had.adoptions == maxAdoptions:
		return nil, cure.err
	default:
		had.adoptions++
	}
	return cure.grant, nil
}

// lag tells how long to wait before a fresh token that was not known is tried
// again (contract line 10): 0: its time is over; negative: it is no such case.
func (t *transport) lag(g *grant, kind challenge, pauses int) time.Duration {
	if t.core.grace <= 0 || kind != challengeBare || g.origin == originStored {
		return -1
	}
	left := t.core.grace - time.Since(g.got)
	switch {
	case left > 0:
		return min(left, backoff(pauses+1, 100*time.Millisecond, t.core.grace))
	case pauses > 0:
		return 0
	default:
		return -1
	}
}

// send sends req once, with g's token or with none, and reports it.
func (t *transport) send(req *http.Request, g *grant, had *tries) (*http.Response, error) {
	had.sent, had.reached = had.sent+1, true
	out := t.authorized(req, g)
	if t.core.onCall == nil {
		return t.core.roundTrip(out)
	}
	started := time.Now()
	resp, err := t.core.roundTrip(out)
	event := CallEvent{Method: req.Method, Attempt: had.sent, Duration: time.Since(started), Err: err}
	if resp != nil {
		event.Status = resp.StatusCode
	}
	if t.session != nil {
		event.Key = t.session.key
	}
	event.Route, _ = req.Context().Value(routeKey{}).(string)
	hook(req.Context(), t.core.onCall, event)
	return resp, err
}

// roundTrip sends req, and adds to the answer what an application's own transport
// may leave out.
func (c *core) roundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	switch {
	case err != nil:
		return resp, err
	case resp == nil:
		return nil, errors.New("gitlab: the HTTP transport returned neither an answer nor an error")
	}
	if resp.Request == nil {
		resp.Request = req
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	return resp, nil
}

// authorized is req with g's token and without any other credential; req itself
// if it is that already.
func (t *transport) authorized(req *http.Request, g *grant) *http.Request {
	named := req.Header["User-Agent"] != nil
	if g == nil && named {
		return req
	}
	if g != nil && named && slices.Equal(req.Header["Authorization"], g.header) && !hasOtherCredentials(req.Header) {
		return req
	}
	out := new(http.Request)
	*out = *req
	out.Header = make(http.Header, len(req.Header)+2)
	for name, values := range req.Header {
		if g == nil || !isCredential(name) {
			out.Header[name] = values
		}
	}
	if g != nil {
		out.Header["Authorization"] = g.header
	}
	if !named {
		out.Header["User-Agent"] = t.core.userAgent
	}
	return out
}

// bare is req for a host that is not the instance: without any credential, and
// without the URL that led there.
func bare(req *http.Request) *http.Request {
	out := new(http.Request)
	*out = *req
	out.Header = make(http.Header, len(req.Header))
	for name, values := range req.Header {
		if !isCredential(name) {
			out.Header[name] = values
		}
	}
	delete(out.Header, "Referer")
	return out
}

// isCredential knows the headers that GitLab takes tokens from. A name may be
// spelt otherwise than [http.Header.Set] does it.
func isCredential(name string) bool {
	if n := len(name); n != 9 && n != 12 && n != 13 {
		return false // saves the spelling of most names
	}
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Private-Token", "Job-Token", "Deploy-Token":
		return true
	}
	return false
}

// hasOtherCredentials reports whether h has a credential beside Authorization.
func hasOtherCredentials(h http.Header) bool {
	known := 0
	for _, name := range [...]string{"Authorization", "User-Agent", "Accept", "Content-Type"} {
		if _, ok := h[name]; ok {
			known++
		}
	}
	if known == len(h) {
		return false // saves most calls the way through all names
	}
	for name := range h {
		if name != "Authorization" && isCredential(name) {
			return true
		}
	}
	return false
}

// replayable reports whether req can be sent more than once.
func replayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// replay is req to be sent again, its body rewound; nil if that fails.
func replay(req *http.Request) *http.Request {
	out := req.WithContext(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil
		}
		out.Body = body
	}
	return out
}

// triesKey finds, in the context of an answer's request, what the call has had:
// an answer that is cut off makes it start again, and a redirect makes it go on.
type triesKey struct{}

func triedBefore(req *http.Request) tries {
	had, _ := req.Context().Value(triesKey{}).(tries)
	return had
}

// noted is resp with what the call has had, if that is more than one request.
func (had *tries) noted(resp *http.Response) *http.Response {
	if resp != nil && (had.sent > 1 || had.refreshed) {
		resp.Request = resp.Request.WithContext(context.WithValue(resp.Request.Context(), triesKey{}, *had))
	}
	return resp
}

// refreshedBefore reports whether an earlier hop of a redirected call had its
// one refresh. Each hop has heard of those before it.
func refreshedBefore(req *http.Request) bool {
	return req.Response != nil && req.Response.Request != nil && triedBefore(req.Response.Request).refreshed
}

// outcomeKey finds, in the context of an answer's request, why a refresh did not
// help.
type outcomeKey struct{}

// withOutcome attaches err to a 401 that is returned.
func withOutcome(resp *http.Response, err error) *http.Response {
	if err != nil {
		resp.Request = resp.Request.WithContext(context.WithValue(resp.Request.Context(), outcomeKey{}, err))
	}
	return resp
}

func outcomeOf(resp *http.Response) error {
	err, _ := resp.Request.Context().Value(outcomeKey{}).(error)
	return err
}

// routeKey finds a call's path template in its context.
type routeKey struct{}

// refuse ends a call that is not made, as RoundTrip must.
func refuse(req *http.Request, err error) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, err
}
