package gitlab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 6: a 200 with an access token is a rotation and is kept.

// The clock of a synctest bubble starts at 946684800, and two hours later it is
// 946692000.
func TestOddSuccessesAreKept(t *testing.T) {
	t.Parallel()
	const (
		rest       = `"token_type":"Bearer","scope":"api","created_at":1536798907`
		rotated    = `{"access_token":"access-2","refresh_token":"refresh-2",` + rest + `,"tenant":"acme","n":[1,{"a":null}]}`
		inTwoHours = `{"access_token":"access-2","refresh_token":"refresh-2",` + rest + `,"expires_at":946692000,"tenant":"acme","n":[1,{"a":null}]}`
	)
	answerWith := func(expiresIn string) string {
		return `{"access_token":"access-2","refresh_token":"refresh-2",` + rest + `,"expires_in":` + expiresIn + `}`
	}
	tests := map[string]struct{ payload, stored string }{
		"expires_in an integer":     {answerWith(`7200`), inTwoHours},
		"expires_in a string":       {answerWith(`"7200"`), inTwoHours},
		"expires_in a padded text":  {answerWith(`" 7200 "`), inTwoHours},
		"expires_in a float":        {answerWith(`7200.0`), inTwoHours},
		"expires_in a float string": {answerWith(`"7200.0"`), inTwoHours},
		"expires_in in exponents":   {answerWith(`7.2e3`), inTwoHours},
		"expires_in empty":          {answerWith(`""`), rotated},
		"expires_in null":           {answerWith(`null`), rotated},
		"expires_in negative":       {answerWith(`-1`), rotated},
		"expires_in zero":           {answerWith(`0`), rotated},
		"expires_in absurd":         {answerWith(`1e30`), rotated},
		"expires_in beyond floats":  {answerWith(`1e999`), rotated},
		"expires_in not a number":   {answerWith(`"NaN"`), rotated},
		"expires_in infinite":       {answerWith(`"Infinity"`), rotated},
		"expires_in words":          {answerWith(`"two hours"`), rotated},
		"expires_in a bool":         {answerWith(`true`), rotated},
		"expires_in an object":      {answerWith(`{"seconds":7200}`), rotated},
		"expires_in absent":         {`{"access_token":"access-2","refresh_token":"refresh-2",` + rest + `}`, rotated},
		"created_at a string": {
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":"1536798907","expires_in":7200}`, inTwoHours,
		},
		"created_at a date": {
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":"2018-09-13T00:35:07Z","expires_in":7200}`, inTwoHours,
		},
		"created_at nonsense keeps the old": {
			`{"access_token":"access-2","refresh_token":"refresh-2","created_at":"soon","expires_in":7200}`,
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":900000000,"expires_at":946692000,"tenant":"acme","n":[1,{"a":null}]}`,
		},
		"created_at negative keeps the old": {
			`{"access_token":"access-2","refresh_token":"refresh-2","created_at":-5,"expires_in":7200}`,
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":900000000,"expires_at":946692000,"tenant":"acme","n":[1,{"a":null}]}`,
		},
		"the access token alone": {
			`{"access_token":"access-2"}`,
			`{"access_token":"access-2","refresh_token":"refresh-1","token_type":"Bearer","scope":"api","created_at":900000000,"tenant":"acme","n":[1,{"a":null}]}`,
		},
		"null and empty members": {
			`{"access_token":"access-2","refresh_token":null,"token_type":"","scope":null,"created_at":null}`,
			`{"access_token":"access-2","refresh_token":"refresh-1","token_type":"Bearer","scope":"api","created_at":900000000,"tenant":"acme","n":[1,{"a":null}]}`,
		},
		"members of odd types": {
			`{"access_token":"access-2","refresh_token":7,"token_type":{},"scope":["api","read_user"],"created_at":[]}`,
			`{"access_token":"access-2","refresh_token":"refresh-1","token_type":"Bearer","scope":"api","created_at":900000000,"tenant":"acme","n":[1,{"a":null}]}`,
		},
		"new members join the unknown ones": {
			`{"access_token":"access-2","refresh_token":"refresh-2","id_token":"e30.e30.","n":2,"expires_in":7200,` + rest + `}`,
			`{"access_token":"access-2","refresh_token":"refresh-2",` + rest + `,"expires_at":946692000,"tenant":"acme","id_token":"e30.e30.","n":2}`,
		},
		"an expires_at of the server's clock is not ours": {
			`{"access_token":"access-2","refresh_token":"refresh-2","expires_at":1,` + rest + `}`, rotated,
		},
		"byte order mark and white space": {"\xef\xbb\xbf\r\n " + answerWith(`7200`) + " \n", inTwoHours},
		"text after the object":           {answerWith(`7200`) + "\n<!-- proxy -->", inTwoHours},
		"cut off after the pair": {
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":1536798907,"expires_i`, rotated,
		},
		"not JSON after the pair": {
			`{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":1536798907,NaN}`, rotated,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, test.payload))
				var data gitlab.OAuthData
				require.NoError(t, json.Unmarshal([]byte(`{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer","scope":"api",
					"created_at":900000000,"expires_at":946684799,"tenant":"acme","n":[1,{"a":null}]}`), &data))
				c, err := w.client.Authorize(t.Context(), "ada", data)
				require.NoError(t, err)

				_, err = c.Users.Current(t.Context())

				require.NoError(t, err)
				requireStory(t, w, "POST refresh-1", "GET access-2")
				assertStoredJSON(t, w, test.stored)
				inUse, err := c.Identity(t.Context())
				require.NoError(t, err)
				assert.Equal(t, w.stored(t), inUse.Data)

				if w.stored(t).ExpiresAt.IsZero() { // unknown is not past: nothing is refreshed by time
					for range 30 {
						time.Sleep(24 * time.Hour)
						_, err = c.Users.Current(t.Context())
						require.NoError(t, err)
					}
					requirePosts(t, w, 0)
				}
			})
		})
	}
}

// The ways an answer can break off, as a connection does it.
func TestAnswerBrokenOffByTheConnectionIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, cutAfter(`{"access_token":"access-2","refresh_token":"refresh-2","tok`))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
		assertStoredJSON(t, w, `{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":1500000000}`)
	})
}

func TestExpiryCountsFromThisMachinesClock(t *testing.T) {
	t.Parallel()
	for name, created := range map[string]string{"in 1970": "1", "in 18 years": "1536798907", "in the year 9999": "253402300799"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2", "access-3"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
					always(http.StatusOK, `{"access_token":"access-2","refresh_token":"refresh-2","expires_in":7200,"created_at":`+created+`}`),
					always(http.StatusOK, pair3JSON)))
				c := w.signIn(t, 0)
				_, err := c.Users.Current(t.Context())
				require.NoError(t, err)
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
				assert.Equal(t, time.Now().Add(2*time.Hour).UTC(), w.stored(t).ExpiresAt)

				time.Sleep(2*time.Hour - 5*time.Minute - 1)
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
				synctest.Wait()
				requireStory(t, w, "GET access-2")

				time.Sleep(5*time.Minute + 1)
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
				requireStory(t, w, "POST refresh-2", "GET access-3")
			})
		})
	}
}

// A slow answer's expires_in counts from its arrival.
func TestExpiryCountsFromTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, after(9*time.Second, always(http.StatusOK, pairJSON)))
		started := time.Now()

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, started.Add(9*time.Second+2*time.Hour).UTC(), w.stored(t).ExpiresAt)
	})
}

// A token that is out of date on arrival is used all the same: one call never
// makes a second refresh.
func TestTokenThatExpiresAtOnceIsNotRefreshedInCircles(t *testing.T) {
	t.Parallel()
	for _, expiresIn := range []string{"1", "0.4", "1e-9"} {
		t.Run(expiresIn, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				w := newWorld(t, hooked(&store))
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				posts := 0
				w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
					if posts++; posts > 10 {
						return answer(req, http.StatusBadRequest, grantJSON), nil
					}
					return answer(req, http.StatusOK, `{"access_token":"access-2","refresh_token":"refresh-2","expires_in":`+expiresIn+`}`), nil
				})
				c := w.signIn(t, time.Hour)
				store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
					time.Sleep(2 * time.Second)
					return store.IdentityStore.SaveIdentity(ctx, id)
				}
				time.Sleep(time.Hour)

				_, err := c.Users.Current(t.Context())

				require.NoError(t, err)
				requireStory(t, w, "POST refresh-1", "GET access-2")
			})
		})
	}
}

// assertStoredJSON compares the stored form as JSON.
func assertStoredJSON(t *testing.T, w *world, want string) {
	t.Helper()
	got, err := json.Marshal(w.stored(t))
	require.NoError(t, err)
	assert.JSONEq(t, want, string(got))
}

// cutAfter is a 200 whose connection breaks after text.
func cutAfter(text string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "")
		resp.Body = &brokenBody{text: strings.NewReader(text)}
		return resp, nil
	}
}
