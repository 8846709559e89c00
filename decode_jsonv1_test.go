//go:build !goexperiment.jsonv2

package gitlab_test

import "testing"

// encoding/json panics here if it is built on its second version, which Go 1.26
// has as an experiment.
func TestFuncIsDecodedAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	agree[odd](t, `{"func":1}`)
}
