package gitlabtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

const (
	typeJSON  = "application/json"                // the API's, as Grape sends it
	typeOAuth = "application/json; charset=utf-8" // OAuth's, as Rails sends it
	typeHTML  = "text/html; charset=UTF-8"        // Rails' empty answers
)

// What the instance says about caching: of a success, of a refusal that nobody
// gave a rule for, and of a token.
const (
	cachePrivate = "max-age=0, private, must-revalidate"
	cacheNone    = "no-cache"
	cacheNever   = "no-store"
)

// An answer is decided under the server's lock and written outside it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newAnswer(status int, contentType string, body []byte) answer {
	a := answer{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

// jsonAnswer is an answer of the API.
func jsonAnswer(status int, v any) answer {
	a := newAnswer(status, typeJSON, encode(v))
	a.header.Set("Vary", "Origin")
	a.header.Set("Cache-Control", cachePrivate)
	if status >= http.StatusBadRequest {
		a.header.Set("Cache-Control", cacheNone)
	}
	return a
}

// oauthAnswer is an answer of the OAuth endpoints.
func oauthAnswer(status int, cache string, v any) answer {
	a := newAnswer(status, typeOAuth, encode(v))
	a.header.Set("Vary", "Accept")
	a.header.Set("Cache-Control", cache)
	if cache == cacheNever {
		a.header.Set("Pragma", "no-cache")
	}
	return a
}

// emptyHTML is what Rails sends where it has nothing to say.
func emptyHTML(status int) answer { return newAnswer(status, typeHTML, nil) }

// notARoute answers a path outside the API that the instance does not have.
func notARoute() answer { return emptyHTML(http.StatusNotFound) }

func encode(v any) []byte {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		panic(fmt.Sprintf("gitlabtest: encode %T: %v", v, err))
	}
	return bytes.TrimRight(buf.Bytes(), "\n")
}

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead && a.status != http.StatusNoContent {
		_, _ = w.Write(a.body)
	}
}

// object is a JSON object of the API.
type object = map[string]any

func ok(v any) answer { return jsonAnswer(http.StatusOK, v) }

func created(v any) answer { return jsonAnswer(http.StatusCreated, v) }

func deleted() answer { return newAnswer(http.StatusNoContent, "", nil) }
