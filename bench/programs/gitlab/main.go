// Command gitlab says hello with this library.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/freshgrant/gitlab"
)

func main() {
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  gitlab.GitLabCom,
		Provider: gitlab.OAuthProvider{ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET")},
		Store:    gitlab.NewMemoryStore(),
	})
	if err != nil {
		fail(err)
	}
	ada, err := client.Authorize(context.Background(), "ada", gitlab.OAuthData{AccessToken: os.Getenv("TOKEN")})
	if err != nil {
		fail(err)
	}
	user, err := ada.Users.Current(context.Background())
	if err != nil {
		fail(err)
	}
	fmt.Println("hello,", user.Name)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
