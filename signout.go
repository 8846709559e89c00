package gitlab

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"
)

// ErrSignOutIncomplete means that [Client.SignOut] has revoked and deleted what
// it found, and that GitLab may have issued newer tokens that it could not see:
// to a process that died, or lost the store's lock, during a refresh, or in an
// answer that this process did not get. Only the user can end those, in GitLab's
// list of authorized applications.
var ErrSignOutIncomplete = errors.New("gitlab: signed out, but GitLab may have issued tokens that only the user can revoke now")

// IdentityRevoker is an [IdentityProvider] that can also end a grant, which
// [Client.SignOut] needs. [OAuthProvider] is one.
//
// RevokeIdentity ends id's grant at revokeURL (base URL + /oauth/revoke). One
// that has ended already is no error. Then RefreshIdentity is called for id: its
// [*IdentityNotValidError] with the code invalid_grant is the proof. ctx ends
// when the time of this attempt is over, and carries what that of
// RefreshIdentity does.
type IdentityRevoker interface {
	RevokeIdentity(ctx context.Context, id Identity, revokeURL string) error
}

// signOutRounds bounds how many pairs that appear meanwhile one sign-out ends.
const signOutRounds = 10

// SignOut ends the grant that c acts as: it revokes the tokens at GitLab, then
// deletes the identity from the store. Clients of the key, in all processes, are
// then told [ErrIdentityNotFound].
//
// After nil, no token of the grant works any more, and none is stored; a sign-in
// that was stored meanwhile is ended too. An answer of the token endpoint that
// another process did not get is the one thing that it cannot know of. After an
// error, SignOut may be called again: nothing is deleted before GitLab has
// confirmed. [ErrRefreshUnavailable] asks to do so later, [ErrClientRejected]
// tells that GitLab rejects the application; [IdentityStore.DeleteIdentity]
// forgets an identity all the same.
// [ErrSignOutIncomplete] tells what no other call can mend, [ErrIdentityNotFound]
// that there was nothing to sign out.
//
// ctx bounds the time until the tokens are revoked; what has begun then is done
// even if ctx ends. Config.Provider must be an [IdentityRevoker].
func (c *Client) SignOut(ctx context.Context) error {
	switch {
	case c.err != nil:
		return c.err
	case c.session == nil:
		return meaning(ErrIdentityNotFound, errors.New("gitlab: this client acts as no stored identity, see Client.As"))
	case markOf(ctx) != nil:
		return errors.New("gitlab: SignOut: called by what it would wait for: a provider, store or hook")
	}
	revoker, ok := c.core.provider.(IdentityRevoker)
	if !ok {
		return fmt.Errorf("gitlab: SignOut needs a Config.Provider that can revoke, an IdentityRevoker; this is a %T", c.core.provider)
	}
	s := c.session
	out := &signOut{
		attempt: &attempt{session: s, ctx: marked(ctx, s), flight: &flight{}, round: -1},
		caller:  ctx,
		revoker: revoker,
	}
	done := make(chan error, 1)
	if !s.r.launch(true, func() {
		err := errExited
		defer func() { done <- err }()
		err = out.run()
	}) {
		return errShutDown
	}
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		default:
			err = ctx.Err()
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = &compoundError{text: err.Error(), errs: []error{err, ctx.Err()}}
	}
	return because(fmt.Sprintf("signing out identity %q", s.key), err)
}

// signOut is one sign-out. It is a refresh's attempt in all that concerns lock,
// store and pending pairs.
//
// It holds the store's lock from before it reads the pair until that is deleted:
// otherwise another process could rotate the pair in between, the revocation
// would hit the old one, which is no error, and the other process would find its
// key deleted and drop the new one, alive. It revokes before it deletes, since
// tokens that nobody has any more cannot be revoked.
type signOut struct {
	*attempt

	caller  context.Context //nolint:containedctx // of the one call that this is
	revoker IdentityRevoker
	deleted bool // the store does not have the pair that is revoked
}

func (o *signOut) run() error {
	if err := o.acquire(); err != nil {
		return later(because("locking it", err))
	}
	defer o.release()
	unclear := o.lock.Abandoned
	for range signOutRounds {
		id, err := o.newest()
		if err != nil {
			return err
		}
		if err := o.caller.Err(); err != nil {
			return err
		}
		if o.lock.Context.Err() != nil {
			return later(errors.New("gitlab: the lock was lost"))
		}
		o.ctx = marked(context.WithoutCancel(o.caller), o.session)
		rotated, err := o.end(id)
		switch {
		case err != nil && o.deleted:
			return meaning(ErrSignOutIncomplete, err)
		case err != nil:
			return err
		case rotated:
			if o.lock == nil {
				return later(because("saving the tokens that a refresh found alive", o.saveErr))
			}
			continue
		}
		unclear = unclear || o.lostAnswer(id.Data.RefreshToken)
		switch err := o.remove(id); {
		case errors.Is(err, ErrIdentityConflict): // a new sign-in, or the application touched its row
			continue
		case err != nil:
			return later(because("deleting it", err))
		}
		o.mu.Lock()
		o.forget()
		o.mu.Unlock()
		if unclear || o.lock.Context.Err() != nil {
			return ErrSignOutIncomplete
		}
		return nil
	}
	return later(errors.New("gitlab: it changes all the time"))
}

// newest is the pair to end: the store's, or one that this process has and the
// store does not.
func (o *signOut) newest() (Identity, error) {
	for range signOutRounds {
		before := o.now.Load()
		err := o.savePending(o.ctx)
		if err != nil {
			return Identity{}, later(err)
		}
		held, _, err := o.reload(o.ctx)
		switch {
		case errors.Is(err, ErrIdentityNotFound) && before != nil: // signed out elsewhere, or deleted by hand
			o.deleted = true
			return before.id, nil
		case err != nil:
			return Identity{}, err
		case !o.hasPending(): // else the store has a pair that is spent already
			return held.id, nil
		}
	}
	return Identity{}, later(errors.New("gitlab: spent tokens are written over it all the time"))
}

// end revokes id's pair. rotated tells that the pair was not dead by that, and
// that a newer one is installed now in its place.
//
// Before Doorkeeper 5.8.1, GitLab's answer to the revocation of a pair whose
// access token has expired is 200, and its refresh token lives on. Whether it has
// expired, GitLab's clock says, not ours. So a refresh is tried: only a refusal
// proves the end.
func (o *signOut) end(id Identity) (rotated bool, err error) {
	if err := o.revoke(id); err != nil {
		return false, err
	}
	if id.Data.RefreshToken == "" {
		return false, nil
	}
	data, _, err := o.ask(o.ctx, id)
	switch {
	case isInvalidGrant(err):
		return false, nil
	case err != nil:
		err = because("making sure that it is revoked", err)
		if refusal, ok := errors.AsType[*IdentityNotValidError](err); ok && rejectsClient(refusal.Code) {
			return false, meaning(ErrClientRejected, err)
		}
		return false, later(err)
	}
	if !o.deleted {
		if err = o.keep(id, data); err == nil && o.outcome != OutcomeConflicted {
			return true, nil
		}
		o.deleted = err != nil
	}
	id.Data = id.Data.rotated(data)
	if err := o.revoke(id); err != nil { // alive, as only this sign-out knows
		return false, meaning(ErrSignOutIncomplete, err)
	}
	return !o.deleted, nil
}

func (o *signOut) revoke(id Identity) error {
	ctx, cancel := context.WithTimeout(context.WithValue(o.ctx, oauth2.HTTPClient, o.r.tokenHTTP), attemptLimit)
	defer cancel()
	err := protect("identity provider", func() error {
		return o.revoker.RevokeIdentity(ctx, id, o.r.baseURL+"/oauth/revoke")
	})
	switch api, ok := asAPIError(err); {
	case err == nil:
		return nil
	case ok && !api.Temporary(), errors.Is(err, ErrClientRejected):
		return err
	}
	return later(ownLimit(ctx, err))
}

// remove deletes what id was read from. A sign-in that took the place of what
// was deleted already is a conflict too.
func (o *signOut) remove(id Identity) error {
	if o.deleted {
		_, err := o.r.load(o.ctx, o.session)
		switch {
		case isGone(err):
			return nil
		case err == nil:
			o.deleted = false
			err = ErrIdentityConflict
		}
		return err
	}
	ctx, cancel := context.WithTimeout(o.ctx, saveLimit)
	defer cancel()
	err := protect("identity store", func() error { return o.r.store.DeleteIdentity(ctx, id.Key, id.Revision) })
	if errors.Is(err, ErrIdentityNotFound) {
		return nil
	}
	return ownLimit(ctx, err)
}

// later is err as ErrRefreshUnavailable in its own words: there was no refresh.
func later(err error) error {
	if errors.Is(err, ErrRefreshUnavailable) {
		return err
	}
	return &compoundError{text: err.Error(), errs: []error{err, ErrRefreshUnavailable}}
}
