package webhook

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// ErrMalformed is a body that is not JSON, or not that of the event which it is
// sent as.
var ErrMalformed = errors.New("webhook: malformed body")

// asStandard makes the decoder follow the rules of encoding/json, which people
// know, but for the text of its errors.
var asStandard = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false))

// Parse reads a delivery's body into a type of event: one of this package, or of
// yours, which may embed one of this package's to add what that does not name.
// Only Event and Body of d need to be there.
//
// A body that is not JSON, or not of this package's type of event, is
// [ErrMalformed].
func Parse[E any](d Delivery) (*E, error) {
	parsed := new(E)
	if push, ok := any(parsed).(*PushEvent); ok {
		push.makeRoom(len(d.Body))
	}
	if err := json.Unmarshal(d.Body, parsed, asStandard); err != nil {
		return nil, explain(err)
	}
	if e, ok := any(parsed).(event); ok {
		delivery, fits := e.about()
		if !fits {
			return nil, fmt.Errorf("%w: it is not that of a %T", ErrMalformed, parsed)
		}
		*delivery = d
	}
	return parsed, nil
}

// explain is err with a text that tells where the trouble is, and not what
// stands there.
func explain(err error) error {
	if broken, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("%w: not valid JSON at byte %d", ErrMalformed, broken.ByteOffset)
	}
	text := "webhook: the body cannot be decoded"
	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		if wrong.JSONPointer == "" && wrong.JSONKind != jsontext.KindBeginObject {
			return fmt.Errorf("%w: it is no object", ErrMalformed)
		}
		text = fmt.Sprintf("webhook: at byte %d of the body (%s): not valid for Go type %v", wrong.ByteOffset, wrong.JSONPointer, wrong.GoType)
	}
	return errors.New(text)
}

// event is what [Parse] knows of an event of this package: where its delivery is
// kept, and whether the body was that of such an event. X-Gitlab-Event is not
// signed, so it alone must not decide what a signed body is taken for.
type event interface {
	about() (d *Delivery, fits bool)
}
