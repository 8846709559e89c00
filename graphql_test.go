package gitlab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const graphqlURL = baseURL + "/api/graphql"

// viewer is what the queries of these tests ask for.
type viewer struct {
	CurrentUser struct {
		Username string
		Count    json.Number
	}
}

func TestGraphQLSendsAQueryWithItsVariables(t *testing.T) {
	t.Parallel()
	for want, variables := range map[string]any{
		`{"query":"query($a:Int){x}"}`:                     nil,
		`{"query":"query($a:Int){x}","variables":{}}`:      struct{}{},
		`{"query":"query($a:Int){x}","variables":{"a":1}}`: map[string]int{"a": 1},
		`{"query":"query($a:Int){x}","variables":{"b":["c"]}}`: struct {
			B []string `json:"b"`
		}{[]string{"c"}},
	} {
		var a gitlab.Answer
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, graphqlURL, limits(http.StatusOK, `{"data":{"currentUser":{"username":"ada","count":12345678901234567890}}}`))
		got, err := gitlab.GraphQL[viewer](t.Context(), w.client.WithToken("glpat-1"), "query($a:Int){x}", variables, gitlab.WithAnswer(&a))
		require.NoError(t, err)
		assert.Equal(t, "ada", got.CurrentUser.Username)
		assert.Equal(t, json.Number("12345678901234567890"), got.CurrentUser.Count)
		assert.Equal(t, theLimit, a.RateLimit)
		require.Len(t, w.sent(), 1)
		sent := w.sent()[0]
		assert.Equal(t, want, sent.Body)
		assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
		assert.Equal(t, "Bearer glpat-1", sent.Authorization)
	}
	w := newWorld(t, nil)
	_, err := gitlab.GraphQL[viewer](t.Context(), w.client, "{x}", func() {})
	require.ErrorContains(t, err, "gitlab: POST /api/graphql: encoding the input: ")
	assert.Empty(t, w.sent())
}

func TestGraphQLErrorsComeWithTheDataThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, graphqlURL, always(http.StatusOK, `{"data":{"currentUser":{"username":"ada"}},"errors":[
		{"message":"no\nsuch field","locations":[{"line":1,"column":3}],"path":["currentUser",0,"x"],"extensions":{"code":"undefinedField","n":{"a":1}}},{"message":"and more"}]}`))
	got, err := gitlab.GraphQL[viewer](t.Context(), w.client, "{x}", nil)
	assert.Equal(t, "ada", got.CurrentUser.Username)
	require.EqualError(t, err, "gitlab: GraphQL: no such field; and more")
	var refused *gitlab.GraphQLError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, []gitlab.GraphQLErrorDetail{
		{
			Message: "no\nsuch field", Path: []any{"currentUser", 0.0, "x"}, Locations: []gitlab.GraphQLLocation{{Line: 1, Column: 3}},
			Extensions: map[string]json.RawMessage{"code": json.RawMessage(`"undefinedField"`), "n": json.RawMessage(`{"a":1}`)},
		},
		{Message: "and more"},
	}, refused.Errors)

	for _, body := range []string{`{"errors":[{"message":"no"}]}`, `{"data":null,"errors":[{"message":"no"}]}`} {
		w.mock.RegisterResponder(http.MethodPost, graphqlURL, always(http.StatusOK, body))
		got, err := gitlab.GraphQL[*viewer](t.Context(), w.client, "{x}", nil)
		require.EqualError(t, err, "gitlab: GraphQL: no")
		assert.Nil(t, got)
	}
	for _, body := range []string{`{"data":{},"errors":[]}`, `{"data":{},"errors":null}`, `{"data":{}}`} {
		w.mock.RegisterResponder(http.MethodPost, graphqlURL, always(http.StatusOK, body))
		_, err := gitlab.GraphQL[viewer](t.Context(), w.client, "{x}", nil)
		require.NoError(t, err)
	}
}

func TestGraphQLIsRefreshedLikeAnyCall(t *testing.T) {
	t.Parallel()
	var events []gitlab.CallEvent
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) { events = append(events, e) }
	})
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	w.mock.RegisterResponder(http.MethodPost, graphqlURL, accepts(`{"data":{"currentUser":{"username":"ada"}}}`, "access-2"))
	got, err := gitlab.GraphQL[viewer](t.Context(), w.signIn(t, 2*time.Hour), "{x}", map[string]int{"a": 1})
	require.NoError(t, err)
	assert.Equal(t, "ada", got.CurrentUser.Username)
	calls := w.apiCalls()
	require.Len(t, calls, 2)
	assert.Equal(t, calls[0].Body, calls[1].Body)
	assert.Equal(t, 1, w.posts())
	for _, e := range events {
		assert.Equal(t, "/api/graphql", e.Route)
	}
	assert.Len(t, events, 2)
}

func TestGraphQLRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for name, row := range map[string]struct {
			serve func(*http.Request) (*http.Response, error)
			opts  []gitlab.RequestOption
			sends int
		}{
			"a page":                {page(http.StatusOK), nil, 1},
			"a page for a query":    {page(http.StatusOK), []gitlab.RequestOption{gitlab.Idempotent()}, 4},
			"an error":              {page(http.StatusBadGateway), nil, 1},
			"an error for a query":  {page(http.StatusBadGateway), []gitlab.RequestOption{gitlab.Idempotent()}, 4},
			"forbidden":             {always(http.StatusForbidden, `{"message":"403 Forbidden"}`), nil, 1},
			"a limit":               {plain(http.StatusTooManyRequests, "Retry later"), nil, 4},
			"a redirect to sign in": {redirect(http.StatusFound, baseURL+"/users/sign_in"), nil, 1},
		} {
			before := len(w.sent())
			w.mock.RegisterNoResponder(row.serve)
			got, err := gitlab.GraphQL[viewer](t.Context(), w.client, "{x}", nil, row.opts...)
			var api *gitlab.APIError
			require.ErrorAs(t, err, &api, name)
			assert.Equal(t, "/gitlab/api/graphql", api.Path)
			assert.Zero(t, got)
			assert.Len(t, w.sent(), before+row.sends, name)
		}
		w.mock.RegisterNoResponder(always(http.StatusOK, `{"data":{"currentUser":7}}`))
		_, err := gitlab.GraphQL[viewer](t.Context(), w.client, "{x}", nil)
		require.ErrorContains(t, err, "gitlab: POST /api/graphql: decoding the answer: at byte 23 (/data/currentUser): a number where")
	})
}
