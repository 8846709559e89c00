package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// What GitLab's API says beyond its guard, which no Doorkeeper can show: the
// double against the literals alone.
func TestDoubleSpeaksAsGitLabsAPI(t *testing.T) {
	t.Parallel()
	const tooMany = `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`
	for _, row := range []struct {
		name   string
		before func(*gitlabtest.Server)
		ask    request
		want   answer // Status, Type, Location, and Body
		header map[string]string
	}{
		{
			name: "project that is not there", ask: get("/api/v4/projects/team%2Fnone"),
			want: answer{Status: 404, Type: "application/json", Body: `{"message":"404 Project Not Found"}`},
		},
		{
			name: "path with a slash that is not escaped", ask: get("/api/v4/projects/team/app/nothing"),
			want: answer{Status: 404, Type: "application/json", Body: `{"error":"404 Not Found"}`},
		},
		{
			name: "issue without title", ask: postForm("/api/v4/projects/team%2Fapp/issues", nil),
			want: answer{Status: 400, Type: "application/json", Body: `{"error":"title is missing"}`},
		},
		{
			name: "moved project, other methods", before: func(s *gitlabtest.Server) { s.MoveProject("team/app", "new/app") },
			ask:  postForm("/api/v4/projects/team%2Fapp/issues", map[string][]string{"title": {"Fire"}}),
			want: answer{Status: 405, Type: "application/json", Body: `{"message":"Non GET methods are not allowed for moved projects"}`},
		},
		{
			name: "lagging replica", before: fault(gitlabtest.BareUnauthorized()), ask: user,
			want: answer{Status: 401, Type: "application/json", Body: bare},
		},
		{
			name: "edge throttle", before: fault(gitlabtest.TooMany(90 * time.Second)), ask: user,
			want:   answer{Status: 429, Type: "text/plain", Body: "Retry later\n"},
			header: map[string]string{"Retry-After": "90", "RateLimit-Remaining": "0"},
		},
		{
			name: "application limiter", before: fault(gitlabtest.Status(429, "application/json", tooMany)), ask: user,
			want:   answer{Status: 429, Type: "application/json", Body: tooMany},
			header: map[string]string{"Retry-After": ""},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := gitlabtest.New(t)
			server.AddProject("team/app")
			token := server.SignIn("ann")
			if row.before != nil {
				row.before(server)
			}
			got, header := exchange(t, double{server}, row.ask.bearer(token.AccessToken))
			got.CacheControl = ""
			assert.Equal(t, row.want, got)
			for name, value := range row.header {
				assert.Equal(t, value, header.Get(name), name)
			}
		})
	}
}

func fault(do gitlabtest.Effect) func(*gitlabtest.Server) {
	return func(s *gitlabtest.Server) {
		s.Fault(gitlabtest.Fault{Method: http.MethodGet, On: "/api/v4/user", Do: do})
	}
}
