package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	scripts  = regexp.MustCompile(`(?:^|[\s` + "`" + `])\./script/([\w-]+)([^` + "`" + `#|&;]*)`)
	programs = regexp.MustCompile(`(?:cd (\S+) && )?\bgo run (\.[^\s` + "`" + `]*)([^` + "`" + `#|&;]*)`)
	flagWord = regexp.MustCompile(`^--?([a-z][\w-]*)`)
	testFlag = regexp.MustCompile(`(?m)^\s*-(\w+)`)
)

// checkCommands looks for the programs that the pages tell to run, and for their
// flags.
func checkCommands(f *findings, root string, pages []page) error {
	for _, p := range pages {
		for _, l := range p.lines {
			for _, match := range scripts.FindAllStringSubmatch(l.text, -1) {
				text, err := os.ReadFile(filepath.Join(root, "script", match[1]))
				if err != nil {
					f.add(p.path, l.number, "there is no ./script/%s", match[1])
					continue
				}
				known, err := scriptFlags(root, match[1], string(text))
				if err != nil {
					return err
				}
				checkFlags(f, p.path, l.number, "./script/"+match[1], match[2], known)
			}
			for _, match := range programs.FindAllStringSubmatch(l.text, -1) {
				dir := filepath.Join(root, match[1], match[2])
				if match[1] == "" && match[2] == "." {
					dir = filepath.Join(root, filepath.Dir(p.path))
				}
				if sources, err := filepath.Glob(filepath.Join(dir, "*.go")); err != nil || len(sources) == 0 {
					f.add(p.path, l.number, "go run %s: there is no program", match[2])
					continue
				}
				known, err := goFlags(dir)
				if err != nil {
					return err
				}
				checkFlags(f, p.path, l.number, "go run "+match[2], match[3], known)
			}
		}
	}
	return nil
}

func checkFlags(f *findings, file string, line int, command, rest string, known []string) {
	for word := range strings.FieldsSeq(strings.NewReplacer("[", " ", "]", " ").Replace(rest)) {
		if match := flagWord.FindStringSubmatch(word); match != nil && match[1] != "h" && !slices.Contains(known, match[1]) {
			f.add(file, line, "%s has no flag -%s", command, match[1])
		}
	}
}

// scriptFlags are the flags that a script names, those of the program that it
// runs, and those of go test where it passes them on.
func scriptFlags(root, name, text string) (known []string, err error) {
	for _, match := range regexp.MustCompile(`\s-([a-z]\w*)`).FindAllStringSubmatch(text, -1) {
		known = append(known, match[1])
	}
	if strings.Contains(text, `go test "$@"`) {
		help, err := exec.Command("go", "help", "testflag").Output() //nolint:noctx // it prints a text
		if err != nil {
			return nil, err
		}
		for _, match := range testFlag.FindAllStringSubmatch(string(help), -1) {
			known = append(known, match[1])
		}
		known = append(known, "race")
	}
	for _, dir := range []string{name, "internal/e2e/" + name, "internal/" + name} {
		flags, err := goFlags(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		known = append(known, flags...)
	}
	return known, nil
}

// goFlags are the flags that the programs below dir declare with package flag:
// the names in calls such as flag.String("name", …) and set.IntVar(&n, "name", …).
func goFlags(dir string) (names []string, err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil //nolint:nilerr // where nothing is, no flag is
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if _, method := call.Fun.(*ast.SelectorExpr); !method || len(call.Args) < 3 {
				return true
			}
			for _, arg := range call.Args[:2] {
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if name, err := strconv.Unquote(lit.Value); err == nil {
						names = append(names, name)
						break
					}
				}
			}
			return true
		})
		return nil
	})
	return names, err
}
