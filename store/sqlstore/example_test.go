package sqlstore_test

import (
	"database/sql"
	"fmt"

	"github.com/freshgrant/gitlab/store/sqlstore"
)

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
