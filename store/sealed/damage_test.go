package sealed_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sealed"
)

// cannotOpen asserts that key does not open, and that the error says which and
// shows nothing of what is in it.
func cannotOpen(t testing.TB, store *sealed.Store, inner gitlab.IdentityStore, key string, words ...string) {
	t.Helper()
	id, err := store.LoadIdentity(t.Context(), key)
	require.ErrorIs(t, err, sealed.ErrCannotOpen)
	require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound)
	require.NotErrorIs(t, err, gitlab.ErrIdentityConflict)
	assert.Zero(t, id)
	for _, word := range append(words, `"`+key+`"`) {
		assert.Contains(t, err.Error(), word)
	}
	assert.NotContains(t, err.Error(), "secret")
	if seal := sealOf(t, inner, key); len(seal) > 20 {
		assert.NotContains(t, err.Error(), seal[len(seal)-8:])
	}
}

// sealOf is the seal that inner keeps of key.
func sealOf(t testing.TB, inner gitlab.IdentityStore, key string) string {
	t.Helper()
	var members struct {
		Sealed string `json:"sealed"`
	}
	require.NoError(t, json.Unmarshal([]byte(stored(t, inner, key)), &members))
	return members.Sealed
}

// withSeal is stored data with that seal, as JSON writes it.
func withSeal(t testing.TB, seal string) gitlab.OAuthData {
	t.Helper()
	text, err := json.Marshal(map[string]string{"sealed": seal})
	require.NoError(t, err)
	return data(t, string(text))
}

// scene is one sealed identity, and the store below it.
func scene(t testing.TB) (store *sealed.Store, inner gitlab.IdentityStore, id gitlab.Identity) {
	t.Helper()
	inner = gitlab.NewMemoryStore()
	store = seal(t, inner, 1)
	return store, inner, save(t, store, sample(t, "user-1"))
}

func TestWrongKeyDoesNotOpen(t *testing.T) {
	t.Parallel()
	_, inner, _ := scene(t)
	cannotOpen(t, seal(t, inner, 2), inner, "user-1", baseURL, "check that this program has the key", "AEAD 1 of 1: cipher: message authentication failed")
	cannotOpen(t, seal(t, inner, 2, 3), inner, "user-1", "AEAD 1 of 2: ", "AEAD 2 of 2: ")
}

func TestSwappedRowsDoNotOpen(t *testing.T) {
	t.Parallel()
	store, inner, first := scene(t)
	second := save(t, store, sample(t, "user-2"))
	ofFirst, ofSecond := sealOf(t, inner, "user-1"), sealOf(t, inner, "user-2")
	put(t, inner, first, withSeal(t, ofSecond))
	put(t, inner, second, withSeal(t, ofFirst))
	cannotOpen(t, store, inner, "user-1", "not copied from another key")
	cannotOpen(t, store, inner, "user-2")

	put(t, inner, first, withSeal(t, ofFirst))
	id, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err, "in its own place it opens")
	assert.Equal(t, first.Data, id.Data)
}

func TestRowOfAnotherInstanceDoesNotOpen(t *testing.T) {
	t.Parallel()
	store, inner, _ := scene(t)
	for _, base := range []string{"", "https://gitlab.example.com", "https://elsewhere.example.net"} {
		row, err := inner.LoadIdentity(t.Context(), "user-1")
		require.NoError(t, err)
		row.BaseURL = base
		save(t, inner, row)
		cannotOpen(t, store, inner, "user-1", `"`+base+`"`)
	}
}

func TestIdentityMovesToAnotherInstanceThroughTheStore(t *testing.T) {
	t.Parallel()
	store, _, id := scene(t)
	id.BaseURL = "https://new.example.com"
	id = save(t, store, id)
	loaded, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)
}

// Keys and base URLs may hold anything, also what stands between them.
func TestKeyAndBaseURLAreKeptApart(t *testing.T) {
	t.Parallel()
	type whose struct{ base, key string }
	all := []whose{
		{"a", "b"},
		{"a ", "b"},
		{"a", " b"},
		{"", "a b"},
		{"a b", ""},
		{`a" "b`, "c"},
		{"a", `b" "c`},
		{"a\x00", "b"},
		{"a", "\x00b"},
		{"a", "\xff"},
		{"a", "\xfe"},
		{"a", "\ufffd"},
		{"a", `\xff`},
		{"a", "é"},
		{"a", "e\u0301"},
		{"a", `\u00e9`},
	}
	bound := make(map[string]whose)
	for _, w := range all {
		var spy spyAEAD
		store, err := sealed.New(gitlab.NewMemoryStore(), &spy)
		require.NoError(t, err)
		_, _ = store.SaveIdentity(t.Context(), gitlab.Identity{Key: w.key, BaseURL: w.base}) // the empty key is refused later
		other, taken := bound[spy.associated]
		assert.False(t, taken, "%q and %q are bound to the same", w, other)
		bound[spy.associated] = w
	}
}

// spyAEAD notes what it was to bind to.
type spyAEAD struct {
	sealed.AEAD

	associated string
}

func (s *spyAEAD) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	s.associated = string(associatedData)
	return plaintext, nil
}

// sealedOnce is what the first version made of sample, with the key 01 01 … 01.
const sealedOnce = "sealed:v1:9d/ZUJFIPJbO36WZJR0w6S2bWbUfreWNZZUd7Swx/2bs9B8hbjCBm8REo+91J2eYt8kNINyBL0mnRbPzmvvU5ewh2Rk010E2EFndWIPp7bnyil" +
	"p4dO7eNPfV4WSU/R0m4DWH5wnmz6dmEJCP/7rqTsZitNbI3lfPqSoE2bGn+23+DrEZycw5jeFKsN3fhCq/AEhRpgHQK240p00GGYwdIVZkd4faL3vorTG5nH" +
	"fok211J3G0Rte1Ewu7dv5ZrzkuuNvrqzgwdhZ1U3co3QkPRwZk7hPE"

// What is sealed today must open after any update of the library.
func TestStoredFormStaysReadable(t *testing.T) {
	t.Parallel()
	var spy spyAEAD
	store, err := sealed.New(gitlab.NewMemoryStore(), &spy)
	require.NoError(t, err)
	save(t, store, sample(t, "Zoë\n"))
	assert.Equal(t, `gitlab sealed:v1 data "https://gitlab.example.com/git" "Zo\u00eb\n"`, spy.associated)

	inner := gitlab.NewMemoryStore()
	save(t, inner, gitlab.Identity{Key: "user-1", BaseURL: baseURL, Data: data(t, `{"access_token":"","sealed":"`+sealedOnce+`"}`)})
	id, err := seal(t, inner, 1).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, sample(t, "user-1").Data, id.Data)
}

func TestSealInThePlaceOfATokenIsRefused(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	seal := sealOf(t, inner, "user-1")
	other := save(t, store, sample(t, "user-2"))
	for name, d := range map[string]gitlab.OAuthData{
		"access token":                 {AccessToken: seal},
		"refresh token":                {RefreshToken: seal},
		"both":                         {AccessToken: seal, RefreshToken: seal},
		"refresh token, another's":     {AccessToken: "secret-access", RefreshToken: sealOf(t, inner, other.Key)},
		"access token, a new version":  {AccessToken: "sealed:v2:AAAA"},
		"access token, and the member": data(t, `{"access_token":"`+seal+`","sealed":"`+seal+`"}`),
	} {
		put(t, inner, id, d)
		_, err := store.LoadIdentity(t.Context(), "user-1")
		require.ErrorIs(t, err, sealed.ErrCannotOpen, name)
		require.ErrorContains(t, err, "in the place of a token", name)
		assert.NotContains(t, err.Error(), seal[len(seal)-8:], name)
	}
}

func TestPlainTokensBesideASealAreRefused(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	seal := sealOf(t, inner, "user-1")
	for _, token := range []string{"access_token", "refresh_token"} {
		put(t, inner, id, data(t, `{"`+token+`":"secret-other","sealed":"`+seal+`"}`))
		cannotOpen(t, store, inner, "user-1", "plain tokens stand beside the seal")
	}
}

// Whatever else stands beside a seal is not of the grant.
func TestUnsealedMembersAreNotBelieved(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	put(t, inner, id, data(t, `{"access_token":"","sealed":"`+sealOf(t, inner, "user-1")+`","scope":"sudo","expires_at":4102444800,"id_token":"forged"}`))
	loaded, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id.Data, loaded.Data)
}

func TestTruncatedSealsDoNotOpen(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	seal := sealOf(t, inner, "user-1")
	for n := range len(seal) {
		put(t, inner, id, withSeal(t, seal[:n]))
		cannotOpen(t, store, inner, "user-1")
		put(t, inner, id, withSeal(t, seal[len(seal)-n:]))
		cannotOpen(t, store, inner, "user-1")
	}
}

func TestNoFlippedBitIsOverlooked(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	seal := sealOf(t, inner, "user-1")
	for i := range len(seal) {
		for bit := range 8 {
			flipped := []byte(seal)
			flipped[i] ^= 1 << bit
			put(t, inner, id, withSeal(t, string(flipped)))
			cannotOpen(t, store, inner, "user-1")
		}
	}
	text, ok := strings.CutPrefix(seal, "sealed:v1:")
	require.True(t, ok)
	ciphertext, err := base64.RawStdEncoding.DecodeString(text)
	require.NoError(t, err)
	for i := range ciphertext {
		for bit := range 8 {
			ciphertext[i] ^= 1 << bit
			put(t, inner, id, withSeal(t, "sealed:v1:"+base64.RawStdEncoding.EncodeToString(ciphertext)))
			cannotOpen(t, store, inner, "user-1")
			ciphertext[i] ^= 1 << bit
		}
	}
}

func TestRowWithNeitherTokenNorSealIsExplained(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	put(t, inner, id, data(t, `{"scope":"api"}`))
	cannotOpen(t, store, inner, "user-1", "does the wrapped store not keep unknown members", "storetest")
}

func TestSealOfANewerVersionIsExplained(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	put(t, inner, id, withSeal(t, "sealed:v2:AAAA"))
	cannotOpen(t, store, inner, "user-1", "written by a newer one")
}

func TestSealOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	store, inner, id := scene(t)
	ciphertext, err := aead(t, 1).Encrypt([]byte("secret"), []byte(`gitlab sealed:v1 data "`+baseURL+`" "user-1"`))
	require.NoError(t, err)
	put(t, inner, id, withSeal(t, "sealed:v1:"+base64.RawStdEncoding.EncodeToString(ciphertext)))
	cannotOpen(t, store, inner, "user-1", "no identity")
}

func TestLongKeysAreCutInErrors(t *testing.T) {
	t.Parallel()
	_, inner, _ := scene(t)
	long := strings.Repeat("k", 5000)
	save(t, seal(t, inner, 1), sample(t, long))
	_, err := seal(t, inner, 2).LoadIdentity(t.Context(), long)
	require.ErrorIs(t, err, sealed.ErrCannotOpen)
	assert.Less(t, len(err.Error()), 1000)
}
