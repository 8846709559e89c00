package gitlabtest

import (
	"bytes"
	"mime/multipart"
	"strings"
)

// addMultipart reads the fields of a multipart form, files as their names.
func (p params) addMultipart(boundary string, body []byte) error {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(int64(len(body)) + 1)
	if err != nil {
		return errMalformed
	}
	defer func() { _ = form.RemoveAll() }()
	for name, values := range form.Value {
		p[strings.TrimSuffix(name, "[]")] = values
	}
	for name, files := range form.File {
		for _, file := range files {
			p[name] = append(p[name], file.Filename)
		}
	}
	return nil
}
