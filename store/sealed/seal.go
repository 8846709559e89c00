package sealed

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/freshgrant/gitlab"
)

// The stored form: an OAuthData without tokens, whose one member is a seal.
const (
	member  = "sealed"
	mark    = "sealed:" // every seal begins so, whatever its version
	version = mark + "v1:"
)

// associatedData is what a seal of this version is bound to: the field that is
// sealed, and whose it is. The quotes keep base URL and key apart whatever is in
// them.
func associatedData(id gitlab.Identity) []byte {
	return fmt.Appendf(nil, "gitlab sealed:v1 data %+q %+q", id.BaseURL, id.Key)
}

// seal is the data of id as the wrapped store gets it.
func (s *Store) seal(id gitlab.Identity) (data gitlab.OAuthData, err error) {
	plaintext, err := json.Marshal(id.Data)
	if err != nil {
		return gitlab.OAuthData{}, err
	}
	ciphertext, err := guarded(func() ([]byte, error) { return s.aeads[0].Encrypt(plaintext, associatedData(id)) })
	if err != nil {
		return gitlab.OAuthData{}, fmt.Errorf("the AEAD failed: %s", words(err, id.Data.AccessToken, id.Data.RefreshToken))
	}
	stored, err := json.Marshal(map[string]string{member: version + base64.RawStdEncoding.EncodeToString(ciphertext)})
	if err != nil {
		return gitlab.OAuthData{}, err
	}
	err = data.UnmarshalJSON(stored)
	return data, err
}

// open is the opposite of seal, and leaves plain data as it is.
func (s *Store) open(id gitlab.Identity) (gitlab.OAuthData, error) {
	value, isSealed, err := sealOf(id.Data)
	tokens := id.Data.AccessToken + id.Data.RefreshToken
	switch {
	case err != nil:
		return gitlab.OAuthData{}, err
	case strings.HasPrefix(id.Data.AccessToken, mark) || strings.HasPrefix(id.Data.RefreshToken, mark):
		return gitlab.OAuthData{}, errors.New("a seal stands in the place of a token; was the row edited?")
	case isSealed && tokens != "":
		return gitlab.OAuthData{}, errors.New("plain tokens stand beside the seal; was the row edited by a program without this package?")
	case !isSealed && tokens == "":
		return gitlab.OAuthData{}, errors.New("there is neither a token nor a seal in the row; was it cut off, or does the wrapped store not keep unknown members? (storetest shows that)")
	case !isSealed:
		return id.Data, nil
	}
	ciphertext, err := decode(value)
	if err != nil {
		return gitlab.OAuthData{}, err
	}
	plaintext, err := s.decrypt(ciphertext, associatedData(id))
	if err != nil {
		return gitlab.OAuthData{}, err
	}
	var data gitlab.OAuthData
	if err := data.UnmarshalJSON(plaintext); err != nil {
		return gitlab.OAuthData{}, errors.New("what was sealed is no identity; who else seals with this key?")
	}
	return data, nil
}

// sealOf finds the seal in stored data.
func sealOf(d gitlab.OAuthData) (value string, found bool, err error) {
	stored, err := json.Marshal(d)
	if err != nil {
		return "", false, err
	}
	var members map[string]json.RawMessage // a struct's fields would match in any case
	if err := json.Unmarshal(stored, &members); err != nil {
		return "", false, errors.New("the stored data are not JSON")
	}
	isText := json.Unmarshal(members[member], &value) == nil // else there is none, or a stranger's of that name
	return value, isText && strings.HasPrefix(value, mark), nil
}

// decode is the ciphertext in a seal. Each is written in one way only.
func decode(value string) ([]byte, error) {
	text, ok := strings.CutPrefix(value, version)
	if !ok {
		return nil, errors.New("the seal is of a form that this version of the library does not know; was it written by a newer one, or damaged?")
	}
	ciphertext, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || base64.RawStdEncoding.EncodeToString(ciphertext) != text {
		return nil, errors.New("the seal is damaged: it is not base64; restore the row from a backup")
	}
	return ciphertext, nil
}

// decrypt tries all AEADs, the newest first.
func (s *Store) decrypt(ciphertext, associated []byte) ([]byte, error) {
	var tried strings.Builder
	for i, aead := range s.aeads {
		plaintext, err := guarded(func() ([]byte, error) { return aead.Decrypt(bytes.Clone(ciphertext), associated) })
		if err == nil {
			return plaintext, nil
		}
		fmt.Fprintf(&tried, "; AEAD %d of %d: %s", i+1, len(s.aeads), words(err, string(ciphertext)))
	}
	return nil, errors.New("no AEAD opens it: check that this program has the key that the row was sealed with, " +
		"that the row was not copied from another key or base URL, and that it is whole" + tried.String())
}

// guarded turns a panic of an AEAD into an error, without the panic's words:
// they may hold anything.
func guarded(call func() ([]byte, error)) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("it panicked with a %T", p)
		}
	}()
	return call()
}

// words is what an AEAD's error says, in one line, unless that has any of
// secrets in it.
func words(err error, secrets ...string) string {
	const most, tooShortToTell = 300, 4
	text := err.Error()
	for _, secret := range secrets {
		if len(secret) >= tooShortToTell && (strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), hex.EncodeToString([]byte(secret)))) {
			return fmt.Sprintf("a %T that is not repeated here, since it holds what it was given", err)
		}
	}
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.Trim(strconv.Quote(text), `"`)
}

// quote makes a key or URL fit for an error.
func quote(text string) string {
	const most = 100
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
