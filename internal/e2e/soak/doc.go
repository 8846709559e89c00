// Soak keeps several processes refreshing the same grants for minutes, kills
// them, breaks what they talk to, and then compares what GitLab gave out with
// what the store has.
//
//	../../../script/soak -store file -minutes 2 -seed 1
//
// One controller starts, from this same program, a GitLab and a number of
// workers, which call it through package gitlab as a few identities whose tokens
// live seconds. The GitLab is gitlabtest, or with -gitlab doorkeeper the real
// Doorkeeper, behind a handler that keeps a ledger of token requests and makes
// faults. The controller kills workers with SIGKILL, at random and at named
// points of a refresh, stops and continues them, cuts and slows their
// connections, takes the store away, signs users in again, and has GitLab
// swallow answers, lie and throttle. Then it lets everybody finish, and audits.
// Its last line of output is one JSON object, the fields of which type summary
// explains.
//
// # What is replayable
//
// All decisions come from the seed, each kind from a stream of its own: the
// point at which the n-th process of a worker dies, what becomes of the n-th
// token request, when a connection is cut. How processes interleave between
// those decisions is the machine's.
//
// # Switches
//
// -off turns one protection off, to show that the soak notices: the lock and
// the compare-and-swap in the soak's own wrapper of the store, the pending save,
// the second opinion and the detachment in the library itself, which for that is
// built with the tag soak (script/soak does so).
package main
