package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

func TestQueuedEventsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []string
		type key struct{}
		h := handler(t, webhook.Config{Queue: 2, Workers: 1, OnPush: func(ctx context.Context, e *webhook.PushEvent) error {
			time.Sleep(time.Minute)
			assert.Equal(t, "value", ctx.Value(key{}))
			if ctx.Err() != nil {
				t.Error("the context has ended with the request's")
			}
			got = append(got, e.Delivery.IdempotencyKey)
			return nil
		}})
		deliver := func(id string) int {
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
			defer cancel() // GitLab has its answer and leaves
			return answer(h, keyed(t, id).WithContext(ctx)).Code
		}
		started := time.Now()
		assert.Equal(t, http.StatusAccepted, deliver("1"))
		assert.Equal(t, http.StatusAccepted, deliver("2"))
		assert.Equal(t, http.StatusAccepted, deliver("3"))
		w := answer(h, unread(t, keyed(t, "4")))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code, "one runs, two wait")
		assert.Equal(t, "10", w.Header().Get("Retry-After"))
		assert.Equal(t, "too much to do\n", w.Body.String())
		assert.Zero(t, time.Since(started))
		time.Sleep(time.Minute + 1)
		assert.Equal(t, http.StatusAccepted, deliver("5"))

		require.NoError(t, h.Shutdown(t.Context()))
		assert.Equal(t, []string{"1", "2", "3", "5"}, got)
		assert.Equal(t, 4*time.Minute, time.Since(started).Truncate(time.Minute))
		w = answer(h, unread(t, keyed(t, "6")))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "shutting down\n", w.Body.String())
		require.NoError(t, h.Shutdown(t.Context()), "once more does no harm")
	})
}

func TestWorkersRunAtOnce(t *testing.T) {
	t.Parallel()
	for workers, want := range map[int]int{0: 4, 7: 7} {
		synctest.Test(t, func(t *testing.T) {
			running, most := make(chan struct{}, 100), 0
			h := handler(t, webhook.Config{Queue: 100, Workers: workers, OnPush: func(context.Context, *webhook.PushEvent) error {
				running <- struct{}{}
				time.Sleep(time.Second)
				<-running
				return nil
			}})
			for range 20 {
				require.Equal(t, http.StatusAccepted, answer(h, request(t, "push")).Code)
			}
			synctest.Wait()
			most = len(running)
			require.NoError(t, h.Shutdown(t.Context()))
			assert.Equal(t, want, most)
			assert.Empty(t, running)
		})
	}
}

func TestQueueHasRoomForFourLargeBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, webhook.Config{Queue: 100, Workers: 1, MaxBytes: 1000, OnOther: func(context.Context, webhook.Delivery) error {
			time.Sleep(time.Minute)
			return nil
		}})
		deliver := func(size int) int {
			r := requestOf("System Hook", []byte(`"`+strings.Repeat("x", size-2)+`"`))
			r.ContentLength = -1
			return answer(h, r).Code
		}
		assert.Equal(t, http.StatusAccepted, deliver(1000), "this one does not wait")
		for range 4 {
			assert.Equal(t, http.StatusAccepted, deliver(1000))
		}
		assert.Equal(t, http.StatusServiceUnavailable, deliver(2))
		r := requestOf("System Hook", nil)
		r.ContentLength = 1001
		assert.Equal(t, http.StatusRequestEntityTooLarge, answer(h, r).Code, "which is no question of room")
		time.Sleep(time.Minute + 1)
		assert.Equal(t, http.StatusAccepted, deliver(1000))
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

func TestMalformedEventsAreRefusedBeforeTheQueue(t *testing.T) {
	t.Parallel()
	h := handler(t, webhook.Config{Queue: 1, OnPush: func(context.Context, *webhook.PushEvent) error { return nil }})
	assert.Equal(t, http.StatusBadRequest, answer(h, requestOf("Push Hook", []byte(`{`))).Code)
	require.NoError(t, h.Shutdown(t.Context()))
}

func TestFailuresInTheQueueAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 10)
		failed := errors.New("not now")
		seen := webhook.NewMemorySeen(10)
		do := func() error { return failed }
		h := handler(t, webhook.Config{
			Queue: 10, Workers: 1, Seen: seen,
			OnPush:  func(context.Context, *webhook.PushEvent) error { return do() },
			OnError: func(_ context.Context, d webhook.Delivery, err error) { told <- errors.Join(err, errors.New(d.Key())) },
		})
		deliver := func(f func() error) {
			do = f
			assert.Equal(t, http.StatusAccepted, answer(h, keyed(t, "1")).Code)
			synctest.Wait()
		}
		deliver(func() error { return failed })
		require.ErrorIs(t, <-told, failed)
		deliver(func() error { panic("hush") })
		require.ErrorContains(t, <-told, "webhook: panic: hush\n/1")
		deliver(func() error { runtime.Goexit(); return nil })
		deliver(func() error { return nil })
		assert.Empty(t, told)
		do = func() error { return failed }
		assert.Equal(t, http.StatusOK, answer(h, keyed(t, "1")).Code, "it is remembered now")
		require.NoError(t, h.Shutdown(t.Context()))
	})
}

func TestShutdownGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ends []error
		h := handler(t, webhook.Config{Queue: 10, Workers: 1, OnPush: func(ctx context.Context, _ *webhook.PushEvent) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ends = append(ends, ctx.Err())
			return nil
		}})
		for range 3 {
			answer(h, request(t, "push"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := h.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "webhook: shut down with 1 events under way and 2 waiting: context deadline exceeded")
		require.NoError(t, h.Shutdown(t.Context()), "what was left has ended since")
		assert.Equal(t, []error{context.Canceled, context.Canceled, context.Canceled}, ends)
		for range 30 {
			require.NoError(t, h.Shutdown(ctx), "with nothing left it does not matter that time is up")
		}
	})
	require.NoError(t, handler(t, webhook.Config{}).Shutdown(t.Context()), "without a queue")
}
