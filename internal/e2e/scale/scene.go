package main

import (
	"context"
	"errors"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// A scene is a GitLab, and a store that has identities.
type scene struct {
	options

	place  gitlabPlace
	gitlab *child
	dsn    string
	store  *opened
	closed bool
	stop   func()
}

// setUp starts the store and GitLab. The caller ends the scene.
func setUp(ctx context.Context, o options) (*scene, error) {
	s := &scene{options: o}
	engine := engineOf[o.store]
	dsn, stop, err := engine.start(ctx)
	if err != nil {
		return nil, err
	}
	s.dsn, s.stop = dsn, stop
	if s.store, err = engine.open(dsn, o.pool); err != nil {
		stop()
		return nil, err
	}
	s.gitlab, err = start(ctx, "gitlab", struct{}{})
	if err == nil {
		err = s.gitlab.hear(&s.place)
	}
	if err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

// end ends all that setUp has started. A second call does nothing.
func (s *scene) end() error {
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.stop()
	s.store.close()
	if s.gitlab == nil {
		return nil
	}
	return s.gitlab.end()
}

// signIn signs all users in and stores what change makes of their tokens.
func (s *scene) signIn(ctx context.Context, lifetime time.Duration, expired bool, change func(*gitlab.OAuthData)) error {
	tokens, err := s.place.signIn(ctx, s.identities, lifetime, expired)
	if err != nil {
		return err
	}
	ids := make([]gitlab.Identity, len(tokens))
	for n, token := range tokens {
		ids[n] = gitlab.Identity{Key: keyOf(n), BaseURL: s.place.URL, Data: dataOf(token)}
		change(&ids[n].Data)
	}
	return load(ctx, s.store, ids)
}

// dataOf is a token endpoint's answer as the library stores it.
func dataOf(t gitlabtest.Token) gitlab.OAuthData {
	created := time.Unix(t.CreatedAt, 0).UTC()
	return gitlab.OAuthData{
		AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, TokenType: t.TokenType, Scope: t.Scope,
		CreatedAt: created, ExpiresAt: created.Add(time.Duration(t.ExpiresIn) * time.Second),
	}
}

func (s *scene) counts(ctx context.Context) (c counts, err error) {
	return c, s.place.ask(ctx, "GET", "/counts", nil, &c)
}

// outdated counts the identities whose newest pair is not in the store.
func (s *scene) outdated(ctx context.Context) (int, error) {
	var newest map[string]string
	if err := s.place.ask(ctx, "GET", "/newest", nil, &newest); err != nil {
		return 0, err
	}
	lost, err := outdated(ctx, s.store, newest)
	return len(lost), err
}
