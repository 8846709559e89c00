package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

const (
	// defaultMaxBytes is a little more than the 25 MiB at which GitLab stops.
	defaultMaxBytes = 26 << 20
	// unproven is how much of a body is read before it is known whether the
	// sender knows a secret. Few webhooks are larger.
	unproven = 64 << 10
	// largeTurn is for how long a larger one waits for its turn, and may take.
	largeTurn = 10 * time.Second
)

// receive reads the body of a request whose headers are right, and checks what
// has signed it.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, k keys, s signature) ([]byte, error) {
	if r.ContentLength > h.maxBytes {
		return nil, errTooLarge
	}
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 {
		buf.Grow(int(min(n, unproven)) + bytes.MinRead)
	}
	body := http.MaxBytesReader(w, r.Body, h.maxBytes)
	_, err := io.CopyN(&buf, body, unproven)
	if err == nil {
		done := func() {}
		if len(k.tokens) == 0 {
			if done, err = h.turn(w, r.Context()); err != nil {
				return nil, err
			}
		}
		defer done()
		if n := r.ContentLength - int64(buf.Len()); n > 0 {
			buf.Grow(int(n) + bytes.MinRead)
		}
		_, err = buf.ReadFrom(body)
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errCut
	}
	if len(k.signing) > 0 && !k.signed(s, buf.Bytes()) {
		return nil, errUnknown
	}
	return buf.Bytes(), nil
}

// turn waits until the caller alone may read a large body that nothing but its
// signature vouches for. done ends that.
func (h *Handler) turn(w http.ResponseWriter, ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, largeTurn)
	defer cancel()
	select {
	case h.large <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy
	}
	// Servers that cannot do this are those of tests.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(largeTurn))
	return func() {
		_ = control.SetReadDeadline(time.Time{})
		<-h.large
	}, nil
}

// isJSON reports whether a request says that its body is JSON as it stands.
func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json" && h.Get("Content-Encoding") == ""
}
