package gitlab

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// sameOrigin reports whether u is at the instance's scheme, host and port.
func (c *core) sameOrigin(u *url.URL) bool {
	if u.Opaque != "" {
		return false // it may name another host than Host does
	}
	if u.Scheme == c.url.Scheme && u.Host == c.url.Host {
		return true
	}
	return strings.EqualFold(u.Scheme, c.url.Scheme) && normalHost(u) == c.url.Host
}

// normalHost is u's host in lower case, with its port unless that is the
// scheme's default.
func normalHost(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch scheme := strings.ToLower(u.Scheme); {
	case port == "", scheme == "https" && port == "443", scheme == "http" && port == "80":
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}

// normalBaseURL reads an instance's root.
func normalBaseURL(raw string) (*url.URL, error) {
	const hint = `; give the instance's root, such as "https://gitlab.example.com"`
	if raw == "" {
		return nil, errors.New("gitlab: the base URL is empty" + hint)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("gitlab: the base URL cannot be read" + hint) // err would repeat it
	case !strings.EqualFold(u.Scheme, "https") && !strings.EqualFold(u.Scheme, "http"), u.Host == "", u.Hostname() == "":
		return nil, errors.New("gitlab: the base URL has no http(s) scheme and host" + hint)
	case u.User != nil:
		return nil, errors.New("gitlab: the base URL holds a user name or password, which do not belong there" + hint)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, errors.New("gitlab: the base URL has a query or fragment" + hint)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if strings.HasSuffix(path, "/api/v4") {
		return nil, errors.New("gitlab: the base URL ends in /api/v4, which the library adds itself" + hint)
	}
	base, err := url.Parse(strings.ToLower(u.Scheme) + "://host" + path)
	if err == nil {
		base.Host = normalHost(u)         // not parsed: an IPv6 zone would need its escape back
		_, err = url.Parse(base.String()) // calls parse it, and some odd zones cannot be read again
	}
	if err != nil {
		return nil, errors.New("gitlab: the base URL cannot be read" + hint)
	}
	return base, nil
}

// origin is what of a URL is fit for an error.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
