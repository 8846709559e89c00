// Command ownstore keeps GitLab tokens in a table that an application already
// has, and plays what happens to one user's row: connected, expired and
// refreshed, read after a restart, withdrawn, connected again.
//
// store.go is the part to copy.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver; the application's own is as good

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ownstore:", err)
		os.Exit(1)
	}
}

// run plays the story with a database and a GitLab of its own.
func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ownstore")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := open(ctx, filepath.Join(dir, "app.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `INSERT INTO users (login, email) VALUES ('ada', 'ada@example.com')`); err != nil {
		return err
	}
	server, err := gitlabtest.Start()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := signIn(ctx, out, db, server); err != nil {
		return err
	}
	return restart(ctx, out, db, server)
}

// open opens the application's database.
func open(ctx context.Context, path string) (*sql.DB, error) {
	// Of two connections that write at the same moment one waits, instead of failing.
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect is what the application does when it starts. shutdown is what it does
// before it ends: it waits until the tokens of a refresh under way are stored.
func connect(db *sql.DB, server *gitlabtest.Server) (client *gitlab.Client, shutdown func(*error), err error) {
	client, err = gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    &users{db: db},
	})
	shutdown = func(err *error) { *err = errors.Join(*err, client.Shutdown(context.Background())) }
	return client, shutdown, err
}

// signIn connects Ada's account, and calls GitLab when its token has expired.
func signIn(ctx context.Context, out io.Writer, db *sql.DB, server *gitlabtest.Server) (err error) {
	client, shutdown, err := connect(db, server)
	if err != nil {
		return err
	}
	defer shutdown(&err)
	show(ctx, out, db, "Ada is a user of the application")

	token := server.SignIn("ada") // GitLab's sign-in page has sent her back with these tokens
	ada, err := client.Authorize(ctx, "ada", gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken})
	if err != nil {
		return err
	}
	show(ctx, out, db, "She has connected GitLab")

	server.Expire(token.AccessToken)
	if err := greet(ctx, out, ada); err != nil {
		return err
	}
	show(ctx, out, db, "Her access token had expired; it was refreshed, and the new pair is stored")
	return nil
}

// restart goes on from the table. Ada takes the application's rights back, and
// gives them again.
func restart(ctx context.Context, out io.Writer, db *sql.DB, server *gitlabtest.Server) (err error) {
	client, shutdown, err := connect(db, server)
	if err != nil {
		return err
	}
	defer shutdown(&err)
	ada := client.As("ada")
	if err := greet(ctx, out, ada); err != nil {
		return err
	}
	posts := len(server.CallsTo(http.MethodPost, "/oauth/token"))
	fmt.Fprintf(out, "The application was restarted and goes on from its table; GitLab was asked for new tokens %d time(s) in all.\n\n", posts)

	stored, err := ada.Identity(ctx)
	if err != nil {
		return err
	}
	server.Revoke(stored.Data.AccessToken)
	// Only ErrReauthorize means that the grant is gone. Even then the row stays: the
	// next sign-in replaces it.
	if err := greet(ctx, out, ada); !errors.Is(err, gitlab.ErrReauthorize) {
		return fmt.Errorf("the call with a withdrawn grant: %w", err)
	}
	show(ctx, out, db, "She has withdrawn the application's rights on GitLab, and is asked to connect again; the row stays")

	token := server.SignIn("ada")
	if _, err := client.Authorize(ctx, "ada", gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken}); err != nil {
		return err
	}
	if err := greet(ctx, out, ada); err != nil {
		return err
	}
	show(ctx, out, db, "She has connected GitLab again")
	return nil
}

// greet makes a call as a user.
func greet(ctx context.Context, out io.Writer, client *gitlab.Client) error {
	user, err := client.Users.Current(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "GitLab says: hello, %s.\n", user.Username)
	return nil
}

// show prints Ada's row, of each token only what tells it from another one.
func show(ctx context.Context, out io.Writer, db *sql.DB, what string) {
	var access, refresh, revision string
	err := db.QueryRowContext(ctx, `SELECT COALESCE(substr(gitlab_tokens ->> 'access_token', 1, 6) || '…', 'NULL'),
		COALESCE(substr(gitlab_tokens ->> 'refresh_token', 1, 6) || '…', 'NULL'), COALESCE(substr(gitlab_revision, 1, 6) || '…', 'NULL')
		FROM users WHERE login = 'ada'`).Scan(&access, &refresh, &revision)
	if err != nil {
		fmt.Fprintln(out, "reading the row:", err)
		return
	}
	fmt.Fprintf(out, "%s.\n  ada  access_token %s  refresh_token %s  gitlab_revision %s\n\n", what, access, refresh, revision)
}
