package gitlabtest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// conditional gives what was read an ETag, and answers 304 to a caller who has
// it already.
func (a answer) conditional(q *request) answer {
	if writing(q.Method) || a.status != http.StatusOK {
		return a
	}
	sum := sha256.Sum256(a.body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	a.header.Set("ETag", "W/"+tag)
	for known := range strings.SplitSeq(q.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == tag {
			a.status, a.body = http.StatusNotModified, nil
			for _, name := range []string{"Content-Type", "Content-Length"} {
				a.header.Del(name)
			}
			break
		}
	}
	return a
}

// among reports whether v is one of the wanted ones; nobody asking wants all.
func among[T comparable](wanted []T, v T) bool { return len(wanted) == 0 || slices.Contains(wanted, v) }

// same reports whether v is what was asked for; "" asks for nothing.
func same(wanted, v string) bool { return wanted == "" || wanted == v }
