// Package answers makes GitLab's answers in the size and shape that they have:
// every attribute that GitLab documents for the resource, those of paid tiers
// included.
package answers

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
)

// Kind is a resource, and the name of its template: one answer in which 1234567
// stands for the number of the thing.
type Kind string

// The resources that there are templates for.
const (
	Issue        Kind = "issue"
	MergeRequest Kind = "merge_request"
	Project      Kind = "project"
	User         Kind = "user"
)

//go:embed *.json
var templates embed.FS

// One is the answer for the thing with the given number, without white space, as
// GitLab sends it.
func One(kind Kind, number int) []byte {
	template, err := templates.ReadFile(string(kind) + ".json")
	if err != nil {
		panic(fmt.Sprintf("answers: %v", err)) // the kinds above are all there are
	}
	var out bytes.Buffer
	if err := json.Compact(&out, template); err != nil {
		panic(fmt.Sprintf("answers: %s.json: %v", kind, err))
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("1234567"), []byte(strconv.Itoa(1_000_000+number)))
}

// Page is a list of n things, of which the first has the given number.
func Page(kind Kind, first, n int) []byte {
	out := []byte{'['}
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, One(kind, first+i)...)
	}
	return append(out, ']')
}
