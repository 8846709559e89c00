package filestore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// What is read from a file is written and read again as the same tokens, and
// from then on as the same identity; nothing makes it panic.
func FuzzStoredFile(f *testing.F) {
	for _, seed := range []string{
		`{"key":"user-1","base_url":"https://gitlab.example.com","revision":"r","data":{"access_token":"a","refresh_token":"b","expires_at":1700007200}}`,
		`{"key":"user-1","revision":"r","data":{"access_token":"a","expiry":"2023-11-15T00:13:20Z","deep":{"list":[1,2.50,"<&>\u2028"]}}}`,
		`{"key":"\u0000","revision":"r","data":null}`,
		`{"KEY":"user-1","revision":"r","revision":"s","data":{"created_at":"1e3","created_at":-1,"<":{}}}`,
		`{"key":"user-1","revision":"r","data":{"access_token":"a"}`,
		`[]`, ``, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		first, ok := decode(content)
		if !ok {
			require.Zero(t, first)
			return
		}
		second := again(t, first)
		require.Equal(t, first.Key, second.Key)
		require.Equal(t, first.BaseURL, second.BaseURL)
		require.Equal(t, first.Revision, second.Revision)
		require.Equal(t, first.Data.AccessToken, second.Data.AccessToken)
		require.Equal(t, first.Data.RefreshToken, second.Data.RefreshToken)
		require.Equal(t, second, again(t, second))
	})
}

// again is id after it was written and read.
func again(t *testing.T, id gitlab.Identity) gitlab.Identity {
	t.Helper()
	content, err := encode(id)
	require.NoError(t, err)
	read, ok := decode(content)
	require.True(t, ok, "%s", content)
	return read
}
