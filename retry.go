package gitlab

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// How a call that failed in passing is sent again.
const (
	defaultRetries    = 3
	defaultRetryWait  = time.Minute
	retryPause        = 250 * time.Millisecond // doubling
	longestRetryPause = 5 * time.Second
	rateLimitPause    = time.Second // doubling, where a 429 does not say how long
)

// isPassing knows the statuses that say nothing of what was asked for, and may be
// over soon.
func isPassing(status int) bool {
	return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// inPassing reports whether what a request was answered with may be over soon.
func inPassing(req *http.Request, resp *http.Response, err error, had *tries) bool {
	if err != nil {
		return had.reached // else it is the refresh that failed, which has patience of its own
	}
	return isPassing(resp.StatusCode) || isDeployPage(req, resp)
}

// retry tells whether a request that failed in passing is sent again, and waits
// until then. Twice is sent only what GitLab surely did not take, or what does no
// harm (RFC 9110, section 9.2.2): after a 429 and a connection that was refused,
// everything; after a 5xx or a cut connection, GET, HEAD and what the caller says
// is [Idempotent].
func (c *core) retry(req *http.Request, resp *http.Response, err error, n int) bool {
	if n > c.retries || !replayable(req) {
		return false
	}
	first := retryPause
	switch {
	case err != nil && (isLasting(err) || !isHarmless(req) && !neverSent(err)):
		return false
	case err != nil:
		return req.Context().Err() == nil && pauseWithin(req.Context(), c.pauseAfter(n, first))
	case resp.StatusCode == http.StatusTooManyRequests:
		first = rateLimitPause
	case !isHarmless(req):
		return false
	}
	pause := c.pauseAfter(n, first)
	if asked := retryAfter(resp, time.Now()); asked > 0 {
		pause = asked + asked/5 - jittered(asked)/5 // never less, and a little more for some, so that they do not all come at once
		if asked > c.retryWait {
			return false
		}
	}
	return pauseWithin(req.Context(), pause)
}

// pauseAfter is the pause after the n-th failure of a call, of which first is
// the shortest.
func (c *core) pauseAfter(n int, first time.Duration) time.Duration {
	return min(jittered(backoff(n, first, longestRetryPause)), c.retryWait)
}

// isHarmless reports whether nothing comes of it if GitLab gets req twice.
func isHarmless(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, "":
		return true
	}
	return req.Context().Value(idempotentKey{}) != nil
}

// neverSent reports whether a connection could not be made, so that nothing of
// the request has left this machine.
func neverSent(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// isLasting reports whether a connection fails the next time too: the host does
// not exist, or is not who it says.
func isLasting(err error) bool {
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return true
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted
}

// IsTemporary reports whether the same call may succeed later, with nothing done
// but waiting: GitLab, its token endpoint or the store cannot be reached, is
// busy or failed, or a connection was cut. A RetryAfter of an [*APIError] in err's
// chain tells how long to wait at least. What was begun may have happened: send
// again what does no harm twice.
//
// It is false for nil, for what a user, an operator or a program has to mend, and
// for a call that its own context cancelled.
func IsTemporary(err error) bool {
	switch answer, answered := asAPIError(err); {
	case err == nil, errors.Is(err, context.Canceled),
		errors.Is(err, ErrReauthorize), errors.Is(err, ErrClientRejected), errors.Is(err, ErrSignOutIncomplete):
		return false
	case errors.Is(err, ErrRefreshUnavailable):
		return true
	case answered:
		return answer.Temporary()
	case isLasting(err):
		return false
	}
	err = withoutURL(err) // every url.Error is a net.Error
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isDeployPage reports whether a page of HTML stands where JSON was asked for.
func isDeployPage(req *http.Request, resp *http.Response) bool {
	return resp.StatusCode == http.StatusOK && isPage(resp) && req.Header.Get("Accept") == applicationJSON[0]
}

// pauseWithin waits, unless ctx would end first: then it returns false, at once.
func pauseWithin(ctx context.Context, pause time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return false
	}
	return sleep(ctx, pause) == nil
}

// backoff is the pause after the n-th failure in a row, counted from 1: first,
// doubling up to limit.
func backoff(n int, first, limit time.Duration) time.Duration {
	for ; n > 1 && first < limit; n-- {
		first *= 2
	}
	return min(first, limit)
}

// jittered is a random duration between 0.8 × d and d, so that many clients
// that failed together do not come back together.
func jittered(d time.Duration) time.Duration {
	return d - time.Duration(rand.Float64()*0.2*float64(d)) //nolint:gosec // spreads load, guards nothing
}

// sleep waits for d, or returns ctx's error when ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
