package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/filestore"
)

func Example() {
	dir, err := os.MkdirTemp("", "tokens") // of a service: /var/lib/<service>/tokens
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	store, err := filestore.New(dir)
	if err != nil {
		log.Fatal(err)
	}
	// A client does this itself, through its Config's Store.
	ctx := context.Background()
	id := gitlab.Identity{
		Key:     "user-1",
		BaseURL: "https://gitlab.example.com",
		Data:    gitlab.OAuthData{AccessToken: "access", RefreshToken: "refresh"},
	}
	if _, err := store.SaveIdentity(ctx, id); err != nil {
		log.Fatal(err)
	}

	// After a restart the identity is there, and can only be replaced by
	// someone who has seen it.
	store, err = filestore.New(dir)
	if err != nil {
		log.Fatal(err)
	}
	loaded, err := store.LoadIdentity(ctx, "user-1")
	fmt.Println(loaded.Key, loaded.BaseURL, err)
	_, err = store.SaveIdentity(ctx, id)
	fmt.Println(errors.Is(err, gitlab.ErrIdentityConflict))
	// Output:
	// user-1 https://gitlab.example.com <nil>
	// true
}
