package main

import (
	"context"
	"net/http"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/bench/answers"
)

var callCases = []*benchCase{
	{
		name:   "get_user",
		about:  "GET /user without a network, decoded",
		rounds: 40,
		targets: []target{
			{metric: timeNS, against: clientGo, factor: 0.8},
			{metric: allocCount, against: clientGo, factor: 0.7},
		},
		start: startGetUser,
	},
	{
		name:   "auth_overhead",
		about:  "an authorized call without a network whose answer is not read; raw is the same by hand",
		rounds: 40,
		start:  startAuthOverhead,
	},
}

func startGetUser(ctx context.Context) (map[subject]round, func(), error) {
	answer := &stub{answers.One(answers.User, 1)}
	mine, err := newOurs(ctx, stubURL, answer)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := newClientGo(stubURL, answer)
	if err != nil {
		return nil, nil, err
	}
	byHand, lent := newRaw(stubURL, answer), newOAuth2(stubURL, answer)
	return map[subject]round{
		ours: perOperation(func(ctx context.Context) error {
			_, err := mine.Users.Current(ctx)
			return err
		}),
		clientGo: perOperation(func(ctx context.Context) error {
			_, _, err := theirs.Users.CurrentUser(clientgo.WithContext(ctx))
			return err
		}),
		raw:    perOperation(getUser(byHand)),
		oAuth2: perOperation(getUser(lent)),
	}, nil, nil
}

func getUser(w *web) func(context.Context) error {
	return func(ctx context.Context) error {
		var user gitlab.User
		_, err := w.get(ctx, "/user", &user)
		return err
	}
}

func startAuthOverhead(ctx context.Context) (map[subject]round, func(), error) {
	answer := &stub{[]byte("{}")}
	mine, err := newOurs(ctx, stubURL, answer)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := newClientGo(stubURL, answer)
	if err != nil {
		return nil, nil, err
	}
	byHand, lent := newRaw(stubURL, answer), newOAuth2(stubURL, answer)
	call := func(w *web) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := w.get(ctx, "/version", nil)
			return err
		}
	}
	return map[subject]round{
		ours: perOperation(func(ctx context.Context) error {
			return mine.Call(ctx, http.MethodGet, gitlab.PathTo("/version"), nil, nil)
		}),
		clientGo: perOperation(func(ctx context.Context) error {
			req, err := theirs.NewRequest(http.MethodGet, "version", nil, []clientgo.RequestOptionFunc{clientgo.WithContext(ctx)})
			if err != nil {
				return err
			}
			_, err = theirs.Do(req, nil)
			return err
		}),
		raw:    perOperation(call(byHand)),
		oAuth2: perOperation(call(lent)),
	}, nil, nil
}
