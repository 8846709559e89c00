// Package hotpath_test measures what the library adds to a call whose token is
// fresh, and what a refresh costs. There is no network: a stub costs every call
// the same.
package hotpath_test

import (
	"context"
	"net/http"
	"strconv"
	"syscall"
	"testing"

	"github.com/freshgrant/gitlab"
)

// BenchmarkCall compares a call that the library builds and authorizes with the
// same request by hand, and with the same call that has no token, or one that is
// put in by hand: as one identity, as many, and as many whose clients are made
// for each call, as in a server.
func BenchmarkCall(b *testing.B) {
	c := newClient(b, stub{})
	var keys []string
	var many []operation
	for n := range 256 {
		key := "user-" + strconv.Itoa(n)
		keys, many = append(keys, key), append(many, call(signIn(b, c, key)))
	}
	concurrently(b, "hand", always(do(bearer, byHand.Do)))
	concurrently(b, "anonymous", always(call(c)))
	concurrently(b, "header", always(call(c, gitlab.WithHeader("Authorization", bearer[0]))))
	concurrently(b, "token", always(call(c.WithToken(token))))
	concurrently(b, "identity", always(many[0]))
	concurrently(b, "identities", func(n int) operation { return many[n%len(many)] })
	concurrently(b, "As", func(n int) operation { return call(c.As(keys[n%len(keys)])) })
}

// BenchmarkRequest compares a request that goes through the library with one that
// goes through net/http.
func BenchmarkRequest(b *testing.B) {
	ada := signIn(b, newClient(b, stub{}), "ada")
	concurrently(b, "hand", always(do(bearer, byHand.Do)))
	concurrently(b, "Do", always(do(nil, ada.Do)))
	concurrently(b, "HTTPClient", always(do(nil, ada.HTTPClient().Do)))
}

// BenchmarkPath makes the path of a call, without elements and with two.
func BenchmarkPath(b *testing.B) {
	sequentially(b, "elements=0", func(context.Context) error {
		_ = gitlab.PathTo("/user")
		return nil
	})
	sequentially(b, "elements=2", func(context.Context) error {
		_ = gitlab.PathTo("/projects/{project}/issues/{iid}", "group/app", 7)
		return nil
	})
}

// BenchmarkRefresh makes a call that is answered with 401, refreshed and sent
// again.
func BenchmarkRefresh(b *testing.B) {
	sequentially(b, "of=memory", call(signIn(b, newClient(b, &expiring{}), "ada")))
}

// operation is what is measured.
type operation func(context.Context) error

func always(op operation) func(int) operation { return func(int) operation { return op } }

// sequentially measures op.
func sequentially(b *testing.B, name string, op operation) {
	b.Run(name, func(b *testing.B) {
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if err := op(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// concurrently measures what pick returns for 0, 1, … in as many goroutines as
// -cpu says. Beside the time that passes it tells that which the process is given,
// to which other work of the machine does less.
func concurrently(b *testing.B, by string, pick func(n int) operation) {
	b.Run("by="+by, func(b *testing.B) {
		ctx := b.Context()
		b.ReportAllocs()
		before := cpuTime(b)
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				if err := pick(n)(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
	})
}

// cpuTime is what this process was given so far, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// do sends a new request with authorization, nil for none, by send.
func do(authorization []string, send func(*http.Request) (*http.Response, error)) operation {
	base := baseURL + "/api/v4"
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/user", nil)
		if err != nil {
			return err
		}
		req.Header["User-Agent"], req.Header["Accept"] = userAgent, accept
		if authorization != nil {
			req.Header["Authorization"] = authorization
		}
		resp, err := send(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
}

// call is the same by the library.
func call(c *gitlab.Client, opts ...gitlab.RequestOption) operation {
	return func(ctx context.Context) error {
		return c.Call(ctx, http.MethodGet, gitlab.PathTo("/user"), nil, nil, opts...)
	}
}
