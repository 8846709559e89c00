package gitlabtest

import (
	"strings"
	"time"
)

// defaultTokenLifetime is GitLab's own.
const defaultTokenLifetime = 2 * time.Hour

// An Option changes how a server starts.
type Option func(*options)

type options struct {
	path        string
	addr        string
	tls         bool
	inMemory    bool
	lifetime    time.Duration
	externalURL string
}

// WithPath puts the instance under a relative URL such as "/gitlab". Empty or
// "/": at the host's root.
func WithPath(path string) Option {
	return func(o *options) {
		o.path = strings.Trim(path, "/")
		if o.path != "" {
			o.path = "/" + o.path
		}
	}
}

// WithAddr listens on addr ("host:port"). The default is a free port of the
// loopback interface.
func WithAddr(addr string) Option { return func(o *options) { o.addr = addr } }

// WithTLS serves https with a certificate that only [Server.Client] trusts.
func WithTLS() Option { return func(o *options) { o.tls = true } }

// InMemory opens no listener: [Server.Client] hands its requests straight to
// the handler, and [Server.URL] names a host that does not exist. It is the
// way to use a server inside a testing/synctest bubble; create it there.
func InMemory() Option { return func(o *options) { o.inMemory = true } }

// WithTokenLifetime sets how long access tokens live, rounded up to seconds.
// 0: two hours. Negative: for ever, and then token answers carry no
// expires_in, as on a GitLab before 15.0.
func WithTokenLifetime(d time.Duration) Option {
	return func(o *options) {
		switch {
		case d < 0:
			o.lifetime = 0
		case d == 0:
			o.lifetime = defaultTokenLifetime
		default:
			o.lifetime = (d + time.Second - 1).Truncate(time.Second)
		}
	}
}

// WithExternalURL sets the URL that the instance believes to have: it appears
// in web_url fields and in the Link headers of pages, and need not be the one
// that was called. Empty: [Server.URL].
func WithExternalURL(u string) Option {
	return func(o *options) { o.externalURL = strings.TrimRight(u, "/") }
}
