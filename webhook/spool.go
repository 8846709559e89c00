package webhook

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// spooled reads the rest of a large body that nothing but its signature vouches
// for. Only the end of it shows whether the sender knows a secret, so it goes to
// a temporary file, and into memory when it does.
func spooled(begun []byte, rest io.Reader, p *proof) (body []byte, err error) {
	file, err := os.CreateTemp("", "gitlab-webhook-")
	if err != nil {
		return nil, errors.Join(errSpool, err)
	}
	removed := os.Remove(file.Name()) == nil // Unix keeps it until it is closed, and nothing of it after a crash
	defer func() {
		_ = file.Close()
		if !removed {
			_ = os.Remove(file.Name())
		}
	}()
	_, _ = p.Write(begun)
	n, err := io.Copy(io.MultiWriter(file, p), rest)
	if _, ours := errors.AsType[*fs.PathError](err); ours {
		return nil, errors.Join(errSpool, err)
	}
	if err != nil {
		return nil, err
	}
	if !p.holds() {
		return nil, errUnknown
	}
	body = make([]byte, len(begun)+int(n))
	copy(body, begun)
	if _, err = file.ReadAt(body[len(begun):], 0); err != nil {
		return nil, errors.Join(errSpool, err)
	}
	return body, nil
}
