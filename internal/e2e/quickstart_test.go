package e2e

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/store/filestore"
)

// program is the quickstart example, run as its readers run it: one process
// after the other, on a directory of tokens.
type program struct {
	binary, tokens string
}

func newProgram(t *testing.T) program {
	t.Helper()
	p := program{binary: filepath.Join(t.TempDir(), "quickstart"), tokens: filepath.Join(t.TempDir(), "tokens")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.binary, "./examples/quickstart")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return p
}

// outcome is what one run printed, and its exit code.
type outcome struct {
	out, err string
	code     int
}

func (p program) run(t *testing.T, s *scene, root string, more ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := append([]string{"-url", root, "-client-id", s.app.clientID, "-client-secret", s.app.clientSecret, "-store", p.tokens}, more...)
	cmd := exec.CommandContext(ctx, p.binary, args...)
	cmd.Env = []string{"HOME=" + t.TempDir()} // none of the variables that stand for flags
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	o := outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	for _, secret := range []string{s.app.clientSecret, s.grant.access, s.grant.refresh, p.stored(t).access, p.stored(t).refresh} {
		if secret != "" {
			assert.NotContains(t, o.out+o.err, secret, "a secret is printed")
		}
	}
	return o
}

// stored is the pair in the program's directory; zero if there is none.
func (p program) stored(t *testing.T) pair {
	t.Helper()
	store, err := filestore.New(p.tokens)
	require.NoError(t, err)
	id, err := store.LoadIdentity(t.Context(), "quickstart")
	if err != nil {
		return pair{}
	}
	return pair{id.Data.AccessToken, id.Data.RefreshToken}
}

func TestQuickstartGoesOnFromItsFiles(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene, p := newScene(t, s, true), newProgram(t)

		first := p.run(t, scene, s.root(), "-refresh-token", scene.grant.refresh)

		require.Zero(t, first.code, first.out+first.err)
		assert.Contains(t, first.out, "@ann")
		assert.Equal(t, 1, strings.Count(first.out, "POST /oauth/token → 200"), first.out)
		assert.True(t, s.isRevoked(scene.grant.refresh), "the given refresh token is spent")
		between := p.stored(t)
		assert.NotEqual(t, scene.grant, between)
		s.expire(between.access)

		second := p.run(t, scene, s.root())

		require.Zero(t, second.code, second.out+second.err)
		assert.Contains(t, second.out, "@ann")
		assert.Equal(t, 1, strings.Count(second.out, "POST /oauth/token → 200"), second.out)
		assert.True(t, s.isRevoked(between.refresh), "the first run's refresh token is spent")
		assert.False(t, s.isRevoked(p.stored(t).refresh), "the stored one is good")
	})
}

func TestQuickstartTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		p := newProgram(t)
		refuse := func(scene *scene, root, sentence string, more ...string) {
			t.Helper()
			p.tokens = filepath.Join(t.TempDir(), "tokens")
			o := p.run(t, scene, root, more...)
			assert.Equal(t, 1, o.code, o.out)
			assert.Equal(t, 1, strings.Count(o.err, "\n"), "one sentence: %s", o.err)
			assert.Contains(t, o.err, sentence)
		}

		refuse(newScene(t, s, true), s.root(), "-refresh-token")

		dead := newScene(t, s, true)
		s.revoke(dead.grant.refresh)
		refuse(dead, s.root(), "sign in again", "-refresh-token", dead.grant.refresh)

		wrong := newScene(t, s, true)
		wrong.app.clientSecret = "not the application's secret"
		refuse(wrong, s.root(), "-client-secret", "-refresh-token", wrong.grant.refresh)
		assert.False(t, s.isRevoked(wrong.grant.refresh), "a wrong secret burns nothing")

		lost := newScene(t, s, true)
		refuse(lost, "http://"+nobody(t), "cannot be reached", "-refresh-token", lost.grant.refresh)
		refuse(lost, s.root()+"/nowhere", "-url", "-refresh-token", lost.grant.refresh)
	})
}

// nobody is an address at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
