package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/signin"
	"github.com/freshgrant/gitlab/webhook"
)

// maxForm is how large a form of ours may be, in bytes.
const maxForm = 64 << 10

// app is the service.
type app struct {
	publicURL string
	gitlab    *gitlab.Client // acts as nobody; As(key) acts as a user
	db        *database
	log       *slog.Logger
	pages     *pages
	sessions  *sessions
	signin    *signin.Handler
	hooks     *webhook.Handler
	feed      *feed
}

func newApp(ctx context.Context, o options, db *database, log *slog.Logger) (*app, error) {
	a := &app{publicURL: o.publicURL, db: db, log: log, feed: newFeed()}
	provider := gitlab.OAuthProvider{
		ClientID:     o.clientID,
		ClientSecret: o.clientSecret,
		RedirectURL:  o.publicURL + "/callback",
		Scopes:       []string{"api"}, // hooks and comments are written; read_api would do for the rest
	}
	var err error
	a.gitlab, err = gitlab.New(gitlab.Config{
		BaseURL:  o.gitlabURL,
		Provider: provider,
		Store:    db.identities,
		OnRefresh: func(ctx context.Context, e gitlab.RefreshEvent) {
			log.InfoContext(ctx, "refresh", "key", e.Key, "outcome", e.Outcome, "took", e.Duration, "error", e.Err) // no tokens
		},
	})
	if err != nil {
		return nil, err
	}
	if a.pages, err = newPages(a.gitlab.BaseURL()); err != nil {
		return nil, err
	}
	if a.sessions, err = newSessions(ctx, db, strings.HasPrefix(o.publicURL, "https://")); err != nil {
		return nil, err
	}
	if a.signin, err = a.newSignIn(ctx, provider); err != nil {
		return nil, err
	}
	a.hooks, err = a.newWebhooks()
	return a, err
}

// shutdown returns when no webhook is being handled and the tokens of refreshes
// under way are stored.
func (a *app) shutdown(ctx context.Context) error {
	if err := a.hooks.Shutdown(ctx); err != nil {
		a.log.WarnContext(ctx, "webhooks", "error", err)
	}
	return a.gitlab.Shutdown(ctx)
}

// handler is all of the service.
func (a *app) handler() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", a.home)
	pages.HandleFunc("GET /login", a.signin.Login)
	pages.HandleFunc("GET /callback", a.signin.Callback)
	pages.HandleFunc("GET /disconnected", a.disconnected)
	pages.HandleFunc("GET /projects/{project}", a.signedIn(a.showProject))
	pages.HandleFunc("POST /projects/{project}/connect", a.signedIn(a.connect))
	pages.HandleFunc("POST /projects/{project}/disconnect", a.signedIn(a.disconnect))
	pages.HandleFunc("GET /projects/{project}/issues/{issue}", a.signedIn(a.showIssue))
	pages.HandleFunc("POST /projects/{project}/issues/{issue}/comments", a.signedIn(a.comment))
	pages.HandleFunc("POST /disconnect", a.signedIn(a.signOut))
	pages.HandleFunc("GET /events", a.signedIn(a.live))
	pages.HandleFunc("GET /static/{file}", asset)
	pages.HandleFunc("/", a.notFound)

	// Forms of other sites are refused by what browsers say of a request's origin;
	// no token in the form is needed. Behind a proxy the Host may be another one
	// than browsers see, so the public origin is named.
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(a.publicURL); err != nil {
		a.log.Warn("forms are checked by the Host header alone", "error", err)
	}

	all := http.NewServeMux()
	all.Handle("/", protection.Handler(http.MaxBytesHandler(pages, maxForm)))
	all.Handle("POST /webhooks/{connection}", a.hooks) // GitLab calls it, no browser; its secret is the protection
	all.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := a.db.PingContext(r.Context()); err != nil {
			http.Error(w, "no database", http.StatusServiceUnavailable)
		}
	})
	return hardened(all, strings.HasPrefix(a.publicURL, "https://"))
}

// hardened tells browsers what these pages never do.
func hardened(next http.Handler, https bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "+
			"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // every page is one user's
		if https {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		next.ServeHTTP(w, r)
	})
}
