package main

import (
	"context"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// A demo is a GitLab in this process, for trying the service without one. On
// its first page time passes, rights are withdrawn and commits are pushed by a
// click, so that one can watch what the service does about it.
type demo struct {
	url    string
	gitlab *gitlabtest.Server
	web    *http.Server
	served sync.WaitGroup
	hooks  *deliveries

	projects map[string]string // full paths by number, as in URLs

	mu     sync.Mutex // guards tokens
	tokens map[string]bool
}

// startDemo starts it, and points o at it.
func startDemo(ctx context.Context, o *options) (*demo, error) {
	d := &demo{tokens: make(map[string]bool), hooks: newDeliveries(), projects: make(map[string]string)}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.url = "http://" + listener.Addr().String()
	if d.gitlab, err = gitlabtest.Start(gitlabtest.InMemory(), gitlabtest.WithExternalURL(d.url)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	d.seed()
	registered := d.gitlab.NewApplication(gitlabtest.Application{
		Confidential: true, Scopes: []string{"api"}, RedirectURI: o.publicURL + "/callback",
	})
	o.gitlabURL, o.clientID, o.clientSecret = d.url, registered.ClientID, registered.ClientSecret

	d.web = &http.Server{Handler: d.handler(), ReadHeaderTimeout: 10 * time.Second}
	d.served.Go(func() { _ = d.web.Serve(listener) }) // until close
	return d, nil
}

func (d *demo) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = d.web.Shutdown(ctx)
	d.served.Wait()
	d.hooks.close()
	d.gitlab.Close()
}

func (d *demo) seed() {
	for _, project := range []string{"acme/docs", "acme/api", "acme/website"} {
		d.projects[strconv.FormatInt(d.gitlab.AddProject(project).ID, 10)] = project
		d.gitlab.AddMember(project, "ada")
	}
	d.gitlab.AddIssue("acme/api", "Timeouts on Mondays")
	d.gitlab.AddIssue("acme/website", "The logo is upside down")
	d.gitlab.AddIssue("acme/website", "Write the imprint")
}

func (d *demo) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.show)
	mux.HandleFunc("POST /demo/{action}", d.act)
	mux.HandleFunc("POST /api/v4/projects/{project}/issues/{issue}/notes", d.comment)
	mux.Handle("/", d.gitlab.Handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			d.mu.Lock()
			d.tokens[token] = true
			d.mu.Unlock()
		}
		mux.ServeHTTP(w, r)
	})
}

// act does what the clicked button says.
func (d *demo) act(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("action") {
	case "expire":
		d.eachToken(d.gitlab.Expire)
	case "revoke":
		d.eachToken(d.gitlab.Revoke)
	case "push":
		d.push()
	default:
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, "/?done="+url.QueryEscape(r.PathValue("action")), http.StatusSeeOther)
}

// eachToken does it to every access token that was shown to the API and works.
func (d *demo) eachToken(do func(token string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for token := range d.tokens {
		if d.gitlab.State(token).Active() {
			do(token)
		}
	}
}

var demoPage = template.Must(template.New("demo").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>A GitLab to play with</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; } button { font: inherit; margin: .2rem 0; }</style>
</head>
<body>
<h1>A GitLab to play with</h1>
<form method="post" action="/demo/expire"><button id="expire">Let the access tokens expire</button></form>
<form method="post" action="/demo/revoke"><button id="revoke">Withdraw the application's rights</button></form>
<form method="post" action="/demo/push"><button id="push">Push a commit to acme/website</button></form>
{{with .Done}}<p id="done">Done: {{.}}.</p>{{end}}
<h2>The last requests</h2>
<pre id="calls">{{range .Calls}}{{.Method}} {{.Path}} {{.Status}}
{{end}}</pre>
</body>
</html>
`))

// shownCalls is how many requests the page lists.
const shownCalls = 15

func (d *demo) show(w http.ResponseWriter, r *http.Request) {
	calls := d.gitlab.Calls()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = demoPage.Execute(w, struct {
		Done  string
		Calls []gitlabtest.Call
	}{r.FormValue("done"), calls[max(0, len(calls)-shownCalls):]})
}
