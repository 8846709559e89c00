package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// OAuthProvider is a GitLab OAuth application
// (https://docs.gitlab.com/api/oauth2/). It is an [IdentityProvider], and signs
// users in: each of those methods is told the base URL of the instance.
//
// Its HTTP client is the context's oauth2.HTTPClient, as with package oauth2,
// and [http.DefaultTransport] without one: [Client.SignInContext] provides that
// of a Config. The methods that sign in have no time limit but their context's.
// Redirects are never followed. Printing it shows no secret; its JSON does hold
// the secret.
type OAuthProvider struct {
	ClientID     string
	ClientSecret string   // "" for a public application
	RedirectURL  string   // one of those that the application has registered; for AuthCodeURL and Exchange
	Scopes       []string // such as "api", "read_user"; nil: the application's default
}

// maxTokenBody caps what is read of a token endpoint's answer, in bytes.
const maxTokenBody = 1 << 20

// RefreshIdentity implements [IdentityProvider] with one request to
// refreshTokenURL, which is never sent a second time.
func (p OAuthProvider) RefreshIdentity(ctx context.Context, id Identity, refreshTokenURL string) (OAuthData, error) {
	switch {
	case id.Data.RefreshToken == "":
		return OAuthData{}, &IdentityNotValidError{Key: id.Key, Description: "it has no refresh token"}
	case refreshTokenURL == "":
		return OAuthData{}, &IdentityNotValidError{Key: id.Key, Description: "there is no token URL"}
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {id.Data.RefreshToken}}
	resp, body, err := p.post(ctx, refreshTokenURL, form) //nolint:bodyclose // post has read and closed it
	switch {
	case err != nil && resp == nil:
		return OAuthData{}, meaning(ErrRefreshUnavailable, because("asking the token endpoint", err))
	case resp.StatusCode/100 == 2: // also if err tells that the body broke off
		data, err := ParseOAuthData(body)
		if err != nil {
			err = meaning(ErrRefreshUnavailable, because("the token endpoint's answer cannot be used (is that the instance's base URL?)", err))
		}
		return data, err
	}
	return OAuthData{}, p.refusal(id, resp, body)
}

// refusal tells a refusal from an answer that says nothing: only the codes of
// RFC 6749 count, and a 401.
func (p OAuthProvider) refusal(id Identity, resp *http.Response, body []byte) error {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	secrets := []string{id.Data.RefreshToken, id.Data.AccessToken, p.ClientSecret}
	understood := json.Unmarshal(body, &answer) == nil
	switch {
	case resp.StatusCode == http.StatusUnauthorized,
		understood && resp.StatusCode == http.StatusBadRequest && answer.Error != "" && !isTemporary(answer.Error),
		understood && resp.StatusCode == http.StatusForbidden && isOAuthError(answer.Error):
		return &IdentityNotValidError{
			Key:         id.Key,
			StatusCode:  resp.StatusCode,
			Code:        redact(answer.Error, secrets...),
			Description: redact(answer.Description, secrets...),
		}
	}
	api := newAPIError(resp, body, secrets...)
	api.Fields, api.ofRefresh = nil, true
	if location, err := resp.Location(); err == nil {
		api.Message = "the token endpoint redirects to " + origin(location) + "; is that the instance's base URL?"
	}
	return meaning(ErrRefreshUnavailable, api)
}

// isOAuthError knows the refusals of RFC 6749, section 5.2.
func isOAuthError(code string) bool {
	return slices.Contains([]string{
		"invalid_request", "invalid_client", "invalid_grant",
		"unauthorized_client", "unsupported_grant_type", "invalid_scope",
	}, code)
}

// rejectsClient knows the codes that are about the application, not the grant.
func rejectsClient(code string) bool {
	return code == "invalid_client" || code == "unauthorized_client"
}

// isTemporary knows the codes of RFC 6749, section 4.1.2.1, that ask to come
// back later.
func isTemporary(code string) bool {
	return code == "temporarily_unavailable" || code == "server_error"
}

// post sends form with the application's credentials as parameters, once.
// Without an answer, resp is nil; an error beside resp tells that the body
// broke off.
func (p OAuthProvider) post(ctx context.Context, target string, form url.Values) (resp *http.Response, body []byte, err error) {
	form.Set("client_id", p.ClientID)
	if p.ClientSecret != "" {
		form.Set("client_secret", p.ClientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, errors.New("the URL cannot be read")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "freshgrant-gitlab")
	resp, err = tokenClient(ctx).Do(req)
	if err != nil {
		return nil, nil, withoutSecrets(withoutURL(err), p.ClientSecret, form.Get("refresh_token"), form.Get("token"))
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxTokenBody))
	return resp, body, err
}

// tokenClient is the context's HTTP client without redirects: a token request
// must not carry its secrets anywhere else.
func tokenClient(ctx context.Context) *http.Client {
	client := &http.Client{}
	if given, ok := ctx.Value(oauth2.HTTPClient).(*http.Client); ok && given != nil {
		*client = *given
	}
	client.CheckRedirect = noRedirect
	return client
}

// withTokenClient is ctx for package oauth2, with tokenClient.
func withTokenClient(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, tokenClient(ctx))
}

// config is the application at one instance, for package oauth2.
func (p OAuthProvider) config(baseURL string) (*oauth2.Config, error) {
	base, err := normalBaseURL(baseURL)
	if err != nil {
		return nil, err
	}
	root := base.String()
	return &oauth2.Config{
		ClientID:     p.ClientID,
		ClientSecret: p.ClientSecret,
		RedirectURL:  p.RedirectURL,
		Scopes:       p.Scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL:       root + "/oauth/authorize",
			TokenURL:      root + "/oauth/token",
			DeviceAuthURL: root + "/oauth/authorize_device",
			AuthStyle:     oauth2.AuthStyleInParams, // probing would send a code twice
		},
	}, nil
}

// AuthCodeURL returns the page on which a user grants access. state protects
// against forged callbacks (RFC 6749, section 10.12); verifier, from
// [oauth2.GenerateVerifier], is kept for Exchange (PKCE, RFC 7636).
func (p OAuthProvider) AuthCodeURL(baseURL, state, verifier string, opts ...oauth2.AuthCodeOption) (string, error) {
	conf, err := p.config(baseURL)
	if err != nil {
		return "", err
	}
	if p.RedirectURL == "" {
		return "", errors.New("gitlab: AuthCodeURL needs OAuthProvider.RedirectURL, one that the application has registered")
	}
	if state == "" || verifier == "" {
		return "", errors.New("gitlab: AuthCodeURL needs a state and a verifier, see oauth2.GenerateVerifier")
	}
	return conf.AuthCodeURL(state, append(opts, oauth2.S256ChallengeOption(verifier))...), nil
}

// Exchange turns the code of a callback into tokens, for [Client.Authorize]. A
// code works once. A refusal is an [*APIError] whose Code is that of RFC 6749.
func (p OAuthProvider) Exchange(ctx context.Context, baseURL, code, verifier string) (OAuthData, error) {
	conf, err := p.config(baseURL)
	if err != nil {
		return OAuthData{}, err
	}
	token, err := conf.Exchange(withTokenClient(ctx), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return OAuthData{}, p.signInError("exchanging the code", err, code, verifier)
	}
	return OAuthDataFromToken(token), nil
}

// DeviceAuth starts a sign-in on a device without a browser (RFC 8628). Show the
// answer's VerificationURI and UserCode, and hand it to DeviceToken.
func (p OAuthProvider) DeviceAuth(ctx context.Context, baseURL string) (*oauth2.DeviceAuthResponse, error) {
	conf, err := p.config(baseURL)
	if err != nil {
		return nil, err
	}
	var credentials []oauth2.AuthCodeOption
	if p.ClientSecret != "" { // package oauth2 sends the ID alone, which GitLab refuses of a confidential application
		credentials = append(credentials, oauth2.SetAuthURLParam("client_secret", p.ClientSecret))
	}
	device, err := conf.DeviceAuth(withTokenClient(ctx), credentials...)
	if err != nil {
		return nil, p.signInError("starting the device sign-in", err)
	}
	return device, nil
}

// maxPolls is how often DeviceToken gets no answer before it gives up.
const maxPolls = 10

// DeviceToken waits until the user has answered, ctx ends, or the code expires,
// asking GitLab as often as it allows. It goes on, more slowly, when GitLab
// cannot be reached for a while.
func (p OAuthProvider) DeviceToken(ctx context.Context, baseURL string, device *oauth2.DeviceAuthResponse) (OAuthData, error) {
	conf, err := p.config(baseURL)
	if err != nil {
		return OAuthData{}, err
	}
	if device == nil {
		return OAuthData{}, errors.New("gitlab: DeviceToken needs the answer of DeviceAuth")
	}
	poll := *device
	for n := 1; ; n++ {
		token, err := conf.DeviceAccessToken(withTokenClient(ctx), &poll)
		if err == nil {
			return OAuthDataFromToken(token), nil
		}
		ended := ctx.Err() != nil || !poll.Expiry.IsZero() && !time.Now().Before(poll.Expiry)
		refused, answered := errors.AsType[*oauth2.RetrieveError](err)
		if ended || n == maxPolls || answered && (refused.ErrorCode != "" || !isPassing(refused.Response.StatusCode)) {
			return OAuthData{}, p.signInError("waiting for the device sign-in", err, device.DeviceCode)
		}
		poll.Interval = max(poll.Interval, deviceInterval) + deviceInterval // RFC 8628, section 3.5
		if answered {
			poll.Interval = max(poll.Interval, int64(retryAfter(refused.Response, time.Now())/time.Second))
		}
	}
}

// deviceInterval is, in seconds, how often a device asks if it is not told
// (RFC 8628, section 3.2), and by how much longer it waits after a failure.
const deviceInterval = 5

// Revoke ends a grant at GitLab (RFC 7009). An unknown token is no error. Give it
// the refresh token: an access token that has expired ends nothing, and GitLab
// does not say so. [Client.SignOut] takes care of that.
func (p OAuthProvider) Revoke(ctx context.Context, baseURL, token string) error {
	base, err := normalBaseURL(baseURL)
	if err != nil {
		return err
	}
	if token == "" {
		return errors.New("gitlab: Revoke needs a token")
	}
	return p.revoke(ctx, base.String()+"/oauth/revoke", token)
}

// RevokeIdentity implements [IdentityRevoker].
func (p OAuthProvider) RevokeIdentity(ctx context.Context, id Identity, revokeURL string) error {
	return p.revoke(ctx, revokeURL, cmp.Or(id.Data.RefreshToken, id.Data.AccessToken))
}

func (p OAuthProvider) revoke(ctx context.Context, target, token string) error {
	resp, body, err := p.post(ctx, target, url.Values{"token": {token}}) //nolint:bodyclose // post has read and closed it
	switch {
	case resp == nil:
		return because("revoking a token", err)
	case resp.StatusCode/100 == 2:
		return nil
	}
	api := newAPIError(resp, body, token, p.ClientSecret)
	if rejectsClient(api.Code) {
		return meaning(ErrClientRejected, api)
	}
	return api
}

// signInError is an error of package oauth2 without the bodies that it repeats.
func (p OAuthProvider) signInError(doing string, err error, secrets ...string) error {
	secrets = append(secrets, p.ClientSecret)
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		api := newAPIError(refused.Response, refused.Body, secrets...)
		api.Code = redact(refused.ErrorCode, secrets...)
		if rejectsClient(api.Code) {
			return meaning(ErrClientRejected, api)
		}
		return api
	}
	return because(doing, withoutSecrets(withoutURL(err), secrets...))
}
