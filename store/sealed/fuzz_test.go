package sealed_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sealed"
)

// Whatever is stored: it is refused, or plain and returned as it is, or what was
// sealed for this very identity. A seal never comes out as a token. What was
// returned is sealed and opened to the same.
func FuzzStoredRow(f *testing.F) {
	whole := `{"access_token":"","sealed":"` + sealedOnce + `"}`
	for _, seed := range []string{
		whole,
		whole[:len(whole)-20] + `"}`,
		strings.Replace(whole, `"access_token":""`, `"access_token":"a"`, 1),
		strings.Replace(whole, "sealed:v1:", "sealed:v1:\\n", 1),
		`{"access_token":"` + sealedOnce + `"}`,
		`{"access_token":"a","refresh_token":"b","expires_at":1700007200,"id_token":"x.y.z"}`,
		`{"sealed":"sealed:v2:AAAA"}`, `{"sealed":"sealed:v1:"}`, `{"sealed":{}}`, `{"SEALED":"sealed:v1:"}`, `{}`, `null`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, row string) {
		id := gitlab.Identity{Key: "user-1", BaseURL: baseURL}
		if id.Data.UnmarshalJSON([]byte(row)) != nil {
			return
		}
		inner := gitlab.NewMemoryStore()
		store := seal(t, inner, 1)
		id = save(t, inner, id)
		got, err := store.LoadIdentity(t.Context(), "user-1")
		if err != nil {
			require.ErrorIs(t, err, sealed.ErrCannotOpen)
			require.Zero(t, got)
			return
		}
		if text, err := json.Marshal(id.Data); err == nil && strings.Contains(string(text), sealedOnce) && id.Data.AccessToken == "" {
			require.Equal(t, sample(t, "user-1").Data, got.Data)
		} else {
			require.Equal(t, id, got)
		}
		for _, token := range []string{got.Data.AccessToken, got.Data.RefreshToken} {
			require.False(t, strings.HasPrefix(token, "sealed:"), "%q", token)
		}
		got = save(t, store, got)
		again, err := store.LoadIdentity(t.Context(), "user-1")
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
