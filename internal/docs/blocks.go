package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// block is one ```go block.
type block struct {
	page string
	line int // its first
	info string
	code string
}

func goBlocks(pages []page) (blocks []block) {
	for _, p := range pages {
		for _, l := range p.lines {
			if !l.code || l.info != "go" && !strings.HasPrefix(l.info, "go ") {
				continue
			}
			if l.first {
				blocks = append(blocks, block{page: p.path, line: l.number, info: l.info})
			}
			blocks[len(blocks)-1].code += l.text + "\n"
		}
	}
	return blocks
}

// checkBlocks makes a package of every block and has go vet compile them.
func checkBlocks(f *findings, root string, blocks []block) error {
	temp, err := os.MkdirTemp("", "docs")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	for i, b := range blocks {
		files, err := b.files(root)
		if err != nil {
			f.lines = append(f.lines, err.Error())
			continue
		}
		dir := filepath.Join(temp, fmt.Sprintf("block%d", i+1))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	return vet(f, root, temp)
}

// place is where a finding of go vet is; its column is not that of the page.
var place = regexp.MustCompile(`^(.+?)(:\d+):(?:\d+:)?( .*)$`)

// vet runs go vet on the blocks in a workspace with the modules they import.
func vet(f *findings, root, temp string) error {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	version := regexp.MustCompile(`(?m)^go .+$`).FindString(string(mod)) + "\n"
	var work strings.Builder
	work.WriteString(version + "use .\n")
	for _, module := range modules {
		fmt.Fprintf(&work, "use %q\n", filepath.Join(root, module))
	}
	for name, text := range map[string]string{"go.mod": "module blocks\n" + version, "go.work": work.String()} {
		if err := os.WriteFile(filepath.Join(temp, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "vet", "-unreachable=false", "./...") //nolint:noctx // ends with its caller's patience
	cmd.Dir = temp
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(temp, "go.work"), "GOFLAGS=", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	before := len(f.lines)
	for said := range strings.Lines(string(out)) {
		said = strings.TrimPrefix(strings.TrimRight(said, "\n"), "vet: ")
		if strings.HasPrefix(said, "#") { // the name of a package
			continue
		}
		if match := place.FindStringSubmatch(said); match != nil {
			path := match[1]
			if !filepath.IsAbs(path) { // go shortens what is near
				path = filepath.Join(temp, path)
			}
			if name, err := filepath.Rel(root, path); err == nil {
				said = filepath.ToSlash(name) + match[2] + ":" + match[3]
			}
		}
		f.lines = append(f.lines, said)
	}
	if len(f.lines) == before {
		return err
	}
	return nil
}

// files are the sources of the package that b becomes.
func (b block) files(root string) (map[string]string, error) {
	if b.info != "go" {
		return nil, fmt.Errorf("%s:%d: a block is marked %q; say go alone, and let it compile", b.page, b.line-1, b.info)
	}
	origin := fmt.Sprintf("//line %s/%s:%d\n", filepath.ToSlash(root), b.page, b.line)
	const clause = "package block\n"
	if _, err := parser.ParseFile(token.NewFileSet(), "", b.code, parser.PackageClauseOnly); err == nil {
		return map[string]string{"block.go": origin + b.code}, nil
	}
	file, wrong := parser.ParseFile(token.NewFileSet(), "", clause+b.code, 0)
	if wrong == nil {
		imports, variables := b.needs(file)
		if len(file.Imports) > 0 {
			imports = ""
		}
		return withPrelude(clause+imports+origin+b.code, variables), nil
	}
	const start, end = "func _() error {\n", "return nil\n}\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", clause+start+b.code+end, 0)
	if err != nil {
		// Whatever the block was meant to be: the parser that got farther says what is wrong.
		line, what := syntaxError(err, 3)
		if other, why := syntaxError(wrong, 2); other > line {
			line, what = other, why
		}
		return nil, fmt.Errorf("%s:%d: %s", b.page, b.line+line, what)
	}
	imports, variables := b.needs(file)
	return withPrelude(clause+imports+start+origin+b.code+uses(file)+end, variables), nil
}

// syntaxError is the first error of a parser, and how many lines behind the line
// numbered first it is.
func syntaxError(err error, first int) (line int, what string) {
	if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
		return max(list[0].Pos.Line-first, 0), list[0].Msg
	}
	return 0, err.Error()
}

// needs are the imports and the variables of the prelude that a block names.
func (b block) needs(file *ast.File) (imports string, variables []string) {
	var list strings.Builder
	seen := make(map[string]bool)
	for _, name := range file.Unresolved {
		seen[name.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if path, ok := packages[name]; ok {
			fmt.Fprintf(&list, "import %s %q\n", name, path)
		}
		if _, ok := prelude[name]; ok {
			variables = append(variables, name)
		}
	}
	return list.String(), variables
}

// withPrelude is a package of code and the variables that it uses.
func withPrelude(code string, variables []string) map[string]string {
	var declared strings.Builder
	imported := make(map[string]string)
	for _, name := range variables {
		declared.WriteString("var " + name + " " + prelude[name] + "\n")
		if pkg, _, ok := strings.Cut(strings.TrimLeft(prelude[name], "*[]"), "."); ok {
			imported[pkg] = fmt.Sprintf("import %s %q\n", pkg, packages[pkg])
		}
	}
	imports := strings.Join(slices.Sorted(maps.Values(imported)), "")
	return map[string]string{"block.go": code, "prelude.go": "package block\n" + imports + declared.String()}
}

// uses are statements that use every variable that a block of statements
// declares: a fragment may end before it does.
func uses(file *ast.File) string {
	var names []string
	body := file.Decls[0].(*ast.FuncDecl).Body //nolint:forcetypeassert // it was put there
	for _, statement := range body.List {
		switch s := statement.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, left := range s.Lhs {
					names = append(names, left.(*ast.Ident).Name) //nolint:forcetypeassert // := takes nothing else
				}
			}
		case *ast.DeclStmt:
			if d, ok := s.Decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names { //nolint:forcetypeassert // var has nothing else
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	var text strings.Builder
	for _, name := range names {
		if name != "_" {
			text.WriteString("_ = " + name + "\n")
		}
	}
	return text.String()
}
