package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Every script gets the names of both keys of one identity: KEYS[1] is the
// identity, KEYS[2] its lock. Each may be sent twice with the same arguments,
// as go-redis does when an answer is lost: a token or revision that is already
// there is the sender's own. Each reads first, so that a key that is not of the
// right type fails it before it has changed anything; and each that stores
// something begins with the command that a full server refuses.

// loadScript returns the fields, or nil. A script, since go-redis may read from
// replicas or a cache what looks like a read.
var loadScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
	return false
end
return redis.call('HMGET', KEYS[1], 'key', 'base_url', 'data', 'revision')
`)

// What a script answers. All that is above zero has been written.
const (
	unchanged = 0 // another revision is stored, or another holder has the lock
	done      = 1
	abandoned = 2  // the lock was taken, and an earlier holder left its mark
	missing   = -1 // nothing is stored
)

// saveScript replaces revision ARGV[1] ("": nothing) by ARGV[2] with the key
// ARGV[3], base URL ARGV[4] and data ARGV[5]. No rotation of this revision has
// begun yet, so it is not marked as held.
var saveScript = redis.NewScript(`
local stored = redis.call('HGET', KEYS[1], 'revision')
if stored == ARGV[2] then
	redis.call('HSET', KEYS[1], 'revision', ARGV[2])
	return 1
end
if (stored or '') ~= ARGV[1] or (not stored and redis.call('EXISTS', KEYS[1]) == 1) then
	return 0
end
redis.call('HSET', KEYS[1], 'key', ARGV[3], 'base_url', ARGV[4], 'data', ARGV[5], 'revision', ARGV[2])
redis.call('HDEL', KEYS[1], 'held')
return 1
`)

// deleteScript removes the identity of revision ARGV[1]. Sent again after its
// answer was lost, it finds nothing.
var deleteScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then
	return -1
end
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then
	return 0
end
redis.call('DEL', KEYS[1])
return 1
`)

// lockScript takes the lock for the token ARGV[1] and ARGV[2] milliseconds. It
// marks the stored revision as held, unless somebody else's mark is there: that
// one stays until a save, since the rotation it stands for may be unfinished.
var lockScript = redis.NewScript(`
local held = redis.call('HGET', KEYS[1], 'held')
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if held and held ~= ARGV[1] then
	return 2
end
if redis.call('HEXISTS', KEYS[1], 'revision') == 1 then
	redis.call('HSET', KEYS[1], 'held', ARGV[1])
end
return 1
`)

// renewScript lets the lease of the token ARGV[1] last ARGV[2] milliseconds
// from now. One that has run out is not taken up again.
var renewScript = redis.NewScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
	return 0
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
`)

// unlockScript gives back the lock of the token ARGV[1] and takes its mark
// away. Whose lease has run out leaves its mark: others were told of it.
var unlockScript = redis.NewScript(`
local held = redis.call('HGET', KEYS[1], 'held')
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
	return 0
end
redis.call('DEL', KEYS[2])
if held == ARGV[1] then
	redis.call('HDEL', KEYS[1], 'held')
end
return 1
`)

// run runs a script on the primary that has the key: one round trip, or two
// where that server has not seen the script yet.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	return script.Run(ctx, s.client, s.keys(key), args...)
}

// await calls do and returns what it returns, or ctx's error as soon as ctx
// ends: go-redis does not look at the context while it reads, and a server that
// hangs would hold up its callers. What do returns after that goes to late
// (nil: nowhere). A panic of do, in a hook of the client's, is the caller's.
func await[T any](ctx context.Context, do func() (T, error), late func(T, error)) (T, error) {
	type answer struct {
		value    T
		err      error
		panicked any
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	answers := make(chan answer) // without a buffer: an answer is taken, or late
	go func() {
		var a answer
		func() {
			defer func() { a.panicked = recover() }()
			a.value, a.err = do()
		}()
		select {
		case answers <- a:
		case <-ctx.Done():
			if late != nil && a.panicked == nil {
				late(a.value, a.err)
			}
		}
	}()
	select {
	case a := <-answers:
		if a.panicked != nil {
			panic(a.panicked)
		}
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
