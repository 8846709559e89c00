package sqlstore_test

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// The database is one that the program has opened, with whatever driver it has.
func ExampleNew() {
	db := new(sql.DB) // sql.Open("pgx", dsn)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.WithTable("app.gitlab_identities"), sqlstore.WithLease(20*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	// Then store.CreateSchema(ctx), or a migration with store.Schema().
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  gitlab.GitLabCom,
		Provider: gitlab.OAuthProvider{ClientID: "id", ClientSecret: "secret"},
		Store:    store,
	})
	fmt.Println(client, err)
	// Output: Client{base_url:https://gitlab.com as:anonymous} <nil>
}

// The table that a migration creates; no database is asked for it.
func ExampleStore_Schema() {
	store, err := sqlstore.New(new(sql.DB), sqlstore.SQLite, sqlstore.WithTable("app.tokens"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store)
	fmt.Print(store.Schema())
	// Output:
	// sqlstore(app.tokens)
	// CREATE TABLE IF NOT EXISTS "app"."tokens" (
	// 	identity_key   BLOB NOT NULL PRIMARY KEY,
	// 	base_url       TEXT NOT NULL,
	// 	data           TEXT NOT NULL,
	// 	revision       TEXT NOT NULL,
	// 	lock_owner     TEXT NOT NULL DEFAULT '',
	// 	lock_until     INTEGER NOT NULL DEFAULT 0,
	// 	lock_revision  TEXT NOT NULL DEFAULT '',
	// 	lock_abandoned BOOLEAN NOT NULL DEFAULT FALSE
	// );
}
