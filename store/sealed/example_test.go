package sealed_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sealed"
)

func Example() {
	// Of a service: from its secrets, as openssl rand -base64 32 printed it.
	key, err := base64.StdEncoding.DecodeString("WnQ0dGhpc2lzYW5leGFtcGxla2V5LDMyIGJ5dGVzISE=")
	if err != nil {
		log.Fatal(err)
	}
	aead, err := sealed.AESGCM(key)
	if err != nil {
		log.Fatal(err)
	}
	inner := gitlab.NewMemoryStore() // or any other store
	store, err := sealed.New(inner, aead)
	if err != nil {
		log.Fatal(err)
	}

	// A client does this itself, through its Config's Store.
	ctx := context.Background()
	_, err = store.SaveIdentity(ctx, gitlab.Identity{
		Key:     "user-1",
		BaseURL: "https://gitlab.example.com",
		Data:    gitlab.OAuthData{AccessToken: "access", RefreshToken: "refresh"},
	})
	if err != nil {
		log.Fatal(err)
	}
	id, err := store.LoadIdentity(ctx, "user-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("through the seal:", id.Data.AccessToken)

	row, err := inner.LoadIdentity(ctx, "user-1")
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(row.Data)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("in the database: %.39s…\n", text)
	// Output:
	// through the seal: access
	// in the database: {"access_token":"","sealed":"sealed:v1:…
}

// Rows that were stored before there was a seal are read as they are. Reseal
// seals them without waiting for their next refresh.
func ExampleStore_Reseal() {
	ctx := context.Background()
	inner := gitlab.NewMemoryStore()
	plain := gitlab.Identity{Key: "user-1", Data: gitlab.OAuthData{AccessToken: "access"}}
	if _, err := inner.SaveIdentity(ctx, plain); err != nil {
		log.Fatal(err)
	}
	store, err := sealed.New(inner, example(1))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Reseal(ctx, "user-1"); err != nil {
		log.Fatal(err)
	}
	row, err := inner.LoadIdentity(ctx, "user-1")
	fmt.Printf("in the database: %q %v\n", row.Data.AccessToken, err)

	// With another key it does not open, and no grant is dead for that.
	stranger, err := sealed.New(inner, example(2))
	if err != nil {
		log.Fatal(err)
	}
	_, err = stranger.LoadIdentity(ctx, "user-1")
	fmt.Println(errors.Is(err, sealed.ErrCannotOpen))
	// Output:
	// in the database: "" <nil>
	// true
}

// A key is replaced while replicas run and nobody signs in again.
func ExampleNew_newKey() {
	first, second := example(1), example(2)
	ctx := context.Background()
	inner := gitlab.NewMemoryStore()
	open := func(primary sealed.AEAD, older ...sealed.AEAD) *sealed.Store {
		store, err := sealed.New(inner, primary, older...)
		if err != nil {
			log.Fatal(err)
		}
		return store
	}
	_, err := open(first).SaveIdentity(ctx, gitlab.Identity{Key: "user-1", Data: gitlab.OAuthData{AccessToken: "access"}})
	if err != nil {
		log.Fatal(err)
	}

	if err := open(second, first).Reseal(ctx, "user-1"); err != nil {
		log.Fatal(err)
	}
	id, err := open(second).LoadIdentity(ctx, "user-1")
	fmt.Println(id.Data.AccessToken, err)
	// Output: access <nil>
}

// example is an AEAD with a key that nobody should use.
func example(key byte) sealed.AEAD {
	aead, err := sealed.AESGCM(append(make([]byte, 31), key))
	if err != nil {
		log.Fatal(err)
	}
	return aead
}
