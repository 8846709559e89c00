// Package e2e proves the library and its test server against programs that
// nobody here wrote. It has no code of its own, only tests; the servers they
// run against have packages below.
//
//	go test -race ./...                                     # what is not installed is skipped with a word
//	GITLAB_E2E=required go test -race ./...                 # and is a failure here
//	go test -v -run TestDoubleAnswersAsDoorkeeper .         # the table: Doorkeeper and gitlabtest side by side
//
// The tests start and stop their servers themselves, on free ports of the
// loopback interface.
package e2e
