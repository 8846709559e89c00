package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// keys are about what an application may call a grant.
func keys() []behaviour {
	return []behaviour{
		{"odd keys are kept, each for itself", keepsOddKeys},
		{"a key that is not text is kept or refused", keepsOrRefusesKeys},
		{"the empty key is refused", refusesTheEmptyKey},
	}
}

// oddKeys must all be kept, and kept apart.
func oddKeys() []string {
	return []string{
		"a", "A", "a ", " a", "a.", "a\t", "a\n", "á", "a\u0301", "ａ", "ß", "SS", "ss", "ı", "i", "I", "İ",
		".", "..", "../x", "x", "../../../../tmp/x", "/etc/passwd", "a/b", "a//b", `a\b`, "~", "-", "--help", "*", "%", "_", "a%2fb", "%00", "a%",
		"CON", "nul", "COM1.json", "a:b", "c:\\x", `"'` + "`;--", "$(id)", "{}", "{a}", "<a>&b", "null", "0", "00", "1e0",
		"日本語", "\U0001F511", "\u202etxt", "\ufeffa", "\ufffd", "\x7f", "\x1b[31m",
		strings.Repeat("k", 1024), strings.Repeat("k", 1023) + "K", strings.Repeat("日", 341) + "a", strings.Repeat("../", 341),
	}
}

func keepsOddKeys(t *testing.T, f Fixture) {
	all := make([]gitlab.Identity, 0, len(oddKeys()))
	for _, odd := range oddKeys() {
		f.missing(t, odd)
		id := rotated(sample(t, odd), "access of "+odd)
		all = append(all, save(t, f.A, id))
	}
	for i, id := range all {
		f.stored(t, id)
		if i%2 == 0 {
			all[i] = save(t, f.B, rotated(id, "second access of "+id.Key))
		} else {
			remove(t, f.B, id)
		}
	}
	for i, id := range all {
		if i%2 == 0 {
			f.stored(t, id)
		} else {
			f.missing(t, id.Key)
		}
	}
}

// Databases may be unable to keep a NUL or broken UTF-8. They say so then, and
// never take one key for another.
func keepsOrRefusesKeys(t *testing.T, f Fixture) {
	neighbours := []gitlab.Identity{create(t, f.A, "a"), create(t, f.A, "ab"), create(t, f.A, "a\ufffdb")}
	for _, odd := range []string{"a\x00b", "a\x00", "\x00", "a\xffb", "a\xfeb", "\xff\xfe"} {
		_, err := f.A.LoadIdentity(t.Context(), odd)
		require.Error(t, err)
		id := rotated(sample(t, odd), "access of "+odd)
		revision, err := f.A.SaveIdentity(t.Context(), id)
		if err != nil {
			require.NotErrorIs(t, err, gitlab.ErrIdentityConflict)
			_, err = f.A.LoadIdentity(t.Context(), odd)
			require.Error(t, err)
			continue
		}
		got, err := f.B.LoadIdentity(t.Context(), odd)
		require.NoError(t, err)
		require.Equal(t, odd, got.Key)
		require.Equal(t, revision, got.Revision)
		neighbours = append(neighbours, save(t, f.B, got))
	}
	for _, id := range neighbours {
		got, err := f.A.LoadIdentity(t.Context(), id.Key)
		require.NoError(t, err)
		require.Equal(t, id.Revision, got.Revision, "the identity of %q", id.Key)
	}
}

func refusesTheEmptyKey(t *testing.T, f Fixture) {
	for _, revision := range []string{"", create(t, f.A, key).Revision} {
		id := sample(t, "")
		id.Revision = revision
		_, err := f.A.SaveIdentity(t.Context(), id)
		require.Error(t, err)
		require.NotErrorIs(t, err, gitlab.ErrIdentityConflict, "a conflict would be tried again")
		require.Error(t, f.A.DeleteIdentity(t.Context(), "", revision))
	}
	_, err := f.A.LoadIdentity(t.Context(), "")
	require.Error(t, err)
	r := f.ask(t, f.A, "")
	require.True(t, r.ended(f.Patience), "LockIdentity of the empty key does not return")
	require.Error(t, r.err, "LockIdentity of the empty key")
}
