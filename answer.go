package gitlab

import (
	"net/http"
	"strconv"
	"time"
)

// Answer is what GitLab says beside an answer's body. [WithAnswer] asks for it.
type Answer struct {
	StatusCode int
	ETag       string // for [WithIfNoneMatch]; "" if there is none
	RequestID  string // X-Request-Id, for the instance's administrator
	RateLimit  RateLimit
	Total      int64 // items of the whole list; -1: not said
	TotalPages int64 // pages of the whole list; -1: not said
	Header     http.Header

	position position // in a list
}

// RateLimit is what is left of the requests that GitLab allows
// (https://docs.gitlab.com/security/rate_limits/). It is zero if GitLab does not
// say, which instances without limits do.
type RateLimit struct {
	Name      string    // of the limit, such as "throttle_authenticated_api"
	Limit     int       // requests a minute
	Remaining int       // of them
	Reset     time.Time // when all of them are there again
}

// Cursor names the place in a list behind the item that was yielded last, for
// [WithCursor]. It can be stored. "" is the end of the list, or no list.
//
// In lists of numbered pages an item that is created or deleted meanwhile
// shifts the others; those that GitLab reads by keyset do not have that.
func (a *Answer) Cursor() string { return a.position.String() }

// read fills a from resp.
func (a *Answer) read(resp *http.Response) {
	h := resp.Header
	*a = Answer{
		StatusCode: resp.StatusCode,
		ETag:       h.Get("Etag"),
		RequestID:  h.Get("X-Request-Id"),
		RateLimit:  readRateLimit(h),
		Total:      readTotal(h, "X-Total"),
		TotalPages: readTotal(h, "X-Total-Pages"),
		Header:     h,
	}
}

func readTotal(h http.Header, name string) int64 {
	if n, err := strconv.ParseInt(h.Get(name), 10, 64); err == nil && n >= 0 {
		return n
	}
	return -1
}

func readRateLimit(h http.Header) RateLimit {
	r := RateLimit{Name: clean(h.Get("RateLimit-Name"))}
	r.Limit, _ = strconv.Atoi(h.Get("RateLimit-Limit")) // 0 if it is no number
	r.Remaining, _ = strconv.Atoi(h.Get("RateLimit-Remaining"))
	if at, err := strconv.ParseInt(h.Get("RateLimit-Reset"), 10, 64); err == nil && at > 0 {
		r.Reset = time.Unix(at, 0)
	}
	return r
}
