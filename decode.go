package gitlab

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// asStandard makes the decoder follow the rules of encoding/json, which people
// know, but for the text of its errors.
var asStandard = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false))

// withNumbers knows [stdjson.Number] too, which costs every other type time.
var withNumbers = json.JoinOptions(asStandard, numbers)

// asEver takes every type that encoding/json takes, such as those with odd tags,
// and does not say where the trouble is.
var asEver = json.JoinOptions(jsonv1.DefaultOptionsV1(), numbers)

var numbers = json.WithUnmarshalers(json.UnmarshalFromFunc(
	func(d *jsontext.Decoder, n *stdjson.Number) error {
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		return stdjson.Unmarshal(value, n)
	}))

// largestPooled is the capacity up to which a buffer is used again, in bytes: a
// page of a hundred of GitLab's largest things.
const largestPooled = 1 << 20

// cutError is a body that ended early.
type cutError struct{ err error }

func (e *cutError) Error() string { return "the connection was cut off: " + e.err.Error() }
func (e *cutError) Unwrap() error { return e.err }

// decode reads an answer into out and closes it. route names the call in errors.
func (c *Client) decode(resp *http.Response, route string, out any) error {
	page := isPage(resp)
	if out == nil && !page && !isUnexpected(resp) {
		return resp.Body.Close()
	}
	buf := c.core.buffer()
	defer c.core.recycle(buf)
	body, err := c.receive(resp, route, buf)
	switch {
	case err != nil || len(body) == 0:
		return err
	case out == nil:
		return newAPIError(resp, body)
	}
	if err = unmarshal(body, out); err != nil {
		return undecoded(resp, route, body, err)
	}
	return nil
}

// receive reads an answer's body into buf and closes it. It is empty for an
// answer that has none.
func (c *Client) receive(resp *http.Response, route string, buf *bytes.Buffer) ([]byte, error) {
	defer resp.Body.Close()
	switch {
	case isUnexpected(resp):
		return nil, newAPIError(resp, nil)
	case resp.StatusCode == http.StatusNoContent:
		return nil, nil
	}
	if n := resp.ContentLength; n > 0 && n < c.core.maxBytes {
		buf.Grow(int(n) + bytes.MinRead)
	}
	doing := func() string { return resp.Request.Method + " " + route }
	switch n, err := buf.ReadFrom(io.LimitReader(resp.Body, c.core.maxBytes+1)); {
	case err != nil:
		return nil, because(doing()+": reading the answer", &cutError{err})
	case n > c.core.maxBytes:
		return nil, fmt.Errorf("gitlab: %s: the answer is larger than %d bytes, see Config.MaxResponseBytes", doing(), c.core.maxBytes)
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}

// isUnexpected knows the answers that [Client.Do] returns and that no decoded
// call wants: 304, and redirects that the application's CheckRedirect wanted to
// see or that lead nowhere.
func isUnexpected(resp *http.Response) bool {
	return resp.StatusCode == http.StatusNotModified || isRedirect(resp)
}

// undecoded is the error for a body that err was found wrong with.
func undecoded(resp *http.Response, route string, body []byte, err error) error {
	if isPage(resp) {
		return newAPIError(resp, body)
	}
	return because(resp.Request.Method+" "+route+": decoding the answer", err)
}

// isPage reports whether an answer says that it is a page of HTML: during a
// deployment GitLab answers every request with one, of status 200.
func isPage(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
}

// unmarshal decodes body, of which out keeps nothing.
func unmarshal(body []byte, out any) error {
	err := json.Unmarshal(body, out, asStandard)
	if wantsNumbers(err) {
		err = json.Unmarshal(body, out, withNumbers)
	}
	if isOfType(err) && json.Unmarshal(body, out, asEver) == nil {
		return nil
	}
	return explain(err)
}

// isOfType reports whether it is the type that err is about, and not the JSON.
func isOfType(err error) bool {
	_, ok := errors.AsType[*json.SemanticError](err)
	return ok
}

func wantsNumbers(err error) bool {
	wrong, ok := errors.AsType[*json.SemanticError](err)
	return ok && wrong.GoType == reflect.TypeFor[stdjson.Number]()
}

// explain is err with a text that tells where the trouble is, and not what
// stands there.
func explain(err error) error {
	if err == nil {
		return nil
	}
	text := "not valid JSON"
	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		expected := "where Go type %v was expected"
		if wrong.Err != nil {
			expected = "that is not valid for Go type %v"
		}
		text = fmt.Sprintf("%s: a %s "+expected, whereIs(wrong.ByteOffset, wrong.JSONPointer), kindName(wrong.JSONKind), wrong.GoType)
	} else if broken, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		text = whereIs(broken.ByteOffset, broken.JSONPointer) + ": not valid JSON"
	} else if odd, ok := errors.AsType[*jsonv1.UnmarshalTypeError](err); ok {
		text = fmt.Sprintf("at byte %d: a value that is not valid for Go type %v", odd.Offset, odd.Type)
	}
	return &compoundError{text: text, errs: []error{err}}
}

// whereIs tells where in an answer something stands; pointer is "" for the whole of it.
func whereIs(offset int64, pointer jsontext.Pointer) string {
	if pointer == "" {
		return fmt.Sprintf("at byte %d", offset)
	}
	return fmt.Sprintf("at byte %d (%s)", offset, clean(string(pointer)))
}

func kindName(k jsontext.Kind) string {
	if k == 0 {
		return "value"
	}
	return k.String()
}

// buffer is an empty one, for [core.recycle] when it is no longer used.
func (c *core) buffer() *bytes.Buffer {
	if buf, ok := c.buffers.Get().(*bytes.Buffer); ok {
		return buf
	}
	return new(bytes.Buffer)
}

func (c *core) recycle(buf *bytes.Buffer) {
	if buf.Cap() <= largestPooled {
		buf.Reset()
		c.buffers.Put(buf)
	}
}
