package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"log/slog"
)

// aesKeySize is that of AES-256, in bytes.
const aesKeySize = 32

// AESGCM is AES-256 in Galois/Counter Mode from the standard library, for those
// who do without Tink. The key is 32 random bytes, not a password: make one
// with
//
//	openssl rand -base64 32
//
// and keep it where the database's backups are not.
//
// Each ciphertext begins with a random nonce of 96 bits, so one key must not
// seal more than 2³² times. Every refresh of every grant is one: 100 000 grants
// in constant use, refreshed every two hours, reach that in ten years, ten
// million in five weeks. Replace the key before that, or use a cipher with longer
// nonces, such as Tink's XAES-256-GCM.
func AESGCM(key []byte) (AEAD, error) {
	if len(key) != aesKeySize {
		return nil, fmt.Errorf("sealed: a key for AES-256 has %d bytes, this one has %d; is it still base64 or hex?", aesKeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	return aesGCM{gcm}, nil
}

// aesGCM gives an AEAD of the standard library Tink's method set.
type aesGCM struct{ gcm cipher.AEAD }

func (a aesGCM) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	return a.gcm.Seal(nil, nil, plaintext, associatedData), nil //nolint:gosec // this one chooses its nonce by itself
}

func (a aesGCM) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	return a.gcm.Open(nil, nil, ciphertext, associatedData)
}

// String names the algorithm.
func (a aesGCM) String() string { return "AES-256-GCM" }

// Format implements [fmt.Formatter]: no verb prints the key.
func (a aesGCM) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue implements [slog.LogValuer].
func (a aesGCM) LogValue() slog.Value { return slog.StringValue(a.String()) }
