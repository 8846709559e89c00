package gitlabtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// held is an answer that is not sent yet.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newHeld() *held { return &held{header: http.Header{}} }

func (h *held) Header() http.Header { return h.header }

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *held) replace(body []byte) {
	h.body.Reset()
	h.body.Write(body)
	h.header.Set("Content-Length", strconv.Itoa(len(body)))
}

func (h *held) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	h.WriteHeader(http.StatusOK)
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes())
}

// rawObject writes members as a JSON object without touching their bytes, which
// json.Marshal would compact and refuse.
func rawObject(members map[string]json.RawMessage) []byte {
	var buf bytes.Buffer
	buf.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.Write(encode(name))
		buf.WriteByte(':')
		buf.Write(members[name])
	}
	buf.WriteByte('}')
	return buf.Bytes()
}
