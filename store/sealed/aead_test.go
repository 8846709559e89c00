package sealed_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sealed"
)

// broken is an AEAD that does what its functions do.
type broken struct {
	encrypt, decrypt func(text []byte) ([]byte, error)
}

func (b broken) Encrypt(plaintext, _ []byte) ([]byte, error)  { return b.encrypt(plaintext) }
func (b broken) Decrypt(ciphertext, _ []byte) ([]byte, error) { return b.decrypt(ciphertext) }

// with wraps inner with a, and with AES as the older AEAD if wanted.
func with(t testing.TB, inner gitlab.IdentityStore, a sealed.AEAD, older ...sealed.AEAD) *sealed.Store {
	t.Helper()
	s, err := sealed.New(inner, a, older...)
	require.NoError(t, err)
	return s
}

// failures are ways in which an AEAD may fail, and what remains to be read.
var failures = map[string]struct {
	fail func(text []byte) ([]byte, error)
	says string
}{
	"an error":                   {func([]byte) ([]byte, error) { return nil, errors.New("kms: permission denied") }, "kms: permission denied"},
	"an error of two lines":      {func([]byte) ([]byte, error) { return nil, errors.New("kms:\ndown\x1b[31m") }, `kms:\ndown\x1b[31m`},
	"an error that tells":        {func(text []byte) ([]byte, error) { return nil, fmt.Errorf("cannot seal %s", text) }, "not repeated here"},
	"an error that tells, %q":    {func(text []byte) ([]byte, error) { return nil, fmt.Errorf("cannot seal %q", text) }, "not repeated here"},
	"an error that tells in hex": {func(text []byte) ([]byte, error) { return nil, fmt.Errorf("cannot seal %X", text) }, "not repeated here"},
	"a long error":               {func([]byte) ([]byte, error) { return nil, errors.New(strings.Repeat("kms ", 1000)) }, "kms kms"},
	"a panic that tells":         {func(text []byte) ([]byte, error) { panic("cannot seal " + string(text)) }, "it panicked with a string"},
	"a panic with an error":      {func(text []byte) ([]byte, error) { panic(fmt.Errorf("cannot seal %s", text)) }, "it panicked with a *errors.errorString"},
	"a fault of the runtime":     {func(text []byte) ([]byte, error) { return text[len(text)+1:], nil }, "it panicked with a runtime.boundsError"},
}

func TestFailedSealingStoresNothing(t *testing.T) {
	t.Parallel()
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner := gitlab.NewMemoryStore()
			store := with(t, inner, broken{encrypt: failure.fail}, aead(t, 1))
			_, err := store.SaveIdentity(t.Context(), sample(t, "user-1"))
			quiet(t, err, failure.says)
			require.NotErrorIs(t, err, gitlab.ErrIdentityConflict, "it would be tried again")
			_, err = inner.LoadIdentity(t.Context(), "user-1")
			require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		})
	}
}

// quiet asserts that err says that, shortly, and shows nothing secret.
func quiet(t *testing.T, err error, says string) {
	t.Helper()
	require.Error(t, err)
	assert.Contains(t, err.Error(), `"user-1"`)
	assert.Contains(t, err.Error(), says)
	assert.NotContains(t, err.Error(), "secret")
	assert.NotContains(t, strings.ToLower(err.Error()), hex.EncodeToString([]byte("secret")))
	assert.NotContains(t, err.Error(), "\n")
	assert.Less(t, len(err.Error()), 1500)
}

func TestFailedOpeningIsExplained(t *testing.T) {
	t.Parallel()
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, inner, id := scene(t)
			failing := broken{decrypt: failure.fail}
			_, err := with(t, inner, failing).LoadIdentity(t.Context(), "user-1")
			require.ErrorIs(t, err, sealed.ErrCannotOpen)
			if !strings.Contains(name, "tells") { // of a ciphertext some verbs show no more than another text
				quiet(t, err, failure.says)
			}
			assert.NotContains(t, err.Error(), sealOf(t, inner, "user-1")[20:])

			loaded, err := with(t, inner, failing, aead(t, 1)).LoadIdentity(t.Context(), "user-1")
			require.NoError(t, err, "the older one still opens it")
			assert.Equal(t, id, loaded)
		})
	}
}

// Such as gcm.Open(ciphertext[:0], …), which clears it where it fails.
func TestAEADThatOverwritesItsInputIsNotInTheWayOfTheNext(t *testing.T) {
	t.Parallel()
	_, inner, id := scene(t)
	clearing := broken{decrypt: func(ciphertext []byte) ([]byte, error) {
		clear(ciphertext)
		return nil, errors.New("no")
	}}
	loaded, err := with(t, inner, clearing, clearing, aead(t, 1)).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)
}

func TestNothingIsSealedForAnEndedContext(t *testing.T) {
	t.Parallel()
	store := with(t, gitlab.NewMemoryStore(), broken{encrypt: func([]byte) ([]byte, error) { panic("a call to a KMS") }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.SaveIdentity(ctx, sample(t, "user-1"))
	require.ErrorIs(t, err, ctx.Err())
}

// keyed is somebody's AEAD that fmt would print with its key.
type keyed struct {
	sealed.AEAD

	key string
}

func TestPrintingShowsNoKeyAndNoToken(t *testing.T) {
	t.Parallel()
	key := "0123456789abcdefghijklmnopqrstuv"
	a, err := sealed.AESGCM([]byte(key))
	require.NoError(t, err)
	store := with(t, gitlab.NewMemoryStore(), keyed{a, key})
	save(t, store, sample(t, "user-1"))

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, "sealed(*gitlab.MemoryStore)", fmt.Sprintf(verb, store), verb)
		assert.Equal(t, "sealed(*gitlab.MemoryStore)", fmt.Sprintf(verb, *store), verb)
		assert.Equal(t, "AES-256-GCM", fmt.Sprintf(verb, a), verb)
		holder := struct {
			Store *sealed.Store
			Value sealed.Store
			AEAD  sealed.AEAD
		}{store, *store, a}
		for _, printed := range []string{fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &holder)} {
			assert.Equal(t, 2, strings.Count(printed, "sealed(*gitlab.MemoryStore)"), printed)
			assert.Contains(t, printed, "AES-256-GCM", verb)
			for _, secret := range []string{"secret", key[:8], hex.EncodeToString([]byte(key[:8])), "48 49 50 51"} {
				assert.NotContains(t, printed, secret, verb)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("stores", "pointer", store, "value", *store, "aead", a)
	assert.Contains(t, log.String(), `"pointer":"sealed(*gitlab.MemoryStore)","value":"sealed(*gitlab.MemoryStore)","aead":"AES-256-GCM"`)
}
