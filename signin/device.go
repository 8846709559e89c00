package signin

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/freshgrant/gitlab"
)

// DeviceCode is what a person needs to sign a program in, in any browser.
type DeviceCode struct {
	URL     string    // to open
	Code    string    // to enter there
	WithURL string    // opens with the code entered, for a QR code; "": there is none
	Expires time.Time // zero: not said
}

// Device signs in the person before a program without a browser of its own, and
// stores the tokens under key (RFC 8628; general since GitLab 17.9). show tells them
// where to go; it must not block. Device waits until they have answered, ctx
// ends, or the code expires, and goes on when GitLab cannot be reached for a
// while.
//
// The error is [ErrDenied], [ErrExpired], [ErrUnavailable], [ErrRejected] or
// [ErrStore], as an [*Error], or matches ctx's.
func Device(ctx context.Context, in Instance, key string, show func(DeviceCode)) (*gitlab.Client, error) {
	switch {
	case in.Client == nil || show == nil:
		return nil, errors.New("signin: Device needs an Instance.Client, and a function that shows the code")
	case key == "":
		return nil, errors.New("signin: Device needs a key to store the tokens under")
	}
	asking := in.Client.SignInContext(ctx)
	device, err := in.Provider.DeviceAuth(asking, in.Client.BaseURL())
	if err != nil {
		return nil, ofGitLab(err, ErrRejected)
	}
	if !isPage(device.VerificationURI) || device.UserCode == "" || !isPrintable(device.UserCode) {
		return nil, &Error{Kind: ErrUnavailable, cause: errors.New("its answer has no code to show")}
	}
	code := DeviceCode{URL: device.VerificationURI, Code: device.UserCode, Expires: device.Expiry}
	if isPage(device.VerificationURIComplete) {
		code.WithURL = device.VerificationURIComplete
	}
	show(code)
	tokens, err := in.Provider.DeviceToken(asking, in.Client.BaseURL(), device)
	if err != nil {
		return nil, ofDevice(ctx, err)
	}
	storing, cancel := within(ctx, storeLimit)
	defer cancel()
	client, err := in.Client.Authorize(storing, key, tokens)
	if err != nil {
		return nil, &Error{Kind: ErrStore, cause: err}
	}
	return client, nil
}

// ofDevice is an error of the wait for a person.
func ofDevice(ctx context.Context, err error) error {
	if ended(ctx, err) { // the code's time is over, as far as this machine knows
		return &Error{Kind: ErrExpired, cause: err}
	}
	refused, _ := errors.AsType[*gitlab.APIError](err)
	switch {
	case ctx.Err() != nil:
		return err
	case refused != nil && refused.Code == "access_denied":
		return &Error{Kind: ErrDenied}
	case refused != nil && refused.Code == "expired_token":
		return &Error{Kind: ErrExpired}
	}
	return ofGitLab(err, ErrRejected)
}

// isPage knows URLs that can be shown and opened.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && isPrintable(address)
}

// isPrintable reports that text does nothing to a terminal.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) })
}
