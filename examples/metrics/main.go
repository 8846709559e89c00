// Command metrics turns what a GitLab client tells of itself into Prometheus
// metrics. It plays a short story with a GitLab of its own and prints the metrics,
// or serves them.
//
// metrics.go and alerts.yml are the parts to copy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func main() {
	listen := flag.String("listen", "", "serve the metrics at this `address` under /metrics, such as localhost:9100; without it they are printed once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "metrics:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen string) error {
	server, err := gitlabtest.Start()
	if err != nil {
		return err
	}
	defer server.Close()
	registry := prometheus.NewRegistry() // of a service: its own, often prometheus.DefaultRegisterer
	if err := play(ctx, server, NewMetrics(registry)); err != nil {
		return err
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if listen == "" {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
		_, err := answer.Body.WriteTo(os.Stdout)
		return err
	}
	return serve(ctx, listen, handler)
}

// serve answers until ctx ends.
func serve(ctx context.Context, listen string, handler http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	web := &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer stop()
	fmt.Fprintf(os.Stderr, "The metrics are at http://%s/metrics. Ctrl-C ends.\n", listen)
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// play lets a token expire, and a user withdraw a grant and sign in again.
func play(ctx context.Context, server *gitlabtest.Server, metrics *Metrics) (err error) {
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    server.URL,
		Provider:   gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:      gitlab.NewMemoryStore(),
		HTTPClient: server.Client(),
		OnRefresh:  metrics.OnRefresh,
		OnCall:     metrics.OnCall,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Shutdown(context.WithoutCancel(ctx))) }()

	token := server.SignIn("ada")
	ada, err := client.Authorize(ctx, "user-1", pair(token))
	if err != nil {
		return err
	}
	server.Expire(token.AccessToken)
	if _, err := ada.Users.Current(ctx); err != nil {
		return err
	}

	token = server.SignIn("bob")
	bob, err := client.Authorize(ctx, "user-2", pair(token))
	if err != nil {
		return err
	}
	server.Revoke(token.AccessToken)
	if _, err := bob.Users.Current(ctx); !errors.Is(err, gitlab.ErrReauthorize) {
		return fmt.Errorf("the call with a withdrawn grant: %w", err)
	}
	if bob, err = client.Authorize(ctx, "user-2", pair(server.SignIn("bob"))); err != nil {
		return err
	}
	_, err = bob.Users.Current(ctx)
	return err
}

// pair is what a sign-in gave.
func pair(token gitlabtest.Token) gitlab.OAuthData {
	return gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken}
}
