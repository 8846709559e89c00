package gitlabtest_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// graphQL posts a query; header is name, value, ….
func graphQL(t *testing.T, srv *gitlabtest.Server, query string, header ...string) reply {
	t.Helper()
	body := `{"query":` + strconv.Quote(query) + `,"variables":null}`
	r, err := send(t, srv, http.MethodPost, "/api/graphql", "application/json", body, header...)
	require.NoError(t, err)
	require.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
	return r
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestGraphQLTellsWhoTheCallerIs(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"), gitlabtest.WithExternalURL("https://gitlab.example.com"))
	srv.SignIn("bob")
	token, readOnly, personal := srv.SignIn("ada"), srv.SignIn("ada", "read_api"), srv.PersonalToken("ada")
	const ada = `{"data":{"currentUser":{"id":"gid://gitlab/User/2","username":"ada","name":"ada"}}}`
	for name, row := range map[string]struct {
		header      []string
		query, want string
	}{
		"OAuth":              {bearer(token.AccessToken), `{ currentUser { id username name } }`, ada},
		"personal":           {[]string{"Private-Token", personal}, `{ currentUser { id username name } }`, ada},
		"read only":          {bearer(readOnly.AccessToken), `{currentUser{id,username,name}}`, ada},
		"named, commented":   {bearer(token.AccessToken), "# who?\nquery Who {\n\tcurrentUser { id # a global ID\n username name }\n}\n", ada},
		"in the order asked": {bearer(token.AccessToken), `query { currentUser { name id } }`, `{"data":{"currentUser":{"name":"ada","id":"gid://gitlab/User/2"}}}`},
		"web URL":            {bearer(token.AccessToken), `{currentUser{webUrl}}`, `{"data":{"currentUser":{"webUrl":"https://gitlab.example.com/ada"}}}`},
		"aliases and types":  {bearer(token.AccessToken), `{__typename me:currentUser{__typename} me:currentUser{login:username}}`, `{"data":{"__typename":"Query","me":{"__typename":"CurrentUser","login":"ada"}}}`},
		"nobody":             {nil, `{ currentUser { id username name } }`, `{"data":{"currentUser":null}}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := graphQL(t, srv, row.query, row.header...)
			require.Equal(t, http.StatusOK, r.status)
			requireBody(t, row.want, r)
		})
	}
	require.Len(t, srv.CallsTo(http.MethodPost, "/api/graphql"), 8)
	require.Equal(t, "/api/graphql", srv.Calls()[0].Route)
}

func TestGraphQLIsAskedWithGETToo(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	ask := func(query, operation string) reply {
		form := url.Values{"query": {query}, "operationName": {operation}}
		r, err := send(t, srv, http.MethodGet, "/api/graphql?"+form.Encode(), "", "", bearer(token.AccessToken)...)
		require.NoError(t, err)
		return r
	}
	const two = `query A { currentUser { id } } query B { currentUser { name } }`
	requireBody(t, `{"data":{"currentUser":{"name":"ada"}}}`, ask(two, "B"))
	requireBody(t, `{"errors":[{"message":"No operation named \"C\""}]}`, ask(two, "C"))
	requireBody(t, `{"errors":[{"message":"An operation name is required"}]}`, ask(two, ""))
	r := ask(`mutation { destroyAll { id } }`, "")
	require.Equal(t, http.StatusUnprocessableEntity, r.status)
	requireBody(t, `{"errors":[{"message":"Mutations are forbidden in GET requests"}]}`, r)
}

// Unlike the REST API, GraphQL does not say what is wrong with a token.
func TestGraphQLRefusesEveryBadTokenAlike(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	good, expired, revoked, narrow := srv.SignIn("ada"), srv.SignIn("ada"), srv.SignIn("ada"), srv.SignIn("ada", "read_user")
	srv.Expire(expired.AccessToken)
	srv.Revoke(revoked.AccessToken)
	for name, header := range map[string][]string{
		"expired": bearer(expired.AccessToken), "revoked": bearer(revoked.AccessToken), "too narrow": bearer(narrow.AccessToken),
		"unknown": bearer("zz"), "refresh token": bearer(good.RefreshToken), "OAuth token as personal": {"Private-Token", good.AccessToken},
	} {
		t.Run(name, func(t *testing.T) {
			r := graphQL(t, srv, `{ currentUser { id } }`, header...)
			require.Equal(t, http.StatusUnauthorized, r.status)
			requireBody(t, `{"errors":[{"message":"Invalid token"}]}`, r)
			require.Empty(t, r.header.Get("WWW-Authenticate"))
		})
	}
}

func TestGraphQLDoesNotKnowATokenOfALaggingReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.InMemory())
		srv.ReplicaLag(time.Second)
		token := srv.SignIn("ada")
		require.Equal(t, http.StatusUnauthorized, graphQL(t, srv, `{ currentUser { id } }`, bearer(token.AccessToken)...).status)
		time.Sleep(time.Second)
		require.Equal(t, http.StatusOK, graphQL(t, srv, `{ currentUser { id } }`, bearer(token.AccessToken)...).status)
	})
}

func TestGraphQLReportsWhatIsWrongWithAQuery(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	const foreign = "gitlabtest: arguments, variables, directives and fragments are not known here: "
	for _, row := range []struct {
		name, query string
		status      int
		want        string
	}{
		{"empty", " ", 200, `{"errors":[{"message":"Unexpected end of document"}]}`},
		{"field that is not there", "query Who {\n  currentUser { nope }\n}", 200, `{"errors":[{"message":"Field 'nope' doesn't exist on type 'CurrentUser'","locations":[{"line":2,"column":17}],"path":["query Who","currentUser","nope"],"extensions":{"code":"undefinedField","typeName":"CurrentUser","fieldName":"nope"}}]}`},
		{"two of them", "{ a b: c }", 200, `{"errors":[{"message":"Field 'a' doesn't exist on type 'Query'","locations":[{"line":1,"column":3}],"path":["query","a"],"extensions":{"code":"undefinedField","typeName":"Query","fieldName":"a"}},{"message":"Field 'c' doesn't exist on type 'Query'","locations":[{"line":1,"column":5}],"path":["query","b"],"extensions":{"code":"undefinedField","typeName":"Query","fieldName":"c"}}]}`},
		{"object without fields", "{ currentUser }", 200, `{"errors":[{"message":"Field must have selections (field 'currentUser' returns CurrentUser but has no selections. Did you mean 'currentUser { ... }'?)","locations":[{"line":1,"column":3}],"path":["query","currentUser"],"extensions":{"code":"selectionMismatch","nodeName":"field 'currentUser'","typeName":"CurrentUser"}}]}`},
		{"scalar with fields", "{ currentUser { id { a b } } }", 200, `{"errors":[{"message":"Selections can't be made on scalars (field 'id' returns UserID but has selections [\"a\", \"b\"])","locations":[{"line":1,"column":17}],"path":["query","currentUser","id"],"extensions":{"code":"selectionMismatch","nodeName":"field 'id'","typeName":"UserID"}}]}`},
		{"mutation", "mutation { destroyAll { id } }", 200, `{"errors":[{"message":"Field 'destroyAll' doesn't exist on type 'Mutation'","locations":[{"line":1,"column":12}],"path":["mutation","destroyAll"],"extensions":{"code":"undefinedField","typeName":"Mutation","fieldName":"destroyAll"}}]}`},
		{"not closed", "{ currentUser { id }", 200, `{"errors":[{"message":"Expected RCURLY, actual: (none) at [1, 21]","locations":[{"line":1,"column":21}]}]}`},
		{"no fields", "{}", 200, `{"errors":[{"message":"Expected NAME, actual: } at [1, 2]","locations":[{"line":1,"column":2}]}]}`},
		{"alias of nothing", "{ a: }", 200, `{"errors":[{"message":"Expected NAME, actual: } at [1, 6]","locations":[{"line":1,"column":6}]}]}`},
		{"no query", "who", 200, `{"errors":[{"message":"Expected LCURLY, actual: who at [1, 1]","locations":[{"line":1,"column":1}]}]}`},
		{"arguments", `{ project(fullPath: "a/b") { id } }`, 200, `{"errors":[{"message":"` + foreign + `( at [1, 10]","locations":[{"line":1,"column":10}]}]}`},
		{"variables", `query Q($a: ID!) { currentUser { id } }`, 200, `{"errors":[{"message":"` + foreign + `( at [1, 8]","locations":[{"line":1,"column":8}]}]}`},
		{"fragment", "{ currentUser { ...Who } } fragment Who on CurrentUser { id }", 200, `{"errors":[{"message":"` + foreign + `. at [1, 17]","locations":[{"line":1,"column":17}]}]}`},
		{"fragment alone", "fragment Who on CurrentUser { id }", 200, `{"errors":[{"message":"` + foreign + `fragment at [1, 1]","locations":[{"line":1,"column":1}]}]}`},
		{"too long", strings.Repeat("{a", 5001), 422, `{"errors":[{"message":"Query too large"}]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := graphQL(t, srv, row.query, bearer(token.AccessToken)...)
			require.Equal(t, row.status, r.status)
			requireBody(t, row.want, r)
		})
	}
	r, err := send(t, srv, http.MethodPost, "/api/graphql", "application/json", `{"query":`)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, r.status)
}

func FuzzGraphQLQuery(f *testing.F) {
	for _, query := range []string{"", "{ currentUser { id } }", "query A{a:b}#\n\xff", "{{{", "...", "mutation{__typename}"} {
		f.Add(query)
	}
	srv := gitlabtest.New(f, gitlabtest.InMemory())
	// Any query has an answer that is JSON with data or errors, never both.
	f.Fuzz(func(t *testing.T, query string) {
		r, err := send(t, srv, http.MethodPost, "/api/graphql", "application/x-www-form-urlencoded", url.Values{"query": {query}}.Encode())
		require.NoError(t, err)
		if r.status == http.StatusBadRequest {
			return // not UTF-8
		}
		answer := map[string]any{}
		r.decode(t, &answer)
		require.Len(t, answer, 1, r.body)
	})
}
