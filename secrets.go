package gitlab

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// What holds a secret prints as a description, whatever the verb.

// Secret is a text that goes to GitLab and that neither fmt nor slog prints. Its
// JSON is the text.
type Secret string

// String tells whether s is set, not what it is.
func (s Secret) String() string { return shown(string(s)) }

// Format implements [fmt.Formatter].
func (s Secret) Format(f fmt.State, _ rune) { write(f, s.String()) }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String describes d without its tokens.
func (d OAuthData) String() string {
	var b strings.Builder
	b.WriteString("OAuthData{access_token:" + shown(d.AccessToken) + " refresh_token:" + shown(d.RefreshToken))
	if d.Scope != "" {
		fmt.Fprintf(&b, " scope:%q", d.Scope)
	}
	if !d.ExpiresAt.IsZero() {
		b.WriteString(" expires_at:" + d.ExpiresAt.Format(time.RFC3339))
	}
	return b.String() + "}"
}

// Format implements [fmt.Formatter].
func (d OAuthData) Format(f fmt.State, _ rune) { write(f, d.String()) }

// LogValue implements [slog.LogValuer].
func (d OAuthData) LogValue() slog.Value { return slog.StringValue(d.String()) }

// String describes id without its tokens.
func (id Identity) String() string {
	return fmt.Sprintf("Identity{key:%q base_url:%q revision:%q data:%s}", id.Key, id.BaseURL, id.Revision, id.Data.String())
}

// Format implements [fmt.Formatter].
func (id Identity) Format(f fmt.State, _ rune) { write(f, id.String()) }

// LogValue implements [slog.LogValuer].
func (id Identity) LogValue() slog.Value { return slog.StringValue(id.String()) }

// String describes p without its client secret.
func (p OAuthProvider) String() string {
	return fmt.Sprintf("OAuthProvider{client_id:%q client_secret:%s redirect_url:%q scopes:%q}",
		p.ClientID, shown(p.ClientSecret), p.RedirectURL, p.Scopes)
}

// Format implements [fmt.Formatter].
func (p OAuthProvider) Format(f fmt.State, _ rune) { write(f, p.String()) }

// LogValue implements [slog.LogValuer].
func (p OAuthProvider) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String describes cfg without what its provider and store hold.
func (cfg Config) String() string {
	base := "invalid"
	if u, err := url.Parse(cfg.BaseURL); err == nil {
		base = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	}
	return fmt.Sprintf("Config{base_url:%q provider:%T store:%T}", base, cfg.Provider, cfg.Store)
}

// Format implements [fmt.Formatter].
func (cfg Config) Format(f fmt.State, _ rune) { write(f, cfg.String()) }

// LogValue implements [slog.LogValuer].
func (cfg Config) LogValue() slog.Value { return slog.StringValue(cfg.String()) }

// String names the instance and whom c acts as.
func (c Client) String() string {
	if c.core == nil {
		return "Client{}"
	}
	as := "anonymous"
	switch {
	case c.session != nil:
		as = fmt.Sprintf("%q", c.session.key)
	case c.static != nil:
		as = "a fixed token"
	}
	return "Client{base_url:" + c.core.baseURL + " as:" + as + "}"
}

// Format implements [fmt.Formatter].
func (c Client) Format(f fmt.State, _ rune) { write(f, c.String()) }

// LogValue implements [slog.LogValuer].
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String tells how many identities s has.
func (s *MemoryStore) String() string {
	if s == nil {
		return "MemoryStore{}"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("MemoryStore{%d identities}", len(s.identities))
}

// Format implements [fmt.Formatter].
func (s *MemoryStore) Format(f fmt.State, _ rune) { write(f, s.String()) }

// LogValue implements [slog.LogValuer].
func (s *MemoryStore) LogValue() slog.Value { return slog.StringValue(s.String()) }

func write(f fmt.State, text string) { _, _ = io.WriteString(f, text) }

// shown tells only whether there is a secret.
func shown(secret string) string {
	if secret == "" {
		return `""`
	}
	return "[redacted]"
}
