// Command docs checks what README.md and docs/ say, as far as a program can; script/docs runs it.
//
//   - Every ```go block compiles. Three forms are known: a whole file, which
//     begins with its package clause; declarations; statements, which become the
//     body of a function that returns an error. To the last two it adds the
//     imports of the packages that they name and the variables that they use but
//     do not declare: those in prelude.go. There is no mark for a block that
//     does not compile.
//   - Every relative link of every Markdown file leads to a file, and to a
//     heading of it.
//   - Every ./script/… and go run command exists and has the flags shown.
//   - A table's row that names a constant of the library tells its value.
//
// Each finding is one line that begins with file:line; the exit code is 1 if
// there is any.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	root, err := os.Getwd()
	if err == nil {
		var found int
		if found, err = check(root); err == nil && found == 0 {
			return
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
	}
	os.Exit(1)
}

// findings are what is wrong, each with its place first.
type findings struct {
	lines []string
}

func (f *findings) add(file string, line int, format string, args ...any) {
	f.lines = append(f.lines, fmt.Sprintf("%s:%d: ", file, line)+fmt.Sprintf(format, args...))
}

// page is one Markdown file.
type page struct {
	path  string // relative to the root, with slashes
	lines []line
}

// line is one line of a page.
type line struct {
	number int
	text   string
	code   bool   // in a fenced block, whose fences are not lines
	info   string // of that block, such as "go"
	first  bool   // of its block
}

// check looks at everything below root and says what is wrong.
func check(root string) (found int, err error) {
	pages, err := readPages(root)
	if err != nil {
		return 0, err
	}
	f := new(findings)
	checkLinks(f, root, pages)
	var checked []page
	for _, p := range pages {
		if p.path == "README.md" || p.path == "CONTRIBUTING.md" || strings.HasPrefix(p.path, "docs/") {
			checked = append(checked, p)
		}
	}
	if err := checkCommands(f, root, checked); err != nil {
		return 0, err
	}
	if err := checkConstants(f, root, checked); err != nil {
		return 0, err
	}
	blocks := goBlocks(checked)
	if err := checkBlocks(f, root, blocks); err != nil {
		return 0, err
	}
	for _, line := range f.lines {
		fmt.Fprintln(os.Stderr, line)
	}
	if len(f.lines) == 0 {
		fmt.Fprintf(os.Stdout, "%d Markdown files, %d blocks of Go: all is well\n", len(pages), len(blocks))
	}
	return len(f.lines), nil
}

// readPages reads every Markdown file below root.
func readPages(root string) (pages []page, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // G122: the repository is the caller's own
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		pages = append(pages, page{path: filepath.ToSlash(name), lines: readLines(text)})
		return err
	})
	return pages, err
}

func readLines(text []byte) (lines []line) {
	var fence, info string
	first := false
	for i, raw := range slices.Collect(bytes.Lines(text)) {
		content := strings.TrimRight(string(raw), "\r\n")
		trimmed := strings.TrimSpace(content)
		switch {
		case fence == "" && strings.HasPrefix(trimmed, "```"):
			info = strings.TrimLeft(trimmed, "`")
			fence, first = trimmed[:len(trimmed)-len(info)], true
		case fence != "" && trimmed == fence:
			fence = ""
		default:
			lines = append(lines, line{number: i + 1, text: content, code: fence != "", info: info, first: fence != "" && first})
			first = false
		}
	}
	return lines
}
