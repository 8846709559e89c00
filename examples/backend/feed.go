package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shownEvents is how many events a page begins with.
const shownEvents = 20

// An event is one line of the live view.
type event struct {
	ID       int64
	Kind     string
	Project  string
	Summary  string
	Received string // when, for a person
}

// addEvent stores what a webhook has told. GitLab sends a delivery again if it
// did not get our answer: one that is known is not stored twice.
func (db *database) addEvent(ctx context.Context, c connection, delivery string, e event) error {
	_, err := db.ExecContext(ctx, `INSERT INTO events (connection_id, delivery, user_key, kind, project, summary, received)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (delivery) DO NOTHING`,
		c.id, delivery, c.user, e.Kind, e.Project, e.Summary, e.Received)
	return err
}

// eventsAfter returns a user's events that are newer than the one with the
// number after, oldest first.
func (db *database) eventsAfter(ctx context.Context, user string, after int64) ([]event, error) {
	return db.events(ctx, `WHERE user_key = $1 AND id > $2 ORDER BY id LIMIT 100`, user, after)
}

// newestEvents returns the newest ones first.
func (db *database) newestEvents(ctx context.Context, user string) ([]event, error) {
	return db.events(ctx, `WHERE user_key = $1 ORDER BY id DESC LIMIT $2`, user, shownEvents)
}

func (db *database) events(ctx context.Context, where string, args ...any) (found []event, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, kind, project, summary, received FROM events `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e event
		if err := rows.Scan(&e.ID, &e.Kind, &e.Project, &e.Summary, &e.Received); err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// A feed wakes the live pages of this process. The events themselves are in the
// database, so a page misses nothing that another replica has received: it looks
// there every pause, woken or not.
type feed struct {
	pause  time.Duration
	closed chan struct{}
	close  func()

	mu     sync.Mutex // guards waiter
	waiter chan struct{}
}

func newFeed() *feed {
	f := &feed{pause: 2 * time.Second, closed: make(chan struct{}), waiter: make(chan struct{})}
	f.close = sync.OnceFunc(func() { close(f.closed) })
	return f
}

// next is closed at the next event.
func (f *feed) next() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiter
}

func (f *feed) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.waiter)
	f.waiter = make(chan struct{})
}

// live streams a user's events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
// A browser that was cut off comes again by itself and says what it had last.
func (a *app) live(w http.ResponseWriter, r *http.Request, u user) error {
	stream := http.NewResponseController(w)
	if err := stream.SetWriteDeadline(time.Time{}); err != nil { // the server's would end it
		return err
	}
	last, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		if last, err = strconv.ParseInt(r.FormValue("after"), 10, 64); err != nil {
			last = 0
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := fmt.Fprint(w, "retry: 2000\n\n"); err != nil {
		return nil //nolint:nilerr // the browser has left
	}
	for {
		woken := a.feed.next() // before looking, so that nothing is missed between
		fresh, err := a.db.eventsAfter(r.Context(), u.Key, last)
		if err != nil {
			a.log.WarnContext(r.Context(), "reading events", "error", err)
			return nil // the browser comes again
		}
		for _, e := range fresh {
			row, err := a.pages.part("event", e)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.ID, strings.ReplaceAll(row, "\n", "\ndata: "))
			last = e.ID
		}
		if stream.Flush() != nil {
			return nil //nolint:nilerr // it has left
		}
		select {
		case <-woken:
		case <-time.After(a.feed.pause):
		case <-a.feed.closed:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}
