package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// directConfig is what a process is told that spends refresh tokens without the
// library.
type directConfig struct {
	GitLab      gitlabPlace
	Connections int
	Tokens      []string
}

// direct measures how long GitLab takes to refresh all identities of o when all
// slots of all processes ask it directly.
func direct(ctx context.Context, o options, serverTime time.Duration) (took time.Duration, err error) {
	hub, err := start(ctx, "gitlab", struct{}{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, hub.end()) }()
	var place gitlabPlace
	if err := hub.hear(&place); err != nil {
		return 0, err
	}
	tokens, err := place.signIn(ctx, o.identities, time.Hour, false)
	if err != nil {
		return 0, err
	}
	if err := place.setServerTime(ctx, serverTime); err != nil {
		return 0, err
	}
	configs := make([]directConfig, o.processes)
	for n := range configs {
		configs[n] = directConfig{GitLab: place, Connections: o.refreshes}
		first, end := part(o.identities, o.processes, n)
		for _, token := range tokens[first:end] {
			configs[n].Tokens = append(configs[n].Tokens, token.RefreshToken)
		}
	}
	all, err := startCrew(ctx, "direct", configs)
	if err == nil {
		_, took, err = perform[bool](all)
	}
	return took, errors.Join(err, all.end())
}

// spendDirectly is the process.
func spendDirectly(ctx context.Context, c *controller) error {
	var config directConfig
	if err := c.told.Decode(&config); err != nil {
		return err
	}
	ctx, begin := c.alive(ctx)
	if err := c.ready(ctx, begin); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: config.Connections}}
	errs := make([]error, config.Connections)
	var all sync.WaitGroup
	for n := range config.Connections {
		all.Go(func() {
			for i := n; i < len(config.Tokens) && errs[n] == nil; i += config.Connections {
				errs[n] = config.spend(ctx, client, config.Tokens[i])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return c.say.Encode(true)
}

// spend uses up one refresh token.
func (d directConfig) spend(ctx context.Context, client *http.Client, refreshToken string) error {
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refreshToken},
		"client_id": {d.GitLab.ClientID}, "client_secret": {d.GitLab.ClientSecret},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.GitLab.URL+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("scale: /oauth/token: %s", resp.Status)
	}
	return nil
}
