package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// users sign in: at the beginning, again when their grant is lost, and when the
// plan wants it.
type users struct {
	plan    plan
	keys    []string
	history *history
	place   gitlabPlace
	store   gitlab.IdentityStore
	client  *gitlab.Client // of the controller, which signs in and makes no calls

	mu      sync.Mutex // guards records
	records *records

	signing gitlab.SingleProcess // one sign-in of a user at a time
	wanted  chan string
}

// signInLimit is longer than any outage of the store.
const signInLimit = 90 * time.Second

// signIn gives key a new grant and stores it, however long the store takes.
func (u *users) signIn(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	turn, err := u.signing.LockIdentity(ctx, key)
	if err != nil {
		return err
	}
	defer turn.Unlock()
	var token gitlabtest.Token
	if err := u.place.ask(ctx, "POST", "/sign-in?key="+url.QueryEscape(key), &token); err != nil {
		return err
	}
	if err := u.replace(ctx, key); err != nil {
		return err
	}
	for {
		_, err := u.client.Authorize(ctx, key, dataOf(token))
		if err == nil {
			u.history.add(note{What: noteStored, Key: key, Pair: mark(token.RefreshToken)})
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// replace notes what the store has just before a sign-in.
func (u *users) replace(ctx context.Context, key string) error {
	for {
		before := time.Now().UnixNano()
		stored, err := u.store.LoadIdentity(ctx, key)
		switch {
		case err == nil:
			u.history.add(note{At: before, What: noteReplace, Key: key, Pair: mark(stored.Data.RefreshToken)})
			return nil
		case errors.Is(err, gitlab.ErrIdentityNotFound) || ctx.Err() != nil:
			return ctx.Err()
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// dataOf is a token endpoint's answer as the library takes it.
func dataOf(t gitlabtest.Token) gitlab.OAuthData {
	created := time.Unix(t.CreatedAt, 0)
	return gitlab.OAuthData{
		AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, TokenType: t.TokenType, Scope: t.Scope,
		CreatedAt: created, ExpiresAt: created.Add(time.Duration(t.ExpiresIn) * time.Second),
	}
}

// want asks for a sign-in of key, unless many are asked for already.
func (u *users) want(key string) {
	select {
	case u.wanted <- key:
	default:
	}
}

// live lets users sign in until ctx ends: those who are wanted at once, those
// whose grant is lost, or of whom a worker says so, after a while.
func (u *users) live(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make(chan error, 1)
	start := func(key string) {
		all.Go(func() {
			// Once begun it is finished, or the grant would be nobody's.
			if err := u.signIn(context.WithoutCancel(ctx), key); err != nil {
				select {
				case errs <- err:
				default:
				}
			}
		})
	}
	r, due := u.plan.stream("users"), map[string]time.Time{}
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			all.Wait()
			close(errs)
			return <-errs
		case key := <-u.wanted:
			start(key)
			delete(due, key)
		case <-tick.C:
			lost, err := u.lost(ctx)
			if err != nil {
				continue // the store is away, or it is over
			}
			for _, key := range u.keys {
				switch at, waits := due[key]; {
				case !lost[key]:
					delete(due, key)
				case !waits:
					due[key] = time.Now().Add(between(r, time.Second, 4*time.Second))
				case time.Now().After(at):
					start(key)
					due[key] = time.Now().Add(10 * time.Second)
				}
			}
		}
	}
}

// lost finds the keys whose users would have to sign in again: the grant is lost,
// or a call was told so.
func (u *users) lost(ctx context.Context) (map[string]bool, error) {
	if err := u.update(ctx); err != nil {
		return nil, err
	}
	lost := map[string]bool{}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, key := range u.keys {
		g := u.records.current(key, endOfTime)
		if g == nil {
			continue
		}
		at := time.Now().UnixNano()
		stored, err := u.store.LoadIdentity(ctx, key)
		if err != nil {
			return nil, err
		}
		fate, _ := u.records.fate(g, mark(stored.Data.RefreshToken), at)
		lost[key] = fate == fateWindow || fate == fateOutside
	}
	for _, n := range u.records.events {
		if n.What == noteTold {
			if g := u.records.current(n.Key, endOfTime); g != nil && g.stored < n.Loaded-int64(tellMargin) {
				lost[n.Key] = true
			}
		}
	}
	return lost, nil
}

// update brings the records up to date.
func (u *users) update(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	notes := u.history.since(u.records.notes)
	var spends []spend
	if err := u.place.ask(ctx, "GET", "/ledger?from="+strconv.Itoa(len(u.records.spends)), &spends); err != nil {
		return err
	}
	u.records.addSpends(spends)
	u.records.addNotes(notes)
	u.history.mu.Lock()
	defer u.history.mu.Unlock()
	u.records.troubles = u.records.troubles[:0]
	for _, t := range u.history.troubles {
		u.records.troubles = append(u.records.troubles, *t)
	}
	return nil
}
