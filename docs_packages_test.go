package gitlab_test

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// publicPackages are the directories of what a program may import.
func publicPackages() []string {
	dirs := []string{
		".", "gitlabtest", "signin", "webhook",
		"store/filestore", "store/sealed", "store/sqlstore", "store/storetest",
	}
	// Another module: it is in a checkout, and not where Go keeps this one for its users.
	if _, err := os.Stat("store/redisstore"); err == nil {
		dirs = append(dirs, "store/redisstore")
	}
	return dirs
}

func TestEveryFeatureHasAnExample(t *testing.T) {
	t.Parallel()
	p, _ := documentation(t, ".")
	funcs := p.Funcs
	types := make(map[string]*doc.Type)
	for _, typ := range p.Types {
		types[typ.Name] = typ
		funcs = append(funcs, typ.Funcs...)
	}
	require.NotEmpty(t, funcs)
	for _, f := range funcs {
		switch f.Name {
		case "InProject", "OnIssue", "OnMergeRequest": // half of the examples use them
		default:
			assert.NotEmpty(t, f.Examples, "func %s has no example", f.Name)
		}
	}
	for _, method := range types["Client"].Methods {
		switch method.Name {
		case "Format", "LogValue", "String":
		default:
			assert.NotEmpty(t, method.Examples, "Client.%s has no example", method.Name)
		}
	}
	services := 0
	for field := range reflect.TypeFor[gitlab.Client]().Fields() {
		if !field.IsExported() {
			continue
		}
		services++
		examples := 0
		for _, method := range types[field.Type.Elem().Name()].Methods {
			examples += len(method.Examples)
		}
		assert.Positive(t, examples, "no method of Client.%s has an example", field.Name)
	}
	assert.Greater(t, services, 20)
}

// An example whose name fits nothing compiles and runs, but no page shows it.
func TestEveryExampleIsShown(t *testing.T) {
	t.Parallel()
	for _, dir := range publicPackages() {
		p, tests := documentation(t, dir)
		shown := make(map[string]bool)
		show := func(prefix string, examples []*doc.Example) {
			for _, example := range examples {
				shown[strings.Trim(prefix+"_"+example.Suffix, "_")] = true
			}
		}
		show("", p.Examples)
		for _, f := range p.Funcs {
			show(f.Name, f.Examples)
		}
		for _, typ := range p.Types {
			show(typ.Name, typ.Examples)
			for _, f := range typ.Funcs {
				show(f.Name, f.Examples)
			}
			for _, method := range typ.Methods {
				show(typ.Name+"_"+method.Name, method.Examples)
			}
		}
		assert.NotEmpty(t, shown, "package %s has no example", dir)
		for _, example := range doc.Examples(tests...) {
			assert.True(t, shown[strings.Trim(example.Name, "_")], "%s: Example%s stands for nothing that is exported", dir, example.Name)
		}
	}
}

func TestErrorPageNamesEveryError(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/errors.md")
	require.NoError(t, err)
	words := make(map[string]bool)
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(string(page), -1) {
		words[word] = true
	}
	for _, dir := range publicPackages() {
		p, _ := documentation(t, dir)
		var names []string
		for _, v := range p.Vars {
			names = append(names, v.Names...)
		}
		for _, typ := range p.Types {
			names = append(names, typ.Name)
		}
		for _, name := range names {
			if strings.HasPrefix(name, "Err") || strings.HasSuffix(name, "Error") {
				assert.True(t, words[name], "docs/errors.md does not tell of %s.%s", dir, name)
			}
		}
	}
}

func TestLinksOfDocumentationLeadSomewhere(t *testing.T) {
	t.Parallel()
	unresolved := regexp.MustCompile(`\[\*?(\w+\.)?[A-Z]\w*(\.\w+)?\]`)
	for _, dir := range publicPackages() {
		p, _ := documentation(t, dir)
		links := 0
		for name, text := range docComments(p) {
			eachText(p.Parser().Parse(text).Content, func(piece comment.Text) {
				switch piece := piece.(type) {
				case *comment.DocLink:
					links++
				case comment.Plain:
					assert.Empty(t, unresolved.FindString(string(piece)), "%s: the comment of %s", dir, name)
				}
			})
		}
		assert.Positive(t, links, dir)
	}
}

// documentation is what a package's page is made of, and its tests.
func documentation(t *testing.T, dir string) (p *doc.Package, tests []*ast.File) {
	t.Helper()
	found, err := build.ImportDir(dir, 0)
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	read := func(names []string, into *[]*ast.File) {
		for _, name := range names {
			file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
			require.NoError(t, err)
			*into = append(*into, file)
		}
	}
	read(found.GoFiles, &files)
	read(found.TestGoFiles, &tests)
	read(found.XTestGoFiles, &tests)
	p, err = doc.NewFromFiles(fset, append(files, tests...), path.Join("github.com/freshgrant/gitlab", dir))
	require.NoError(t, err)
	return p, tests
}

// docComments are the doc comments of a package's page by what they are of.
func docComments(p *doc.Package) map[string]string {
	texts := map[string]string{"the package": p.Doc}
	funcs, values := p.Funcs, append(p.Consts, p.Vars...)
	for _, typ := range p.Types {
		texts[typ.Name] = typ.Doc
		funcs = append(append(funcs, typ.Funcs...), typ.Methods...)
		values = append(append(values, typ.Consts...), typ.Vars...)
	}
	for _, f := range funcs {
		texts[strings.Trim(f.Recv+"."+f.Name, "*.")] = f.Doc
	}
	for _, v := range values {
		texts[strings.Join(v.Names, ", ")] = v.Doc
	}
	return texts
}

// eachText calls see for every piece of text that is not code.
func eachText(blocks []comment.Block, see func(comment.Text)) {
	for _, block := range blocks {
		var pieces []comment.Text
		switch block := block.(type) {
		case *comment.Paragraph:
			pieces = block.Text
		case *comment.Heading:
			pieces = block.Text
		case *comment.List:
			for _, item := range block.Items {
				eachText(item.Content, see)
			}
		}
		for _, piece := range pieces {
			see(piece)
		}
	}
}
