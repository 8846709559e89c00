package gitlabtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A request is one call on its way through the server.
type request struct {
	*http.Request

	path   string // escaped, without the instance's prefix
	body   []byte
	params params
	object map[string]any // a JSON body, for what is more than lists of values
	route  *route
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
func parseParams(r *http.Request, body []byte) (p params, object map[string]any, err error) {
	p = params{}
	query, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return p, nil, err
	}
	object, err = p.addBody(r.Header.Get("Content-Type"), body)
	for name, values := range query {
		p[strings.TrimSuffix(name, "[]")] = values
	}
	return p, object, err
}

func (p params) addBody(contentType string, body []byte) (object map[string]any, err error) {
	if len(body) == 0 {
		return nil, nil
	}
	mediaType, mediaParams, _ := mime.ParseMediaType(contentType)
	switch mediaType {
	case "application/x-www-form-urlencoded", "": // Rack takes what has no type for a form
		form, err := parseForm(string(body))
		if err != nil {
			return nil, err
		}
		for name, values := range form {
			p[strings.TrimSuffix(name, "[]")] = values
		}
		return nil, nil
	case "multipart/form-data":
		return nil, p.addMultipart(mediaParams["boundary"], body)
	case "application/json":
		return p.addJSON(body)
	}
	return nil, errContentType
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

func (p params) addJSON(body []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return nil, errMalformed
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
	return object, nil
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
