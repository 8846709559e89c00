package gitlabtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// diffContext is how many unchanged lines are told around a change.
const diffContext = 3

type diffJSON struct {
	Diff          string `json:"diff"`
	Collapsed     bool   `json:"collapsed"`
	TooLarge      bool   `json:"too_large"`
	NewPath       string `json:"new_path"`
	OldPath       string `json:"old_path"`
	AMode         string `json:"a_mode"`
	BMode         string `json:"b_mode"`
	NewFile       bool   `json:"new_file"`
	RenamedFile   bool   `json:"renamed_file"`
	DeletedFile   bool   `json:"deleted_file"`
	GeneratedFile *bool  `json:"generated_file"`
}

type statsJSON struct {
	Additions int `json:"additions"`
	Deletions int `json:"deletions"`
	Total     int `json:"total"`
}

// diffs renders changes; a file under another name is one that went and one
// that came.
func diffs(all []change, unidiff bool) []diffJSON {
	out := []diffJSON{}
	for _, c := range all {
		d := diffJSON{NewPath: c.path, OldPath: c.path, AMode: "0", BMode: "0", NewFile: c.before == nil, DeletedFile: c.now == nil}
		from, to := "/dev/null", "/dev/null"
		if c.before != nil {
			d.AMode, from = c.before.mode(), "a/"+c.path
		}
		if c.now != nil {
			d.BMode, to = c.now.mode(), "b/"+c.path
		}
		d.Diff, _, _ = c.unified()
		if unidiff && d.Diff != "" {
			d.Diff = "--- " + from + "\n+++ " + to + "\n" + d.Diff
		}
		out = append(out, d)
	}
	return out
}

func stats(all []change) statsJSON {
	var v statsJSON
	for _, c := range all {
		_, added, removed := c.unified()
		v.Additions += added
		v.Deletions += removed
	}
	v.Total = v.Additions + v.Deletions
	return v
}

// unified is a change in git's format, as one hunk from the first line that
// differs to the last, and how many lines it adds and removes.
func (c change) unified() (text string, added, removed int) {
	old, now := c.before.lines(), c.now.lines()
	if slices.Equal(old, now) {
		return "", 0, 0
	}
	if strings.Contains(strings.Join(old, "")+strings.Join(now, ""), "\x00") {
		return fmt.Sprintf("Binary files a/%s and b/%s differ\n", c.path, c.path), 0, 0
	}
	head := 0
	for head < min(len(old), len(now)) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < min(len(old), len(now))-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	before, after := min(head, diffContext), min(tail, diffContext)
	gone, come := old[head:len(old)-tail], now[head:len(now)-tail]
	var b strings.Builder
	fmt.Fprintf(&b, "@@ -%s +%s @@\n",
		hunkRange(head-before, before+len(gone)+after), hunkRange(head-before, before+len(come)+after))
	write := func(sign string, lines []string) {
		for _, line := range lines {
			b.WriteString(sign + line)
			if !strings.HasSuffix(line, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	write(" ", old[head-before:head])
	write("-", gone)
	write("+", come)
	write(" ", old[len(old)-tail:len(old)-tail+after])
	return b.String(), len(come), len(gone)
}

// hunkRange is git's "start,count" for lines that begin behind skipped ones.
func hunkRange(skipped, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", skipped)
	case 1:
		return strconv.Itoa(skipped + 1)
	}
	return fmt.Sprintf("%d,%d", skipped+1, count)
}

// lines are a file's lines with their line feeds; of none, none.
func (b *blob) lines() []string {
	if b == nil {
		return nil
	}
	return slices.Collect(strings.Lines(b.content))
}
