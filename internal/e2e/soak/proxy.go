package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxies makes the proxies between workers and what they talk to.
type proxies struct{ server *toxiproxy.ApiServer }

func newProxies() proxies {
	return proxies{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// A proxy passes connections on, until it is told otherwise. No method is to be
// called again before what it began is mended.
type proxy struct {
	*toxiproxy.Proxy

	place string // where it listens; Proxy.Listen is written again with every Start
}

// to returns a running proxy on a free port that leads to address.
func (p proxies) to(address string) (proxy, error) {
	made := toxiproxy.NewProxy(p.server, address, "127.0.0.1:0", address)
	err := made.Start()
	return proxy{Proxy: made, place: made.Listen}, err
}

// cut ends all connections and takes no new ones, until mend is called.
func (p proxy) cut() (mend func() error) {
	p.Stop()
	return func() error {
		var err error
		for range 50 { // somebody may have the port for a moment
			if err = p.Start(); err == nil || errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
				return nil
			}
			time.Sleep(20 * time.Millisecond)
		}
		return err
	}
}

// hole swallows what is sent in either direction, until mend is called; the
// connections end then.
func (p proxy) hole() (mend func() error, err error) {
	return p.with(
		`{"name":"hole up","type":"timeout","stream":"upstream","attributes":{"timeout":0}}`,
		`{"name":"hole down","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`)
}

// slow delays what is sent in either direction, until mend is called.
func (p proxy) slow(delay time.Duration) (mend func() error, err error) {
	const toxic = `{"name":"slow %[1]s","type":"latency","stream":"%[1]s","attributes":{"latency":%[2]d,"jitter":%[2]d}}`
	ms := delay.Milliseconds() / 2
	return p.with(fmt.Sprintf(toxic, "upstream", ms), fmt.Sprintf(toxic, "downstream", ms))
}

func (p proxy) with(toxics ...string) (mend func() error, err error) {
	var names []string
	for _, toxic := range toxics {
		added, err := p.Toxics.AddToxicJson(strings.NewReader(toxic))
		if err != nil {
			return nil, err
		}
		names = append(names, added.Name)
	}
	return func() error {
		var errs []error
		for _, name := range names {
			errs = append(errs, p.Toxics.RemoveToxic(context.Background(), name))
		}
		return errors.Join(errs...)
	}, nil
}
