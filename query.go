package gitlab

import (
	"cmp"
	"net/url"
)

// query collects the parameters of a list; zero values are not sent.
type query url.Values

func (q query) set(name, value string) {
	if value != "" {
		q[name] = []string{value}
	}
}

func (q query) flag(name string, value bool) {
	if value {
		q[name] = []string{"true"}
	}
}

func (q query) values() url.Values { return url.Values(q) }

// orAll is scope, or all: GitLab's own default for lists beyond a project is
// what the user has created.
func orAll(scope string) string { return cmp.Or(scope, "all") }
