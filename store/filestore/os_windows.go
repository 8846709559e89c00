package filestore

import (
	"errors"
	"syscall"
	"time"
)

// syncDir does nothing: Windows cannot flush a directory.
func syncDir(string) error { return nil }

// What Windows says of a file that another process has open just now: a reader
// of ours, or a virus scanner.
const (
	errSharingViolation syscall.Errno = 32
	errLockViolation    syscall.Errno = 33
)

// retry calls do until the file is not in another's way any more, for at most
// a second.
func retry(do func() error) error {
	const pause, most = 5 * time.Millisecond, time.Second
	for start := time.Now(); ; time.Sleep(pause) {
		err := do()
		busy := errors.Is(err, errSharingViolation) || errors.Is(err, errLockViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
		if !busy || time.Since(start) > most {
			return err
		}
	}
}
