package gitlabtest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A param is what a route says of one of its parameters. In a route's list,
// which is separated by spaces, it is a name and then
//
//	!           it must be there; !! and not blank
//	:int        a number; also :positive, :number, :bool, :time, :date, :ints
//	=a|b        one of these, and so each value of a list
//
// in that order. What is not listed is not looked at, as on GitLab.
type param struct {
	name     string
	required bool
	filled   bool
	kind     string
	values   []string
}

func parseParamList(list string) []param {
	var specs []param
	for word := range strings.FieldsSeq(list) {
		var p param
		word, values, limited := strings.Cut(word, "=")
		if limited {
			p.values = strings.Split(values, "|")
		}
		word, p.kind, _ = strings.Cut(word, ":")
		p.name = strings.TrimRight(word, "!")
		p.required, p.filled = word != p.name, strings.HasSuffix(word, "!!")
		specs = append(specs, p)
	}
	return specs
}

// wrong says what is wrong with a parameter, in the words of Grape's
// validation; "" if nothing is.
func (p param) wrong(given []string) string {
	if len(given) == 0 {
		if p.required {
			return p.name + " is missing"
		}
		return ""
	}
	if p.filled && blank(given[len(given)-1]) {
		return p.name + " is empty"
	}
	for _, v := range given {
		switch {
		case v == "" && !p.required:
		case !p.ofKind(v):
			return p.name + " is invalid"
		case p.kind == "positive" && !positive(v), p.values != nil && !slices.Contains(p.values, v):
			return p.name + " does not have a valid value"
		}
	}
	return ""
}

func (p param) ofKind(v string) bool {
	var err error
	switch p.kind {
	case "int", "positive":
		_, err = strconv.ParseInt(v, 10, 64)
	case "number":
		_, err = strconv.ParseFloat(v, 64)
	case "ints":
		for n := range strings.SplitSeq(v, ",") {
			if _, bad := strconv.ParseInt(strings.TrimSpace(n), 10, 64); bad != nil {
				return false
			}
		}
	case "bool":
		_, ok := truth(v)
		return ok
	case "time":
		_, ok := parseMoment(v)
		return ok
	case "date":
		_, err = time.Parse(time.DateOnly, v)
	}
	return err == nil
}

func positive(v string) bool {
	n, _ := strconv.ParseInt(v, 10, 64)
	return n > 0
}

func truth(v string) (yes, ok bool) {
	switch strings.ToLower(v) {
	case "true", "t", "1", "yes", "y", "on":
		return true, true
	case "false", "f", "0", "no", "n", "off":
		return false, true
	}
	return false, false
}

func parseMoment(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// refused returns the 400 for what is wrong with a request's parameters, if
// anything is. The numbers in a path are parameters too.
func (r *route) refused(q *request) (answer, bool) {
	var wrong []string
	for _, element := range r.elements {
		name, isArg := strings.CutPrefix(element, ":")
		if isArg && strings.HasSuffix(name, "id") && name != "id" && name != "discussion_id" {
			if what := (param{name: name, kind: "int"}).wrong([]string{q.args[name]}); what != "" {
				wrong = append(wrong, what)
			}
		}
	}
	for _, p := range r.specs {
		given := q.params[p.name]
		if arg, ok := q.args[p.name]; ok {
			given = []string{arg}
		}
		if what := p.wrong(given); what != "" {
			wrong = append(wrong, what)
		}
	}
	if len(wrong) == 0 {
		return answer{}, false
	}
	return apiError(400, strings.Join(wrong, ", ")), true
}

// The accessors of a request's parameters, which its route has checked.

func (q *request) text(name string) string { return q.params.get(name) }

// has reports whether a parameter was sent, be it empty.
func (q *request) has(name string) bool {
	_, nested := q.object[name]
	return nested || q.params.has(name)
}

func (q *request) flag(name string) bool {
	yes, _ := truth(q.text(name))
	return yes
}

func (q *request) flagOr(name string, fallback bool) bool {
	if q.text(name) == "" {
		return fallback
	}
	return q.flag(name)
}

func (q *request) number(name string) int64 {
	n, _ := strconv.ParseInt(q.text(name), 10, 64)
	return n
}

func (q *request) moment(name string) time.Time {
	t, _ := parseMoment(q.text(name))
	return t
}

// words are a list, in several values or in one with commas.
func (q *request) words(name string) []string {
	out := []string{}
	for _, value := range q.params[name] {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
	}
	return out
}

func (q *request) numbers(name string) []int64 {
	var out []int64
	for _, word := range q.words(name) {
		n, _ := strconv.ParseInt(word, 10, 64)
		out = append(out, n)
	}
	return out
}

// arg is a number in the path.
func (q *request) arg(name string) int64 {
	n, _ := strconv.ParseInt(q.args[name], 10, 64)
	return n
}

// during reports whether t is in the time that the parameters name_after and
// name_before ask for.
func (q *request) during(name string, t time.Time) bool {
	after, before := q.moment(name+"_after"), q.moment(name+"_before")
	return (after.IsZero() || !t.Before(after)) && (before.IsZero() || !t.After(before))
}

// setText stores a parameter that was sent.
func (q *request) setText(name string, into *string) {
	if q.has(name) {
		*into = q.text(name)
	}
}

// setOptional stores a parameter that was sent; an empty one is nil.
func (q *request) setOptional(name string, into **string) {
	if !q.has(name) {
		return
	}
	*into = optional(q.text(name))
}

func (q *request) setFlag(name string, into *bool) {
	if q.text(name) != "" {
		*into = q.flag(name)
	}
}

// optional is v, or nil for "".
func optional(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}
