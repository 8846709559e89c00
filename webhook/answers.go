package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// refusal is an answer of 4xx or 5xx, and all the text that GitLab gets with it.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return "webhook: " + r.text }

// The refusals. Those of 4xx are the sender's fault.
var (
	errMethod    = &refusal{http.StatusMethodNotAllowed, "webhooks are sent with POST"}
	errUnknown   = &refusal{http.StatusUnauthorized, "the secret token or the signature is missing or wrong"}
	errUntimely  = &refusal{http.StatusUnauthorized, "webhook-timestamp is too far from the receiver's time"}
	errType      = &refusal{http.StatusUnsupportedMediaType, "the body must be application/json"}
	errTooLarge  = &refusal{http.StatusRequestEntityTooLarge, "the body is too large"}
	errCut       = &refusal{http.StatusServiceUnavailable, "the body did not arrive"}
	errNameless  = &refusal{http.StatusBadRequest, "X-Gitlab-Event is missing"}
	errMalformed = &refusal{http.StatusBadRequest, "the body is not that of the event in X-Gitlab-Event"}
	errFailed    = &refusal{http.StatusInternalServerError, "the webhook could not be handled"}
	errLookup    = &refusal{http.StatusServiceUnavailable, "the webhook's secrets could not be looked up"}
	errSpool     = &refusal{http.StatusServiceUnavailable, "the body could not be kept until its signature is checked"}
	errBusy      = &refusal{http.StatusServiceUnavailable, "too much to do"}
	errClosed    = &refusal{http.StatusServiceUnavailable, "shutting down"}
)

// retryAfter goes with every 503.
const retryAfter = 10 * time.Second

// refuse answers with what err says to GitLab.
func refuse(w http.ResponseWriter, err error) {
	said := errFailed
	if errors.Is(err, ErrMalformed) {
		said = errMalformed
	} else if known, ok := errors.AsType[*refusal](err); ok {
		said = known
	}
	switch said.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	http.Error(w, said.text, said.status)
}

// PanicError is a panic of a function of the application, for Config.OnError.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // as of [runtime/debug.Stack]
}

func (e *PanicError) Error() string { return fmt.Sprintf("webhook: panic: %v", e.Value) }
