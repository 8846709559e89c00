package sqlstores

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
)

// spy is a driver around another that writes down the statements, and refuses
// some.
type spy struct {
	connector driver.Connector

	mu      sync.Mutex // guards texts and refused
	texts   []string
	refused string // the statements that hold this fail; "": none
}

// open opens a database through the spy.
func (s *spy) open(name, dsn string) (*sql.DB, error) {
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // it has not connected
		return nil, err
	}
	s.connector = plain{db.Driver(), dsn}
	if d, ok := db.Driver().(driver.DriverContext); ok {
		if s.connector, err = d.OpenConnector(dsn); err != nil {
			return nil, err
		}
	}
	return sql.OpenDB(s), nil
}

// sent returns the statements since the last call of forget.
func (s *spy) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}

func (s *spy) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = nil
}

// refuse makes statements that hold this text fail; "": none.
func (s *spy) refuse(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = text
}

var errRefused = errors.New("refused by the test")

func (s *spy) admit(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != "" && strings.Contains(text, s.refused) {
		return errRefused
	}
	return nil
}

// note writes a statement down, unless the driver wants it prepared first.
func (s *spy) note(text string, err error) {
	if errors.Is(err, driver.ErrSkip) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// Connect implements [driver.Connector].
func (s *spy) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return spiedConn{conn, s}, nil
}

// Driver implements [driver.Connector].
func (s *spy) Driver() driver.Driver { return s.connector.Driver() }

// plain is the connector of a driver that has none.
type plain struct {
	driver driver.Driver
	dsn    string
}

// Connect implements [driver.Connector].
func (p plain) Connect(context.Context) (driver.Conn, error) { return p.driver.Open(p.dsn) }

// Driver implements [driver.Connector].
func (p plain) Driver() driver.Driver { return p.driver }

type spiedConn struct {
	driver.Conn

	spy *spy
}

// ExecContext implements [driver.ExecerContext].
func (c spiedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.spy.admit(text); err != nil {
		return nil, err
	}
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
	c.spy.note(text, err)
	return result, err
}

// QueryContext implements [driver.QueryerContext].
func (c spiedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.spy.admit(text); err != nil {
		return nil, err
	}
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
	c.spy.note(text, err)
	return rows, err
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c spiedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	statement, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	c.spy.note(text, err)
	return statement, err
}

// CheckNamedValue implements [driver.NamedValueChecker].
func (c spiedConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// ResetSession implements [driver.SessionResetter].
func (c spiedConn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.Conn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

// IsValid implements [driver.Validator].
func (c spiedConn) IsValid() bool {
	if validator, ok := c.Conn.(driver.Validator); ok {
		return validator.IsValid()
	}
	return true
}
