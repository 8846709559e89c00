package gitlab

import (
	"context"
	"time"
)

// RefreshOutcome says what a [RefreshEvent] is about.
type RefreshOutcome string

// The outcomes of refreshes, and of the saves that belong to them.
const (
	// OutcomeRefreshed: GitLab issued a new pair and the store has it.
	OutcomeRefreshed RefreshOutcome = "refreshed"
	// OutcomeAdopted: the store had a newer pair. GitLab was not asked, or had
	// refused an older one, which RefreshEvent.Attempts tells.
	OutcomeAdopted RefreshOutcome = "adopted"
	// OutcomeConflicted: GitLab issued a new pair, but a newer sign-in or
	// rotation was stored meanwhile and is used instead.
	OutcomeConflicted RefreshOutcome = "conflicted"
	// OutcomeSaveFailed: GitLab issued a new pair and the store did not take it.
	// It is in use from memory and is saved again; until then it is lost if
	// this process dies.
	OutcomeSaveFailed RefreshOutcome = "save_failed"
	// OutcomeSaveRecovered: a pair whose save had failed is stored now.
	OutcomeSaveRecovered RefreshOutcome = "save_recovered"
	// OutcomeDead: the grant is gone ([ErrReauthorize]).
	OutcomeDead RefreshOutcome = "dead"
	// OutcomeRevived: a grant that was dead has been replaced by a new sign-in.
	OutcomeRevived RefreshOutcome = "revived"
	// OutcomeClientRejected: GitLab rejects the application ([ErrClientRejected]).
	OutcomeClientRejected RefreshOutcome = "client_rejected"
	// OutcomeRefused: GitLab refuses for another reason ([IdentityNotValidError]).
	OutcomeRefused RefreshOutcome = "refused"
	// OutcomeUnavailable: no new pair, and nothing known to be lost
	// ([ErrRefreshUnavailable]).
	OutcomeUnavailable RefreshOutcome = "unavailable"
	// OutcomeFailed: the provider failed in a way of its own, the key was
	// deleted, or the identity is another instance's.
	OutcomeFailed RefreshOutcome = "failed"
)

// RefreshEvent reports one outcome of a refresh. It holds no token.
type RefreshEvent struct {
	Key      string
	Outcome  RefreshOutcome
	Attempts int           // requests to the token endpoint
	Duration time.Duration // of the refresh, the look at the store or the save that is told of, waiting for a turn included; 0 for a sign-in
	Err      error         // nil if all is well
}

// CallEvent reports one API request and its answer. A call that is sent again
// makes one event for each time. It holds no token.
type CallEvent struct {
	Key      string // the identity's; "" for other clients
	Method   string
	Route    string        // the path's template; "" for requests of [Client.Do] and [Client.HTTPClient]
	Status   int           // 0 if there was no answer
	Attempt  int           // 1 for the first sending, 2 for the next, …
	Duration time.Duration // until the answer's header was there
	Err      error         // why there was no answer; nil if there was one
}

// hook calls a function of the application and survives it.
func hook[E any](ctx context.Context, f func(context.Context, E), event E) {
	if f == nil {
		return
	}
	defer func() { _ = recover() }() // contract line 9: it must not fail the call
	f(ctx, event)
}
