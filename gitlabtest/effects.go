package gitlabtest

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// LoseAnswer lets the server do its work and cuts the connection without an
// answer. Beware: over a kept-alive connection net/http's transport sends a
// GET again by itself, as it would to a real server; a POST it does not.
func LoseAnswer() Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(newHeld(), r)
			panic(http.ErrAbortHandler)
		})
	}
}

// CutBefore cuts the connection before the server does anything.
func CutBefore() Effect {
	return instead(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// TruncateBody lets the server do its work and cuts the connection after n
// bytes of the answer's body.
func TruncateBody(n int) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := newHeld()
			next.ServeHTTP(held, r)
			if n >= held.body.Len() {
				held.send(w)
				return
			}
			held.header.Set("Content-Length", strconv.Itoa(held.body.Len()))
			held.body.Truncate(max(n, 0))
			held.send(w)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	}
}

// HTMLPage answers like a deploy: 200 with a page, whatever was asked; the
// server does nothing.
func HTMLPage() Effect {
	return Status(http.StatusOK, "text/html; charset=utf-8",
		"<!DOCTYPE html>\n<html><head><title>Deploy in progress</title></head>"+
			"<body><h1>Deploy in progress</h1><p>Please try again in a few minutes.</p></body></html>\n")
}

// Status answers with that status, content type and body; the server does nothing.
func Status(code int, contentType, body string) Effect {
	return instead(func(w http.ResponseWriter, r *http.Request) {
		newAnswer(code, contentType, []byte(body)).write(w, r)
	})
}

// TooMany answers like the edge throttle: 429, text/plain, with Retry-After in
// whole seconds (rounded up) and the RateLimit headers; the server does nothing.
func TooMany(retryAfter time.Duration) Effect {
	return instead(func(w http.ResponseWriter, r *http.Request) {
		reset := time.Now().Add(retryAfter).UTC()
		a := newAnswer(http.StatusTooManyRequests, "text/plain", []byte("Retry later\n"))
		a.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(retryAfter.Seconds()))))
		a.header.Set("RateLimit-Limit", "60")
		a.header.Set("RateLimit-Name", "throttle_authenticated_api")
		a.header.Set("RateLimit-Observed", "61")
		a.header.Set("RateLimit-Remaining", "0")
		a.header.Set("RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		a.header.Set("RateLimit-ResetTime", reset.Format(http.TimeFormat))
		a.write(w, r)
	})
}

// Slow waits before the server does its work, which it does even if the caller
// has left meanwhile. The server's Close ends the wait.
func Slow(d time.Duration) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wait(r, d)
			next.ServeHTTP(w, r)
		})
	}
}

// SlowAnswer lets the server do its work and waits before the answer is sent.
// The server's Close ends the wait.
func SlowAnswer(d time.Duration) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := newHeld()
			next.ServeHTTP(held, r)
			wait(r, d)
			held.send(w)
		})
	}
}

func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing(r):
	}
}

// OddExpiresIn puts raw JSON into a token answer's expires_in, byte for byte:
// `7200.0`, `"7200"`, `""`, `null`, `-1`. With raw empty there is no expires_in.
func OddExpiresIn(raw string) Effect {
	return rewrite(func(members map[string]json.RawMessage) {
		delete(members, "expires_in")
		if raw != "" {
			members["expires_in"] = json.RawMessage(raw)
		}
	})
}

// Rewrite changes the members of a 200's JSON object before it is sent. Numbers
// are json.Number. Other answers pass as they are.
func Rewrite(change func(members map[string]any)) Effect {
	return rewrite(func(members map[string]json.RawMessage) {
		values := map[string]any{}
		for name, raw := range members {
			var v any
			dec := json.NewDecoder(bytes.NewReader(raw))
			dec.UseNumber()
			if dec.Decode(&v) == nil {
				values[name] = v
			}
		}
		change(values)
		clear(members)
		for name, v := range values {
			members[name] = encode(v)
		}
	})
}

func rewrite(change func(map[string]json.RawMessage)) Effect {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := newHeld()
			next.ServeHTTP(held, r)
			var members map[string]json.RawMessage
			if held.status == http.StatusOK && json.Unmarshal(held.body.Bytes(), &members) == nil && members != nil {
				change(members)
				held.replace(rawObject(members))
			}
			held.send(w)
		})
	}
}

// Redirect answers with a redirect to location and that status, such as 302 or
// 307; the server does nothing.
func Redirect(code int, location string) Effect {
	return instead(func(w http.ResponseWriter, r *http.Request) {
		a := newAnswer(code, "text/html; charset=utf-8", nil)
		a.header.Set("Location", location)
		a.write(w, r)
	})
}

// InvalidGrant refuses a refresh with invalid_grant although its token is
// good, and leaves it good: what a replica does that has not heard of it yet.
func InvalidGrant() Effect { return answers(refuseGrant.answer) }

// InvalidClient refuses a refresh with invalid_client although the credentials
// are right.
func InvalidClient() Effect { return answers(refuseClient.answer) }

// BareUnauthorized refuses an API call with the bare 401 of an unknown token:
// what a replica says to a token that it has not heard of yet. See also
// [Server.ReplicaLag].
func BareUnauthorized() Effect { return answers(bareUnauthorized) }

// Both is the effects together, the first one outermost: Both(Slow(d),
// LoseAnswer()) waits, works and cuts.
func Both(effects ...Effect) Effect {
	return func(next http.Handler) http.Handler {
		for _, effect := range slices.Backward(effects) {
			next = effect(next)
		}
		return next
	}
}

// instead is an effect that never calls the server.
func instead(handle http.HandlerFunc) Effect {
	return func(http.Handler) http.Handler { return handle }
}

func answers(make func() answer) Effect {
	return instead(func(w http.ResponseWriter, r *http.Request) { make().write(w, r) })
}
