package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Config is what a [Handler] is made of. The zero values are right for most;
// Secrets or FindSecrets is required.
type Config struct {
	// Secrets are those of all hooks that call here.
	Secrets Secrets
	// FindSecrets finds the secrets by the request, in place of Secrets, for
	// hooks of many tenants: by a part of its path, say. It must not read the
	// body. Secrets that are empty are for a hook that does not exist (401). With
	// an error GitLab is told to come again.
	FindSecrets func(r *http.Request) (Secrets, error)
	// Tolerance is how far the time of a signature may be from this machine's,
	// both ways; 0: 5 minutes.
	Tolerance time.Duration
	// MaxBytes is how large a body may be; 0: 26 MiB, a little more than GitLab
	// sends.
	MaxBytes int64

	// Queue is how many events may wait for their functions; beyond that, or when
	// the bodies of those that wait have more than four times MaxBytes, GitLab is
	// told to come again. GitLab is answered when an event is in the queue, so
	// what waits is lost if the process dies, and a function that fails is told to
	// OnError alone. 0: there is no queue, and the answer is what became of the
	// event.
	Queue int
	// Workers is how many functions may run at once if there is a Queue; 0: 4.
	Workers int
	// Seen keeps a delivery that was handled from being handled again; nil:
	// nothing does.
	Seen Seen
	// OnError gets what went wrong on this side: the errors of the functions
	// below, of FindSecrets, Seen and the disk, and panics as a [*PanicError].
	// Refusals of what senders did wrong are not among them. It may be called
	// concurrently.
	OnError func(ctx context.Context, d Delivery, err error)

	// The functions for the kinds of events. They may be called concurrently. ctx
	// is the request's; if there is a Queue, it has the request's values and ends
	// when Shutdown gives up.
	OnPush         func(ctx context.Context, e *PushEvent) error
	OnTagPush      func(ctx context.Context, e *TagPushEvent) error
	OnIssue        func(ctx context.Context, e *IssueEvent) error
	OnMergeRequest func(ctx context.Context, e *MergeRequestEvent) error
	OnNote         func(ctx context.Context, e *NoteEvent) error
	OnPipeline     func(ctx context.Context, e *PipelineEvent) error
	OnJob          func(ctx context.Context, e *JobEvent) error
	OnDeployment   func(ctx context.Context, e *DeploymentEvent) error
	OnRelease      func(ctx context.Context, e *ReleaseEvent) error
	OnMember       func(ctx context.Context, e *MemberEvent) error
	// OnOther gets the events that have no function of their own above, as JSON;
	// [Parse] reads it. nil: they are acknowledged and dropped. An error that is
	// [ErrMalformed] is the sender's fault (400).
	OnOther func(ctx context.Context, d Delivery) error
}

// Handler receives webhooks. It is made by [New] and safe for concurrent use.
type Handler struct {
	find      func(r *http.Request) (keys, error)
	tolerance time.Duration
	maxBytes  int64
	large     chan struct{} // who has a place in it may read a large body unproven
	queue     *queue        // nil: none
	stop      context.Context
	halt      context.CancelFunc // ends stop
	seen      Seen
	onError   func(context.Context, Delivery, error)
	routes    map[EventName]route
	other     route
}

// route reads an event and binds it to its function.
type route func(Delivery) (func(context.Context) error, error)

// New makes a handler.
func New(cfg Config) (*Handler, error) {
	h := &Handler{
		tolerance: cmp.Or(cfg.Tolerance, 5*time.Minute),
		maxBytes:  cmp.Or(cfg.MaxBytes, defaultMaxBytes),
		large:     make(chan struct{}, largeTurns),
		seen:      cfg.Seen,
		onError:   cfg.OnError,
		routes:    make(map[EventName]route),
	}
	switch k, err := cfg.Secrets.keys(); {
	case err != nil:
		return nil, err
	case len(k.tokens)+len(k.signing) > 0 == (cfg.FindSecrets != nil):
		return nil, errors.New("webhook: Config needs either Secrets or FindSecrets")
	case cfg.Tolerance < 0 || cfg.MaxBytes < 0 || cfg.Queue < 0 || cfg.Workers < 0:
		return nil, errors.New("webhook: a number of Config is negative")
	case cfg.FindSecrets != nil:
		h.find = func(r *http.Request) (keys, error) {
			s, err := cfg.FindSecrets(r)
			if err != nil {
				return keys{}, err
			}
			return s.keys()
		}
	default:
		h.find = func(*http.Request) (keys, error) { return k, nil }
	}
	h.stop, h.halt = context.WithCancel(context.Background())
	if cfg.Queue > 0 {
		h.queue = newQueue(cmp.Or(cfg.Workers, 4), cfg.Queue, 4*h.maxBytes)
	}
	on(h, cfg.OnPush, EventPush)
	on(h, cfg.OnTagPush, EventTagPush)
	on(h, cfg.OnIssue, EventIssue, EventConfidentialIssue)
	on(h, cfg.OnMergeRequest, EventMergeRequest)
	on(h, cfg.OnNote, EventNote, EventConfidentialNote)
	on(h, cfg.OnPipeline, EventPipeline)
	on(h, cfg.OnJob, EventJob)
	on(h, cfg.OnDeployment, EventDeployment)
	on(h, cfg.OnRelease, EventRelease)
	on(h, cfg.OnMember, EventMember)
	if f := cfg.OnOther; f != nil {
		h.other = func(d Delivery) (func(context.Context) error, error) {
			if !jsontext.Value(d.Body).IsValid() {
				return nil, fmt.Errorf("%w: not valid JSON", ErrMalformed)
			}
			return func(ctx context.Context) error { return f(ctx, d) }, nil
		}
	}
	return h, nil
}

// on routes events to f, if there is one.
func on[E any](h *Handler, f func(context.Context, *E) error, names ...EventName) {
	if f == nil {
		return
	}
	for _, name := range names {
		h.routes[name] = func(d Delivery) (func(context.Context) error, error) {
			e, err := Parse[E](d)
			return func(ctx context.Context) error { return f(ctx, e) }, err
		}
	}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := newDelivery(r.Header, "", nil)
	var status int
	err := guarded(func() (err error) {
		status, err = h.serve(w, r, &d)
		return err
	})
	if err == nil {
		w.WriteHeader(status)
		return
	}
	if said, ok := errors.AsType[*refusal](err); !errors.Is(err, ErrMalformed) && (!ok || said == errLookup || said == errSpool) {
		h.report(r.Context(), d, err)
	}
	refuse(w, err)
}

// serve is ServeHTTP but for the answer. d becomes the delivery, as far as it is
// known.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, d *Delivery) (status int, err error) {
	if r.Method != http.MethodPost {
		return 0, errMethod
	}
	k, err := h.find(r)
	if err != nil {
		return 0, errors.Join(errLookup, err)
	}
	d.Tenant = k.tenant
	s, err := k.admits(r.Header, time.Now(), h.tolerance)
	switch {
	case err != nil:
		return 0, err
	case !isJSON(r.Header):
		return 0, errType
	case d.Event == "":
		return 0, errNameless
	case r.ContentLength > h.maxBytes:
		return 0, errTooLarge
	}
	if h.queue != nil {
		if err = h.queue.check(max(r.ContentLength, 0)); err != nil {
			return 0, err
		}
	}
	if d.Body, err = h.receive(w, r, k, s); err != nil {
		return 0, err
	}
	d.WebhookID = s.id
	return h.dispatch(r.Context(), *d)
}

// dispatch has a delivery handled, now or later.
func (h *Handler) dispatch(ctx context.Context, d Delivery) (status int, err error) {
	read := h.routes[d.Event]
	if read == nil {
		read = h.other
	}
	if read == nil {
		return http.StatusOK, nil
	}
	if key := d.Key(); h.seen != nil && key != "" {
		if known, err := h.seen.Has(ctx, key); err != nil || known {
			return http.StatusOK, err
		}
	}
	f, err := read(d)
	if err != nil {
		return 0, err
	}
	if h.queue == nil {
		return http.StatusOK, h.handle(ctx, d, f)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(h.stop, cancel)
	err = h.queue.add(job{size: int64(len(d.Body)), run: func() {
		defer cancel()
		defer release()
		if err := guarded(func() error { return h.handle(ctx, d, f) }); err != nil {
			h.report(ctx, d, err)
		}
	}})
	if err != nil {
		release()
		cancel()
	}
	return http.StatusAccepted, err
}

// handle calls the function f of d, and remembers that it did.
func (h *Handler) handle(ctx context.Context, d Delivery, f func(context.Context) error) error {
	if err := f(ctx); err != nil {
		return err
	}
	key := d.Key()
	if h.seen == nil || key == "" {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // the work is done, whoever still wants to know
	if err := guarded(func() error { return h.seen.Remember(ctx, key) }); err != nil {
		h.report(ctx, d, fmt.Errorf("webhook: remembering that a delivery was handled: %w", err))
	}
	return nil
}

func (h *Handler) report(ctx context.Context, d Delivery, err error) {
	if h.onError != nil {
		_ = guarded(func() error {
			h.onError(ctx, d, err)
			return nil
		})
	}
}

// guarded calls f and makes a panic of it an error.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Shutdown waits until the queue is empty and the functions have ended; what
// arrives meanwhile is refused (503), so call it after [http.Server.Shutdown].
// When ctx ends before that, the contexts of the functions end too, and the
// error tells how many events are left. Without a queue it does nothing.
func (h *Handler) Shutdown(ctx context.Context) error {
	if h.queue == nil {
		return nil
	}
	err := h.queue.shutdown(ctx)
	h.halt()
	return err
}
