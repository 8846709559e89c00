package gitlab_test

import (
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const resourcesTable = "docs/resources.md"

var update = flag.Bool("update", false, "write "+resourcesTable+" anew")

// The table of resources is what their methods really send: each is called, with
// every kind of place and target that it takes.
func TestTableOfResourcesIsTrue(t *testing.T) {
	t.Parallel()
	var events []gitlab.CallEvent
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) { events = append(events, e) }
	})
	w.mock.RegisterNoResponder(always(http.StatusOK, "null"))
	client := reflect.ValueOf(w.client.WithToken("glpat-1")).Elem()
	var table strings.Builder
	table.WriteString(tableHead)
	methods, services := 0, 0
	routes := make(map[string]bool)
	for field, service := range client.Fields() {
		if !field.IsExported() {
			continue
		}
		services++
		for name, method := range service.Methods() {
			methods++
			var calls []string
			for _, args := range arguments(t.Context(), method.Type()) {
				events = nil
				run(method, args)
				for _, e := range events {
					routes[e.Route] = true
					if call := e.Method + " " + e.Route; !slices.Contains(calls, call) {
						calls = append(calls, call)
					}
				}
			}
			require.NotEmpty(t, calls, "%s.%s sends nothing", field.Name, name.Name)
			table.WriteString("| `" + field.Name + "." + name.Name + "` | `" + strings.Join(calls, "`<br>`") + "` |\n")
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(resourcesTable, []byte(table.String()), 0o644))
	}
	written, err := os.ReadFile(resourcesTable)
	require.NoError(t, err)
	assert.Equal(t, table.String(), string(written), "go test -run TestTableOfResourcesIsTrue -update . writes it anew")
	for name, path := range paths(t) {
		assert.True(t, routes[path], "no method calls %s, %s", name, path)
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), fmt.Sprintf("%d typed calls on %d [resources]", methods, services))
}

const tableHead = `# Resources

The typed calls, as fields of a client, and what each sends below /api/v4. Every other path is one ` + "`gitlab.Get`, `gitlab.List`" + `
or ` + "`Client.Call`" + ` away. A test writes this table from the calls themselves.

| method | request |
|---|---|
`

// Every method has a test that calls it by its name.
func TestEveryMethodHasATest(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			text, err := os.ReadFile(entry.Name())
			require.NoError(t, err)
			tests.Write(text)
		}
	}
	for field, service := range reflect.ValueOf(gitlab.Client{}).Fields() {
		if !field.IsExported() {
			continue
		}
		for method := range service.Type().Methods() {
			name := field.Name + "." + method.Name
			assert.True(t, regexp.MustCompile(`\.`+name+`\b`).MatchString(tests.String()), name)
		}
	}
}

// arguments are calls of a method in every kind of place.
func arguments(ctx context.Context, method reflect.Type) [][]reflect.Value {
	onIssue, onMR := gitlab.OnIssue("group/app", 7), gitlab.OnMergeRequest("group/app", 7)
	calls := [][]reflect.Value{nil}
	for i := range method.NumIn() {
		if method.IsVariadic() && i == method.NumIn()-1 {
			continue
		}
		var choices []any
		switch in := method.In(i); {
		case in == reflect.TypeFor[context.Context]():
			choices = []any{ctx}
		case in == reflect.TypeFor[gitlab.Place]():
			choices = []any{gitlab.InProject("group/app"), gitlab.InGroup("group"), gitlab.Everywhere()}
		case in == reflect.TypeFor[gitlab.Target]():
			choices = []any{onIssue, onMR}
		case in == reflect.TypeFor[gitlab.Awardable]():
			choices = []any{onIssue, onMR, gitlab.OnNote(onIssue, 3), gitlab.OnNote(onMR, 3)}
		case in == reflect.TypeFor[gitlab.Upload]():
			choices = []any{gitlab.Upload{Name: "name", Content: strings.NewReader("x")}}
		case in.Kind() == reflect.String:
			choices = []any{reflect.ValueOf("name").Convert(in).Interface()}
		case in.Kind() == reflect.Int64:
			choices = []any{int64(1)}
		case in == reflect.TypeFor[[]string]():
			choices = []any{[]string{"a", "b"}}
		default:
			choices = []any{reflect.Zero(in).Interface()}
		}
		var longer [][]reflect.Value
		for _, call := range calls {
			for _, choice := range choices {
				longer = append(longer, append(slices.Clone(call), reflect.ValueOf(choice)))
			}
		}
		calls = longer
	}
	return calls
}

// run calls a method, and fetches the first page of a list. What comes of it is
// for other tests.
func run(method reflect.Value, args []reflect.Value) {
	result := method.Call(args)[0]
	if result.Kind() != reflect.Func {
		return
	}
	yield := reflect.MakeFunc(result.Type().In(0), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(false)}
	})
	result.Call([]reflect.Value{yield})
}

// paths are the templates of paths.go, by their names.
func paths(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "paths.go", nil, 0)
	require.NoError(t, err)
	found := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING && strings.HasPrefix(spec.Names[0].Name, "path") {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				found[spec.Names[0].Name] = text
			}
		}
		return true
	})
	require.Greater(t, len(found), 100)
	return found
}
