// Package redisstore keeps identities in Redis, for any number of processes on
// any number of machines: a single server, one behind Sentinel, or a Cluster.
// It is a module of its own, so that only its users get go-redis.
//
//	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addrs})
//	store, err := redisstore.New(client)
//
// A refresh that nobody contends for costs four round trips: lock, load, save,
// unlock. While it runs, the lock is renewed at a third of its lease. A call
// with a good token costs none.
//
// # What durability needs
//
// GitLab kills the old pair of tokens when it issues the new one. If Redis
// forgets a save that it has acknowledged, that grant is lost, and the user has
// to authorize again. Redis forgets easily; what keeps it from that is its
// configuration:
//
//   - appendonly yes. With appendfsync always an acknowledged save is on the
//     disk. With everysec, the default, the death of the process loses nothing,
//     that of the machine the last second or two. Snapshots (RDB) alone lose
//     minutes. A server without persistence comes back empty, which says that
//     every identity was deleted; and its replicas copy that.
//   - maxmemory-policy noeviction. Any other policy may evict identities
//     (allkeys-*) or locks (volatile-*). With noeviction a full server refuses
//     the lock, before any token is spent. Nothing here gives an identity a
//     time to live, and nothing else may.
//   - Replication is asynchronous: a failover loses what the new primary had
//     not received, as Sentinel and Cluster both say of themselves.
//     [WaitReplicas] makes that rare, not impossible: WAIT counts replicas that
//     have received a write (not written it to a disk), but does not keep a
//     failover from choosing another one. It is no consensus. Whoever cannot
//     live with that needs a store in a database that commits synchronously.
//     min-replicas-to-write keeps a primary that was cut off from going on.
//
// A failover that loses a lock gives it to a second holder. The compare-and-swap
// of SaveIdentity still holds, on whatever the new primary knows.
//
// # What is in it
//
// Two keys for each identity, under the SHA-256 of its key, so that any key is
// good. The braces are a hash tag: both are in one slot of a Cluster.
//
//	<prefix>{<hash>}       the identity, a hash: key, base_url, data (JSON), revision;
//	                       and held while a rotation may be unfinished: the token of
//	                       the holder that locked this revision
//	<prefix>{<hash>}:lock  the token of the lock's holder; its time to live is the lease
//
// data holds tokens in plain text. Use TLS and a password, and wrap the store
// where whoever can read the server's memory, disk or backups must not see them.
//
// A user of Redis needs no more than these rights (the second line is what
// the scripts do, +wait is for [WaitReplicas]):
//
//	ACL SETUSER gitlab on >password ~gitlab:identity:* +eval +evalsha +wait
//		+get +set +del +pexpire +exists +hget +hexists +hmget +hset +hdel
//
// In a Cluster go-redis needs +cluster|slots too.
//
// # Why these scripts
//
// The well-kept lock libraries keep a lock apart from the data, so they cannot
// tell that its holder died between spending a token and saving the new one.
// Here taking the lock marks the revision it found, in the identity itself; a
// save takes the mark away; and the next holder is told of one that is still
// there ([gitlab.IdentityLock]'s Abandoned). A lock on several independent
// servers (Redlock) would not help: the identity is on one.
package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
)

// Store is a [gitlab.IdentityStore] in Redis. It is safe for concurrent use and
// keeps nothing in memory, so it needs no closing; its client is its caller's.
// Make one with [New].
type Store struct {
	client   redis.UniversalClient
	prefix   string
	lease    time.Duration
	replicas int // 0: WAIT is not used
	wait     time.Duration
}

var _ gitlab.IdentityStore = (*Store)(nil)

// What a [Store] has without options.
const (
	defaultPrefix = "gitlab:identity:"
	defaultLease  = 15 * time.Second
)

// shortestLease leaves time for a renewal and a second try of it.
const shortestLease = 100 * time.Millisecond

// Option changes a [Store] that [New] makes.
type Option func(*Store)

// Prefix sets what the names of all keys begin with; the default is
// "gitlab:identity:". Stores with different prefixes do not know each other.
// It must not hold a brace, which would spoil the hash tag.
func Prefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// Lease sets how long a lock outlives a holder that died or lost its
// connection, by the server's clock; at least 100 ms. The default is 15 s: a
// good refresh takes less than one, and nobody waits for it unless a process
// died. Keep it well below the 30 s that a [gitlab.Client] waits for a lock, so
// that the first refresh after a death gets it.
func Lease(d time.Duration) Option { return func(s *Store) { s.lease = d } }

// WaitReplicas makes every lock, save and delete wait (WAIT, in the same round
// trip) until n replicas have received it. If they have not within timeout,
// LockIdentity fails, so that nothing is spent, and SaveIdentity and
// DeleteIdentity return an error although the primary has done the write: it
// may be lost with the primary.
//
// The timeout must be shorter than the client's ReadTimeout. Below two seconds
// it leaves a [gitlab.Client] time to try a save again; that one then finds its
// pair on the primary and goes on with it. The client must be a [redis.Client]
// or a [redis.ClusterClient]. See the package documentation for what this does
// not promise.
func WaitReplicas(n int, timeout time.Duration) Option {
	return func(s *Store) { s.replicas, s.wait = n, timeout }
}

// New makes a store that uses client. It does no I/O.
//
// A [redis.Ring] is refused: it moves keys to another server when theirs does
// not answer, where every identity would seem to be deleted. Clients that read
// from replicas are good: all scripts run on the primary.
func New(client redis.UniversalClient, options ...Option) (*Store, error) {
	s := &Store{client: client, prefix: defaultPrefix, lease: defaultLease}
	for _, option := range options {
		option(s)
	}
	if client == nil {
		return nil, errors.New("redisstore: no client given")
	}
	if _, ring := client.(*redis.Ring); ring {
		return nil, errors.New("redisstore: a Ring keeps no identity when one of its servers is away: use a single server, Sentinel or Cluster")
	}
	if strings.ContainsAny(s.prefix, "{}") {
		return nil, fmt.Errorf("redisstore: the prefix %q has a brace", s.prefix)
	}
	if s.lease < shortestLease {
		return nil, fmt.Errorf("redisstore: a lease of %v is shorter than %v", s.lease, shortestLease)
	}
	if s.replicas != 0 || s.wait != 0 {
		if err := s.checkWait(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Format prints the prefix of the store's keys, for every verb.
func (s Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "redisstore(%s)", s.prefix) }

// String names the prefix of the store's keys.
func (s Store) String() string { return fmt.Sprint(s) }

// keys are the names of the identity and of its lock.
func (s *Store) keys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	name := s.prefix + "{" + hex.EncodeToString(sum[:]) + "}"
	return []string{name, name + ":lock"}
}
