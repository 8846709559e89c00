package gitlab_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshgrant/gitlab"
)

// vaultProvider asks for the client secret whenever it is needed, so that it can
// be replaced while the program runs.
type vaultProvider struct {
	clientID string
	secret   func(ctx context.Context) (string, error)
}

// RefreshIdentity says ErrRefreshUnavailable where nothing was sent, so that it
// is tried again and nobody is signed out.
func (p vaultProvider) RefreshIdentity(ctx context.Context, id gitlab.Identity, refreshTokenURL string) (gitlab.OAuthData, error) {
	secret, err := p.secret(ctx)
	if err != nil {
		return gitlab.OAuthData{}, fmt.Errorf("%w: %w", gitlab.ErrRefreshUnavailable, err)
	}
	application := gitlab.OAuthProvider{ClientID: p.clientID, ClientSecret: secret}
	return application.RefreshIdentity(ctx, id, refreshTokenURL)
}

// RevokeIdentity is what Client.SignOut needs.
func (p vaultProvider) RevokeIdentity(ctx context.Context, id gitlab.Identity, revokeURL string) error {
	secret, err := p.secret(ctx)
	if err != nil {
		return err
	}
	application := gitlab.OAuthProvider{ClientID: p.clientID, ClientSecret: secret}
	return application.RevokeIdentity(ctx, id, revokeURL)
}

// A provider that wraps OAuthProvider.
func ExampleIdentityProvider() {
	var provider gitlab.IdentityProvider = vaultProvider{
		clientID: "id",
		secret:   func(context.Context) (string, error) { return "", errors.New("the vault is sealed") },
	}
	_, err := provider.RefreshIdentity(context.Background(), gitlab.Identity{}, "https://gitlab.com/oauth/token")
	fmt.Println(err)
	_, canSignOut := provider.(gitlab.IdentityRevoker)
	fmt.Println(canSignOut)
	// Output:
	// gitlab: no refresh possible now, try again later: the vault is sealed
	// true
}
