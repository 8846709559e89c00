package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/freshgrant/gitlab"
)

// madeUp is a store that keeps nothing: it makes identities when they are asked
// for, with tokens as long as GitLab's.
type madeUp struct{ gitlab.SingleProcess }

// LoadIdentity implements [gitlab.IdentityStore].
func (*madeUp) LoadIdentity(_ context.Context, key string) (gitlab.Identity, error) {
	return gitlab.Identity{
		Key: key, BaseURL: gitlab.GitLabCom, Revision: token("revision", key)[:26],
		Data: gitlab.OAuthData{
			AccessToken: token("access", key), RefreshToken: token("refresh", key), TokenType: strings.Clone("Bearer"),
			Scope: strings.Clone("api read_user"), CreatedAt: time.Now().Truncate(time.Second),
			ExpiresAt: time.Now().Add(100 * time.Hour).Truncate(time.Second),
		},
	}, nil
}

func token(kind, key string) string {
	sum := sha256.Sum256([]byte(kind + key))
	return hex.EncodeToString(sum[:])
}

// SaveIdentity implements [gitlab.IdentityStore].
func (*madeUp) SaveIdentity(context.Context, gitlab.Identity) (string, error) {
	return "", gitlab.ErrIdentityConflict
}

// DeleteIdentity implements [gitlab.IdentityStore].
func (*madeUp) DeleteIdentity(context.Context, string, string) error {
	return gitlab.ErrIdentityNotFound
}

// sameAnswer answers every call.
type sameAnswer struct{}

// RoundTrip implements [http.RoundTripper].
func (sameAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"id":1,"username":"somebody"}`)), Request: r,
	}, nil
}

func newMadeUp() (*gitlab.Client, error) {
	return gitlab.New(gitlab.Config{
		BaseURL: gitlab.GitLabCom, Provider: gitlab.OAuthProvider{ClientID: "id"}, Store: new(madeUp),
		HTTPClient: &http.Client{Transport: sameAnswer{}},
	})
}

// touch makes a call as the n-th key.
func touch(ctx context.Context, c *gitlab.Client, n int) (*gitlab.Client, error) {
	ada := c.As(fmt.Sprintf("tenant-7/user-%09d", n))
	_, err := ada.Users.Current(ctx)
	return ada, err
}

// heap is what is in use after all that is garbage is gone.
func heap() uint64 {
	for range 3 { // what a cleanup frees is found by the next round
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// heapNow is what is in use, garbage included.
func heapNow() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// mib is a number of bytes in MiB.
func mib(bytes uint64) float64 { return rounded(float64(bytes) / (1 << 20)) }

// each is a number of bytes, above a base, for one of n.
func each(bytes, base uint64, n int) float64 {
	return rounded((float64(bytes) - float64(base)) / float64(n))
}
