package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/freshgrant/gitlab"
)

// disk is what makes a write durable and atomic. Tests break it.
type disk struct {
	sync    func(*os.File) error
	rename  func(from, to string) error
	syncDir func(dir string) error
}

func realDisk() disk { return disk{sync: (*os.File).Sync, rename: rename, syncDir: syncDir} }

// path is where the file of key that has this end is.
func (s *Store) path(key, end string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:])+end)
}

// read returns what is stored under key.
func (s *Store) read(key string) (gitlab.Identity, error) {
	path := s.path(key, identityEnd)
	content, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		// Without its directory the store knows nothing, not even that.
		if _, err = os.Stat(s.dir); err == nil {
			return gitlab.Identity{}, gitlab.ErrIdentityNotFound
		}
	}
	if err != nil {
		return gitlab.Identity{}, s.explain("cannot read identity "+quote(key), err)
	}
	id, ok := decode(content)
	switch {
	case !ok:
		return gitlab.Identity{}, fmt.Errorf("filestore: %s, of identity %s, is damaged: restore it from a backup, "+
			"or remove it and let the user authorize again", path, quote(key))
	case id.Key != text(key):
		return gitlab.Identity{}, fmt.Errorf("filestore: %s should hold identity %s but holds that of %s: "+
			"was it copied or edited? remove it, or give it its own name back", path, quote(key), quote(id.Key))
	}
	id.Key = key
	return id, nil
}

// record is the content of an identity's file.
type record struct {
	Key      string           `json:"key"`
	BaseURL  string           `json:"base_url"`
	Revision string           `json:"revision"`
	Data     gitlab.OAuthData `json:"data"`
}

// text is key as JSON can hold it.
func text(key string) string { return string([]rune(key)) }

func encode(id gitlab.Identity) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read it
	enc.SetIndent("", "  ")
	err := enc.Encode(record{Key: text(id.Key), BaseURL: id.BaseURL, Revision: id.Revision, Data: id.Data})
	return b.Bytes(), err
}

// decode is not ok if content is not what encode wrote. It gives no error, for
// that of package json may repeat the content.
func decode(content []byte) (id gitlab.Identity, ok bool) {
	var r record
	if json.Unmarshal(content, &r) != nil || r.Key == "" || r.Revision == "" {
		return gitlab.Identity{}, false
	}
	return gitlab.Identity{Key: r.Key, BaseURL: r.BaseURL, Data: r.Data, Revision: r.Revision}, true
}

// readFile is [os.ReadFile] for files that others replace meanwhile.
func readFile(path string) (content []byte, err error) {
	err = retry(func() error {
		content, err = os.ReadFile(path)
		return err
	})
	return content, err
}

// rename is [os.Rename] onto files that others read meanwhile.
func rename(from, to string) error {
	return retry(func() error { return os.Rename(from, to) })
}

// write replaces the file at path durably, in one step: others read the old
// content or all of the new.
func (s *Store) write(path string, content []byte) (err error) {
	temp, err := os.CreateTemp(s.dir, filepath.Base(path)+".*"+tempEnd) // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if _, err = temp.Write(content); err != nil {
		return err
	}
	if err = s.disk.sync(temp); err != nil {
		return err
	}
	if err = temp.Close(); err != nil {
		return err
	}
	if err = s.disk.rename(temp.Name(), path); err != nil {
		return err
	}
	return s.disk.syncDir(s.dir)
}

// explain says what failed and, where that is known, what helps. nil stays nil.
func (s *Store) explain(what string, err error) error {
	var advice string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		advice = "; the user who runs this program needs permission to read and write in " + s.dir
	case errors.Is(err, syscall.ENOTDIR):
		advice = "; " + s.dir + " must be a directory"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "; make room on the disk"
	case errors.Is(err, fs.ErrNotExist):
		advice = "; is its disk mounted? New creates the directory"
	}
	return fmt.Errorf("filestore: %s: %w%s", what, err, advice)
}

// quote makes a key fit for an error.
func quote(key string) string {
	const most = 100
	if len(key) > most {
		return strconv.Quote(key[:most]) + "…"
	}
	return strconv.Quote(key)
}
