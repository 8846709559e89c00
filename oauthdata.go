package gitlab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// OAuthData is what a token endpoint answered: the tokens of one grant.
//
// Its JSON is the stored form: access_token, refresh_token, token_type, scope,
// created_at and expires_at in Unix seconds, and every other member that was
// read, so that nothing a server or an application added is lost. Reading also
// takes the JSON of [oauth2.Token].
//
// Printing it with fmt or slog shows no token. Its JSON does hold the tokens,
// so a struct that holds an OAuthData must not be logged as JSON.
//
// Values are comparable with ==. Times are whole seconds in UTC.
type OAuthData struct {
	AccessToken  string
	RefreshToken string // "": the grant ends with its access token
	TokenType    string
	Scope        string    // separated by spaces (RFC 6749, section 3.3)
	CreatedAt    time.Time // by the server's clock; zero: not said
	ExpiresAt    time.Time // by this machine's clock; zero: not known

	unknown string // the other members: a JSON object, or ""
}

// maxLifetime is beyond what any server means by expires_in.
const maxLifetime = 100 * 365 * 24 * time.Hour

// ParseOAuthData reads a token endpoint's 200 answer (RFC 6749, section 5.1),
// received just now.
//
// It is lenient, since the rotation has happened whatever the answer looks
// like: anything with an access token is taken, also when it breaks off after
// the refresh token. An expires_in that makes no sense leaves ExpiresAt zero.
// Other payloads give an error that matches [ErrRefreshUnavailable]; it does not
// repeat the payload.
func ParseOAuthData(payload []byte) (OAuthData, error) {
	members, err := readMembers(payload)
	if err != nil && (members.text("access_token") == "" || members.text("refresh_token") == "") {
		return OAuthData{}, meaning(ErrRefreshUnavailable, err)
	}
	d := members.take()
	if d.AccessToken == "" {
		return OAuthData{}, meaning(ErrRefreshUnavailable, errors.New("gitlab: the token endpoint's answer has no access_token"))
	}
	if lifetime, ok := members.number("expires_in"); ok && err == nil && lifetime > 0 && lifetime < maxLifetime.Seconds() {
		d.ExpiresAt = wholeSeconds(time.Now().Add(time.Duration(lifetime * float64(time.Second))))
	}
	d.unknown = members.without(knownMembers...)
	return d, nil
}

// OAuthDataFromToken takes over what another library obtained, with the scope
// and created_at that GitLab's answers have. nil gives zero.
func OAuthDataFromToken(t *oauth2.Token) OAuthData {
	if t == nil {
		return OAuthData{}
	}
	d := OAuthData{
		AccessToken:  t.AccessToken,
		RefreshToken: t.RefreshToken,
		TokenType:    t.TokenType,
		ExpiresAt:    wholeSeconds(t.Expiry),
	}
	if scope, ok := t.Extra("scope").(string); ok {
		d.Scope = scope
	}
	switch created := t.Extra("created_at").(type) {
	case float64:
		d.CreatedAt = unixTime(created)
	case string: // the answer was form-encoded, or the server quotes its numbers
		if seconds, err := strconv.ParseFloat(created, 64); err == nil {
			d.CreatedAt = unixTime(seconds)
		}
	case int64:
		d.CreatedAt = unixTime(float64(created))
	}
	return d
}

// rotated is d after the endpoint answered with next: what next lacks stays,
// but for the expiry, which was the old token's.
func (d OAuthData) rotated(next OAuthData) OAuthData {
	keep := func(field *string, old string) {
		if *field == "" {
			*field = old
		}
	}
	keep(&next.RefreshToken, d.RefreshToken)
	keep(&next.TokenType, d.TokenType)
	keep(&next.Scope, d.Scope)
	if next.CreatedAt.IsZero() {
		next.CreatedAt = d.CreatedAt
	}
	next.unknown = mergeObjects(d.unknown, next.unknown)
	next.CreatedAt, next.ExpiresAt = wholeSeconds(next.CreatedAt), wholeSeconds(next.ExpiresAt)
	return next
}

// samePair reports whether both hold the same tokens.
func (d OAuthData) samePair(other OAuthData) bool {
	return d.AccessToken == other.AccessToken && d.RefreshToken == other.RefreshToken
}

// MarshalJSON writes the stored form. It holds the tokens.
func (d OAuthData) MarshalJSON() ([]byte, error) {
	unix := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix()
	}
	known, err := json.Marshal(struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token,omitempty"`
		TokenType    string `json:"token_type,omitempty"`
		Scope        string `json:"scope,omitempty"`
		CreatedAt    int64  `json:"created_at,omitempty"`
		ExpiresAt    int64  `json:"expires_at,omitempty"`
	}{d.AccessToken, d.RefreshToken, d.TokenType, d.Scope, unix(d.CreatedAt), unix(d.ExpiresAt)})
	if err != nil || d.unknown == "" {
		return known, err
	}
	return append(append(known[:len(known)-1], ','), d.unknown[1:]...), nil
}

// UnmarshalJSON reads the stored form, and that of [oauth2.Token]. Its errors
// do not repeat the input.
func (d *OAuthData) UnmarshalJSON(stored []byte) error {
	if string(bytes.TrimSpace(stored)) == "null" {
		return nil
	}
	members, err := readMembers(stored)
	if err != nil {
		return err
	}
	for _, name := range []string{"access_token", "refresh_token"} {
		if members.present(name) && members[name][0] != '"' {
			return fmt.Errorf("gitlab: stored %s is not a string", name)
		}
	}
	*d = members.take()
	lifetime, ok := members.number("expires_in")
	switch {
	case members.present("expires_at"):
		d.ExpiresAt = members.time("expires_at")
	case members.present("expiry"):
		d.ExpiresAt = members.time("expiry")
	case ok && lifetime > 0 && lifetime < maxLifetime.Seconds() && !d.CreatedAt.IsZero():
		d.ExpiresAt = wholeSeconds(d.CreatedAt.Add(time.Duration(lifetime * float64(time.Second))))
	}
	d.unknown = members.without(knownMembers...)
	return nil
}

// knownMembers are those of the stored form, and of what else is read into it.
var knownMembers = []string{"access_token", "refresh_token", "token_type", "scope", "created_at", "expires_at", "expires_in", "expiry"}

// members is a JSON object, read no further than its members.
type members map[string]json.RawMessage

// readMembers reads what there is: with an error, the members before it.
func readMembers(payload []byte) (members, error) {
	m := make(members)
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(payload, []byte("\xef\xbb\xbf"))))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return m, fmt.Errorf("gitlab: %d bytes that are no JSON object", len(payload))
	}
	breaksOff := func() error {
		return fmt.Errorf("gitlab: not valid JSON after %d of %d bytes", dec.InputOffset(), len(payload))
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return m, breaksOff()
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return m, breaksOff()
		}
		key, _ := name.(string) // in an object, More is followed by a name
		m[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return m, breaksOff()
	}
	return m, nil
}

// take reads the members that mean the same in an answer and in storage.
func (m members) take() OAuthData {
	return OAuthData{
		AccessToken:  m.text("access_token"),
		RefreshToken: m.text("refresh_token"),
		TokenType:    m.text("token_type"),
		Scope:        m.text("scope"),
		CreatedAt:    m.time("created_at"),
	}
}

func (m members) present(name string) bool {
	raw := m[name]
	return len(raw) > 0 && string(raw) != "null"
}

func (m members) text(name string) string {
	var s string
	_ = json.Unmarshal(m[name], &s) // not a string: as if absent
	return s
}

// number reads a number or a string that holds one.
func (m members) number(name string) (float64, bool) {
	text := string(m[name])
	if s := m.text(name); s != "" {
		text = strings.TrimSpace(s)
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// time reads Unix seconds or RFC 3339.
func (m members) time(name string) time.Time {
	if seconds, ok := m.number(name); ok {
		return unixTime(seconds)
	}
	t, err := time.Parse(time.RFC3339, m.text(name))
	if err != nil {
		return time.Time{}
	}
	return wholeSeconds(t)
}

// without is the object of all other members in one canonical form, or "" if
// there are none.
func (m members) without(names ...string) string {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(names, name) {
			continue
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			continue // a string always marshals
		}
		var value bytes.Buffer
		_ = json.Compact(&value, m[name]) // valid: the decoder has read it
		b.WriteByte(',')
		b.Write(quoted)
		b.WriteByte(':')
		json.HTMLEscape(&b, value.Bytes()) // as json.Marshal will write it
	}
	if b.Len() == 0 {
		return ""
	}
	return "{" + b.String()[1:] + "}"
}

// mergeObjects is the JSON object a with the members of b over it; both may be "".
func mergeObjects(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	both, _ := readMembers([]byte(a[:len(a)-1] + "," + b[1:])) // valid: built by without
	return both.without()
}

// unixTime is zero for what is no time of our age: years 1970 to 9999.
func unixTime(seconds float64) time.Time {
	if !(seconds >= 1 && seconds < 253402300800) {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// wholeSeconds is t as the stored form keeps it.
func wholeSeconds(t time.Time) time.Time { return unixTime(float64(t.Unix())) }
