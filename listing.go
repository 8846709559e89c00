package gitlab

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// listing is one run through a list: the page at hand, and those that are being
// fetched. It is not safe for concurrent use.
type listing struct {
	ctx    context.Context //nolint:containedctx // of this run alone
	cancel context.CancelFunc
	client *Client
	path   Path
	*options

	page  *page        // nil: the first one is not here yet
	skip  int          // elements of it that the caller does not want
	ahead []chan *page // being fetched, in their order
	queue *pageNumbers // nil: each page names the next
	begun bool         // the first page was received
	err   error        // why there is no next element; nil: the list is over
}

// page is one page of a list, as it came.
type page struct {
	elements

	query  string
	next   string // the query of the page after it; "": it is the last one
	answer Answer
	buf    *bytes.Buffer
	err    error
}

// pageNumbers are the pages that are still to be fetched in parallel.
type pageNumbers struct {
	query url.Values
	next  int64
	last  int64
}

// list starts a run through p.
func (c *Client) list(ctx context.Context, p Path, o *options) (*listing, error) {
	from, err := c.core.firstPage(p, o)
	if err != nil {
		return nil, err
	}
	l := &listing{client: c, path: p, options: o, skip: from.used}
	if o.answer != nil {
		o.answer.position = position{}
		if o.cursor != "" {
			o.answer.position = from
		}
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.fetch(from.query)
	return l, nil
}

// stop ends what is under way. What has been fetched already is garbage.
func (l *listing) stop() { l.cancel() }

// next goes to the next element, and fetches pages for it. The page after this
// one is asked for when the caller has come back for a second element.
func (l *listing) next() bool {
	for {
		if l.page != nil {
			if l.page.read == l.skip+1 {
				l.lookAhead()
			}
			if l.page.more() {
				return true
			}
			if !l.turn() {
				return false
			}
		}
		if !l.receive() {
			return false
		}
	}
}

// turn ends the page at hand; false: the list is over, or cannot go on.
func (l *listing) turn() bool {
	p := l.page
	if err := p.end(); err != nil {
		l.err = l.undecoded(err)
		return false
	}
	if p.read <= l.skip {
		l.lookAhead() // there was nothing on it to come back from
	}
	if l.answer != nil {
		l.answer.position = position{query: p.next} // also if there was nothing on it
	}
	l.client.core.recycle(p.buf)
	l.page, l.skip = nil, 0
	return len(l.ahead) > 0
}

// receive waits for the next page.
func (l *listing) receive() bool {
	var p *page
	select {
	case p = <-l.ahead[0]:
		l.ahead = l.ahead[1:]
	case <-l.ctx.Done():
	}
	if err := l.ctx.Err(); err != nil { // also if the page came before
		l.err = because("GET "+l.path.template, err)
		return false
	}
	if query, ok := l.withoutKeyset(p); ok {
		l.fetch(query)
		return l.receive()
	}
	l.begun = true
	if l.answer != nil && p.answer.StatusCode != 0 {
		behind := l.answer.position // the item that was yielded last, until there is another
		*l.answer = p.answer
		l.answer.position = behind
	}
	if l.err = tooDeep(p.err); l.err != nil {
		return false
	}
	for range l.skip {
		if p.more() {
			if err := p.elements.skip(); err != nil {
				l.err = l.undecoded(err)
				return false
			}
		}
	}
	l.skip = p.read
	l.page = p
	return true
}

// decode reads the element that next has found into out.
func (l *listing) decode(out any) error {
	p := l.page
	if err := p.elements.decode(out); err != nil {
		return l.undecoded(err)
	}
	switch {
	case l.answer == nil:
	case p.more():
		l.answer.position = position{query: p.query, used: p.read}
	default:
		l.answer.position = position{query: p.next}
	}
	return nil
}

func (l *listing) undecoded(err error) error {
	return because("GET "+l.path.template+": decoding the answer", err)
}

// lookAhead has the pages after the one at hand fetched.
func (l *listing) lookAhead() {
	if l.queue == nil && l.parallel > 1 {
		l.queue = l.page.numbers()
	}
	for q := l.queue; q != nil && q.next <= q.last && len(l.ahead) < l.parallel; q.next++ {
		q.query.Set("page", strconv.FormatInt(q.next, 10))
		l.fetch(q.query.Encode())
	}
	if len(l.ahead) == 0 && l.page.next != "" { // also if the list has become longer
		l.fetch(l.page.next)
	}
}

// numbers are the pages after p if all of them are known.
func (p *page) numbers() *pageNumbers {
	query, err := url.ParseQuery(p.query)
	number, _ := strconv.ParseInt(query.Get("page"), 10, 64)
	if err != nil || p.answer.TotalPages < 0 || query.Get("pagination") == "keyset" {
		return &pageNumbers{next: 1} // there are none
	}
	return &pageNumbers{query: query, next: max(number, 1) + 1, last: p.answer.TotalPages}
}

// fetch has a page fetched in the background.
func (l *listing) fetch(query string) {
	arrived := make(chan *page, 1)
	l.ahead = append(l.ahead, arrived)
	go func() { arrived <- l.get(query) }()
}

// get fetches a page.
func (l *listing) get(query string) *page {
	c, p, o := l.client, l.path, *l.options
	got := &page{query: query, buf: c.core.buffer()}
	p.query, o.answer = query, &got.answer
	for ctx := l.ctx; ; {
		resp, err := c.send(ctx, http.MethodGet, p, nil, &o)
		if err != nil {
			got.err = err
			return got
		}
		got.next = nextQuery(resp.Header, query)
		body, err := c.receive(resp, p.template, got.buf)
		if err == nil {
			got.elements, err = readElements(body)
			if err != nil {
				err = undecoded(resp, p.template, body, err)
			}
		}
		got.err = err
		next, ok := c.core.again(ctx, resp.Request, err)
		if !ok {
			break
		}
		ctx = next
		got.buf.Reset()
	}
	if got.err == nil && got.next == query {
		got.err = fmt.Errorf("gitlab: GET %s: the answer names itself as its next page", p.template)
	}
	return got
}

// withoutKeyset is the query to list by numbered pages instead, if an instance
// has refused the keyset that the library chose: older ones know fewer of them.
func (l *listing) withoutKeyset(p *page) (string, bool) {
	refused, ok := asAPIError(p.err)
	if !ok || refused.StatusCode != http.StatusMethodNotAllowed || l.begun || l.cursor != "" {
		return "", false
	}
	query, ok := dropKeyset(l.path, p.query)
	if ok {
		l.client.core.offsets.Store(l.path.template, true)
	}
	return query, ok
}
