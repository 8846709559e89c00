package main

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// serverFault is what GitLab does to one request.
type serverFault struct {
	name    string
	Do      gitlabtest.Effect
	instead bool // GitLab does not do its work
	weight  float64
}

// The faults that open the window: GitLab has done its work and the answer does
// not arrive.
const (
	swallowed = "swallowed"
	torn      = "torn"
)

// slowed is a request that GitLab takes its time to begin with.
const slowed = "slow"

// serverFaults decides what becomes of each request.
type serverFaults struct {
	on     atomic.Bool
	spends []serverFault
	calls  []serverFault

	mu       sync.Mutex // guards all below
	ofTokens *rand.Rand
	ofCalls  *rand.Rand
	lied     map[string]bool // to whom invalid_grant was told once
	met      map[string]int
}

func newServerFaults(p plan) *serverFaults {
	f := &serverFaults{
		ofTokens: p.stream("spends"), ofCalls: p.stream("calls"),
		lied: map[string]bool{}, met: map[string]int{},
	}
	json503 := gitlabtest.Status(http.StatusServiceUnavailable, "application/json", `{"message":"503 Service Unavailable"}`)
	page502 := gitlabtest.Status(http.StatusBadGateway, "text/html", "<html>502 Bad Gateway</html>")
	if p.has(faultAnswers) {
		f.spends = append(f.spends,
			serverFault{name: swallowed, weight: 0.02, Do: gitlabtest.LoseAnswer()},
			serverFault{name: torn, weight: 0.01, Do: gitlabtest.TruncateBody(20)})
	}
	if p.has(faultErrors) {
		f.spends = append(f.spends,
			serverFault{name: "cut before", weight: 0.02, Do: gitlabtest.CutBefore(), instead: true},
			serverFault{name: "503", weight: 0.02, Do: json503, instead: true},
			serverFault{name: "502 page", weight: 0.02, Do: page502, instead: true},
			serverFault{name: "429", weight: 0.02, Do: gitlabtest.TooMany(time.Second), instead: true},
			serverFault{name: "page", weight: 0.02, Do: gitlabtest.HTMLPage(), instead: true},
			serverFault{name: "odd expires_in", weight: 0.02, Do: gitlabtest.OddExpiresIn(`""`)})
		f.calls = append(f.calls,
			serverFault{name: "call: 503", weight: 0.002, Do: json503, instead: true},
			serverFault{name: "call: 429", weight: 0.002, Do: gitlabtest.TooMany(time.Second), instead: true},
			serverFault{name: "call: page", weight: 0.002, Do: gitlabtest.HTMLPage(), instead: true})
	}
	if p.has(faultLag) {
		f.spends = append(f.spends, serverFault{name: lied, weight: 0.05, Do: gitlabtest.InvalidGrant(), instead: true})
		f.calls = append(f.calls, serverFault{name: "call: bare 401", weight: 0.001, Do: gitlabtest.BareUnauthorized(), instead: true})
	}
	if p.has(faultSlow) {
		f.spends = append(f.spends,
			serverFault{name: slowed, weight: 0.03, Do: gitlabtest.Slow(400 * time.Millisecond)},
			serverFault{name: "slow answer", weight: 0.05, Do: gitlabtest.SlowAnswer(300 * time.Millisecond)})
		f.calls = append(f.calls, serverFault{name: "call: slow", weight: 0.005, Do: gitlabtest.Slow(200 * time.Millisecond)})
	}
	return f
}

// lied is invalid_grant for a good token. Each token meets it once: a lag that
// outlasts the second opinion is a dead grant to anybody.
const lied = "invalid_grant"

var noFault = serverFault{Do: func(next http.Handler) http.Handler { return next }}

func (f *serverFaults) ofSpend(token string) serverFault {
	if !f.on.Load() {
		return noFault
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := draw(f.ofTokens, f.spends)
	if fault.name == lied {
		if f.lied[token] {
			return noFault
		}
		f.lied[token] = true
	}
	f.count(fault)
	return fault
}

func (f *serverFaults) ofCall() serverFault {
	if !f.on.Load() {
		return noFault
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := draw(f.ofCalls, f.calls)
	f.count(fault)
	return fault
}

// count is called with mu held.
func (f *serverFaults) count(fault serverFault) {
	if fault.name != "" {
		f.met[fault.name]++
	}
}

func (f *serverFaults) counts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.met)
}

func draw(r *rand.Rand, faults []serverFault) serverFault {
	at := r.Float64()
	for _, fault := range faults {
		if at -= fault.weight; at < 0 {
			return fault
		}
	}
	return noFault
}
