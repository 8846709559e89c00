package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var (
	constantCell = regexp.MustCompile("^`([a-z]\\w+)`$")
	valueCell    = regexp.MustCompile(`^([\d ]+?) ?(ms|s|min|h|KiB|MiB|)$`)
	units        = map[string]int64{
		"": 1, "ms": int64(time.Millisecond), "s": int64(time.Second), "min": int64(time.Minute), "h": int64(time.Hour),
		"KiB": 1 << 10, "MiB": 1 << 20,
	}
)

// checkConstants compares the rows of tables that have a constant's name in one
// cell and a value in another one with the library.
func checkConstants(f *findings, root string, pages []page) error {
	constants, err := readConstants(root)
	if err != nil {
		return err
	}
	for _, p := range pages {
		for _, l := range p.lines {
			if l.code || !strings.HasPrefix(l.text, "|") {
				continue
			}
			name, value := "", int64(-1)
			for cell := range strings.SplitSeq(l.text, "|") {
				cell = strings.TrimSpace(cell)
				if match := constantCell.FindStringSubmatch(cell); match != nil {
					name = match[1]
				} else if match := valueCell.FindStringSubmatch(cell); match != nil {
					digits := constant.MakeFromLiteral(strings.ReplaceAll(match[1], " ", ""), token.INT, 0)
					if n, ok := constant.Int64Val(digits); ok {
						value = n * units[match[2]]
					}
				}
			}
			if name == "" || value < 0 {
				continue
			}
			if real, ok := constants[name]; !ok {
				f.add(p.path, l.number, "the library has no constant %s", name)
			} else if real != value {
				f.add(p.path, l.number, "the value of %s is another one", name)
			}
		}
	}
	return nil
}

// readConstants reads the numbers and durations among the root package's
// constants.
func readConstants(root string) (map[string]int64, error) {
	constants := make(map[string]int64)
	sources, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec) //nolint:forcetypeassert // const has nothing else
				if len(value.Names) != 1 || len(value.Values) != 1 {
					continue
				}
				if n, ok := constant.Int64Val(evaluate(value.Values[0])); ok {
					constants[value.Names[0].Name] = n
				}
			}
		}
	}
	return constants, nil
}

// evaluate knows products and shifts of numbers and of package time's units.
func evaluate(e ast.Expr) constant.Value {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.INT {
			return constant.MakeFromLiteral(e.Value, e.Kind, 0)
		}
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "Millisecond":
			return constant.MakeInt64(int64(time.Millisecond))
		case "Second":
			return constant.MakeInt64(int64(time.Second))
		case "Minute":
			return constant.MakeInt64(int64(time.Minute))
		case "Hour":
			return constant.MakeInt64(int64(time.Hour))
		}
	case *ast.BinaryExpr:
		x, y := evaluate(e.X), evaluate(e.Y)
		switch bits, ok := constant.Uint64Val(y); {
		case x.Kind() != constant.Int || y.Kind() != constant.Int:
		case e.Op == token.MUL:
			return constant.BinaryOp(x, e.Op, y)
		case e.Op == token.SHL && ok && bits < 63:
			return constant.Shift(x, e.Op, uint(bits))
		}
	}
	return constant.MakeUnknown()
}
