package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strconv"
	"sync"

	"github.com/freshgrant/gitlab"
)

// userTable stands for a table of users with a column for the tokens and one
// for their version. One process uses it, so that SingleProcess is its lock.
type userTable struct {
	gitlab.SingleProcess

	mu   sync.Mutex // guards rows
	rows map[string]userRow
}

type userRow struct {
	tokens  []byte // the JSON of an OAuthData
	version int    // 1 and up
}

// revision is the row's version as the library sees it; "" if there is no row.
func (r userRow) revision() string {
	if r.version == 0 {
		return ""
	}
	return strconv.Itoa(r.version)
}

func (t *userTable) LoadIdentity(_ context.Context, key string) (gitlab.Identity, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, ok := t.rows[key]
	if !ok {
		return gitlab.Identity{}, gitlab.ErrIdentityNotFound // SELECT has found nothing
	}
	id := gitlab.Identity{Key: key, BaseURL: gitlab.GitLabCom, Revision: row.revision()}
	return id, json.Unmarshal(row.tokens, &id.Data)
}

func (t *userTable) SaveIdentity(_ context.Context, id gitlab.Identity) (string, error) {
	tokens, err := json.Marshal(id.Data)
	if err != nil {
		return "", err
	}
	t.mu.Lock() // UPDATE … WHERE version = …
	defer t.mu.Unlock()
	row := t.rows[id.Key]
	if row.revision() != id.Revision {
		return "", gitlab.ErrIdentityConflict
	}
	row = userRow{tokens: tokens, version: row.version + 1}
	t.rows[id.Key] = row
	return row.revision(), nil
}

func (t *userTable) DeleteIdentity(_ context.Context, key, revision string) error {
	t.mu.Lock() // DELETE … WHERE version = …
	defer t.mu.Unlock()
	row, ok := t.rows[key]
	switch {
	case !ok:
		return gitlab.ErrIdentityNotFound
	case row.revision() != revision:
		return gitlab.ErrIdentityConflict
	}
	delete(t.rows, key)
	return nil
}

// A store over a table that an application already has. Package storetest proves
// that one keeps the rules.
func ExampleIdentityStore() {
	table := &userTable{rows: make(map[string]userRow)}
	client, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom, Store: table})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := client.Authorize(ctx, "user-42", gitlab.OAuthData{AccessToken: "access", RefreshToken: "refresh"}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", table.rows["user-42"].tokens)

	_, err = table.SaveIdentity(ctx, gitlab.Identity{Key: "user-42"}) // by someone who has not seen that row
	fmt.Println(errors.Is(err, gitlab.ErrIdentityConflict))
	// Output:
	// {"access_token":"access","refresh_token":"refresh"}
	// true
}
