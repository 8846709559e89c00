package gitlabtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A request is one call on its way through the server.
type request struct {
	*http.Request

	path   string // escaped, without the instance's prefix
	body   []byte
	params params
	args   map[string]string // the path's elements, unescaped
	caller *account          // whose token it is; nil on OAuth's endpoints
	server *Server
}

// params are a request's parameters from query and body; lists are keyed
// without their brackets.
type params map[string][]string

// get returns the last value of name, "" where there is none.
func (p params) get(name string) string {
	if v := p[name]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

func (p params) has(name string) bool { return len(p[name]) > 0 }

var (
	errMalformed   = errors.New("malformed body")
	errContentType = errors.New("content type not supported")
)

// parseParams reads query and body; of a name in both the query's values count.
// A body of a foreign content type is errContentType, and its query is returned
// all the same.
func parseParams(r *http.Request, body []byte) (params, error) {
	p := params{}
	query, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return p, err
	}
	bodyErr := p.addBody(r.Header.Get("Content-Type"), body)
	for name, values := range query {
		p[strings.TrimSuffix(name, "[]")] = values
	}
	return p, bodyErr
}

func (p params) addBody(contentType string, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	mediaType, mediaParams, _ := mime.ParseMediaType(contentType)
	switch mediaType {
	case "application/x-www-form-urlencoded", "": // Rack takes what has no type for a form
		form, err := parseForm(string(body))
		if err != nil {
			return err
		}
		for name, values := range form {
			p[strings.TrimSuffix(name, "[]")] = values
		}
		return nil
	case "multipart/form-data":
		return p.addMultipart(mediaParams["boundary"], body)
	case "application/json":
		return p.addJSON(body)
	}
	return errContentType
}

// parseForm is Rack's view of a form: ";" separates nothing, and what is not
// UTF-8 is malformed.
func parseForm(encoded string) (url.Values, error) {
	form, err := url.ParseQuery(strings.ReplaceAll(encoded, ";", "%3B"))
	if err != nil {
		return nil, errMalformed
	}
	for name, values := range form {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return nil, errMalformed
		}
	}
	return form, nil
}

func (p params) addJSON(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return errMalformed
	}
	object, _ := v.(map[string]any) // anything else has no parameters
	for name, value := range object {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, item := range list {
			if text, ok := scalar(item); ok {
				p[name] = append(p[name], text)
			}
		}
	}
	return nil
}

// scalar returns a JSON value as a form would carry it.
func scalar(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return fmt.Sprint(v), true
}

// A check collects what is wrong with a request's parameters, in the words of
// Grape's validation.
type check struct {
	params params
	wrong  []string
}

func (c *check) add(name, what string) { c.wrong = append(c.wrong, name+" "+what) }

// required returns a parameter that must be there.
func (c *check) required(name string) string {
	if !c.params.has(name) {
		c.add(name, "is missing")
	}
	return c.params.get(name)
}

// oneOf returns an optional parameter with few allowed values; fallback if absent.
func (c *check) oneOf(name, fallback string, allowed ...string) string {
	v := c.params.get(name)
	if v == "" {
		return fallback
	}
	if slices.Contains(allowed, v) {
		return v
	}
	c.add(name, "does not have a valid value")
	return fallback
}

// boolean returns an optional parameter; fallback if absent.
func (c *check) boolean(name string, fallback bool) bool {
	switch strings.ToLower(c.params.get(name)) {
	case "":
		return fallback
	case "true", "t", "1", "yes", "y", "on":
		return true
	case "false", "f", "0", "no", "n", "off":
		return false
	}
	c.add(name, "is invalid")
	return fallback
}

// positive returns an optional number above 0; fallback if absent.
func (c *check) positive(name string, fallback int64) int64 {
	v := c.params.get(name)
	if v == "" {
		return fallback
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		c.add(name, "is invalid")
	case n < 1:
		c.add(name, "does not have a valid value")
	default:
		return n
	}
	return fallback
}

// moment returns an optional time, zero if absent.
func (c *check) moment(name string) time.Time {
	v := c.params.get(name)
	if v == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t
		}
	}
	c.add(name, "is invalid")
	return time.Time{}
}

// refused returns the 400 for what is wrong, if anything is.
func (c *check) refused() (answer, bool) {
	if len(c.wrong) == 0 {
		return answer{}, false
	}
	return apiError(http.StatusBadRequest, strings.Join(c.wrong, ", ")), true
}
