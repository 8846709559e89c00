package gitlabtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What the GraphQL API knows: of each object type the types of its fields. What
// is no object type is a scalar.
var graphQLTypes = map[string]map[string]string{
	"Query":        {"currentUser": "CurrentUser"},
	"Mutation":     {},
	"Subscription": {},
	"CurrentUser":  {"id": "UserID", "username": "String", "name": "String", "webUrl": "String"},
}

// graphQLLimit is GitLab's, for the length of a query.
const graphQLLimit = 10_000

// graphQL answers /api/graphql. Whatever is wrong with a token, the answer is
// the same 401 without a challenge; without a token a query is nobody's.
func (s *Server) graphQL(q *request) answer {
	if refused, ok := s.guardGraphQL(q); !ok {
		return refused
	}
	query := q.params.get("query")
	if len(query) > graphQLLimit {
		return graphQLErrors(http.StatusUnprocessableEntity, graphQLError{Message: "Query too large"})
	}
	document, problem := parseGraphQL(query)
	if problem != nil {
		return graphQLErrors(http.StatusOK, *problem)
	}
	op, problem := document.operation(q.params.get("operationName"))
	switch {
	case problem != nil:
		return graphQLErrors(http.StatusOK, *problem)
	case op.kind == "mutation" && !writing(q.Method):
		return graphQLErrors(http.StatusUnprocessableEntity, graphQLError{Message: "Mutations are forbidden in " + q.Method + " requests"})
	}
	if problems := checkGraphQL(op.typeName(), op.fields, []string{op.title()}); len(problems) > 0 {
		return graphQLErrors(http.StatusOK, problems...)
	}
	return graphQLAnswer(http.StatusOK, map[string]any{"data": s.resolve(op.typeName(), op.fields, q.caller)})
}

func (s *Server) guardGraphQL(q *request) (refused answer, ok bool) {
	p, _, ok := s.presented(q)
	now := time.Now()
	switch {
	case ok && p == nil && q.Header.Get("Private-Token") == "" && !q.params.has("private_token") && blank(bearerToken(q)):
		return answer{}, true
	case !ok, p == nil, now.Before(p.lagging), !p.live(now),
		!slices.ContainsFunc(scopesRead, func(scope string) bool { return slices.Contains(p.scopes, scope) }):
		return graphQLErrors(http.StatusUnauthorized, graphQLError{Message: "Invalid token"}), false
	}
	q.caller = p.owner
	return answer{}, true
}

// resolve answers fields of an object, in the order in which they were asked for.
func (s *Server) resolve(typeName string, fields []*graphQLField, caller *account) graphQLObject {
	var object graphQLObject
	for _, f := range fields {
		var value any
		switch typeName + "." + f.name {
		case typeName + ".__typename":
			value = typeName
		case "Query.currentUser":
			if caller != nil {
				value = s.resolve("CurrentUser", f.fields, caller)
			}
		case "CurrentUser.id":
			value = fmt.Sprintf("gid://gitlab/User/%d", caller.ID)
		case "CurrentUser.username":
			value = caller.Username
		case "CurrentUser.name":
			value = s.userJSON(caller).Name
		case "CurrentUser.webUrl":
			value = s.userJSON(caller).WebURL
		}
		object = append(object, graphQLMember{f.key, value})
	}
	return object
}

// graphQLObject is an object whose members keep their order.
type graphQLObject []graphQLMember

type graphQLMember struct {
	name  string
	value any
}

// MarshalJSON implements [json.Marshaler].
func (o graphQLObject) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(encode(m.name))
		out.WriteByte(':')
		out.Write(encode(m.value))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

var _ json.Marshaler = graphQLObject{}

// A graphQLError is one of an answer's errors, in the form of GitLab's library.
type graphQLError struct {
	Message    string            `json:"message"`
	Locations  []graphQLLocation `json:"locations,omitempty"`
	Path       []string          `json:"path,omitempty"`
	Extensions *graphQLDetails   `json:"extensions,omitempty"`
}

type graphQLLocation struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

type graphQLDetails struct {
	Code     string `json:"code"`
	NodeName string `json:"nodeName,omitempty"`
	TypeName string `json:"typeName,omitempty"`
	Field    string `json:"fieldName,omitempty"`
}

func graphQLErrors(status int, problems ...graphQLError) answer {
	return graphQLAnswer(status, map[string]any{"errors": problems})
}

func graphQLAnswer(status int, v any) answer {
	cache := cachePrivate
	if status >= http.StatusBadRequest {
		cache = cacheNone
	}
	return oauthAnswer(status, cache, v)
}

// checkGraphQL finds the fields that the types do not have, the objects of which
// nothing is asked, and the scalars of which something is.
func checkGraphQL(typeName string, fields []*graphQLField, path []string) (problems []graphQLError) {
	for _, f := range fields {
		at := append(slices.Clone(path), f.key)
		add := func(message string, details graphQLDetails) {
			problems = append(problems, graphQLError{message, []graphQLLocation{f.at}, at, &details})
		}
		of, known := graphQLTypes[typeName][f.name]
		if f.name == "__typename" {
			of, known = "String", true
		}
		_, isObject := graphQLTypes[of]
		node := "field '" + f.name + "'"
		switch {
		case !known:
			add(fmt.Sprintf("Field '%s' doesn't exist on type '%s'", f.name, typeName),
				graphQLDetails{Code: "undefinedField", TypeName: typeName, Field: f.name})
		case isObject && len(f.fields) == 0:
			add(fmt.Sprintf("Field must have selections (%s returns %s but has no selections. Did you mean '%s { ... }'?)", node, of, f.name),
				graphQLDetails{Code: "selectionMismatch", NodeName: node, TypeName: of})
		case !isObject && len(f.fields) > 0:
			var names []string
			for _, inner := range f.fields {
				names = append(names, fmt.Sprintf("%q", inner.name))
			}
			add(fmt.Sprintf("Selections can't be made on scalars (%s returns %s but has selections [%s])", node, of, strings.Join(names, ", ")),
				graphQLDetails{Code: "selectionMismatch", NodeName: node, TypeName: of})
		default:
			problems = append(problems, checkGraphQL(of, f.fields, at)...)
		}
	}
	return problems
}
