package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// RequestOption changes one call. Every call takes the same ones; those about
// lists do nothing to others.
type RequestOption func(*options)

// options are what the RequestOptions of one call say.
type options struct {
	header     http.Header
	idempotent bool
	pageSize   int
	parallel   int
	cursor     string
	answer     *Answer // nil: nobody wants it
	err        error   // what is wrong with them
}

var noOptions = new(options) // of most calls; never changed

func gather(opts []RequestOption) *options {
	if len(opts) == 0 {
		return noOptions
	}
	o := new(options)
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// WithHeader sets a header of the request.
func WithHeader(name, value string) RequestOption {
	return func(o *options) {
		if o.header == nil {
			o.header = make(http.Header)
		}
		o.header.Set(name, value)
	}
}

// WithSudo makes the call as another user, named by username or number, which
// administrators may (https://docs.gitlab.com/api/rest/authentication/#sudo).
func WithSudo(user string) RequestOption { return WithHeader("Sudo", user) }

// WithIfNoneMatch asks for an answer only if it is not the one that had this
// ETag (see [WithAnswer]); otherwise the error is [ErrNotModified].
func WithIfNoneMatch(etag string) RequestOption { return WithHeader("If-None-Match", etag) }

// WithAnswer has a filled with what GitLab answers beside the body, refusals
// included. In a list a is that of the page that the item at hand is on, and a
// position to go on from. A variable serves one call at a time.
func WithAnswer(a *Answer) RequestOption { return func(o *options) { o.answer = a } }

// WithPageSize sets how many items of a list are fetched at once: 1 to 100,
// which is the default. Smaller pages come sooner; GitLab's time per item is
// shorter with larger ones.
func WithPageSize(n int) RequestOption {
	return func(o *options) {
		if o.pageSize = n; n < 1 || n > maxPageSize {
			o.err = fmt.Errorf("gitlab: a page size of %d: it must be from 1 to %d", n, maxPageSize)
		}
	}
}

// WithCursor starts a list where [Answer.Cursor] says that an earlier run of
// the same list was. "" is its beginning. A cursor holds the query of a request,
// so take none from a stranger.
func WithCursor(cursor string) RequestOption { return func(o *options) { o.cursor = cursor } }

// Parallel fetches up to n pages of a list at the same time, which are kept in
// memory, and yields their items in order. It needs pages that are numbered and
// whose total is known, which GitLab tells up to 10 000 items; other lists are
// fetched page after page. What is created or deleted meanwhile may shift items
// from one page to another.
func Parallel(n int) RequestOption {
	return func(o *options) {
		if o.parallel = n; n < 1 {
			o.err = fmt.Errorf("gitlab: %d pages in parallel: it must be 1 or more", n)
		}
	}
}

// Idempotent says that the call does no harm if GitLab gets it twice, so that it
// may be sent again after a 5xx or a cut connection, as GET and HEAD are anyway.
func Idempotent() RequestOption { return func(o *options) { o.idempotent = true } }

// idempotentKey finds, in the context of a request, that it may be repeated.
type idempotentKey struct{}

// context is ctx with what the transport must know of the call.
func (o *options) context(ctx context.Context) context.Context {
	if o.idempotent {
		ctx = context.WithValue(ctx, idempotentKey{}, true)
	}
	return ctx
}

// perPage is the page size as a parameter.
func (o *options) perPage() string {
	if o.pageSize == 0 {
		return strconv.Itoa(maxPageSize)
	}
	return strconv.Itoa(o.pageSize)
}
