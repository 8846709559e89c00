package engines

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// StartRedis starts a Redis without a password that keeps what was written a
// second ago when it crashes. Its DSN is host:port, and it has no Driver.
func StartRedis(ctx context.Context) (_ *Server, err error) {
	daemon, err := find("Redis", "redis-server", "/usr/bin")
	if err != nil {
		return nil, err
	}
	s := &Server{name: "redis", stop: "TERM", crash: syscall.SIGKILL}
	s.ping = func(ctx context.Context) error { return pingRedis(ctx, s.DSN) }
	defer s.unless(&err)
	if err := s.in(); err != nil {
		return nil, err
	}
	return s, s.boot(ctx, func(port int) []string {
		return []string{
			daemon, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", s.dir, "--save", "",
			"--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
		}
	}, func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) })
}

func pingRedis(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("redis: %q", line)
	}
	return err
}
