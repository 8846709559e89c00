// Package browser clicks through examples/backend in a headless Chromium, as a
// user does: with the GitLab that the example brings, and with the real
// Doorkeeper's own pages. On Debian:
//
//	apt-get install --no-install-recommends chromium
//
// Without Chromium the tests are skipped, or fail if GITLAB_E2E is "required".
// Screenshots are kept where go test is told to keep artifacts:
//
//	go test -artifacts -outputdir /tmp ./browser
package browser
