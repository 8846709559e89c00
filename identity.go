package gitlab

import (
	"context"
	"strconv"
	"sync"
)

// Identity is one grant: the tokens with which this program may act for one
// GitLab user on one instance.
//
// It is a plain value; copy it freely. Printing it with fmt or slog shows no
// token. Its JSON does hold them (see [OAuthData]).
type Identity struct {
	// Key is the application's own name for the grant. It is never sent to
	// GitLab and must not be empty.
	Key string
	// BaseURL is the instance that issued the tokens, in normal form:
	// lower-case scheme and host, no default port, no trailing slash.
	// [Client.Authorize] sets it. A client of another instance refuses the
	// identity with [ErrWrongInstance] before any I/O; "" fits every instance.
	BaseURL string
	// Data holds the tokens.
	Data OAuthData
	// Revision names this stored version of the identity. The store sets it
	// and changes it with every save; to everyone else it is opaque. It is never
	// used again for a key, not even after a deletion or a restart:
	// [crypto/rand.Text] makes good ones. It is "" only in an identity that was
	// never stored.
	Revision string
}

// IdentityStore keeps identities between calls, processes and restarts.
//
// Implementations must be safe for concurrent use. They return when the context
// ends, and do nothing if it has ended already. Package storetest proves that
// one keeps the rules below.
//
// The context of a call made during a refresh carries a mark: a [Client] that
// is called with it, or with one derived from it, never starts a refresh.
type IdentityStore interface {
	// LoadIdentity returns the identity last saved under key, or
	// [ErrIdentityNotFound]. A load that starts after a save has returned must
	// not answer with anything older.
	LoadIdentity(ctx context.Context, key string) (Identity, error)
	// SaveIdentity stores id durably if the stored Revision still is
	// id.Revision ("": if nothing is stored under the key), in one atomic
	// step, and returns the new Revision. Otherwise it changes nothing and
	// returns [ErrIdentityConflict]; that includes a key that was deleted. With
	// any other error it may or may not have stored id. The empty key is
	// refused, here and by LockIdentity.
	SaveIdentity(ctx context.Context, id Identity) (revision string, err error)
	// DeleteIdentity removes the identity if its stored Revision still is
	// revision, [ErrIdentityConflict] otherwise, or [ErrIdentityNotFound] if
	// nothing is stored under the key. A client that has the identity in memory
	// notices at its next refresh or Identity call; to end a grant at once,
	// revoke it ([OAuthProvider.Revoke]).
	DeleteIdentity(ctx context.Context, key, revision string) error
	// LockIdentity waits until no other holder, in any process that shares the
	// store, has the lock of key, and takes it. The key need not be stored. It
	// returns ctx's error if ctx ends first. Ending ctx later does not end the
	// lock.
	LockIdentity(ctx context.Context, key string) (*IdentityLock, error)
}

// IdentityLock is the right to refresh one identity, held by one goroutine
// among all processes that share a store.
type IdentityLock struct {
	// Context ends when the lease is lost, and after Unlock. A holder that sees
	// it ended starts nothing new; what it began it still saves, and the
	// revision check of SaveIdentity keeps that safe. Its Err should go by the
	// clock: after a stop of the process it is asked before any timer has run.
	Context context.Context
	// Abandoned tells that a holder ended without unlocking, and that nothing
	// was saved under the key since: its rotation may be unfinished, so that
	// what is stored may already be spent.
	Abandoned bool
	// Unlock gives the lock back. Call it once.
	Unlock func()
}

// IdentityProvider asks whoever issued a grant for new tokens.
//
// RefreshIdentity spends id's refresh token once, at refreshTokenURL (base URL
// + /oauth/token), and returns the complete answer of the endpoint; members it
// leaves zero keep their old value. It must not retry, since the core does. The
// kind of its error decides what happens next:
//
//   - [ErrRefreshUnavailable]: no usable answer; tried again. If the chain holds
//     an [*APIError] with a RetryAfter, not before that.
//   - [*IdentityNotValidError]: the endpoint refused; its Code decides.
//   - anything else is returned to the caller as it is.
//
// ctx is not a caller's: it ends only when the time of this attempt is over.
// It carries the core's transport as oauth2.HTTPClient, and the same mark as
// the contexts of [IdentityStore]. Implementations must be safe for concurrent
// use, return when ctx ends, and call a [Client] only with ctx.
type IdentityProvider interface {
	RefreshIdentity(ctx context.Context, id Identity, refreshTokenURL string) (OAuthData, error)
}

// SingleProcess locks identities in memory. Embed it in an [IdentityStore] that
// one process alone uses, to provide LockIdentity. The zero value is ready.
type SingleProcess struct {
	mu   sync.Mutex // guards held
	held map[string]*memoryLock
}

// memoryLock is held by whoever has put a value into its channel.
type memoryLock struct {
	holder chan struct{}
	users  int // those who hold or wait
}

// LockIdentity implements [IdentityStore]. Its lease is never lost and never
// abandoned: both would need a second process.
func (p *SingleProcess) LockIdentity(ctx context.Context, key string) (*IdentityLock, error) {
	if key == "" {
		return nil, errEmptyKey
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.held == nil {
		p.held = make(map[string]*memoryLock)
	}
	lock := p.held[key]
	if lock == nil {
		lock = &memoryLock{holder: make(chan struct{}, 1)}
		p.held[key] = lock
	}
	lock.users++
	p.mu.Unlock()

	select {
	case lock.holder <- struct{}{}:
	case <-ctx.Done():
		p.leave(key, lock)
		return nil, ctx.Err()
	}
	lease, end := context.WithCancel(context.WithoutCancel(ctx))
	unlock := sync.OnceFunc(func() {
		end()
		<-lock.holder
		p.leave(key, lock)
	})
	return &IdentityLock{Context: lease, Unlock: unlock}, nil
}

// leave forgets the lock of key when nobody holds it or waits for it.
func (p *SingleProcess) leave(key string, lock *memoryLock) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lock.users--; lock.users == 0 {
		delete(p.held, key)
	}
}

// MemoryStore is an [IdentityStore] in the memory of one process: right where
// losing all grants at exit is fine, such as in tests and one-shot programs.
type MemoryStore struct {
	SingleProcess

	mu         sync.Mutex // guards identities, saves
	identities map[string]Identity
	saves      uint64
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{identities: make(map[string]Identity)}
}

// LoadIdentity implements [IdentityStore].
func (s *MemoryStore) LoadIdentity(ctx context.Context, key string) (Identity, error) {
	if err := ctx.Err(); err != nil {
		return Identity{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.identities[key]
	if !ok {
		return Identity{}, ErrIdentityNotFound
	}
	return id, nil
}

// SaveIdentity implements [IdentityStore].
func (s *MemoryStore) SaveIdentity(ctx context.Context, id Identity) (revision string, err error) {
	if id.Key == "" {
		return "", errEmptyKey
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.identities[id.Key].Revision != id.Revision {
		return "", ErrIdentityConflict
	}
	s.saves++
	id.Revision = strconv.FormatUint(s.saves, 10)
	s.identities[id.Key] = id
	return id.Revision, nil
}

// DeleteIdentity implements [IdentityStore].
func (s *MemoryStore) DeleteIdentity(ctx context.Context, key, revision string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.identities[key]
	switch {
	case !ok:
		return ErrIdentityNotFound
	case id.Revision != revision:
		return ErrIdentityConflict
	}
	delete(s.identities, key)
	return nil
}
