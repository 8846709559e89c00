package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// checkWait reports what is wrong with the arguments of [WaitReplicas].
func (s *Store) checkWait() error {
	var limit time.Duration
	switch client := s.client.(type) {
	case *redis.Client:
		limit = client.Options().ReadTimeout
	case *redis.ClusterClient:
		limit = client.Options().ReadTimeout
	default:
		return fmt.Errorf("redisstore: WaitReplicas needs a *redis.Client or *redis.ClusterClient, not a %T", s.client)
	}
	switch {
	case s.replicas < 1:
		return fmt.Errorf("redisstore: WaitReplicas waits for %d replicas, which is none", s.replicas)
	case s.wait < time.Millisecond:
		return fmt.Errorf("redisstore: WaitReplicas with a timeout of %v, which is none", s.wait)
	case limit > 0 && s.wait >= limit:
		return fmt.Errorf("redisstore: WaitReplicas waits %v, longer than the client's ReadTimeout of %v", s.wait, limit)
	}
	return nil
}

// After a slot has moved, the client learns its new place between these tries.
const (
	moveTries = 10
	movePause = 50 * time.Millisecond
)

// write runs a script that stores something, and waits for replicas where that
// was asked for.
func (s *Store) write(ctx context.Context, script *redis.Script, key string, args ...any) (int64, error) {
	if s.replicas == 0 {
		return s.run(ctx, script, key, args...).Int64()
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.writeAndWait(ctx, s.client, script, key, args)
	}
	for n := 1; ; n++ {
		// A pipeline of the cluster's would send WAIT, which names no key, anywhere.
		node, err := cluster.MasterForKey(ctx, s.keys(key)[0])
		if err != nil {
			return 0, err
		}
		result, err := s.writeAndWait(ctx, node, script, key, args)
		if !isMoved(err) || n == moveTries {
			return result, err
		}
		cluster.ReloadState(ctx)
		select {
		case <-time.After(movePause):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// isMoved reports that a node does not have the key, or not any more.
func isMoved(err error) bool {
	_, moved := redis.IsMovedError(err)
	_, asked := redis.IsAskError(err)
	return moved || asked
}

// writeAndWait sends the script and WAIT together. WAIT is about the writes of
// its own connection, and a pipeline has one.
func (s *Store) writeAndWait(ctx context.Context, node redis.Cmdable, script *redis.Script, key string, args []any) (int64, error) {
	pipe := node.Pipeline()
	written := script.Eval(ctx, pipe, s.keys(key), args...) // with its text: in a pipeline there is no second try
	received := pipe.Do(ctx, "wait", s.replicas, s.wait.Milliseconds())
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, err
	}
	result, err := written.Int64()
	if err != nil {
		return 0, err
	}
	n, err := received.Int64()
	if err != nil {
		return 0, err
	}
	if result > unchanged && n < int64(s.replicas) {
		return 0, fmt.Errorf("%w: %d of %d received it within %v", errNotReplicated, n, s.replicas, s.wait)
	}
	return result, nil
}

var errNotReplicated = errors.New("the primary has it, but too few replicas")
