package signin

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	localPlaces = []string{
		"/", "/projects", "/projects/7/", "/projects?page=2&next=https://x.example.com/", "/a#b", "/a#b//c", "/a?b#c?d//e", "/a%20b", "/ä", "/a%2Fb", "/100%25",
		"/a?x=%0d%0a", "/a:b", "/@user", "/..a/b..", "/a%25zz",
	}
	foreignPlaces = []string{
		"", "projects", "https://evil.example.com", "https:evil.example.com", "HTTPS://evil.example.com/", "javascript:alert(1)", "mailto:a@b",
		"//evil.example.com", "///evil.example.com", "////evil", `/\evil.example.com`, `\\evil.example.com`, `\/evil.example.com`, `/a\b`,
		"/%2Fevil.example.com", "/%2f%2fevil", "/%252Fevil.example.com", "/%25252Fevil.example.com", "/%5Cevil.example.com", "/%255Cevil", "/a/%2e%2e//evil",
		"/../evil", "/..//evil.example.com", "/.//evil", "/./a", "/a/..", "/%2e%2e/a", "/a//b", "/a/%2Fb",
		"/\tevil", "/\n/evil", "/a\r\nSet-Cookie: b=c", "/%09/evil", "/%0d%0aX: y", "/%00", "/a\x7f", "/a?b\nc", "/a#b\\c", " /a", "\t/a",
		"?a=b", "#a", "/\u202eevil", "/\u200b/evil", "/a\xff", "/%ff", "/%zz", "http://[::1", "//user@evil", "/" + strings.Repeat("a", 512),
	}
)

func TestOnlyPlacesOfTheApplicationAreLocal(t *testing.T) {
	t.Parallel()
	for _, place := range localPlaces {
		assert.True(t, isLocal(place), "%q", place)
	}
	for _, place := range foreignPlaces {
		assert.False(t, isLocal(place), "%q", place)
	}
}

// FuzzReturnTo checks that whatever is taken for local stays at the host, also
// after any number of decodings of its path, and has nothing that a browser
// drops.
func FuzzReturnTo(f *testing.F) {
	for _, place := range append(localPlaces, foreignPlaces...) {
		f.Add(place)
	}
	base, err := url.Parse("https://app.example.com/gitlab/callback")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, place string) {
		if !isLocal(place) {
			return
		}
		to, err := base.Parse(place)
		require.NoError(t, err)
		require.Equal(t, "https://app.example.com", to.Scheme+"://"+to.Host)
		require.NotContains(t, strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(place)[:min(2, len(place))], "//")
		path, _, _ := strings.Cut(place, "?")
		path, _, _ = strings.Cut(path, "#")
		for range 10 {
			require.True(t, strings.HasPrefix(path, "/"), path)
			require.False(t, strings.HasPrefix(path, "//"), path)
			require.NotContains(t, path, `\`)
			require.NotContains(t, path+"/", "/../")
			require.Equal(t, -1, strings.IndexFunc(path, func(r rune) bool { return r < ' ' }))
			if path, err = url.PathUnescape(path); err != nil {
				return
			}
		}
	})
}

func TestDecodedAttemptIsWhole(t *testing.T) {
	t.Parallel()
	made := newAttempt("work", "/a?b=c&d=<e>")
	text, err := made.encode()
	require.NoError(t, err)
	assert.Contains(t, text, `"return_to":"/a?b=c&d=<e>"`)
	read, ok := decodeAttempt(text)
	assert.True(t, ok)
	assert.Equal(t, made, read)
	assert.InDelta(t, time.Now().Add(10*time.Minute).Unix(), made.Expires, 1)
	for _, text := range []string{
		``, `null`, `{}`, `[]`, `{"state":"ABC","verifier":"v","return_to":"/"}`, `{"state":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","verifier":"","return_to":"/"}`,
		`{"state":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","verifier":"v","return_to":"//evil"}`,
	} {
		_, ok := decodeAttempt(text)
		assert.False(t, ok, text)
	}
}

// FuzzAttempt checks that an attempt that is read has all that the callback
// relies on.
func FuzzAttempt(f *testing.F) {
	text, err := newAttempt("work", "/a").encode()
	require.NoError(f, err)
	f.Add(text)
	f.Add(`{"state":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","verifier":"v","return_to":"/","expires":1e99}`)
	f.Fuzz(func(t *testing.T, text string) {
		if a, ok := decodeAttempt(text); ok {
			require.Len(t, a.State, 26)
			require.NotEmpty(t, a.Verifier)
			require.True(t, isLocal(a.ReturnTo))
		}
	})
}
