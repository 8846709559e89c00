package peers_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const page = "../../docs/compared.md"

var update = flag.Bool("update", false, "write "+page+" anew")

// Every cell is what the library does.
func TestEveryCellIsTrue(t *testing.T) {
	t.Parallel()
	for _, r := range rows {
		require.Len(t, r.cells, len(libraries), r.trouble)
		for i, lib := range libraries {
			t.Run(r.trouble+"/"+lib.name, func(t *testing.T) {
				t.Parallel()
				assert.Equal(t, r.cells[i], r.measure(t, lib))
			})
		}
	}
}

// The page shows those cells, of the versions that were measured.
func TestPageShowsTheCells(t *testing.T) {
	t.Parallel()
	text := head + table(t) + foot(t)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, text, string(written), "go test -run TestPageShowsTheCells -update ./peers writes it anew, in bench")
}

const head = `# Compared with other libraries

What becomes of a user's grant, and of a call, when something goes wrong. Every cell was measured: ` + "[bench/peers](../bench/peers)" + ` runs
each library, the way its documentation shows and with its defaults, against ` + "[gitlabtest](../gitlabtest)" + `, and its tests fail
when a cell is no longer true. For speed and memory see [bench](../bench/README.md).

`

func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| | trouble |")
	for _, lib := range libraries {
		b.WriteString(" " + lib.name + version(t, lib) + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(libraries)) + "\n")
	for i, r := range rows {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", i+1, r.trouble, strings.Join(r.cells, " | "))
	}
	return b.String()
}

func foot(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n## How each line is measured\n\n")
	for i, r := range rows {
		fmt.Fprintf(&b, "%d. %s.\n", i+1, r.how)
	}
	b.WriteString("\n## The libraries\n\nEach does well what it set out to do, and that differs.\n\n")
	for _, lib := range libraries {
		fmt.Fprintf(&b, "- [%s](%s)%s: %s.\n", lib.name, lib.link, version(t, lib), lib.about)
	}
	return b.String()
}

// version is " v1.2.3" of a library of go.mod.
func version(t *testing.T, lib library) string {
	t.Helper()
	if lib.module == "" {
		return ""
	}
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(lib.module) + `( v\S+)`).FindSubmatch(mod)
	require.NotNil(t, match, lib.module)
	return string(match[1])
}
