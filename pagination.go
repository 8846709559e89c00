package gitlab

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// defaultPageSize is the most that GitLab gives.
const defaultPageSize = "100"

// List fetches every item of every page of p, one page at a time, as the caller
// asks for them. Pages have 100 items unless p has a per_page of its own; with
// pagination=keyset in p, GitLab's cursors are followed.
//
// An error is yielded once, with the zero T, and ends the list.
func List[T any](ctx context.Context, c *Client, p Path, opts ...RequestOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		p := p // of this range alone: the next one starts at the first page again
		query, err := url.ParseQuery(p.query)
		if err == nil && !query.Has("per_page") {
			query.Set("per_page", defaultPageSize)
		}
		for next := query.Encode(); ; {
			p.query = next
			var page []T
			page, next, err = fetchPage[T](ctx, c, p, opts)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
		}
	}
}

// fetchPage fetches the page at p; next is the query of the one after it, ""
// after the last.
func fetchPage[T any](ctx context.Context, c *Client, p Path, opts []RequestOption) (page []T, next string, err error) {
	resp, err := c.send(ctx, http.MethodGet, p, nil, opts...)
	if err != nil {
		return nil, "", err
	}
	next = nextQuery(resp.Header, p.query)
	if err := c.decode(resp, p, &page); err != nil {
		return nil, "", err
	}
	if next == p.query {
		return nil, "", fmt.Errorf("gitlab: GET %s: the answer names itself as its next page", p.template)
	}
	return page, next, nil
}

// nextQuery finds the next page (RFC 8288). Of a link only the query is used:
// its host comes from the instance's configuration and may be wrong, and no
// answer decides where a token goes.
func nextQuery(h http.Header, query string) string {
	for _, header := range h.Values("Link") {
		if target := nextLink(header); target != "" {
			if _, found, ok := strings.Cut(target, "?"); ok {
				found, _, _ = strings.Cut(found, "#")
				return found
			}
		}
	}
	page := h.Get("X-Next-Page")
	values, err := url.ParseQuery(query)
	if page == "" || err != nil {
		return ""
	}
	values.Set("page", page)
	return values.Encode()
}

// nextLink is the target of the link with rel="next" in one Link header, or "".
func nextLink(header string) string {
	for {
		_, rest, ok := strings.Cut(header, "<")
		if !ok {
			return ""
		}
		target, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return ""
		}
		params, following := cutParams(rest)
		for param := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(param, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "rel") {
				continue
			}
			for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(rel, "next") {
					return target
				}
			}
		}
		header = following
	}
}

// cutParams splits what follows a link's target at the comma before the next
// link, if there is one; commas in quotes do not count.
func cutParams(s string) (params, following string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
