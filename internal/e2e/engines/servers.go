package engines

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// StartPostgreSQL starts a PostgreSQL whose only user needs no password. It
// keeps what was committed when it crashes, though not when the machine does.
func StartPostgreSQL(ctx context.Context) (_ *Server, err error) {
	initdb, err := find("PostgreSQL", "initdb", "/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	s := &Server{Driver: "pgx", name: "postgresql", stop: "INT", crash: syscall.SIGQUIT}
	defer s.unless(&err)
	if err := s.in(); err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	if err := s.run(ctx, initdb, "-D", data, "-U", "e2e", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	return s, s.boot(ctx, func(port int) []string {
		return []string{
			filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", s.dir,
			"-c", "fsync=off", "-c", "max_connections=300",
		}
	}, func(port int) string {
		return fmt.Sprintf("postgres://e2e@127.0.0.1:%d/postgres?sslmode=disable", port)
	})
}

// StartMariaDB starts a MariaDB, as [StartPostgreSQL] does a PostgreSQL.
func StartMariaDB(ctx context.Context) (_ *Server, err error) {
	daemon, err := find("MariaDB", "mariadbd", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	install, err := find("MariaDB", "mariadb-install-db", "/usr/bin")
	if err != nil {
		return nil, err
	}
	s := &Server{Driver: "mysql", name: "mariadb", stop: "TERM", crash: syscall.SIGKILL}
	defer s.unless(&err)
	if err := s.in(); err != nil {
		return nil, err
	}
	// Servers that share a directory for temporary files remove each other's.
	data, temp := "--datadir="+filepath.Join(s.dir, "data"), "--tmpdir="+s.dir
	if err := s.run(ctx, install, "--no-defaults", data, temp, "--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return nil, err
	}
	dsn := func(database string) func(port int) string {
		return func(port int) string { return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", port, database) }
	}
	err = s.boot(ctx, func(port int) []string {
		return []string{
			daemon, "--no-defaults", data, temp, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port),
			"--socket=" + filepath.Join(s.dir, "socket"), "--pid-file=" + filepath.Join(s.dir, "pid"),
			"--innodb-flush-log-at-trx-commit=2", "--max-connections=300", "--skip-name-resolve",
		}
	}, dsn(""))
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(s.Driver, s.DSN)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	s.DSN = dsn("e2e")(s.Port)
	_, err = db.ExecContext(ctx, "CREATE DATABASE e2e")
	return s, err
}

// StartPgBouncer starts a PgBouncer in transaction mode before server, with two
// connections to it for all clients.
func StartPgBouncer(ctx context.Context, server *Server) (_ *Server, err error) {
	daemon, err := find("PgBouncer", "pgbouncer", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	s := &Server{Driver: server.Driver, name: "pgbouncer", stop: "TERM", crash: syscall.SIGKILL}
	defer s.unless(&err)
	if err := s.in(); err != nil {
		return nil, err
	}
	settings := filepath.Join(s.dir, "pgbouncer.ini")
	return s, s.boot(ctx, func(port int) []string {
		text := fmt.Sprintf("[databases]\ne2e = host=127.0.0.1 port=%d dbname=postgres user=e2e\n"+
			"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\n"+
			"pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 300\n", server.Port, port)
		_ = os.WriteFile(settings, []byte(text), 0o644) // the user nobody reads it; its lack fails the start
		return []string{daemon, settings}
	}, func(port int) string {
		return fmt.Sprintf("postgres://e2e@127.0.0.1:%d/e2e?sslmode=disable&default_query_exec_mode=exec", port)
	})
}

// unless removes what is left of a server that did not start.
func (s *Server) unless(err *error) {
	if *err != nil {
		*err = errors.Join(*err, s.Close())
	}
}

// find returns the path of a server's program, from the newest of the
// directories where Debian has it, or else from PATH.
func find(server, program, pattern string) (string, error) {
	found, err := filepath.Glob(filepath.Join(pattern, program))
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return slices.Max(found), nil
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is %w: there is no %s", server, ErrMissing, program)
	}
	return path, nil
}
