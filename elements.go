package gitlab

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// elements reads the elements of a JSON array one at a time, so that a page of a
// list is in memory as it came and not as values too. The zero elements has none.
type elements struct {
	body    []byte
	in      *jsontext.Decoder
	read    int
	numbers bool // the elements have a [stdjson.Number]
	odd     bool // their type is one for asEver
}

// readElements begins with body, which must stay as it is. A null is no
// elements.
func readElements(body []byte) (elements, error) {
	e := elements{body: body}
	if len(body) == 0 || string(body) == "null" {
		return e, nil
	}
	return e, e.restart(asStandard)
}

// restart goes to the first element that was not read yet.
func (e *elements) restart(how json.Options) error {
	e.in = jsontext.NewDecoder(bytes.NewBuffer(e.body), how)
	switch token, err := e.in.ReadToken(); {
	case err != nil:
		return explain(err)
	case token.Kind() != jsontext.KindBeginArray:
		return errors.New("a " + kindName(token.Kind()) + " where a list was expected")
	}
	for range e.read {
		if err := e.in.SkipValue(); err != nil {
			return explain(err)
		}
	}
	return nil
}

// more reports whether there is another element. What is not valid JSON is found
// when that is read.
func (e *elements) more() bool {
	if e.in == nil {
		return false
	}
	return e.in.PeekKind() != jsontext.KindEndArray
}

// skip passes over an element.
func (e *elements) skip() error {
	e.read++
	return explain(e.in.SkipValue())
}

// decode reads an element into out, which keeps nothing of the body.
func (e *elements) decode(out any) error {
	err := json.UnmarshalDecode(e.in, out)
	if wantsNumbers(err) && !e.numbers {
		e.numbers = true
		if err := e.restart(withNumbers); err != nil {
			return err
		}
		err = json.UnmarshalDecode(e.in, out)
	}
	if isOfType(err) && !e.odd {
		e.odd, e.numbers = true, true
		if e.restart(asEver) == nil && json.UnmarshalDecode(e.in, out) == nil {
			err = nil
		}
	}
	e.read++
	return explain(err)
}

// end checks that nothing follows the last element.
func (e *elements) end() error {
	if e.in == nil {
		return nil
	}
	if _, err := e.in.ReadToken(); err != nil {
		return explain(err)
	}
	if _, err := e.in.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the list")
	}
	return nil
}
