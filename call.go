package gitlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// RequestOption changes one request.
type RequestOption func(*http.Request)

// WithHeader sets a header of the request.
func WithHeader(name, value string) RequestOption {
	return func(req *http.Request) { req.Header.Set(name, value) }
}

// Call sends in as JSON to p, and decodes the JSON answer into out. in nil: no
// body; out nil: the answer is not read. An answer without a body, such as a
// 204, leaves out as it is; a page of HTML is an error. Errors are an
// [*APIError], those of a refresh, or those of the connection.
func (c *Client) Call(ctx context.Context, method string, p Path, in, out any, opts ...RequestOption) error {
	resp, err := c.send(ctx, method, p, in, opts...)
	if err != nil {
		return err
	}
	return c.decode(resp, p, out)
}

// Get fetches p and decodes the answer.
func Get[T any](ctx context.Context, c *Client, p Path, opts ...RequestOption) (T, error) {
	var out T
	err := c.Call(ctx, http.MethodGet, p, nil, &out, opts...)
	return out, err
}

// send is Call without the decoding. The caller closes the answer's body.
func (c *Client) send(ctx context.Context, method string, p Path, in any, opts ...RequestOption) (*http.Response, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.escaped == "" {
		return nil, errors.New("gitlab: the path is empty, make one with PathTo")
	}
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, because(method+" "+p.template+": encoding the input", err)
		}
		body = bytes.NewReader(encoded)
	}
	target := c.core.baseURL + "/api/v4" + p.escaped
	if p.query != "" {
		target += "?" + p.query
	}
	if c.core.onCall != nil {
		ctx = context.WithValue(ctx, routeKey{}, p.template)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("gitlab: method %q or path template %q is not valid", method, p.template)
	}
	req.Header["User-Agent"] = c.core.userAgent
	req.Header["Accept"] = applicationJSON
	if in != nil {
		req.Header["Content-Type"] = applicationJSON
	}
	for _, opt := range opts {
		opt(req)
	}
	g := c.static
	if c.session != nil {
		g = c.session.now.Load()
	}
	if g != nil {
		req.Header["Authorization"] = g.header // saves the transport a copy
	}
	return c.Do(req)
}

var applicationJSON = []string{"application/json"}

// decode reads an answer into out and closes it.
func (c *Client) decode(resp *http.Response, p Path, out any) error {
	defer resp.Body.Close()
	page := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	switch {
	case isRedirect(resp): // which the application's CheckRedirect wanted to see, or that leads nowhere
		return newAPIError(resp, nil)
	case out == nil && !page, resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified:
		return nil
	}
	doing := resp.Request.Method + " " + p.template
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.core.maxBytes+1))
	switch {
	case err != nil:
		return because(doing+": reading the answer", err)
	case int64(len(body)) > c.core.maxBytes:
		return fmt.Errorf("gitlab: %s: the answer is larger than %d bytes, see Config.MaxResponseBytes", doing, c.core.maxBytes)
	case len(bytes.TrimSpace(body)) == 0:
		return nil
	case out == nil:
		return newAPIError(resp, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		if page {
			return newAPIError(resp, body)
		}
		return because(doing+": decoding the answer", err)
	}
	return nil
}
