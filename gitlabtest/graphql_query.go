package gitlabtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A graphQLDocument is the operations of a query. Arguments, variables,
// directives and fragments are not understood here, and refused in the test
// server's own name.
type graphQLDocument []graphQLOperation

type graphQLOperation struct {
	kind   string // query, mutation or subscription
	name   string // "": it has none
	fields []*graphQLField
}

type graphQLField struct {
	key    string // the alias, or the name
	name   string
	at     graphQLLocation
	fields []*graphQLField
}

// title is the operation's in the paths of errors.
func (o graphQLOperation) title() string { return strings.TrimSpace(o.kind + " " + o.name) }

// typeName is that of the object that the operation's fields belong to.
func (o graphQLOperation) typeName() string { return strings.ToUpper(o.kind[:1]) + o.kind[1:] }

// operation chooses one by its name; "" is the only one.
func (d graphQLDocument) operation(name string) (graphQLOperation, *graphQLError) {
	if name == "" && len(d) == 1 {
		return d[0], nil
	}
	if name == "" {
		return graphQLOperation{}, &graphQLError{Message: "An operation name is required"}
	}
	i := slices.IndexFunc(d, func(o graphQLOperation) bool { return o.name == name })
	if i < 0 {
		return graphQLOperation{}, &graphQLError{Message: fmt.Sprintf("No operation named %q", name)}
	}
	return d[i], nil
}

// parseGraphQL reads a document.
func parseGraphQL(query string) (d graphQLDocument, problem *graphQLError) {
	p := &graphQLParser{tokens: graphQLTokens(query)}
	if len(p.tokens) == 1 {
		return nil, &graphQLError{Message: "Unexpected end of document"}
	}
	for p.now().text != "" && p.problem == nil {
		d = append(d, p.operation())
	}
	return d, p.problem
}

type graphQLToken struct {
	text string // "": the end
	at   graphQLLocation
}

func isGraphQLName(text string) bool {
	return text != "" && (text[0] == '_' || 'a' <= text[0]|0x20 && text[0]|0x20 <= 'z')
}

// graphQLTokens cuts a document into names and single characters; the end comes
// last.
func graphQLTokens(query string) (tokens []graphQLToken) {
	at := graphQLLocation{1, 1}
	for query != "" {
		n := 1
		switch c := query[0]; {
		case c == '#':
			n = max(strings.IndexByte(query+"\n", '\n'), 1)
			n = min(n, len(query))
		case isGraphQLName(query[:1]):
			rest := strings.TrimLeft(query, "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
			n = len(query) - len(rest)
			tokens = append(tokens, graphQLToken{query[:n], at})
		case c == '\n':
			at.Line, at.Column = at.Line+1, 0
		case !strings.ContainsRune(" \t\r,", rune(c)):
			tokens = append(tokens, graphQLToken{query[:1], at})
		}
		query, at.Column = query[n:], at.Column+n
	}
	return append(tokens, graphQLToken{at: at})
}

type graphQLParser struct {
	tokens  []graphQLToken // never empty: the end stays
	problem *graphQLError  // the first
}

func (p *graphQLParser) now() graphQLToken { return p.tokens[0] }

func (p *graphQLParser) next() graphQLToken {
	token := p.now()
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return token
}

// fail takes down the first problem, and goes to the end.
func (p *graphQLParser) fail(message string) {
	if p.problem == nil {
		at := p.now().at
		p.problem = &graphQLError{Message: fmt.Sprintf("%s at [%d, %d]", message, at.Line, at.Column), Locations: []graphQLLocation{at}}
	}
	p.tokens = p.tokens[len(p.tokens)-1:]
}

func (p *graphQLParser) expected(what string) {
	switch text := p.now().text; text {
	case "(", "@", "$", ".":
		p.fail("gitlabtest: arguments, variables, directives and fragments are not known here: " + text)
	default:
		p.fail(fmt.Sprintf("Expected %s, actual: %s", what, cmp.Or(text, "(none)")))
	}
}

func (p *graphQLParser) name() string {
	if !isGraphQLName(p.now().text) {
		p.expected("NAME")
		return ""
	}
	return p.next().text
}

func (p *graphQLParser) operation() graphQLOperation {
	o := graphQLOperation{kind: "query"}
	switch text := p.now().text; text {
	case "query", "mutation", "subscription":
		o.kind = p.next().text
		if isGraphQLName(p.now().text) {
			o.name = p.name()
		}
	case "fragment":
		p.fail("gitlabtest: arguments, variables, directives and fragments are not known here: " + text)
	}
	o.fields = p.selections()
	return o
}

// selections reads what stands in braces. Fields with one key are one field.
func (p *graphQLParser) selections() (fields []*graphQLField) {
	if p.now().text != "{" {
		p.expected("LCURLY")
		return nil
	}
	p.next()
	for {
		f := &graphQLField{at: p.now().at}
		f.key = p.name()
		f.name = f.key
		if p.now().text == ":" {
			p.next()
			f.name = p.name()
		}
		if p.now().text == "{" {
			f.fields = p.selections()
		}
		if i := slices.IndexFunc(fields, func(other *graphQLField) bool { return other.key == f.key }); i >= 0 {
			fields[i].fields = append(fields[i].fields, f.fields...)
		} else {
			fields = append(fields, f)
		}
		switch text := p.now().text; {
		case p.problem != nil:
			return fields
		case text == "}":
			p.next()
			return fields
		case !isGraphQLName(text):
			p.expected("RCURLY")
			return fields
		}
	}
}
