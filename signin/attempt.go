package signin

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"golang.org/x/oauth2"
)

const (
	lifetime    = 10 * time.Minute // of an attempt
	keptExpired = 10 * time.Minute // so that a late callback is told that it is late
	maxParallel = 5                // attempts of one browser
	stateLength = 26               // of rand.Text
)

// attempt is what must be known when the browser comes back.
type attempt struct {
	State    string `json:"state"`
	Verifier string `json:"verifier"`
	Instance string `json:"instance"`
	ReturnTo string `json:"return_to"`
	Expires  int64  `json:"expires"` // Unix seconds
}

func newAttempt(instance, returnTo string) attempt {
	return attempt{
		State: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Instance: instance, ReturnTo: returnTo, Expires: time.Now().Add(lifetime).Unix(),
	}
}

func (a attempt) encode() (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // each & of a query would be six bytes
	err := encoder.Encode(a)
	return text.String(), err
}

// decodeAttempt reads what encode wrote.
func decodeAttempt(text string) (a attempt, ok bool) {
	err := json.Unmarshal([]byte(text), &a)
	return a, err == nil && isState(a.State) && a.Verifier != "" && isLocal(a.ReturnTo)
}

// isState knows the form of our states.
func isState(state string) bool {
	return len(state) == stateLength && strings.Trim(state, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// attemptID is the name of the attempt with that state. Who knows it does not
// know the state.
func attemptID(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// cookies keeps each attempt in a cookie of its own.
type cookies struct {
	codecs []securecookie.Codec
	secure bool
}

// newCookies derives from each key one for the encryption and one for the
// authentication, so that it may have other uses.
func newCookies(keys [][]byte, secure bool) (*cookies, error) {
	jar := &cookies{secure: secure}
	for i, key := range keys {
		if len(key) < 32 {
			return nil, fmt.Errorf("signin: Config.CookieKeys[%d] has %d bytes, and needs 32", i, len(key))
		}
		var derived [2][]byte
		for j, use := range []string{"authentication", "encryption"} {
			var err error
			if derived[j], err = hkdf.Key(sha256.New, key, nil, "github.com/freshgrant/gitlab/signin cookie "+use, 32); err != nil {
				return nil, fmt.Errorf("signin: Config.CookieKeys[%d]: %w", i, err)
			}
		}
		codec := securecookie.New(derived[0], derived[1]).SetSerializer(securecookie.NopEncoder{}).MaxAge(int((lifetime + keptExpired).Seconds()))
		jar.codecs = append(jar.codecs, codec)
	}
	return jar, nil
}

// prefix makes browsers refuse such a cookie from a sibling host, which could
// otherwise plant an attempt, and so an account, of its own.
func (c *cookies) prefix() string {
	if c.secure {
		return "__Host-gitlab-signin-"
	}
	return "gitlab-signin-"
}

// Save implements [Attempts]. The oldest cookies give way, lest they grow into
// headers that servers refuse.
func (c *cookies) Save(w http.ResponseWriter, r *http.Request, id, value string, _ time.Time) error {
	name := c.prefix() + id
	sealed, err := securecookie.EncodeMulti(name, []byte(value), c.codecs[0])
	if err != nil {
		return err
	}
	var held []string
	for _, cookie := range r.Cookies() { // browsers send the oldest first
		if strings.HasPrefix(cookie.Name, c.prefix()) {
			held = append(held, cookie.Name)
		}
	}
	for _, old := range held[:max(0, len(held)-maxParallel+1)] {
		c.set(w, old, "", -1)
	}
	c.set(w, name, sealed, int((lifetime + keptExpired).Seconds()))
	return nil
}

// Take implements [Attempts]. A cookie that does not open is none.
func (c *cookies) Take(w http.ResponseWriter, r *http.Request, id string) (value string, err error) {
	name := c.prefix() + id
	cookie, err := r.Cookie(name)
	if err != nil {
		return "", nil //nolint:nilerr // there is none
	}
	c.set(w, name, "", -1)
	var text []byte
	if securecookie.DecodeMulti(name, cookie.Value, &text, c.codecs...) != nil {
		return "", nil //nolint:nilerr // it is not ours, or not ours any more
	}
	return string(text), nil
}

func (c *cookies) set(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure as far as the callback is
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
