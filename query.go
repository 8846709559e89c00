package gitlab

import (
	"cmp"
	"net/url"
	"strconv"
	"time"
)

// query collects the parameters of a list; zero values are not sent. Each
// method takes the type of an input's field.
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

// choice is a flag of which false differs from nothing.
func (q query) choice(name string, value *bool) {
	if value != nil {
		q[name] = []string{strconv.FormatBool(*value)}
	}
}

func (q query) number(name string, value int64) {
	if value != 0 {
		q[name] = []string{strconv.FormatInt(value, 10)}
	}
}

// list sends each value as name[].
func (q query) list(name string, values []string) {
	if len(values) > 0 {
		q[name+"[]"] = values
	}
}

func (q query) numbers(name string, values []int64) {
	for _, value := range values {
		q[name+"[]"] = append(q[name+"[]"], strconv.FormatInt(value, 10))
	}
}

func (q query) time(name string, value time.Time) {
	if !value.IsZero() {
		q[name] = []string{value.UTC().Format(time.RFC3339Nano)}
	}
}

func (q query) values() url.Values { return url.Values(q) }

// orAll is scope, or all: GitLab's own default for lists beyond a project is
// what the user has created.
func orAll(scope string) string { return cmp.Or(scope, "all") }
