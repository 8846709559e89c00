package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// refusal is what the API answers; headers are alternating names and values.
type refusal struct {
	status  int
	body    string
	headers []string
}

// refused makes a call that is answered with r, and returns its error.
func refused(t *testing.T, r refusal) *gitlab.APIError {
	t.Helper()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, r.status, r.body)
		for i := 0; i < len(r.headers); i += 2 {
			resp.Header.Set(r.headers[i], r.headers[i+1])
		}
		return resp, nil
	})
	_, err := gitlab.Get[gitlab.Project](t.Context(), w.client.WithToken("glpat-1"), gitlab.PathTo("/projects/{project}", "group/app"))
	var api *gitlab.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.MethodGet, api.Method)
	assert.Equal(t, "/gitlab/api/v4/projects/group%2Fapp", api.Path)
	assert.Equal(t, r.status, api.StatusCode)
	assert.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("gitlab: GET /gitlab/api/v4/projects/group%%2Fapp: status %d", r.status)), err)
	return api
}

const (
	expiredText = "Token is expired. You can either do re-authorization or token refresh."
	scopeText   = "The request requires higher privileges than provided by the access token."
)

// The forms of gitlab-server.md's table, as literals.
func TestRefusalsAreUnderstoodInEveryForm(t *testing.T) {
	t.Parallel()
	const noPage = "an HTML page instead of an API answer (is it the right URL? is the instance being deployed?)"
	for name, row := range map[string]struct {
		refusal

		message, code string
		fields        map[string][]string
	}{
		"expired":             {refusal: refusal{401, `{"error":"invalid_token","error_description":"` + expiredText + `"}`, nil}, message: expiredText, code: "invalid_token"},
		"unknown token":       {refusal: refusal{401, bareJSON, nil}, message: "401 Unauthorized"},
		"401 with a reason":   {refusal: refusal{401, `{"message":"401 Unauthorized - two factor"}`, nil}, message: "401 Unauthorized - two factor"},
		"dpop":                {refusal: refusal{401, `{"error":"dpop_error","error_description":"DPoP validation error"}`, nil}, message: "DPoP validation error", code: "dpop_error"},
		"code alone":          {refusal: refusal{401, `{"error":"dpop_error"}`, nil}, message: "dpop_error", code: "dpop_error"},
		"scope too small":     {refusal: refusal{403, `{"error":"insufficient_scope","error_description":"` + scopeText + `","scope":"read_user api read_api"}`, nil}, message: scopeText, code: "insufficient_scope"},
		"both ways":           {refusal: refusal{400, `{"error":"invalid_request","error_description":"Both Authorization header and payload includes access token."}`, nil}, message: "Both Authorization header and payload includes access token.", code: "invalid_request"},
		"400 string":          {refusal: refusal{400, `{"message":"400 Bad Request"}`, nil}, message: "400 Bad Request"},
		"400 list":            {refusal: refusal{400, `{"message":["Title is too long","Labels are odd"]}`, nil}, message: "Title is too long; Labels are odd"},
		"400 fields":          {refusal: refusal{400, `{"message":{"title":["can't be blank","is too short"],"assignee":["is odd"]}}`, nil}, message: "assignee is odd; title can't be blank; title is too short", fields: map[string][]string{"title": {"can't be blank", "is too short"}, "assignee": {"is odd"}}},
		"400 nested fields":   {refusal: refusal{400, `{"message":{"namespace":{"path":["is taken"]},"base":["no"],"limit":5,"ok":true,"none":null}}`, nil}, message: "base no; limit 5; namespace.path is taken; ok true", fields: map[string][]string{"namespace.path": {"is taken"}, "base": {"no"}, "limit": {"5"}, "ok": {"true"}}},
		"400 field string":    {refusal: refusal{400, `{"message":{"url":"is blocked"}}`, nil}, message: "url is blocked", fields: map[string][]string{"url": {"is blocked"}}},
		"400 error":           {refusal: refusal{400, `{"error":"title is missing, url is missing"}`, nil}, message: "title is missing, url is missing"},
		"400 message.error":   {refusal: refusal{400, `{"message":{"error":"Cannot do that"}}`, nil}, message: "Cannot do that"},
		"message and error":   {refusal: refusal{400, `{"message":"no","error":"bad_thing"}`, nil}, message: "no; bad_thing", code: "bad_thing"},
		"404":                 {refusal: refusal{404, `{"message":"404 Project Not Found"}`, nil}, message: "404 Project Not Found"},
		"no such route":       {refusal: refusal{404, `{"error":"404 Not Found"}`, nil}, message: "404 Not Found"},
		"405":                 {refusal: refusal{405, `{"message":"405 Method Not Allowed"}`, nil}, message: "405 Method Not Allowed"},
		"409":                 {refusal: refusal{409, `{"message":"409 Conflict"}`, nil}, message: "409 Conflict"},
		"422":                 {refusal: refusal{422, `{"message":"Unprocessable"}`, nil}, message: "Unprocessable"},
		"429 of the edge":     {refusal: refusal{429, "Retry later\n", []string{"Content-Type", "text/plain", "Retry-After", "60"}}, message: "Retry later"},
		"429 of the limiter":  {refusal: refusal{429, `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`, nil}, message: "This endpoint has been requested too many times. Try again later."},
		"502 page":            {refusal: refusal{502, "<html><body>GitLab is not responding</body></html>", []string{"Content-Type", "text/html"}}, message: noPage},
		"502 page unlabelled": {refusal: refusal{502, " \n<!DOCTYPE html>", nil}, message: noPage},
		"500 text as HTML":    {refusal: refusal{500, "oops", []string{"Content-Type", "text/html; charset=utf-8"}}, message: noPage},
		"500 json":            {refusal: refusal{500, `{"message":"500 Internal Server Error"}`, nil}, message: "500 Internal Server Error"},
		"503 text":            {refusal: refusal{503, "upstream connect error", []string{"Content-Type", "text/plain"}}, message: "upstream connect error"},
		"nothing":             {refusal: refusal{500, " ", nil}},
		"an empty object":     {refusal: refusal{500, `{}`, nil}},
		"other members":       {refusal: refusal{500, `{"status":500,"message":null,"error":null}`, nil}},
		"a list":              {refusal: refusal{400, `["no"]`, nil}, message: `["no"]`},
		"a broken object":     {refusal: refusal{400, `{"message":"no`, nil}, message: `{"message":"no`},
		"an odd description":  {refusal: refusal{400, `{"error":"a_code","error_description":["x"],"message":"no"}`, nil}, message: "no; a_code", code: "a_code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := refused(t, row.refusal)
			assert.Equal(t, row.message, got.Message)
			assert.Equal(t, row.code, got.Code)
			assert.Equal(t, row.fields, got.Fields)
			if row.message != "" {
				assert.True(t, strings.HasSuffix(got.Error(), ": "+row.message), got.Error())
			}
		})
	}
}

func TestStatusesHaveTheirErrors(t *testing.T) {
	t.Parallel()
	sentinels := map[int]error{
		http.StatusUnauthorized: gitlab.ErrUnauthorized, http.StatusForbidden: gitlab.ErrForbidden, http.StatusNotFound: gitlab.ErrNotFound,
		http.StatusConflict: gitlab.ErrConflict, http.StatusTooManyRequests: gitlab.ErrRateLimited,
	}
	for _, status := range []int{400, 401, 402, 403, 404, 405, 409, 410, 422, 429, 500, 503} {
		err := fmt.Errorf("syncing: %w", refused(t, refusal{status: status}))
		for of, sentinel := range sentinels {
			assert.Equal(t, of == status, errors.Is(err, sentinel), "%d %v", status, sentinel)
		}
		assert.NotErrorIs(t, err, gitlab.ErrReauthorize)
	}
}

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"1":                             time.Second,
		" 120 ":                         2 * time.Minute,
		"86400":                         24 * time.Hour,
		"86401":                         24 * time.Hour,
		"9223372036854775807":           24 * time.Hour,
		"-5":                            0,
		"1.5":                           0,
		"soon":                          0,
		"Mon, 01 Jan 2001 00:00:00 GMT": 0,
		"Mon, 01 Jan 2199 00:00:00 GMT": 24 * time.Hour,
	} {
		assert.Equal(t, want, refused(t, refusal{status: 429, headers: []string{"Retry-After", value}}).RetryAfter, value)
	}
	soon := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	assert.InDelta(t, time.Hour, refused(t, refusal{status: 503, headers: []string{"Retry-After", soon}}).RetryAfter, float64(30*time.Second))
}

func TestRequestIDIsForTheAdministrator(t *testing.T) {
	t.Parallel()
	err := refused(t, refusal{status: 500, body: `{"message":"500 Internal Server Error"}`, headers: []string{"X-Request-Id", "01JD-\u202eabc"}})
	assert.Equal(t, "01JD- abc", err.RequestID)
	assert.Equal(t, "gitlab: GET /gitlab/api/v4/projects/group%2Fapp: status 500: 500 Internal Server Error (request 01JD- abc)", err.Error())
}

func TestRefusalsAreFitForOneLineOfALog(t *testing.T) {
	t.Parallel()
	odd := "a\r\nb\tc\x1b[31md\u0085e\u2028f\u2029g\u202eh\u200bi\x7f"
	quoted := `a\r\nb\tc\u001b[31md\u0085e\u2028f\u2029g\u202eh\u200bi\u007f`
	const clean = "a  b c [31md e f g h i "
	for body, message := range map[string]string{
		odd:                              clean,
		`{"message":"` + quoted + `"}`:   clean,
		`{"error":"` + quoted + `"}`:     clean,
		`{"message":["` + quoted + `"]}`: clean,
		`{"message":{"` + quoted + `":["` + quoted + `"]}}`: clean + " " + clean,
		"\xff\xfe broken":         "? broken",
		`{"message":"grün 日本 é"}`: "grün 日本 é",
	} {
		err := refused(t, refusal{status: 400, body: body})
		assert.Equal(t, message, err.Message, body)
		for field, texts := range err.Fields {
			assert.Equal(t, clean, field)
			assert.Equal(t, []string{clean}, texts)
		}
	}
	err := refused(t, refusal{status: 401, body: `{"error":"` + quoted + `","error_description":"no"}`})
	assert.Equal(t, clean, err.Code)
}

func TestRefusalsAreCapped(t *testing.T) {
	t.Parallel()
	long := "x" + strings.Repeat("é", 40_000) // the body is cut at 64 KiB, and then no JSON any more
	for _, body := range []string{
		long, `{"message":"` + long[:4001] + `"}`, `{"message":"` + long + `"}`, `{"error":"` + long[:4001] + `","error_description":"` + long[:4001] + `"}`,
		`{"message":{"` + long[:4001] + `":["` + long[:4001] + `"]}}`, `{"message":["` + strings.Repeat(`x","`, 3000) + `"]}`,
	} {
		err := refused(t, refusal{status: 400, body: body})
		for _, text := range []string{err.Message, err.Code} {
			assert.LessOrEqual(t, len(text), 1000+len("…"))
			assert.True(t, utf8.ValidString(text))
		}
		assert.True(t, strings.HasSuffix(err.Message, "…"))
		for field, texts := range err.Fields {
			assert.LessOrEqual(t, len(field), 1000+len("…"))
			for _, text := range texts {
				assert.LessOrEqual(t, len(text), 1000+len("…"))
			}
		}
	}
	deep := refused(t, refusal{status: 400, body: `{"message":{"f":[` + strings.Repeat(`{"g":[`, 2000) + `"x"` + strings.Repeat(`]}`, 2000) + `],"h":{"i":["y"]}}}`})
	assert.Equal(t, "h.i y", deep.Message, "what nests deeper than anything of GitLab's costs no time")
	many := refused(t, refusal{status: 400, body: `{"message":{"f":["` + strings.Repeat(`x","`, 3000) + `y"]}}`})
	assert.LessOrEqual(t, len(many.Fields["f"]), 3001)
}

func TestEndpointsRefusalSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*gitlab.IdentityNotValidError{
		`gitlab: identity "a\nb" cannot be refreshed`:                                     {Key: "a\nb"},
		`gitlab: identity "ada" cannot be refreshed: it has no refresh token`:             {Key: "ada", Description: "it has no refresh token"},
		`gitlab: identity "ada" cannot be refreshed: status 400: invalid_grant: it is so`: {Key: "ada", StatusCode: 400, Code: "invalid_grant", Description: "it is so"},
	} {
		require.EqualError(t, err, want)
		require.NotErrorIs(t, err, gitlab.ErrReauthorize, "by itself it does not say whose fault it is")
	}
}

func TestRedirectThatIsTheAnswerSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusFound, ""))
	err := w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, nil)
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/items: status 302: a redirect that was not followed")
}
