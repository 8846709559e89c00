package gitlab_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

func TestStoredFormIsReadAndWritten(t *testing.T) {
	t.Parallel()
	const stored = `{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer","scope":"api read_user","created_at":1536798907,"expires_at":1536806107,"id_token":"x.y.z","nested":{"b":[1,2.50],"a":null}}`
	var d gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(stored), &d))
	assert.Equal(t, "access-1", d.AccessToken)
	assert.Equal(t, "refresh-1", d.RefreshToken)
	assert.Equal(t, "Bearer", d.TokenType)
	assert.Equal(t, "api read_user", d.Scope)
	assert.Equal(t, time.Unix(1536798907, 0).UTC(), d.CreatedAt)
	assert.Equal(t, time.Unix(1536806107, 0).UTC(), d.ExpiresAt)
	written, err := json.Marshal(d)
	require.NoError(t, err)
	assert.Equal(t, stored, string(written)) //nolint:testifylint // to the byte

	written, err = json.Marshal(gitlab.OAuthData{AccessToken: "a"})
	require.NoError(t, err)
	assert.Equal(t, `{"access_token":"a"}`, string(written)) //nolint:testifylint // to the byte
	written, err = json.Marshal(gitlab.OAuthData{AccessToken: "<a>&", CreatedAt: time.Unix(7, 999).In(time.FixedZone("", 3600))})
	require.NoError(t, err)
	assert.JSONEq(t, `{"access_token":"<a>&","created_at":7}`, string(written))
}

func TestDataIsComparableWhateverItsJSONLookedLike(t *testing.T) {
	t.Parallel()
	forms := []string{
		`{"access_token":"a","created_at":5,"id_token":"<x>","team":{"n":1}}`,
		`{"team":{"n":1},"id_token":"\u003cx\u003e","created_at":5,"access_token":"a"}`,
		"\ufeff" + ` { "team" : { "n" : 1 } , "created_at" : "5" , "expires_at":null, "id_token":"<x>" , "access_token":"a" } `,
		`{"access_token":"a","created_at":5.0,"id_token":"<x>","team":{"n":1},"refresh_token":null,"expires_at":0}`,
		`{"access_token":"b","created_at":"1970-01-01T01:00:05+01:00","id_token":"<x>","team":{"n":1},"access_token":"a"}`,
	}
	var first gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(forms[0]), &first))
	for _, form := range forms {
		var d gitlab.OAuthData
		require.NoError(t, d.UnmarshalJSON([]byte(form)))
		same := d == first
		assert.True(t, same, form)
		written, err := json.Marshal(d)
		require.NoError(t, err)
		assert.JSONEq(t, forms[0], string(written))
	}
	var d gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a"}`), &d))
	same := d == first
	assert.False(t, same, "unknown members count")
}

func TestOAuth2TokensOwnJSONIsRead(t *testing.T) {
	t.Parallel()
	expiry := time.Date(2033, 5, 18, 5, 33, 20, 123456789, time.FixedZone("", 7200))
	written, err := json.Marshal(&oauth2.Token{AccessToken: "a", RefreshToken: "r", TokenType: "bearer", Expiry: expiry, ExpiresIn: 7200})
	require.NoError(t, err)
	unexpiring, err := json.Marshal(&oauth2.Token{AccessToken: "a"})
	require.NoError(t, err)
	for stored, want := range map[string]gitlab.OAuthData{
		string(written):    {AccessToken: "a", RefreshToken: "r", TokenType: "bearer", ExpiresAt: time.Unix(2000000000, 0).UTC()},
		string(unexpiring): {AccessToken: "a"},
		`{"access_token":"a","expiry":"0001-01-01T00:00:00Z"}`:                  {AccessToken: "a"},
		`{"access_token":"a","expiry":"2033-05-18T03:33:20.9Z"}`:                {AccessToken: "a", ExpiresAt: time.Unix(2000000000, 0).UTC()},
		`{"access_token":"a","expires_at":7,"expiry":"2033-05-18T03:33:20.9Z"}`: {AccessToken: "a", ExpiresAt: time.Unix(7, 0).UTC()},
	} {
		var d gitlab.OAuthData
		require.NoError(t, json.Unmarshal([]byte(stored), &d), stored)
		assert.Equal(t, want, d, stored)
	}
}

func TestStoredTimesAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{
		`1536798907`: 1536798907, `1536798907.9`: 1536798907, `"1536798907"`: 1536798907, `" 1.536798907e9 "`: 1536798907,
		`"2018-09-13T00:35:07Z"`: 1536798907, `"2018-09-13T02:35:07.5+02:00"`: 1536798907,
		`0`: 0, `0.5`: 0, `-1`: 0, `null`: 0, `""`: 0, `"soon"`: 0, `"NaN"`: 0, `"Inf"`: 0, `1e300`: 0, `253402300800`: 0, `true`: 0, `[1]`: 0, `{"t":1}`: 0,
		`"0001-01-01T00:00:00Z"`: 0, `"1955-11-05T06:00:00Z"`: 0, `"9999-12-31T23:59:59-12:00"`: 0, `"Thu, 13 Sep 2018 00:35:07 GMT"`: 0,
	} {
		for _, member := range []string{"created_at", "expires_at", "expiry"} {
			var d gitlab.OAuthData
			require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a","`+member+`":`+value+`}`), &d), value)
			got := d.ExpiresAt
			if member == "created_at" {
				got = d.CreatedAt
			}
			if want == 0 {
				assert.True(t, got.IsZero(), "%s %s", member, value)
			} else {
				assert.Equal(t, time.Unix(want, 0).UTC(), got, "%s %s", member, value)
			}
			var again gitlab.OAuthData
			written, err := json.Marshal(d)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(written, &again))
			assert.Equal(t, d, again, "%s %s", member, value)
		}
	}
	var d gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a","created_at":1000,"expires_in":"7200"}`), &d))
	assert.Equal(t, time.Unix(8200, 0).UTC(), d.ExpiresAt, "a token endpoint's answer, stored as it came")
	require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a","expires_in":7200}`), &d))
	assert.True(t, d.ExpiresAt.IsZero(), "nobody knows when it was answered")
}

func TestStoredFormThatCannotBeReadIsAnErrorWithoutIt(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{
		``, `hush`, `"hush"`, `["hush"]`, `7`, `{"access_token":"hush`, `{"access_token":"hush"`, `{"access_token":"hush",}`,
		`{"access_token":"hush" "refresh_token":"hush"}`, `{hush}`, `{"access_token":["hush"]}`, `{"access_token":{"hush":1}}`,
		`{"access_token":"a","refresh_token":true}`, `{"access_token":"a","hush":nul}`, `<html>hush`,
	} {
		var d gitlab.OAuthData
		err := d.UnmarshalJSON([]byte(stored))
		require.Error(t, err, stored)
		assert.True(t, strings.HasPrefix(err.Error(), "gitlab: "), err)
		assert.NotContains(t, err.Error(), "hush")
		assert.Zero(t, d)
	}
	d := gitlab.OAuthData{AccessToken: "before"}
	require.NoError(t, json.Unmarshal([]byte(`null`), &d))
	assert.Equal(t, "before", d.AccessToken, "null leaves it alone, as everywhere in encoding/json")
}

func TestTokenAnswersAreReadLeniently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(7200 * time.Second).UTC()
		full := gitlab.OAuthData{
			AccessToken: "a", RefreshToken: "r", TokenType: "Bearer", Scope: "api", CreatedAt: time.Unix(1536798907, 0).UTC(), ExpiresAt: expires,
		}
		tokens := gitlab.OAuthData{AccessToken: "a", RefreshToken: "r"}
		timed := tokens
		timed.ExpiresAt = expires
		for payload, want := range map[string]gitlab.OAuthData{
			`{"access_token":"a","token_type":"Bearer","expires_in":7200,"refresh_token":"r","scope":"api","created_at":1536798907}`:     full,
			`{"access_token":"a","token_type":"Bearer","expires_in":"7200","refresh_token":"r","scope":"api","created_at":"1536798907"}`: full,
			"\ufeff" + ` {"access_token":"a","refresh_token":"r","expires_in":7200.0}`:                                                   timed,
			`{"access_token":"a","refresh_token":"r","expires_in":"7200.4"}`:                                                             timed,
			`{"access_token":"a","refresh_token":"r"}`:                                                                                   tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":null,"created_at":null}`:                                               tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":"","created_at":""}`:                                                   tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":0}`:                                                                    tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":-5}`:                                                                   tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":1e300}`:                                                                tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":9223372036854775807}`:                                                  tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":"NaN"}`:                                                                tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":"never","created_at":"now"}`:                                           tokens,
			`{"access_token":"a","refresh_token":"r","expires_in":[7200],"created_at":{"s":1}}`:                                          tokens,
			`{"access_token":"a","refresh_token":"r","expires_at":5,"expiry":"2001-01-01T00:00:00Z"}`:                                    tokens,
			`{"access_token":"a","refresh_token":"r","token_type":7,"scope":["api"]}`:                                                    tokens,
			`{"access_token":"a","refresh_token":7}`:                                                                                     {AccessToken: "a"},
			`{"access_token":"a"}`:                                                                                                       {AccessToken: "a"},
			`{"access_token":"a","refresh_token":"r","expires_in":72`:                                                                    tokens,
			`{"access_token":"a","refresh_token":"r","sco`:                                                                               tokens,
			`{"access_token":"a","refresh_token":"r"} trailing`:                                                                          tokens,
		} {
			d, err := gitlab.ParseOAuthData([]byte(payload))
			require.NoError(t, err, payload)
			assert.Equal(t, want, d, payload)
		}
		for _, payload := range []string{
			``, `null`, `{}`, `[]`, `"hush"`, `<html>hush</html>`, `Retry later hush`, `{"access_token":""}`, `{"access_token":7,"hush":1}`,
			`{"access_token":null}`, `{"refresh_token":"hush"}`, `{"access_token":"hush`, `{"access_token":"hush"`, `{"access_token":"hush","refresh_token":"hush`,
			`{"error":"hush"}`, `access_token=hush`,
		} {
			d, err := gitlab.ParseOAuthData([]byte(payload))
			require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable, payload)
			assert.NotContains(t, err.Error(), "hush")
			assert.Zero(t, d)
		}
	})
}

func TestUnknownMembersSurviveRotations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(accepts(userJSON), accepts(userJSON, "access-2"), accepts(userJSON), accepts(userJSON, "access-3")))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
		always(http.StatusOK, `{"id_token":"new","access_token":"access-2","refresh_token":"refresh-2"}`),
		always(http.StatusOK, `{"zone":[3, 4],"access_token":"access-3","refresh_token":"refresh-3","expiry":"ignored","expires_at":9}`),
	))
	var data gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(`{"team" : "core", "access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer","scope":"api","created_at":5,"id_token":"old", "app_id": 7}`), &data))
	c, err := w.client.Authorize(t.Context(), "ada", data)
	require.NoError(t, err)
	for range 2 {
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
	}
	written, err := json.Marshal(w.stored(t))
	require.NoError(t, err)
	assert.JSONEq(t, `{"access_token":"access-3","refresh_token":"refresh-3","token_type":"Bearer","scope":"api","created_at":5,"app_id":7,"id_token":"new","team":"core","zone":[3,4]}`,
		string(written), "absent fields and unknown members keep their old value")
}

func TestTokensOfOtherLibrariesAreTakenOver(t *testing.T) {
	t.Parallel()
	token := &oauth2.Token{AccessToken: "a", RefreshToken: "r", TokenType: "Bearer", Expiry: time.Date(2033, 5, 18, 5, 33, 20, 5, time.FixedZone("", 7200))}
	want := gitlab.OAuthData{AccessToken: "a", RefreshToken: "r", TokenType: "Bearer", ExpiresAt: time.Unix(2000000000, 0).UTC()}
	assert.Equal(t, want, gitlab.OAuthDataFromToken(token))
	assert.Zero(t, gitlab.OAuthDataFromToken(nil))
	assert.Equal(t, gitlab.OAuthData{AccessToken: "a"}, gitlab.OAuthDataFromToken(&oauth2.Token{AccessToken: "a"}))

	want.Scope, want.CreatedAt = "api read_user", time.Unix(1536798907, 0).UTC()
	for _, extra := range []map[string]any{
		{"scope": "api read_user", "created_at": float64(1536798907)},
		{"scope": "api read_user", "created_at": int64(1536798907)},
		{"scope": "api read_user", "created_at": "1536798907"},
	} {
		assert.Equal(t, want, gitlab.OAuthDataFromToken(token.WithExtra(extra)))
	}
	for _, odd := range []any{nil, "", "soon", true, -1.0, []any{1.0}} {
		d := gitlab.OAuthDataFromToken(token.WithExtra(map[string]any{"scope": odd, "created_at": odd}))
		assert.True(t, d.CreatedAt.IsZero(), odd)
	}
}
