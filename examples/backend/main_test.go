package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgramServesUntilItIsTold(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	var errOut bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- program(ctx, []string{"-addr", "127.0.0.1:0"}, func(string) string { return "" }, in, &errOut)
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	url := ""
	for url == "" && lines.Scan() {
		url, _ = strings.CutPrefix(lines.Text(), "Open ")
		if !strings.HasPrefix(lines.Text(), "Open ") {
			url = ""
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s := &scene{t: t, url: url}
	s.as("ada").live() // a page that stays open must not hold up the end

	stop()

	select {
	case got := <-code:
		assert.Zero(t, got, errOut.String())
	case <-time.After(shutdownTime - 5*time.Second):
		t.Fatal("it does not end")
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	env := map[string]string{"GITLAB_CLIENT_SECRET": "hush", "DATABASE_URL": "postgres://h"}
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string // in the error; "": none
	}{
		"nothing":                {},
		"real":                   {args: []string{"-url", "https://gitlab.com", "-client-id", "i"}, env: env},
		"argument":               {args: []string{"x"}, want: `unexpected argument "x"`},
		"url without client":     {args: []string{"-url", "https://gitlab.com"}, want: "-url needs a -client-id"},
		"client without url":     {args: []string{"-client-id", "i"}, want: "need the -url"},
		"public URL with path":   {args: []string{"-public-url", "https://h/p"}, want: "without a path"},
		"public URL no URL":      {args: []string{"-public-url", "h"}, want: "-public-url must be like"},
		"two databases":          {args: []string{"-data", "d", "-postgres", "postgres://h"}, want: "exclude each other"},
		"two databases, by env":  {args: []string{"-data", "d"}, env: map[string]string{"DATABASE_URL": "postgres://h"}, want: "exclude each other"},
		"client secret, no url":  {args: nil, env: map[string]string{"GITLAB_CLIENT_SECRET": "hush"}, want: "need the -url"},
		"slash after public URL": {args: []string{"-public-url", "https://h/"}},
	} {
		var errOut bytes.Buffer
		o, err := readOptions(c.args, func(n string) string { return c.env[n] }, &errOut)
		if c.want == "" {
			require.NoError(t, err, name)
			assert.Equal(t, c.env["GITLAB_CLIENT_SECRET"], o.clientSecret, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
		assert.Contains(t, errOut.String(), c.want, name)
	}
}

func TestHelpTellsNoSecret(t *testing.T) {
	t.Parallel()
	var errOut bytes.Buffer
	env := map[string]string{"GITLAB_CLIENT_SECRET": "hush", "DATABASE_URL": "postgres://user:hush@host/db"}
	code := program(t.Context(), []string{"-h"}, func(name string) string { return env[name] }, io.Discard, &errOut)
	assert.Zero(t, code)
	assert.Contains(t, errOut.String(), "-public-url")
	assert.NotContains(t, errOut.String(), "hush")
}
