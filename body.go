package gitlab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// Form is an input of [Client.Call] that is sent as
// application/x-www-form-urlencoded instead of JSON.
type Form url.Values

// Upload is an input of [Client.Call] that is sent as multipart/form-data: one
// file, and other fields. The file is read as it is sent.
//
// Content that is an [io.ReaderAt] and [io.Seeker], such as an open file, or a
// [bytes.Reader], is sent from where it stands, with its length, and again after
// a refresh. Of other content a 401 is returned, see [Client.Do]; make any call
// before it to have the token refreshed first.
type Upload struct {
	Field       string // the file's field; "": "file"
	Name        string // the file's name; required
	ContentType string // of the file; "": application/octet-stream
	Content     io.Reader
	Form        url.Values // other fields; nil: none
}

// Stream is an input of [Client.Call] that is sent as it is, read as it is sent.
// Content is as in an [Upload].
type Stream struct {
	ContentType string // "": application/octet-stream
	Content     io.Reader
}

const octetStream = "application/octet-stream"

// payload is an input on its way to GitLab.
type payload struct {
	contentType []string
	size        int64 // -1: unknown
	open        func() io.Reader
	once        bool // it cannot be opened again
}

// encode makes what is sent of in; nil for none.
func encode(in any) (*payload, error) {
	switch in := in.(type) {
	case nil:
		return nil, nil //nolint:nilnil // nothing is sent
	case Form:
		text := url.Values(in).Encode()
		return &payload{
			contentType: []string{"application/x-www-form-urlencoded"}, size: int64(len(text)),
			open: func() io.Reader { return strings.NewReader(text) },
		}, nil
	case Stream:
		p, err := stream(in.Content)
		if err != nil {
			return nil, err
		}
		p.contentType = []string{octetStream}
		if in.ContentType != "" {
			p.contentType[0] = in.ContentType
		}
		return p, nil
	case Upload:
		return in.encode()
	}
	encoded, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return &payload{
		contentType: applicationJSON, size: int64(len(encoded)),
		open: func() io.Reader { return bytes.NewReader(encoded) },
	}, nil
}

// encode frames the file by the parts before and behind it.
func (u Upload) encode() (*payload, error) {
	if u.Name == "" {
		return nil, errors.New("gitlab: an Upload needs the Name of its file")
	}
	file, err := stream(u.Content)
	if err != nil {
		return nil, err
	}
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	for name, values := range u.Form {
		for _, value := range values {
			_ = w.WriteField(name, value) // a buffer takes everything
		}
	}
	field := u.Field
	if field == "" {
		field = "file"
	}
	header := textproto.MIMEHeader{"Content-Type": {octetStream}}
	header.Set("Content-Disposition", multipart.FileContentDisposition(field, u.Name))
	if u.ContentType != "" {
		header.Set("Content-Type", u.ContentType)
	}
	_, _ = w.CreatePart(header)
	start := frame.Len()
	_ = w.Close()
	before, behind := frame.Bytes()[:start], frame.Bytes()[start:]
	p := &payload{contentType: []string{w.FormDataContentType()}, size: -1, once: file.once}
	if file.size >= 0 {
		p.size = file.size + int64(frame.Len())
	}
	p.open = func() io.Reader {
		return io.MultiReader(bytes.NewReader(before), file.open(), bytes.NewReader(behind))
	}
	return p, nil
}

// stream is content from where it stands. One that is sent again is read anew
// through ReadAt, since the first sending may not have ended.
func stream(content io.Reader) (*payload, error) {
	if content == nil {
		return nil, errors.New("gitlab: the input has no Content")
	}
	at, isAt := content.(io.ReaderAt)
	seeker, isSeeker := content.(io.Seeker)
	if !isAt || !isSeeker {
		return &payload{size: -1, once: true, open: func() io.Reader { return content }}, nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil { // such as a pipe's
		return &payload{size: -1, once: true, open: func() io.Reader { return content }}, nil //nolint:nilerr // it can be read once
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = seeker.Seek(start, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("gitlab: finding the length of the input's Content: %w", err)
	}
	size := max(end-start, 0)
	return &payload{size: size, open: func() io.Reader { return io.NewSectionReader(at, start, size) }}, nil
}

// attach makes p the body of req.
func (p *payload) attach(req *http.Request) {
	req.Header["Content-Type"] = p.contentType
	if p.size == 0 {
		req.Body = http.NoBody
		return
	}
	req.ContentLength = p.size
	req.Body = io.NopCloser(p.open())
	if !p.once {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(p.open()), nil }
	}
}
