// Package sealed encrypts the tokens of any store before that store sees them,
// so that a copy of the database, a backup or a replication log holds no token:
//
//	aead, err := sealed.AESGCM(key) // or a Tink keyset, or a KMS
//	store, err := sealed.New(inner, aead)
//
// # What is sealed
//
// All of an identity's [gitlab.OAuthData]: both tokens, expiry, scope and the
// members that this library does not know, among which may be an id_token. They
// are sealed as one text, so that parts of two grants cannot be mixed. Key, base
// URL and revision stay readable. The wrapped store gets tokens that are empty,
// and one member beside them:
//
//	{"access_token":"","sealed":"sealed:v1:<base64 of the ciphertext>"}
//
// A program that reads such a row without this package finds no token in it,
// sends nothing to GitLab and says that there is none; it takes nobody's grant
// for dead.
//
// The seal holds for one key and one base URL: it is made with the associated
// data
//
//	gitlab sealed:v1 data "<base URL>" "<key>"
//
// quoted as [strconv.QuoteToASCII] does. A row that was copied to another user,
// or whose base URL was edited, does not open. To move identities to another
// base URL, load them, change the field and save them.
//
// What it does not protect from: someone who can write to the store can put an
// older row of the same identity back, or one with plain tokens of their own.
// And the program itself holds key and tokens in its memory.
//
// # Plain rows
//
// A row that was stored without a seal is read as it is, and sealed by its next
// save: of a grant in use that is its next refresh, of any other [Store.Reseal].
// While some replicas run without this package they cannot read what others
// have sealed; their calls fail until they are replaced, and nothing is lost.
//
// # New keys
//
// New values are sealed with the first AEAD, and opened with whichever fits.
// With several replicas a key is replaced in three steps, each of them
// finished on all replicas before the next one begins:
//
//	sealed.New(inner, old, next) // all can open what will come
//	sealed.New(inner, next, old) // all seal with the new key; Reseal every key
//	sealed.New(inner, next)      // the old one is not needed any more
//
// A Tink keyset does this by itself and is then the only AEAD.
//
// # Rows that do not open
//
// [ErrCannotOpen] is nobody's dead grant, so no user is to be signed out: a
// client refuses the call with [gitlab.ErrRefreshUnavailable] and spends
// nothing. With the right key the grant goes on. Where that is gone for good,
// delete the row through the wrapped store, and let the user sign in again.
package sealed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/freshgrant/gitlab"
)

// AEAD is authenticated encryption with associated data, with Tink's method
// set: the primitives of its keysets and of its KMS clients are AEADs.
//
// Both methods must be safe for concurrent use. They get no context, so one
// that asks a server needs time limits of its own, well below ten seconds. Their
// errors are repeated in those of the store and must hold no plaintext.
type AEAD interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// ErrCannotOpen means that a stored identity was sealed with a key that this
// program does not have, or was moved, mixed or damaged since, or that its AEAD
// could not be asked. The error says what to check; it is no reason to sign a
// user out.
var ErrCannotOpen = errors.New("sealed: the stored identity cannot be opened")

// Store is a [gitlab.IdentityStore] that keeps its identities sealed in another
// one. It holds no state of its own. Make one with [New].
type Store struct {
	inner gitlab.IdentityStore
	aeads []AEAD // the first one seals, all of them open
}

var _ gitlab.IdentityStore = (*Store)(nil)

// New wraps store, which must keep unknown members of [gitlab.OAuthData] as
// every store that passes storetest does. Identities are sealed with primary,
// and opened with primary or one of older.
func New(store gitlab.IdentityStore, primary AEAD, older ...AEAD) (*Store, error) {
	if store == nil {
		return nil, errors.New("sealed: no store given to keep what is sealed")
	}
	aeads := append([]AEAD{primary}, older...)
	for i, aead := range aeads {
		if aead == nil {
			return nil, fmt.Errorf("sealed: AEAD %d of %d is nil; without it tokens would be stored in plain text or be lost", i+1, len(aeads))
		}
	}
	return &Store{inner: store, aeads: aeads}, nil
}

// LoadIdentity implements [gitlab.IdentityStore]. What cannot be opened is
// [ErrCannotOpen].
func (s *Store) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	id, err := s.inner.LoadIdentity(ctx, key)
	if err != nil {
		return gitlab.Identity{}, err
	}
	id.Key = key // what the seal is bound to is what was asked for
	if id.Data, err = s.open(id); err != nil {
		return gitlab.Identity{}, fmt.Errorf("%w: %s of %s: %w", ErrCannotOpen, quote(key), quote(id.BaseURL), err)
	}
	return id, nil
}

// SaveIdentity implements [gitlab.IdentityStore]. If the identity cannot be
// sealed, nothing is stored.
func (s *Store) SaveIdentity(ctx context.Context, id gitlab.Identity) (revision string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err // sealing may mean asking a server
	}
	if id.Data, err = s.seal(id); err != nil {
		return "", fmt.Errorf("sealed: %s of %s cannot be sealed: %w", quote(id.Key), quote(id.BaseURL), err)
	}
	return s.inner.SaveIdentity(ctx, id)
}

// DeleteIdentity implements [gitlab.IdentityStore] with the wrapped store.
func (s *Store) DeleteIdentity(ctx context.Context, key, revision string) error {
	return s.inner.DeleteIdentity(ctx, key, revision)
}

// LockIdentity implements [gitlab.IdentityStore] with the lock of the wrapped
// store.
func (s *Store) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	return s.inner.LockIdentity(ctx, key)
}

// Reseal loads the identity of key and saves it, so that it is sealed, and with
// the newest key, also if nobody uses it. It takes the identity's lock, and may
// run while clients are at work. An identity whose lock was abandoned is left
// as it is, with an error: a save would hide from the next refresh that a
// rotation may be unfinished.
func (s *Store) Reseal(ctx context.Context, key string) error {
	lock, err := s.LockIdentity(ctx, key)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if lock.Abandoned {
		return fmt.Errorf("sealed: %s is not resealed: the last holder of its lock ended in the middle of its work; its next refresh reseals it", quote(key))
	}
	for {
		id, err := s.LoadIdentity(ctx, key)
		if err != nil {
			return err
		}
		if _, err = s.SaveIdentity(ctx, id); !errors.Is(err, gitlab.ErrIdentityConflict) {
			return err
		} // a sign-in was faster
	}
}

// String names the type of the wrapped store.
func (s Store) String() string { return fmt.Sprintf("sealed(%T)", s.inner) }

// Format implements [fmt.Formatter]: no verb prints a key.
func (s Store) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue implements [slog.LogValuer].
func (s Store) LogValue() slog.Value { return slog.StringValue(s.String()) }
