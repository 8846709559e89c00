package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi" //nolint:gosec // what it warns of, Go has not had since 1.6.3
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/store/filestore"
)

// demonstrate clones a repository twice with git and this program as its
// helper; at first the token has expired.
func demonstrate(ctx context.Context, out io.Writer) (err error) {
	out = &lockedWriter{out: out}
	git, err := findGit(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gitcredential")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h, err := newHost(ctx, git, dir, out)
	if err != nil {
		return err
	}
	defer h.close()

	// Some program has signed Ada in, two hours ago; Client.Authorize stored it.
	token := h.gitlab.SignIn("ada", "api")
	h.gitlab.Expire(token.AccessToken)
	store, err := filestore.New(filepath.Join(dir, "tokens"))
	if err != nil {
		return err
	}
	if _, err := store.SaveIdentity(ctx, gitlab.Identity{Key: "ada", BaseURL: h.url, Data: gitlab.OAuthData{
		AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, ExpiresAt: time.Now().Add(-time.Second),
	}}); err != nil {
		return err
	}

	helper := fmt.Sprintf("!%s -url %s -client-id %s -store %s -key ada",
		quote(self), quote(h.url), quote(h.gitlab.App.ClientID), quote(filepath.Join(dir, "tokens")))
	clone := func(into string) error {
		return git.run(ctx, dir, []string{"GITLAB_CLIENT_SECRET=" + h.gitlab.App.ClientSecret},
			// The empty helper drops those of the user's own configuration.
			"-c", "credential.helper=", "-c", "credential.helper="+helper, "clone", "--quiet", h.url+"/team/app.git", into)
	}
	fmt.Fprintln(out, "Ada's access token has expired. git clones a repository, and asks the helper for a password:")
	if err := clone("first"); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "first", "README"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The clone is there; its README says: %s\n", strings.TrimSpace(string(text)))
	fmt.Fprintln(out, "git clones again, with the stored token:")
	if err := clone("second"); err != nil {
		return err
	}
	fmt.Fprintf(out, "GitLab was asked for new tokens %d time(s).\n", len(h.gitlab.CallsTo(http.MethodPost, "/oauth/token")))
	return nil
}

// quote makes one word of s for the shell that git starts helpers with.
func quote(s string) string {
	return "'" + strings.ReplaceAll(filepath.ToSlash(s), "'", `'\''`) + "'"
}

// git is the path of the program.
type git string

var errNoGit = errors.New("git with its http-backend is not installed")

func findGit(ctx context.Context) (git, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return "", errNoGit
	}
	dir, err := exec.CommandContext(ctx, path, "--exec-path").Output() //nolint:gosec // the user's own git
	if err != nil {
		return "", errNoGit
	}
	if _, err := exec.LookPath(filepath.Join(strings.TrimSpace(string(dir)), "git-http-backend")); err != nil {
		return "", errNoGit
	}
	return git(path), nil
}

// alone keeps a git apart from its user's configuration and terminal.
var alone = []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}

// run runs a git command in dir.
func (g git) run(ctx context.Context, dir string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, string(g), args...) //nolint:gosec // the user's own git
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), alone...), env...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git: %w: %s", err, said)
	}
	return nil
}

// host is a GitLab with a repository that is cloned over HTTP.
type host struct {
	url     string
	gitlab  *gitlabtest.Server
	web     *http.Server
	backend cgi.Handler
	out     io.Writer
}

// newHost serves below dir the repository team/app.git, and prints every
// request.
func newHost(ctx context.Context, git git, dir string, out io.Writer) (*host, error) {
	work, root := filepath.Join(dir, "work"), filepath.Join(dir, "repositories")
	if err := os.Mkdir(work, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(work, "README"), []byte("It works.\n"), 0o600); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"-c", "init.defaultBranch=main", "init", "--quiet"},
		{"add", "README"},
		{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message=Begin"},
		{"clone", "--quiet", "--bare", work, filepath.Join(root, "team", "app.git")},
	} {
		if err := git.run(ctx, work, nil, args...); err != nil {
			return nil, err
		}
	}
	server, err := gitlabtest.Start(gitlabtest.InMemory())
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &host{url: "http://" + listener.Addr().String(), gitlab: server, out: out}
	h.backend = cgi.Handler{
		Path: string(git), Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: append([]string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}, alone...),
	}
	h.web = &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = h.web.Serve(listener) }() // ends with close
	return h, nil
}

func (h *host) close() {
	_ = h.web.Close()
	h.gitlab.Close()
}

// ServeHTTP implements [http.Handler].
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w = &narrator{ResponseWriter: w, request: r, out: h.out}
	if strings.Contains(r.URL.Path, ".git/") {
		h.serveGit(w, r)
	} else {
		h.gitlab.Handler().ServeHTTP(w, r)
	}
}

// serveGit asks for an access token as a password, as GitLab does.
func (h *host) serveGit(w http.ResponseWriter, r *http.Request) {
	name, password, _ := r.BasicAuth()
	if name != username || !h.accepts(r.Context(), password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="GitLab"`)
		http.Error(w, "HTTP Basic: Access denied.", http.StatusUnauthorized)
		return
	}
	r.Header.Del("Authorization") // git has no use for it
	h.backend.ServeHTTP(w, r)
}

// accepts asks GitLab's API.
func (h *host) accepts(ctx context.Context, token string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.gitlab.URL+"/api/v4/user", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := h.gitlab.Client().Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// narrator prints a request with its answer's status, before the caller can
// see that.
type narrator struct {
	http.ResponseWriter

	request *http.Request
	out     io.Writer
}

// WriteHeader implements [http.ResponseWriter].
func (n *narrator) WriteHeader(status int) {
	fmt.Fprintf(n.out, "  %-4s %s → %d\n", n.request.Method, n.request.URL.Path, status)
	n.ResponseWriter.WriteHeader(status)
}

// lockedWriter is for many goroutines.
type lockedWriter struct {
	mu  sync.Mutex // guards out
	out io.Writer
}

// Write implements [io.Writer].
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}
