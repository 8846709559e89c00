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
	// largeTurns is how many larger ones that only a signature vouches for are
	// read at a time, and largeTurn for how long one waits for its turn, and may
	// take.
	largeTurns = 8
	largeTurn  = 10 * time.Second
)

// receive reads the body of a request whose headers are right, and checks what
// has signed it.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, k keys, s signature) ([]byte, error) {
	body, err := h.read(w, r, k, k.proof(s))
	_, large := errors.AsType[*http.MaxBytesError](err)
	_, said := errors.AsType[*refusal](err)
	switch {
	case large:
		return nil, errTooLarge
	case err != nil && !said:
		return nil, errCut
	}
	return body, err
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request, k keys, p *proof) ([]byte, error) {
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 {
		buf.Grow(int(min(n, unproven)) + bytes.MinRead)
	}
	body := http.MaxBytesReader(w, r.Body, h.maxBytes)
	_, err := io.CopyN(&buf, body, unproven)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, err
	case len(k.tokens) == 0:
		done, err := h.turn(w, r.Context())
		if err != nil {
			return nil, err
		}
		var all []byte
		defer func() { done(all != nil) }()
		all, err = spooled(buf.Bytes(), body, p)
		return all, err
	default:
		if n := r.ContentLength - int64(buf.Len()); n > 0 {
			buf.Grow(int(n) + bytes.MinRead)
		}
		if _, err := buf.ReadFrom(body); err != nil {
			return nil, err
		}
	}
	_, _ = p.Write(buf.Bytes())
	if len(k.signing) > 0 && !p.holds() {
		return nil, errUnknown
	}
	return buf.Bytes(), nil
}

// turn waits until the caller may read a large body that nothing but its
// signature vouches for. done ends that; if the body was not proven, the time
// limit stays, lest the server waits for the rest of it without any.
func (h *Handler) turn(w http.ResponseWriter, ctx context.Context) (done func(proven bool), err error) {
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
	return func(proven bool) {
		if proven {
			_ = control.SetReadDeadline(time.Time{})
		}
		<-h.large
	}, nil
}

// isJSON reports whether a request says that its body is JSON as it stands.
func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json" && h.Get("Content-Encoding") == ""
}
