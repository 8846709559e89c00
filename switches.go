//go:build !soak

package gitlab

// Protections of the refresh contract that internal/e2e/soak turns off, one at a
// time, to show that their absence is noticed. They are on, and not even in the
// program's code, unless it is built with the tag soak.
const (
	switchOffDetach  = false // line 2: a refresh ends with the call that caused it
	switchOffOpinion = false // line 7: one invalid_grant is enough
	switchOffPending = false // line 8: a new pair that the store does not take is dropped
)
