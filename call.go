package gitlab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
)

// Call sends in to p and decodes the JSON answer into out.
//
// in is sent as JSON, unless it is a [Form], an [Upload] or a [Stream]; nil: no
// body. out nil: the answer is not read. An answer without a body, such as a
// 204, leaves out as it is; a page of HTML is an error. Errors are an
// [*APIError], those of a refresh, or those of the connection.
//
// A GET or HEAD that failed in passing is sent again, see [Config]; anything
// else only if GitLab surely did not take it, or with [Idempotent].
func (c *Client) Call(ctx context.Context, method string, p Path, in, out any, opts ...RequestOption) error {
	return c.call(ctx, method, p, in, out, gather(opts))
}

// Get fetches p and decodes the answer.
//
// T may have fields that the library's own types do not: embed one of those in
// it to have both.
func Get[T any](ctx context.Context, c *Client, p Path, opts ...RequestOption) (T, error) {
	var out T
	err := c.call(ctx, http.MethodGet, p, nil, &out, gather(opts))
	return out, err
}

// call is Call. A body that is cut off makes it start again.
func (c *Client) call(ctx context.Context, method string, p Path, in, out any, o *options) error {
	for {
		resp, err := c.send(ctx, method, p, in, o)
		if err != nil {
			return err
		}
		if err = c.decode(resp, p.template, out); err == nil {
			return nil
		}
		next, ok := c.core.again(ctx, resp.Request, err)
		if !ok {
			return err
		}
		ctx = next
	}
}

// again waits before a call whose answer was cut off is made anew, and returns
// the context to make it in; false: it is not.
func (c *core) again(ctx context.Context, req *http.Request, err error) (context.Context, bool) {
	if _, cut := errors.AsType[*cutError](err); !cut || !replayable(req) || !isHarmless(req) {
		return nil, false
	}
	had := triedBefore(req)
	had.sent, had.failed = max(had.sent, 1), had.failed+1
	if had.failed > c.retries || !pauseWithin(ctx, c.pauseAfter(had.failed, retryPause)) {
		return nil, false
	}
	return context.WithValue(ctx, triesKey{}, had), true
}

// open fetches p as a stream, which the caller closes.
func (c *Client) open(ctx context.Context, p Path, opts []RequestOption) (io.ReadCloser, error) {
	resp, err := c.send(ctx, http.MethodGet, p, nil, gather(opts))
	switch {
	case err != nil:
		return nil, err
	case isUnexpected(resp), isDeployPage(resp.Request, resp): // GitLab calls no file of its own text/html
		defer resp.Body.Close()
		return nil, newAPIError(resp, nil)
	}
	return resp.Body, nil
}

// send is Call without the decoding. The caller closes the answer's body.
func (c *Client) send(ctx context.Context, method string, p Path, in any, o *options) (*http.Response, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.escaped == "" {
		return nil, errors.New("gitlab: the path is empty, make one with PathTo")
	}
	target := c.core.baseURL + "/api/v4" + p.escaped
	if p.query != "" {
		target += "?" + p.query
	}
	return c.request(ctx, method, target, p.template, in, o)
}

// request sends in to target, a URL of the instance. route names the call in a
// [CallEvent].
func (c *Client) request(ctx context.Context, method, target, route string, in any, o *options) (*http.Response, error) {
	if o.err != nil {
		return nil, o.err
	}
	body, err := encode(in)
	if err != nil {
		return nil, because(method+" "+route+": encoding the input", err)
	}
	if c.core.onCall != nil {
		ctx = context.WithValue(ctx, routeKey{}, route)
	}
	req, err := http.NewRequestWithContext(o.context(ctx), method, target, nil)
	if err != nil {
		return nil, fmt.Errorf("gitlab: method %q or path template %q is not valid", method, route)
	}
	req.Header["User-Agent"] = c.core.userAgent
	req.Header["Accept"] = applicationJSON
	if body != nil {
		body.attach(req)
	}
	maps.Copy(req.Header, o.header)
	g := c.static
	if c.session != nil {
		g = c.session.now.Load()
	}
	if g != nil {
		req.Header["Authorization"] = g.header // saves the transport a copy
	}
	return c.do(req, o.answer)
}

var applicationJSON = []string{"application/json"}
