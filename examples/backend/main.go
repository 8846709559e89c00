// Command backend is a small web service on top of the library: a user connects
// GitLab, sees projects, has one of them report what happens in it, and
// comments on issues. Started without flags it brings a GitLab of its own, so
// that there is something to click through.
//
// It is meant to be copied. Read main.go, app.go and connect.go first; a file
// that begins with "demo" is what a service of your own leaves out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shutdownTime is what requests under way, and tokens that are being refreshed,
// get when the service is told to stop.
const shutdownTime = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(program(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// program is main with everything it depends on as a parameter; it returns the
// exit code.
func program(ctx context.Context, args []string, env func(string) string, out, errOut io.Writer) int {
	o, err := readOptions(args, env, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	log := slog.New(slog.NewTextHandler(errOut, nil))
	if err := run(ctx, o, log, out); err != nil {
		fmt.Fprintln(errOut, "backend:", err)
		return 1
	}
	return 0
}

// run serves until ctx ends.
func run(ctx context.Context, o options, log *slog.Logger, out io.Writer) (err error) {
	// The listener first: with port 0 it alone knows the URL that GitLab is told.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.publicURL == "" {
		o.publicURL = "http://" + listener.Addr().String()
	}

	if o.gitlabURL == "" {
		demo, err := startDemo(ctx, &o)
		if err != nil {
			return err
		}
		defer demo.close()
		fmt.Fprintf(out, "There is a GitLab to play with at %s; sign in there as \"ada\".\n", demo.url)
	}

	db, err := openDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	a, err := newApp(ctx, o, db, log)
	if err != nil {
		return err
	}

	server := &http.Server{
		Handler:           a.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute, // a webhook may have 25 MiB
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(a.feed.close) // live pages would keep it waiting for ever
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "Open %s\n", o.publicURL)

	select {
	case err = <-served: // it never ends by itself but with an error
	case <-ctx.Done():
		fmt.Fprintln(out, "Stopping.")
	}
	// In this order: no new requests, then nobody who needs a token any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return errors.Join(err, server.Shutdown(ctx), a.shutdown(ctx))
}
