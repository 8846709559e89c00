package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// signInPage is a GitLab with an application, and a client of it that knows no
// users yet.
func signInPage() (*gitlabtest.Server, *gitlab.Client, gitlab.OAuthProvider) {
	server, client, _ := newExample()
	provider := gitlab.OAuthProvider{
		ClientID:     server.App.ClientID,
		ClientSecret: server.App.ClientSecret,
		RedirectURL:  server.App.RedirectURI,
		Scopes:       []string{"api"},
	}
	return server, client, provider
}

// callback opens a page of GitLab as ada's browser does, where she clicks on
// "Authorize", and returns the query with which she comes back.
func callback(server *gitlabtest.Server, page string) url.Values {
	server.AutoApprove("ada")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, page, http.NoBody)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := server.Client().Transport.RoundTrip(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		log.Fatal(err)
	}
	return back.Query()
}

// The authorization code flow with PKCE. Package signin does all of this for a
// web application.
func ExampleOAuthProvider_Exchange() {
	server, client, provider := signInPage()
	defer server.Close()
	ctx := context.Background()

	// On a click on "Connect GitLab"; the user's session keeps state and verifier:
	state, verifier := "random text", oauth2.GenerateVerifier()
	page, err := provider.AuthCodeURL(client.BaseURL(), state, verifier)
	if err != nil {
		log.Fatal(err)
	}

	// When the user comes back to RedirectURL:
	query := callback(server, page)
	if query.Get("state") != state {
		log.Fatal("not the sign-in that this browser began")
	}
	tokens, err := provider.Exchange(client.SignInContext(ctx), client.BaseURL(), query.Get("code"), verifier)
	if err != nil {
		log.Fatal(err)
	}
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	user, err := ada.Users.Current(ctx)
	fmt.Println(user.Username, err)
	// Output: ada <nil>
}

// A program without a browser tells where to enter which code.
func ExampleOAuthProvider_DeviceAuth() {
	server, client, provider := signInPage()
	defer server.Close()
	device, err := provider.DeviceAuth(client.SignInContext(context.Background()), client.BaseURL())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Open", device.VerificationURI[len(server.URL):], "and enter the code:", device.UserCode != "")
	// Output: Open /oauth/device and enter the code: true
}

// Then it waits until that has been done.
func ExampleOAuthProvider_DeviceToken() {
	server, client, provider := signInPage()
	defer server.Close()
	ctx := client.SignInContext(context.Background())
	device, err := provider.DeviceAuth(ctx, client.BaseURL())
	if err != nil {
		log.Fatal(err)
	}
	if err := server.ApproveDevice(device.UserCode, "ada"); err != nil { // as she does in her browser
		log.Fatal(err)
	}
	device.Interval = 1 // second, since an example has less time than a person
	tokens, err := provider.DeviceToken(ctx, client.BaseURL(), device)
	if err != nil {
		log.Fatal(err)
	}
	ada, err := client.Authorize(ctx, "me", tokens)
	if err != nil {
		log.Fatal(err)
	}
	user, err := ada.Users.Current(ctx)
	fmt.Println(user.Username, err)
	// Output: ada <nil>
}

// Revoke ends a grant that was never stored, or is stored no more. For those
// that are there is Client.SignOut.
func ExampleOAuthProvider_Revoke() {
	server, client, provider := signInPage()
	defer server.Close()
	tokens := server.SignIn("ada")
	if err := provider.Revoke(client.SignInContext(context.Background()), client.BaseURL(), tokens.RefreshToken); err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.State(tokens.AccessToken).Revoked)
	// Output: true
}

// The provider is told the instance, and uses the connections of the client.
func ExampleClient_SignInContext() {
	server, err := gitlabtest.Start(gitlabtest.WithTLS()) // with a private CA
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{BaseURL: server.URL, HTTPClient: server.Client()})
	if err != nil {
		log.Fatal(err)
	}
	provider := gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret}
	token := server.SignIn("ada").RefreshToken

	ctx := context.Background()
	fmt.Println("trusted:", provider.Revoke(ctx, client.BaseURL(), token) == nil)
	fmt.Println("trusted:", provider.Revoke(client.SignInContext(ctx), client.BaseURL(), token) == nil)
	// Output:
	// trusted: false
	// trusted: true
}

// Tokens that package oauth2 has got can be stored.
func ExampleOAuthDataFromToken() {
	token := &oauth2.Token{AccessToken: "access", RefreshToken: "refresh", TokenType: "Bearer", Expiry: time.Unix(1893456000, 0)}
	data := gitlab.OAuthDataFromToken(token)
	fmt.Println(data.AccessToken, data.RefreshToken, data.ExpiresAt.Format(time.DateOnly))
	// Output: access refresh 2030-01-01
}

// A token answer that another program has received.
func ExampleParseOAuthData() {
	data, err := gitlab.ParseOAuthData([]byte(`{"access_token": "access", "refresh_token": "refresh", "scope": "api", "expires_in": 7200}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Scope, time.Until(data.ExpiresAt).Round(time.Hour))

	_, err = gitlab.ParseOAuthData([]byte(`<html>We are deploying</html>`))
	fmt.Println(errors.Is(err, gitlab.ErrRefreshUnavailable))
	// Output:
	// api 2h0m0s
	// true
}
