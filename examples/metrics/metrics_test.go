package main

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// scrape is what Prometheus would get.
func scrape(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	return answer.Body.String()
}

// outcomesOf are the outcomes in a scrape that were counted.
func outcomesOf(scraped string) map[string]string {
	counted := make(map[string]string)
	for _, match := range regexp.MustCompile(`(?m)^gitlab_client_refresh_outcomes_total\{outcome="(\w+)"\} (.+)$`).FindAllStringSubmatch(scraped, -1) {
		if match[2] != "0" {
			counted[match[1]] = match[2]
		}
	}
	return counted
}

func TestStoryIsScraped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		server := gitlabtest.New(t, gitlabtest.InMemory())
		server.Fault(gitlabtest.Fault{Method: http.MethodPost, Times: -1, Do: gitlabtest.Slow(200 * time.Millisecond)})
		require.NoError(t, play(t.Context(), server, NewMetrics(registry)))

		text := scrape(t, registry)
		assert.Equal(t, map[string]string{"refreshed": "1", "dead": "1", "revived": "1"}, outcomesOf(text))
		for _, line := range []string{
			"gitlab_client_refresh_requests_total 3", // one that worked, and two opinions on the dead grant
			`gitlab_client_refresh_duration_seconds_sum{outcome="refreshed"} 0.2`,
			`gitlab_client_refresh_duration_seconds_count{outcome="dead"} 1`,
			`gitlab_client_call_duration_seconds_count{method="GET",route="/user",status="200"} 2`,
			`gitlab_client_call_duration_seconds_count{method="GET",route="/user",status="401"} 2`,
			"gitlab_client_calls_resent_total 1",
		} {
			assert.Contains(t, text, line+"\n")
		}
		assert.NotContains(t, text, "user-1", "keys are no labels")
		assert.NotContains(t, text, `duration_seconds_count{outcome="revived"}`, "that is no refresh")
	})
}

// offAndOn is a store that can be switched off for saves.
type offAndOn struct {
	*gitlab.MemoryStore

	off bool
}

func (s *offAndOn) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if s.off {
		return "", errors.New("the database is down")
	}
	return s.MemoryStore.SaveIdentity(ctx, id)
}

// What the alerts are about arrives in the metrics that they ask.
func TestTroublesAreScraped(t *testing.T) {
	t.Parallel()
	tokenRequest := func(effect gitlabtest.Effect) gitlabtest.Fault {
		return gitlabtest.Fault{Method: http.MethodPost, On: "/oauth/token", Times: -1, Do: effect}
	}
	for _, test := range []struct {
		name    string
		trouble func(*gitlabtest.Server, *offAndOn)
		want    map[string]string
	}{
		{"GitLab is away", func(s *gitlabtest.Server, _ *offAndOn) { s.Fault(tokenRequest(gitlabtest.HTMLPage())) }, map[string]string{"unavailable": "1"}},
		{"the secret is wrong", func(s *gitlabtest.Server, _ *offAndOn) { s.Fault(tokenRequest(gitlabtest.InvalidClient())) }, map[string]string{"client_rejected": "1"}},
		{"another refusal", func(s *gitlabtest.Server, _ *offAndOn) {
			s.Fault(tokenRequest(gitlabtest.Status(http.StatusBadRequest, "application/json", `{"error":"invalid_scope"}`)))
		}, map[string]string{"refused": "1"}},
		{"the store is down", func(_ *gitlabtest.Server, store *offAndOn) { store.off = true }, map[string]string{"save_failed": "1", "save_recovered": "1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := gitlabtest.New(t, gitlabtest.InMemory())
				registry := prometheus.NewRegistry()
				metrics := NewMetrics(registry)
				store := &offAndOn{MemoryStore: gitlab.NewMemoryStore()}
				client, err := gitlab.New(gitlab.Config{
					BaseURL:    server.URL,
					Provider:   gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
					Store:      store,
					HTTPClient: server.Client(),
					OnRefresh:  metrics.OnRefresh,
					OnCall:     metrics.OnCall,
				})
				require.NoError(t, err)
				first := server.SignIn("ada")
				ada, err := client.Authorize(t.Context(), "user-1", pair(first))
				require.NoError(t, err)
				server.Expire(first.AccessToken)
				test.trouble(server, store)

				_, _ = ada.Users.Current(t.Context())
				synctest.Wait()
				store.off = false
				require.NoError(t, client.Shutdown(t.Context()))
				assert.Equal(t, test.want, outcomesOf(scrape(t, registry)))
			})
		})
	}
}

func TestCallsWithoutAnswerOrTemplateAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	metrics.OnCall(t.Context(), gitlab.CallEvent{Method: http.MethodGet, Attempt: 1, Duration: time.Second, Err: errors.New("no answer")})
	assert.Contains(t, scrape(t, registry), `gitlab_client_call_duration_seconds_count{method="GET",route="other",status="0"} 1`)
}

func TestRepeatedRequestsOfOneRefreshAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	metrics.OnRefresh(t.Context(), gitlab.RefreshEvent{Outcome: gitlab.OutcomeUnavailable, Attempts: 3, Duration: time.Second})
	assert.Contains(t, scrape(t, registry), "gitlab_client_refresh_requests_total 3\n")
}

// increase() in an alert sees only what a counter does after it was seen first.
func TestEveryOutcomeIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	declared := make(map[string]bool)
	file, err := parser.ParseFile(token.NewFileSet(), "../../events.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Outcome") {
			declared[strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)] = true
		}
		return true
	})
	require.NotEmpty(t, declared)
	registry := prometheus.NewRegistry()
	NewMetrics(registry)
	text := scrape(t, registry)
	for outcome := range declared {
		assert.Contains(t, text, `gitlab_client_refresh_outcomes_total{outcome="`+outcome+`"} 0`)
	}
	assert.Len(t, outcomes, len(declared))
}

func TestNamesFollowTheCustoms(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	require.NoError(t, play(t.Context(), gitlabtest.New(t), NewMetrics(registry)))
	problems, err := promlint.New(strings.NewReader(scrape(t, registry))).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// An alert on a metric that does not exist is silent for ever.
func TestAlertsAskForMetricsAndOutcomesThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	registry := prometheus.NewRegistry()
	require.NoError(t, play(t.Context(), gitlabtest.New(t), NewMetrics(registry)))
	scraped := scrape(t, registry)

	require.NotEmpty(t, file.Groups)
	for _, rule := range file.Groups[0].Rules {
		for _, metric := range regexp.MustCompile(`gitlab_client_\w+`).FindAllString(rule.Expr+rule.Annotations["do"], -1) {
			assert.Regexp(t, `(?m)^`+metric+`[{ ]`, scraped, rule.Alert)
		}
		for _, list := range regexp.MustCompile(`outcome=~?"([\w|]+)"`).FindAllStringSubmatch(rule.Expr, -1) {
			for outcome := range strings.SplitSeq(list[1], "|") {
				assert.Contains(t, outcomes, gitlab.RefreshOutcome(outcome), rule.Alert)
			}
		}
		assert.Equal(t, []string{"do", "summary"}, slices.Sorted(maps.Keys(rule.Annotations)), rule.Alert)
	}
	for _, outcome := range outcomes {
		assert.Regexp(t, `(?m)^#   `+string(outcome)+` `, string(text), "every outcome is explained")
	}
}
