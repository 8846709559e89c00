package gitlabtest_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// inBubble runs a test on a server of its own, in a bubble whose clock begins
// at 2000-01-01T00:00:00Z and stands still, so that times and ids are the same
// in every run.
func inBubble(t *testing.T, run func(t *testing.T, srv *gitlabtest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run(t, gitlabtest.New(t, gitlabtest.InMemory())) })
}

// play makes the calls of a script, whose lines are in pairs: a call with its
// JSON body, if it has one, and the answer with its status. A refusal must be
// exactly that; other answers must have what the script's JSON has, and lists
// as many elements.
//
//	POST /projects/team%2Fapp/issues {"title":"x"}
//	201 {"iid":1,"author":{"username":"ada"}}
func play(t *testing.T, srv *gitlabtest.Server, token, script string) {
	t.Helper()
	var call string
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case call == "":
			call = line
		default:
			method, rest, _ := strings.Cut(call, " ")
			path, body, _ := strings.Cut(rest, " ")
			contentType := ""
			if body != "" {
				contentType = "application/json"
			}
			r, err := send(t, srv, method, "/api/v4"+path, contentType, body, "Authorization", "Bearer "+token)
			require.NoError(t, err, call)
			status, want, _ := strings.Cut(line, " ")
			require.Equal(t, status, strconv.Itoa(r.status), "%s\n%s", call, r.body)
			switch {
			case r.status >= 400 || want == "":
				require.Equal(t, want, r.body, call)
			default:
				var wanted, got any
				require.NoError(t, json.Unmarshal([]byte(want), &wanted), line)
				require.NoError(t, json.Unmarshal([]byte(r.body), &got), "%s\n%s", call, r.body)
				if lacking := lacks(wanted, got, ""); lacking != "" {
					t.Fatalf("%s\n%s\nin %s", call, lacking, r.body)
				}
			}
			call = ""
		}
	}
	require.Empty(t, call, "a call without an answer")
}

// lacks says where got does not have what is wanted; "" if nowhere.
func lacks(wanted, got any, at string) string {
	switch wanted := wanted.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: %v is no object", at, got)
		}
		for name, value := range wanted {
			has, ok := object[name]
			if !ok {
				return at + "." + name + " is missing"
			}
			if lacking := lacks(value, has, at+"."+name); lacking != "" {
				return lacking
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(wanted) {
			return fmt.Sprintf("%s: want %d elements: %v", at, len(wanted), got)
		}
		for i, value := range wanted {
			if lacking := lacks(value, list[i], fmt.Sprintf("%s[%d]", at, i)); lacking != "" {
				return lacking
			}
		}
		return ""
	}
	if wanted != got {
		return fmt.Sprintf("%s: want %v, got %v", at, wanted, got)
	}
	return ""
}
