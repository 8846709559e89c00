package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

const (
	signingToken = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" // 01234567890123456789012345678901
	anotherToken = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
)

// sign signs a body as Standard Webhooks says, by other code than the package's.
func sign(token, id string, at int64, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(token, "whsec_"))
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at, 10) + "." + string(body)))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedRequest is a delivery signed with the signing token, without the secret
// token.
func signedRequest(event webhook.EventName, body []byte, at time.Time, signature string) *http.Request {
	r := requestOf(event, body)
	r.Header.Del("X-Gitlab-Token")
	r.Header.Set("Webhook-Id", "msg_1")
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", signature)
	return r
}

func signedBy(token string, body []byte, at time.Time) *http.Request {
	return signedRequest("System Hook", body, at, sign(token, "msg_1", at.Unix(), body))
}

// The literals were made by openssl:
//
//	printf 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac 01234567890123456789012345678901 -binary | base64
func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(1614265330, 0))) // synctest's clock starts in the year 2000
		var got []any
		cfg := collect(&got)
		cfg.Secrets.SigningTokens = []string{signingToken}
		r := requestOf("System Hook", []byte(`{"test": 2432232314}`))
		r.Header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
		r.Header.Set("webhook-timestamp", "1614265330")
		r.Header.Set("webhook-signature", "v1,ASIUAiaHOkbADwG8wp+azpVk6vxhRLG/tiLJdqO+U0U=")
		require.Equal(t, http.StatusOK, answer(handler(t, cfg), r).Code)
		require.Len(t, got, 1)
		d := got[0].(webhook.Delivery)
		assert.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek", d.WebhookID)
		assert.Equal(t, "/msg_p5jXN8AQM9LWM0D4loKWxJek", d.Key())
		assert.JSONEq(t, `{"test": 2432232314}`, string(d.Body))
	})
}

func TestForgedDeliveriesAreRefused(t *testing.T) {
	t.Parallel()
	now, body := time.Now(), []byte(`{"event_name":"x"}`)
	good := sign(signingToken, "msg_1", now.Unix(), body)
	h := handler(t, webhook.Config{
		Secrets: webhook.Secrets{SigningTokens: []string{signingToken}},
		OnError: func(_ context.Context, _ webhook.Delivery, err error) { t.Error(err) },
	})
	require.Equal(t, http.StatusOK, answer(h, signedRequest("System Hook", body, now, good)).Code)
	for name, change := range map[string]func(r *http.Request){
		"another body":            func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"event_name":"y"}`)) },
		"a longer body":           func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(string(body) + " ")) },
		"another id":              func(r *http.Request) { r.Header.Set("Webhook-Id", "msg_2") },
		"another time":            func(r *http.Request) { r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix()+1, 10)) },
		"the time written longer": func(r *http.Request) { r.Header.Set("Webhook-Timestamp", "0"+strconv.FormatInt(now.Unix(), 10)) },
		"another key": func(r *http.Request) {
			r.Header.Set("Webhook-Signature", sign(anotherToken, "msg_1", now.Unix(), body))
		},
		"a signature of zeros": func(r *http.Request) {
			r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
		},
	} {
		r := signedRequest("System Hook", body, now, good)
		change(r)
		w := answer(h, r)
		assert.Equal(t, http.StatusUnauthorized, w.Code, name)
		assert.Equal(t, "the secret token or the signature is missing or wrong\n", w.Body.String(), name)
	}
	for name, change := range map[string]func(h http.Header){
		"no id":             func(h http.Header) { h.Del("Webhook-Id") },
		"no time":           func(h http.Header) { h.Del("Webhook-Timestamp") },
		"no valid time":     func(h http.Header) { h.Set("Webhook-Timestamp", "2021-02-25T15:02:10Z") },
		"no whole time":     func(h http.Header) { h.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10)+".5") },
		"no signature":      func(h http.Header) { h.Del("Webhook-Signature") },
		"another version":   func(h http.Header) { h.Set("Webhook-Signature", "v2"+good[2:]) },
		"the sum alone":     func(h http.Header) { h.Set("Webhook-Signature", good[3:]) },
		"no base64":         func(h http.Header) { h.Set("Webhook-Signature", "v1,!") },
		"a part of the sum": func(h http.Header) { h.Set("Webhook-Signature", "v1,"+good[3:15]) },
		"an empty sum":      func(h http.Header) { h.Set("Webhook-Signature", "v1,") },
	} {
		r := unread(t, signedRequest("System Hook", body, now, good))
		change(r.Header)
		assert.Equal(t, http.StatusUnauthorized, answer(h, r).Code, name)
	}
}

func TestDeliveriesOfAnotherTimeAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := []byte(`{}`)
		signing := webhook.Secrets{SigningTokens: []string{signingToken}}
		h := handler(t, webhook.Config{Secrets: signing})
		strict := handler(t, webhook.Config{Secrets: signing, Tolerance: time.Second})
		for shift, ok := range map[time.Duration]bool{
			0: true, 5 * time.Minute: true, -5 * time.Minute: true, 5*time.Minute + time.Second: false, -5*time.Minute - time.Second: false, 1e6 * time.Hour: false, -1e6 * time.Hour: false,
		} {
			r := signedBy(signingToken, body, time.Now().Add(shift))
			if !ok {
				r = unread(t, r)
			}
			w := answer(h, r)
			assert.Equal(t, ok, w.Code == http.StatusOK, shift)
			if !ok {
				assert.Equal(t, http.StatusUnauthorized, w.Code, shift)
				assert.Equal(t, "webhook-timestamp is too far from the receiver's time\n", w.Body.String())
			}
		}
		for _, seconds := range []int64{-1 << 63, 1<<63 - 1, 0, -1} {
			r := unread(t, signedRequest("System Hook", body, time.Now(), sign(signingToken, "msg_1", seconds, body)))
			r.Header.Set("Webhook-Timestamp", strconv.FormatInt(seconds, 10))
			assert.Equal(t, http.StatusUnauthorized, answer(h, r).Code, seconds)
		}
		sent := time.Now()
		assert.Equal(t, http.StatusOK, answer(strict, signedBy(signingToken, body, sent)).Code)
		time.Sleep(2 * time.Second)
		assert.Equal(t, http.StatusUnauthorized, answer(strict, signedBy(signingToken, body, sent)).Code, "a replay")
	})
}

// A replay in time is told by its id, which is signed, where Seen is asked.
func TestReplayInTimeIsHandledOnce(t *testing.T) {
	t.Parallel()
	var got []any
	cfg := collect(&got)
	cfg.Secrets.SigningTokens, cfg.Seen = []string{signingToken}, webhook.NewMemorySeen(10)
	h, now := handler(t, cfg), time.Now()
	for _, key := range []string{"1", "2", ""} {
		r := signedBy(signingToken, []byte(`{}`), now)
		r.Header.Set("Idempotency-Key", key)
		assert.Equal(t, http.StatusOK, answer(h, r).Code)
	}
	assert.Len(t, got, 1)
}

func TestSigningTokensRotate(t *testing.T) {
	t.Parallel()
	now, body := time.Now(), []byte(`{}`)
	h := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{anotherToken, signingToken}}})
	one := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
	first, second := sign(signingToken, "msg_1", now.Unix(), body), sign(anotherToken, "msg_1", now.Unix(), body)
	assert.Equal(t, http.StatusOK, answer(h, signedRequest("System Hook", body, now, first)).Code)
	assert.Equal(t, http.StatusOK, answer(h, signedRequest("System Hook", body, now, second)).Code)
	assert.Equal(t, http.StatusOK, answer(one, signedRequest("System Hook", body, now, second+" v1a,x "+first)).Code, "one of several signatures")
	assert.Equal(t, http.StatusUnauthorized, answer(one, signedRequest("System Hook", body, now, second)).Code)
}

func TestBothSecretsAreNeededWhereBothAreKnown(t *testing.T) {
	t.Parallel()
	now, body := time.Now(), []byte(`{}`)
	h := handler(t, webhook.Config{Secrets: webhook.Secrets{Tokens: []string{token}, SigningTokens: []string{signingToken}}})
	r := signedBy(signingToken, body, now)
	assert.Equal(t, http.StatusUnauthorized, answer(h, unread(t, r)).Code)
	r = signedBy(signingToken, body, now)
	r.Header.Set("X-Gitlab-Token", token)
	assert.Equal(t, http.StatusOK, answer(h, r).Code)
	r = signedBy(anotherToken, body, now)
	r.Header.Set("X-Gitlab-Token", token)
	assert.Equal(t, http.StatusUnauthorized, answer(h, r).Code)
	assert.Equal(t, http.StatusUnauthorized, answer(h, unread(t, requestOf("System Hook", body))).Code)
}

// That a comparison takes the same time whatever it is given cannot be measured
// reliably, so this looks at the code: secrets are compared by functions made for
// that, over hashes, and nothing leaves the loop over secret tokens early.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "secrets.go", nil, 0)
	require.NoError(t, err)
	calls := make(map[string][]string)
	early := make(map[string]bool)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok {
						calls[f.Name.Name] = append(calls[f.Name.Name], x.Name+"."+s.Sel.Name)
					}
				}
			case *ast.RangeStmt, *ast.ForStmt:
				ast.Inspect(n, func(n ast.Node) bool {
					switch n.(type) {
					case *ast.ReturnStmt, *ast.BranchStmt, *ast.IfStmt:
						early[f.Name.Name] = true
					}
					return true
				})
			}
			return true
		})
	}
	assert.Equal(t, []string{"sha256.Sum256", "subtle.ConstantTimeCompare"}, calls["hasToken"])
	assert.False(t, early["hasToken"])
	assert.Contains(t, calls["holds"], "hmac.Equal")
	assert.NotContains(t, calls["holds"], "bytes.Equal")
}

// FuzzSignature asserts that no headers panic, and that whatever is let in has a
// signature of the body and a time that fits.
func FuzzSignature(f *testing.F) {
	now := time.Now().Unix()
	body := []byte(`{"event_name":"x"}`)
	good := sign(signingToken, "msg_1", now, body)
	f.Add("msg_1", int64(0), good, body)
	f.Add("msg_1", int64(0), "v1,x "+good, body)
	f.Add("", int64(400), "v1,", []byte(""))
	f.Add("a.b", int64(-1), "v1a,\xff", []byte("null"))
	h, err := webhook.New(webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, id string, shift int64, signatures string, body []byte) {
		at := time.Now().Unix() + shift
		for _, with := range []string{"", " " + sign(signingToken, id, at, body)} {
			r := requestOf("System Hook", bytes.Clone(body))
			r.Header.Set("Webhook-Id", id)
			r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at, 10))
			r.Header.Set("Webhook-Signature", signatures+with)
			code := answer(h, r).Code
			signed := false
			for one := range strings.FieldsSeq(signatures + with) {
				signed = signed || one == sign(signingToken, id, at, body)
			}
			timely := shift >= -299 && shift <= 300
			switch {
			case signed && timely && id != "":
				require.Equal(t, http.StatusOK, code)
			case !signed || id == "" || shift < -301 || shift > 301:
				require.Equal(t, http.StatusUnauthorized, code)
			}
		}
	})
}
