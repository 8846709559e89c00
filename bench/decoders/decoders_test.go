// Package decoders_test compares decoders of JSON on this library's own types,
// 100 of each in a list, as GitLab sends them.
package decoders_test

import (
	stdjson "encoding/json"
	"testing"

	"github.com/bytedance/sonic"
	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	goccy "github.com/goccy/go-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/bench/answers"
)

// asStandard is how the library uses its decoder.
var asStandard = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false))

var decoders = []struct {
	name   string
	decode func(in []byte, out any) error
}{
	{"encoding-json", stdjson.Unmarshal},
	{"go-json-experiment", func(in []byte, out any) error { return json.Unmarshal(in, out, asStandard) }},
	{"sonic", sonic.ConfigStd.Unmarshal},
	{"sonic-fastest", sonic.ConfigFastest.Unmarshal},
	{"goccy", goccy.Unmarshal},
}

func BenchmarkIssues(b *testing.B)   { run[gitlab.Issue](b, answers.Issue) }
func BenchmarkProjects(b *testing.B) { run[gitlab.Project](b, answers.Project) }

func run[T any](b *testing.B, kind answers.Kind) {
	in := answers.Page(kind, 1, 100)
	for _, d := range decoders {
		b.Run(d.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				var out []T
				if err := d.decode(in, &out); err != nil || len(out) != 100 {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}

func TestDecodersAgree(t *testing.T) {
	t.Parallel()
	agree[gitlab.Issue](t, answers.Issue)
	agree[gitlab.Project](t, answers.Project)
	agree[gitlab.User](t, answers.User)
}

func agree[T any](t *testing.T, kind answers.Kind) {
	t.Helper()
	in := answers.Page(kind, 1, 3)
	var want []T
	require.NoError(t, stdjson.Unmarshal(in, &want))
	require.Len(t, want, 3)
	for _, d := range decoders {
		var got []T
		require.NoError(t, d.decode(in, &got), d.name)
		assert.Equal(t, want, got, d.name)
	}
}
