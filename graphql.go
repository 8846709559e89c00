package gitlab

import (
	"context"
	stdjson "encoding/json"
	"net/http"
	"strings"
)

// GraphQL sends a query or mutation with its variables (a struct or map that is
// sent as JSON; nil: none) and returns what the answer has under data
// (https://docs.gitlab.com/api/graphql/).
//
// If GitLab reports errors, they are a [*GraphQLError], and the result is what
// data there is nevertheless. Refusals of the whole request are an [*APIError].
func GraphQL[T any](ctx context.Context, c *Client, query string, variables any, opts ...RequestOption) (T, error) {
	var answer struct {
		Data   T                    `json:"data"`
		Errors []GraphQLErrorDetail `json:"errors"`
	}
	in := struct {
		Query     string `json:"query"`
		Variables any    `json:"variables,omitempty"`
	}{query, variables}
	resp, err := c.request(ctx, http.MethodPost, c.core.baseURL+routeGraphQL, routeGraphQL, in, gather(opts))
	if err == nil {
		err = c.decode(resp, routeGraphQL, &answer)
	}
	if err == nil && len(answer.Errors) > 0 {
		err = &GraphQLError{Errors: answer.Errors}
	}
	return answer.Data, err
}

// GraphQLError is what GitLab reports of a GraphQL request that it has taken.
type GraphQLError struct {
	Errors []GraphQLErrorDetail // at least one
}

// GraphQLErrorDetail is one error (https://spec.graphql.org/October2021/#sec-Errors).
type GraphQLErrorDetail struct {
	Message    string                        `json:"message"`
	Path       []any                         `json:"path"`      // of the field: names, and float64 indexes; nil: the whole query
	Locations  []GraphQLLocation             `json:"locations"` // in the query
	Extensions map[string]stdjson.RawMessage `json:"extensions"`
}

// GraphQLLocation is a place in a query, counted from 1.
type GraphQLLocation struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (e *GraphQLError) Error() string {
	texts := make([]string, 0, len(e.Errors))
	for _, detail := range e.Errors {
		texts = append(texts, detail.Message)
	}
	return "gitlab: GraphQL: " + clean(strings.Join(texts, "; "))
}
