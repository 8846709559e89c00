package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/freshgrant/gitlab"
)

// SignOut ends the grant at GitLab, then forgets it.
func ExampleClient_SignOut() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	server.Expire(tokens.AccessToken) // the user was away for a while

	if err := ada.SignOut(ctx); err != nil {
		log.Fatal(err) // GitLab or the store cannot be reached: nothing is lost, try again
	}
	_, err = ada.Users.Current(ctx)
	fmt.Println("signed out:", errors.Is(err, gitlab.ErrIdentityNotFound))
	fmt.Println("revoked:", server.State(tokens.RefreshToken).Revoked)
	// Output:
	// signed out: true
	// revoked: true
}
