package gitlabtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// GitLab's values.
const (
	deviceLifetime = 5 * time.Minute
	deviceInterval = 5 * time.Second
)

// A device waits for a user to enter its code in a browser (RFC 8628).
type device struct {
	app      *Application
	userCode string
	scopes   []string
	created  time.Time
	polled   time.Time // zero: not yet
	owner    *account  // nil: not approved
	denied   bool
}

func (d *device) expired(now time.Time) bool { return now.After(d.created.Add(deviceLifetime)) }

// ApproveDevice lets username, who is created if new, enter and approve a
// user code. An error says that no device waits under that code.
func (s *Server) ApproveDevice(userCode, username string) error {
	return s.decide(userCode, func(d *device) { d.owner = s.account(username) })
}

// DenyDevice refuses a user code. An error says that no device waits under it.
func (s *Server) DenyDevice(userCode string) error {
	return s.decide(userCode, func(d *device) { d.denied = true })
}

func (s *Server) decide(userCode string, do func(*device)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.waiting(userCode)
	if err == nil {
		do(d)
	}
	return err
}

// waiting finds the undecided device of a user code.
func (s *Server) waiting(userCode string) (*device, error) {
	for _, d := range s.oauth.devices {
		if d.userCode != userCode || d.owner != nil || d.denied {
			continue
		}
		if d.expired(time.Now()) {
			return nil, errors.New("gitlabtest: the user code is expired")
		}
		return d, nil
	}
	return nil, fmt.Errorf("gitlabtest: no device waits under the user code %q", userCode)
}

// authorizeDevice starts a device's wait.
func (s *Server) authorizeDevice(q *request) answer {
	app, _ := s.authenticateClient(q)
	if app == nil {
		return refuseClient.answer()
	}
	now := time.Now()
	for key, d := range s.oauth.devices {
		if d.expired(now) {
			delete(s.oauth.devices, key)
		}
	}
	d := &device{app: app, userCode: newUserCode(), scopes: app.defaultScopes(), created: now}
	if asked := q.params.get("scope"); !blank(asked) {
		d.scopes = splitScopes(asked)
		if !within(asked, slices.Concat(serverScopes, app.Scopes)) {
			return emptyHTML(http.StatusUnprocessableEntity) // the record is not valid, and nobody caught that
		}
	}
	deviceCode := randomHex(32)
	s.oauth.devices[deviceCode] = d
	uri := s.external + "/oauth/device"
	return oauthAnswer(http.StatusOK, cacheNever, struct {
		DeviceCode              string `json:"device_code"`
		UserCode                string `json:"user_code"`
		VerificationURI         string `json:"verification_uri"`
		VerificationURIComplete string `json:"verification_uri_complete"`
		ExpiresIn               int    `json:"expires_in"`
		Interval                int    `json:"interval"`
	}{
		deviceCode, d.userCode, uri, uri + "?user_code=" + d.userCode,
		int(deviceLifetime / time.Second), int(deviceInterval / time.Second),
	})
}

// newUserCode returns 8 letters and digits.
func newUserCode() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var b strings.Builder
	for range 8 {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(digits)))) // never fails
		b.WriteByte(digits[n.Int64()])
	}
	return b.String()
}

// deviceGrant is a device's poll.
func (s *Server) deviceGrant(q *request) answer {
	app, _ := s.authenticateClient(q)
	if app == nil {
		return refuseClient.answer()
	}
	deviceCode := q.params.get("device_code")
	d := s.oauth.devices[deviceCode]
	if d == nil || d.app != app {
		return refuseGrant.answer()
	}
	now := time.Now()
	if d.expired(now) {
		delete(s.oauth.devices, deviceCode)
		return refuseExpired.answer()
	}
	if !d.polled.IsZero() && d.polled.After(now.Add(-deviceInterval)) {
		return refuseSlowDown.answer()
	}
	d.polled = now
	switch {
	case d.denied:
		delete(s.oauth.devices, deviceCode)
		return refuseDenied.answer()
	case d.owner == nil:
		return refusePending.answer()
	}
	delete(s.oauth.devices, deviceCode)
	fresh := s.issue(app, d.owner, d.scopes, s.oauth.lifetime)
	return oauthAnswer(http.StatusOK, cacheNever, fresh.token(now))
}

// devicePage is where the user enters the code.
func (s *Server) devicePage(q *request) answer {
	fields := url.Values{"user_code": {q.params.get("user_code")}}
	return page(http.StatusOK, "Authorize device", "Enter the code that your device shows.", fields)
}

// deviceDecision takes the form of devicePage.
func (s *Server) deviceDecision(q *request) answer {
	d, err := s.waiting(q.params.get("user_code"))
	if err != nil {
		return page(http.StatusUnprocessableEntity, "Authorize device", "The user code is invalid", nil)
	}
	if q.params.get("decision") == "deny" {
		d.denied = true
		return page(http.StatusOK, "Authorize device", "Device denied", nil)
	}
	if blank(q.params.get("username")) {
		return page(http.StatusUnauthorized, "Authorize device", "Invalid login or password.", nil)
	}
	d.owner = s.account(q.params.get("username"))
	return page(http.StatusOK, "Authorize device", "Device successfully authorized", nil)
}
