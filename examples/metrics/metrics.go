package main

import (
	"cmp"
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshgrant/gitlab"
)

// outcomes are all that a refresh can have. alerts.yml says what each means, and
// when somebody should look.
var outcomes = []gitlab.RefreshOutcome{
	gitlab.OutcomeRefreshed,
	gitlab.OutcomeAdopted,
	gitlab.OutcomeConflicted,
	gitlab.OutcomeSaveFailed,
	gitlab.OutcomeSaveRecovered,
	gitlab.OutcomeDead,
	gitlab.OutcomeRevived,
	gitlab.OutcomeClientRejected,
	gitlab.OutcomeRefused,
	gitlab.OutcomeUnavailable,
	gitlab.OutcomeFailed,
}

// Metrics counts what a client's events tell.
//
// No label holds an identity's key: there may be millions, each label value
// costs memory here and in Prometheus for ever, and a key may name a person. The
// event's key and error belong into a log.
type Metrics struct {
	refreshes *prometheus.CounterVec
	requests  prometheus.Counter
	refresh   *prometheus.HistogramVec
	calls     *prometheus.HistogramVec
	resent    prometheus.Counter
}

// NewMetrics registers the metrics; those of the same names must not be
// registered yet. Several clients may share one Metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gitlab_client_refresh_outcomes_total",
			Help: "Outcomes of token refreshes and of the saves that belong to them.",
		}, []string{"outcome"}),
		requests: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gitlab_client_refresh_requests_total",
			Help: "Requests to GitLab's token endpoint.",
		}),
		refresh: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "gitlab_client_refresh_duration_seconds",
			Help:    "Time that refreshes, looks at the store and late saves took, until the tokens were stored or given up, waiting for their turn included.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"outcome"}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "gitlab_client_call_duration_seconds",
			Help:    "Time from an API request to its answer's header, by the template of its path; status 0 is no answer.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		resent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gitlab_client_calls_resent_total",
			Help: "API requests that were sent again: after a 401, a 429, a 5xx or a cut connection.",
		}),
	}
	registry.MustRegister(m.refreshes, m.requests, m.refresh, m.calls, m.resent)
	for _, outcome := range outcomes {
		m.refreshes.WithLabelValues(string(outcome)) // from 0: increase() does not see a counter's first value
	}
	return m
}

// OnRefresh is for [gitlab.Config].
func (m *Metrics) OnRefresh(_ context.Context, event gitlab.RefreshEvent) {
	outcome := string(event.Outcome)
	m.refreshes.WithLabelValues(outcome).Inc()
	m.requests.Add(float64(event.Attempts))
	if event.Duration > 0 { // else nothing was waited for: a new sign-in
		m.refresh.WithLabelValues(outcome).Observe(event.Duration.Seconds())
	}
}

// OnCall is for [gitlab.Config].
func (m *Metrics) OnCall(_ context.Context, event gitlab.CallEvent) {
	route := cmp.Or(event.Route, "other") // requests of Do and HTTPClient have no template, and their paths are without number
	m.calls.WithLabelValues(event.Method, route, strconv.Itoa(event.Status)).Observe(event.Duration.Seconds())
	if event.Attempt > 1 {
		m.resent.Inc()
	}
}
