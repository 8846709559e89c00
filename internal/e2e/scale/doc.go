// Scale measures the library where there is much of something: replicas that
// share identities, identities that expire at once, keys, live clients. It uses
// real processes and a real store; GitLab is gitlabtest, in a process of its
// own.
//
//	../../../script/scale replicas
//	../../../script/scale herd -server-time 50ms -share all
//
// Each case prints one line of JSON, the fields of which its result type
// explains, and exits with 1 if something that must hold does not.
package main
