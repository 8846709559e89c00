package gitlab

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Authorize stores data, a new sign-in, under key, replacing whatever is there,
// and returns a client that acts as it. It waits for no refresh under way. All
// clients of key go on with the new tokens: those of other processes find them
// when the old ones are refused. A refresh token alone is enough: it is spent at
// the first call.
func (c *Client) Authorize(ctx context.Context, key string, data OAuthData) (*Client, error) {
	r := c.core.refresher
	switch {
	case key == "":
		return nil, errEmptyKey
	case r.store == nil:
		return nil, errors.New("gitlab: Authorize needs a Config.Store")
	case data.AccessToken == "" && data.RefreshToken == "":
		return nil, fmt.Errorf("gitlab: authorizing identity %q: there is neither an access token nor a refresh token", key)
	case data.AccessToken == "" && r.provider == nil:
		return nil, fmt.Errorf("gitlab: authorizing identity %q: there is only a refresh token, and no Config.Provider to spend it", key)
	}
	data.CreatedAt, data.ExpiresAt = wholeSeconds(data.CreatedAt), wholeSeconds(data.ExpiresAt)
	s := r.session(key)
	before := s.now.Load()
	id := Identity{Key: key, BaseURL: r.baseURL, Data: data}
	store := func() error {
		stored, err := r.store.LoadIdentity(ctx, key)
		if err != nil && !errors.Is(err, ErrIdentityNotFound) {
			return err
		}
		id.Revision = stored.Revision
		id.Revision, err = r.store.SaveIdentity(ctx, id)
		return err
	}
	for n := 1; ; n++ {
		err := protect("identity store", store)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrIdentityConflict) || ctx.Err() != nil {
			return nil, because(fmt.Sprintf("authorizing identity %q", key), err)
		}
		_ = sleep(ctx, jittered(backoff(n, time.Millisecond, time.Second))) // an ended ctx fails the next round
	}
	s.authorized(ctx, id, before)
	return c.As(key), nil
}
