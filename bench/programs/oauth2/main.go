// Command oauth2 says hello with net/http, encoding/json and x/oauth2.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/oauth2"
)

func main() {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://gitlab.com/api/v4/user", nil)
	if err != nil {
		fail(err)
	}
	cfg := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     oauth2.Endpoint{TokenURL: "https://gitlab.com/oauth/token"}, //nolint:gosec // no credential
	}
	client := cfg.Client(req.Context(), &oauth2.Token{AccessToken: os.Getenv("TOKEN"), RefreshToken: os.Getenv("REFRESH_TOKEN")})
	resp, err := client.Do(req)
	if err != nil {
		fail(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		fail(errors.New(resp.Status))
	}
	var user struct {
		Name string `json:"name"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&user); err != nil {
		fail(err)
	}
	fmt.Println("hello,", user.Name)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
