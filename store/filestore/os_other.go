//go:build !windows

package filestore

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes renamings and removals in dir reach the disk. File systems that
// have no such call need none.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// retry calls do: files that are open are in nobody's way.
func retry(do func() error) error { return do() }
