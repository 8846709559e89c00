package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Secrets are what GitLab must know to call. If both kinds are given, a delivery
// needs one of each. Secrets that are empty fit nobody. They are not printed.
type Secrets struct {
	Tokens        []string // secret tokens; several while one replaces another
	SigningTokens []string // signing tokens, "whsec_" and base64; likewise
	Tenant        string   // whose hook it is, for Delivery.Tenant
}

// String describes s without the secrets.
func (s Secrets) String() string {
	return fmt.Sprintf("Secrets{tokens:%d signing_tokens:%d tenant:%q}", len(s.Tokens), len(s.SigningTokens), s.Tenant)
}

// Format implements [fmt.Formatter].
func (s Secrets) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements [slog.LogValuer].
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// The keys that Standard Webhooks allows, in bytes. GitLab's have 32.
const (
	shortestKey = 24
	longestKey  = 64
)

// keys are [Secrets] in the form in which they are compared.
type keys struct {
	tokens  [][sha256.Size]byte
	signing [][]byte
	tenant  string
}

// keys checks the secrets. An error does not repeat them.
func (s Secrets) keys() (keys, error) {
	k := keys{tenant: s.Tenant}
	for _, token := range s.Tokens {
		if token == "" {
			return keys{}, errors.New("webhook: a secret token is empty")
		}
		k.tokens = append(k.tokens, sha256.Sum256([]byte(token)))
	}
	for _, token := range s.SigningTokens {
		text, ok := strings.CutPrefix(token, "whsec_")
		key, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(key) < shortestKey || len(key) > longestKey {
			return keys{}, errors.New("webhook: a signing token is not whsec_ and 24 to 64 bytes in base64")
		}
		k.signing = append(k.signing, key)
	}
	return k, nil
}

// admits reports whether the headers of a request may be those of somebody who
// knows the secrets. It reads no body.
func (k keys) admits(h http.Header, now time.Time, tolerance time.Duration) (signature, error) {
	if len(k.tokens)+len(k.signing) == 0 || len(k.tokens) > 0 && !k.hasToken(h.Get("X-Gitlab-Token")) {
		return signature{}, errUnknown
	}
	if len(k.signing) == 0 {
		return signature{}, nil
	}
	return readSignature(h, now, tolerance)
}

// hasToken compares hashes, which are of one length, in constant time, and
// always with all of the tokens.
func (k keys) hasToken(given string) bool {
	hash, found := sha256.Sum256([]byte(given)), 0
	for i := range k.tokens {
		found |= subtle.ConstantTimeCompare(hash[:], k.tokens[i][:])
	}
	return found == 1
}

// signature is what the headers of Standard Webhooks say.
type signature struct {
	id, timestamp string
	sums          [][]byte // one of which must be right
}

// readSignature checks what can be checked without the body.
func readSignature(h http.Header, now time.Time, tolerance time.Duration) (signature, error) {
	s := signature{id: h.Get("Webhook-Id"), timestamp: h.Get("Webhook-Timestamp")}
	seconds, err := strconv.ParseInt(s.timestamp, 10, 64)
	if s.id == "" || err != nil {
		return signature{}, errUnknown
	}
	for version := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		text, ok := strings.CutPrefix(version, "v1,")
		if sum, err := base64.StdEncoding.DecodeString(text); ok && err == nil && len(sum) == sha256.Size {
			s.sums = append(s.sums, sum)
		}
	}
	switch age := now.Sub(time.Unix(seconds, 0)); {
	case len(s.sums) == 0:
		return signature{}, errUnknown
	case age.Abs() > tolerance:
		return signature{}, errUntimely
	}
	return s, nil
}

// proof finds out whether one of the sums was made with one of the keys, of the
// body that is written to it.
type proof struct {
	sums [][]byte
	macs []hash.Hash
}

func (k keys) proof(s signature) *proof {
	p := &proof{sums: s.sums}
	for _, key := range k.signing {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, s.id+"."+s.timestamp+".")
		p.macs = append(p.macs, mac)
	}
	return p
}

// Write never fails.
func (p *proof) Write(body []byte) (int, error) {
	for _, mac := range p.macs {
		_, _ = mac.Write(body)
	}
	return len(body), nil
}

func (p *proof) holds() bool {
	for _, mac := range p.macs {
		sum := mac.Sum(nil)
		for _, given := range p.sums {
			if hmac.Equal(given, sum) {
				return true
			}
		}
	}
	return false
}
