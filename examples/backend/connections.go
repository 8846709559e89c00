package main

import (
	"context"
	"database/sql"
	"errors"
)

// A connection is a project that reports to us by a webhook of its own.
type connection struct {
	id        string
	user      string // the key of whoever connected it
	projectID int64
	project   string // its full path
	hookID    int64  // 0: it is not known whether GitLab has the hook
	secret    string
}

const connectionColumns = `SELECT id, user_key, project_id, project, hook_id, secret FROM connections `

func scanConnection(row interface{ Scan(into ...any) error }) (c connection, err error) {
	err = row.Scan(&c.id, &c.user, &c.projectID, &c.project, &c.hookID, &c.secret)
	return c, err
}

// connectionsOf returns a user's connections, by the numbers of their projects.
func (db *database) connectionsOf(ctx context.Context, user string) (map[int64]connection, error) {
	rows, err := db.QueryContext(ctx, connectionColumns+`WHERE user_key = $1`, user)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := make(map[int64]connection)
	for rows.Next() {
		c, err := scanConnection(rows)
		if err != nil {
			return nil, err
		}
		found[c.projectID] = c
	}
	return found, rows.Err()
}

// connectionByID returns false if there is none.
func (db *database) connectionByID(ctx context.Context, id string) (c connection, known bool, err error) {
	c, err = scanConnection(db.QueryRowContext(ctx, connectionColumns+`WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return connection{}, false, nil
	}
	return c, err == nil, err
}

// addConnection returns false if the user has connected the project before.
func (db *database) addConnection(ctx context.Context, c connection) (added bool, err error) {
	result, err := db.ExecContext(ctx, `INSERT INTO connections (id, user_key, project_id, project, hook_id, secret)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_key, project_id) DO NOTHING`,
		c.id, c.user, c.projectID, c.project, c.hookID, c.secret)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (db *database) setHook(ctx context.Context, id string, hook int64) error {
	_, err := db.ExecContext(ctx, `UPDATE connections SET hook_id = $2 WHERE id = $1`, id, hook)
	return err
}

// removeConnection removes what it has reported, too.
func (db *database) removeConnection(ctx context.Context, id string) error {
	_, err := db.ExecContext(ctx, `DELETE FROM connections WHERE id = $1`, id)
	return err
}
