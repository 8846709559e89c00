package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/freshgrant/gitlab/internal/e2e/doorkeeper"
)

// row is one thing that a client can ask of /oauth/*. Two servers answer it
// alike, in every byte that is not a token or a time, and as the literals say.
type row struct {
	name   string
	public bool                   // the scene's application has no secret
	ask    func(s *scene) request // prepares the scene and returns the request that is compared
	status int                    // literal
	error  string                 // the literal error of the body
}

// TestDoubleAnswersAsDoorkeeper is why tests against gitlabtest can be believed.
func TestDoubleAnswersAsDoorkeeper(t *testing.T) {
	t.Parallel()
	server := doorkeeper.Start(t)
	t.Log("compared with " + server.Versions())
	reference, copied := real{server}, startDouble(t)
	for _, part := range []struct {
		name string
		rows []row
	}{
		{"refresh", refreshRows},
		{"client", clientRows},
		{"malformed", malformedRows},
		{"odd", oddRows},
		{"revoke", revokeRows},
		{"token info", tokenInfoRows},
		{"introspect", introspectRows},
		{"code", codeRows},
	} {
		t.Run(part.name, func(t *testing.T) { compare(t, reference, copied, part.rows) })
	}
}

func compare(t *testing.T, reference, copied system, rows []row) {
	t.Helper()
	var table strings.Builder
	fmt.Fprintf(&table, "%-52s %-27s %-27s %s", "row", reference.name(), copied.name(), "equal")
	for _, row := range rows {
		want, got := row.play(t, reference), row.play(t, copied)
		equal := assert.Equal(t, want, got, "%s: %s answers otherwise", row.name, copied.name())
		verdict := "yes"
		if !equal {
			verdict = "NO"
		}
		fmt.Fprintf(&table, "\n%-52s %-27s %-27s %s", row.name, want.summary(), got.summary(), verdict)
	}
	t.Log("\n" + table.String())
}

// play asks one server and holds its answer against the literals.
func (r row) play(t *testing.T, s system) answer {
	t.Helper()
	scene := newScene(t, s, !r.public)
	answer := scene.send(r.ask(scene))
	assert.Equal(t, r.status, answer.Status, "%s: status of %s", r.name, s.name())
	assert.Equal(t, r.error, answer.code(), "%s: error of %s", r.name, s.name())
	if r.error != "" && r.status != http.StatusForbidden {
		assert.True(t, strings.HasPrefix(answer.Authenticate, `Bearer realm="Doorkeeper", error="`+r.error+`"`),
			"%s: challenge of %s: %s", r.name, s.name(), answer.Authenticate)
	}
	answer = answer.masked(scene.app.clientID)
	if answer.Location != "" {
		answer.Body = "" // a sentence of the web framework's, for browsers without redirects
	}
	return answer
}

func (a answer) summary() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.code())) }
