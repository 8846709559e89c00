package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// A statement that collided with others is sent again for this long, after
// pauses that grow from the first to the last.
const (
	collisionTime = 5 * time.Second
	firstPause    = 2 * time.Millisecond
	lastPause     = 100 * time.Millisecond
)

// exec sends a statement, again if it collided.
func (s *Store) exec(ctx context.Context, text string, args ...any) (result sql.Result, err error) {
	err = s.insist(ctx, func() error {
		result, err = s.db.ExecContext(ctx, text, args...)
		return err
	})
	return result, err
}

// affects reports whether the statement found its row.
func (s *Store) affects(ctx context.Context, text string, args ...any) (bool, error) {
	result, err := s.exec(ctx, text, args...)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}

// queryRow scans the one row that a statement returns.
func (s *Store) queryRow(ctx context.Context, text string, args []any, into ...any) error {
	return s.insist(ctx, func() error { return s.db.QueryRowContext(ctx, text, args...).Scan(into...) })
}

func (s *Store) insist(ctx context.Context, send func() error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := send()
		if err == nil || errors.Is(err, sql.ErrNoRows) || !s.dialect.collided(err) || time.Since(began) > collisionTime {
			return err
		}
		if sleep(ctx, jittered(pause)) != nil {
			return err
		}
	}
}

// sleep returns ctx's error if ctx ends first.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jittered is half of pause to all of it.
func jittered(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2) //nolint:gosec // spreads load, keeps no secret
}

// check refuses what no statement should be sent for.
func check(ctx context.Context, key string) error {
	switch {
	case key == "":
		return errors.New("sqlstore: the identity's key is empty")
	case len(key) > longestKey:
		return fmt.Errorf("sqlstore: the identity's key %s has %d bytes, more than %d", quote(key), len(key), longestKey)
	}
	return ctx.Err()
}

// explain says what failed. Drivers may report the end of ctx as their own
// error, so it is added.
func (s *Store) explain(ctx context.Context, what string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("sqlstore: table %s: %s: %w (%w)", s.table, what, ended, err)
	}
	return fmt.Errorf("sqlstore: table %s: %s: %w", s.table, what, err)
}

// quote makes a key fit for an error.
func quote(key string) string {
	const most = 100
	if len(key) > most {
		return strconv.Quote(key[:most]) + "…"
	}
	return strconv.Quote(key)
}

// ascii writes JSON without any other characters, so that no character set of a
// database or connection can refuse or change it.
func ascii(stored []byte) string {
	var b strings.Builder
	b.Grow(len(stored))
	for _, r := range string(stored) {
		switch high, low := utf16.EncodeRune(r); {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
