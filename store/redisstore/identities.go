package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
)

var errEmptyKey = errors.New("redisstore: the key of an identity is empty")

// LoadIdentity implements [gitlab.IdentityStore].
func (s *Store) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	fields, err := await(ctx, func() ([]any, error) { return s.run(ctx, loadScript, key).Slice() }, nil)
	if errors.Is(err, redis.Nil) {
		return gitlab.Identity{}, gitlab.ErrIdentityNotFound
	}
	if err != nil {
		return gitlab.Identity{}, explain("cannot load identity "+quote(key), err)
	}
	id, ok := decode(fields)
	switch {
	case !ok:
		return gitlab.Identity{}, fmt.Errorf("redisstore: %s, of identity %s, is damaged: restore it from a backup, "+
			"or remove it and let the user authorize again", s.keys(key)[0], quote(key))
	case id.Key != key:
		return gitlab.Identity{}, fmt.Errorf("redisstore: %s should hold identity %s but holds that of %s: "+
			"was it copied? remove it, or give it its own name back", s.keys(key)[0], quote(key), quote(id.Key))
	}
	return id, nil
}

// decode is not ok if fields, as loadScript returns them, are not what
// SaveIdentity stores. It gives no error, for that of package json may repeat
// the content.
func decode(fields []any) (id gitlab.Identity, ok bool) {
	texts := make([]string, 4)
	for i := range texts {
		if i >= len(fields) {
			return gitlab.Identity{}, false
		}
		if texts[i], ok = fields[i].(string); !ok {
			return gitlab.Identity{}, false
		}
	}
	id = gitlab.Identity{Key: texts[0], BaseURL: texts[1], Revision: texts[3]}
	if json.Unmarshal([]byte(texts[2]), &id.Data) != nil || id.Revision == "" {
		return gitlab.Identity{}, false
	}
	return id, true
}

// SaveIdentity implements [gitlab.IdentityStore].
func (s *Store) SaveIdentity(ctx context.Context, id gitlab.Identity) (revision string, err error) {
	if id.Key == "" {
		return "", errEmptyKey
	}
	what := "cannot save identity " + quote(id.Key)
	data, err := json.Marshal(id.Data)
	if err != nil {
		return "", explain(what, err)
	}
	next := rand.Text() // more than 128 bits
	result, err := await(ctx, func() (int64, error) {
		return s.write(ctx, saveScript, id.Key, id.Revision, next, id.Key, id.BaseURL, data)
	}, nil)
	switch {
	case err != nil:
		return "", explain(what, err)
	case result != done:
		return "", gitlab.ErrIdentityConflict
	}
	return next, nil
}

// DeleteIdentity implements [gitlab.IdentityStore].
func (s *Store) DeleteIdentity(ctx context.Context, key, revision string) error {
	result, err := await(ctx, func() (int64, error) { return s.write(ctx, deleteScript, key, revision) }, nil)
	switch {
	case err != nil:
		return explain("cannot delete identity "+quote(key), err)
	case result == missing:
		return gitlab.ErrIdentityNotFound
	case result != done:
		return gitlab.ErrIdentityConflict
	}
	return nil
}

// explain says what failed and, where that is known, what helps.
func explain(what string, err error) error {
	var advice string
	switch {
	case redis.IsOOMError(err):
		advice = "; give the server more memory, eviction would lose grants"
	case redis.IsReadOnlyError(err):
		advice = "; the client is connected to a replica, or a failover is under way"
	case redis.IsPermissionError(err):
		advice = "; the package documentation lists the rights that the user needs"
	}
	// A server or proxy that does not know a command repeats what came with it.
	if text, _, repeats := strings.Cut(err.Error(), "with args beginning with"); repeats {
		return fmt.Errorf("redisstore: %s: %s…", what, text)
	}
	return fmt.Errorf("redisstore: %s: %w%s", what, err, advice)
}

// quote makes a key fit for an error.
func quote(key string) string {
	const most = 100
	if len(key) > most {
		return strconv.Quote(key[:most]) + "…"
	}
	return strconv.Quote(key)
}
