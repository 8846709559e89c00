package gitlab_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// schemasVariable names the directory of GitLab's own JSON schemas in the
// environment.
const schemasVariable = "GITLAB_SCHEMAS"

// described is an answer that GitLab has a schema of, and the type that reads
// it here.
type described struct {
	file string // of the schema, below the directory
	as   reflect.Type
	get  func(context.Context, *gitlab.Client) (any, error)
}

func describes[T any](file string) described {
	return described{file, reflect.TypeFor[T](), func(ctx context.Context, c *gitlab.Client) (any, error) {
		return gitlab.Get[T](ctx, c, gitlab.PathTo("/answer"))
	}}
}

// deviation is a property of a schema that our type does not have, or has in
// another kind, and why that is right.
type deviation struct {
	file, property string // where the schema has it; what is below a list is named as if it were in its place
	sends          string // what GitLab sends in spite of its schema, in JSON; "": our type does not have the property
	why            string
}

var describedAnswers = []described{
	describes[gitlab.BasicEnvironment]("basic_environment.json"),
	describes[[]gitlab.FoundBlob]("blobs.json"),
	describes[gitlab.Branch]("branch.json"),
	describes[gitlab.Commit]("commit/basic.json"),
	describes[gitlab.Commit]("commit/detail.json"),
	describes[gitlab.CommitComment]("commit_note.json"),
	describes[gitlab.CommitStats]("commit_stats.json"),
	describes[gitlab.Deployment]("deployment.json"),
	describes[gitlab.Issue]("issue.json"),
	describes[gitlab.Job]("job.json"),
	describes[gitlab.Label]("label_basic.json"),
	describes[gitlab.Label]("labels/project_label_with_counts.json"),
	describes[[]gitlab.Member]("members.json"),
	describes[gitlab.MergeRequest]("merge_request.json"),
	describes[gitlab.MergeRequest]("merge_request_simple.json"),
	describes[gitlab.Metadata]("metadata.json"),
	describes[gitlab.Milestone]("milestone.json"),
	describes[gitlab.ReleaseMilestone]("milestone_with_stats.json"),
	describes[[]gitlab.Note]("notes.json"),
	describes[gitlab.BasicPipeline]("pipeline/basic.json"),
	describes[gitlab.Pipeline]("pipeline/detail.json"),
	describes[gitlab.Project]("project.json"),
	describes[gitlab.Hook]("project_hook.json"),
	describes[[]gitlab.Hook]("project_hooks.json"),
	describes[gitlab.Release]("release/release_for_guest.json"),
	describes[gitlab.Tag]("tag.json"),
	describes[gitlab.User]("user/admin.json"),
	describes[gitlab.BasicUser]("user/basic.json"),
}

// A property that no schema has any more, or that no longer deviates, fails the
// test.
var deviations = []deviation{
	{"../../release/link.json", "external", "", "deprecated: true of every link"},
	{"../../status/ci_detailed_status.json", "action", "", "of GitLab's own pages, absent from the API's documentation"},
	{"blobs.json", "filename", "", "deprecated: path says the same"},
	{"issue.json", "assignee", "", "deprecated: the first of assignees"},
	{"job.json", "artifacts_file", "", "artifacts has it, with its type"},
	{"label_basic.json", "remove_on_close", "", "in the schema for a while, in no documentation: GitLab is dropping the column"},
	{"members.json", "expires_at", `"2031-05-06"`, "a date: GitLab's column has no time"},
	{"merge_request.json", "allow_maintainer_to_push", "", "deprecated: allow_collaboration"},
	{"merge_request.json", "assignee", "", "deprecated: the first of assignees"},
	{"merge_request.json", "merge_status", "", "deprecated: detailed_merge_status"},
	{"merge_request.json", "merged_by", "", "deprecated: merge_user"},
	{"merge_request.json", "work_in_progress", "", "deprecated: draft"},
	{"milestone.json", "due_date", `"2031-05-07"`, "a date: GitLab's column has no time"},
	{"milestone.json", "start_date", `"2031-05-08"`, "a date: GitLab's column has no time"},
	{"milestone_with_stats.json", "due_date", `"2031-05-07"`, "a date: GitLab's column has no time"},
	{"milestone_with_stats.json", "start_date", `"2031-05-08"`, "a date: GitLab's column has no time"},
	{"notes.json", "confidential", "", "deprecated: internal"},
	{"notes.json", "resolved_by", `{"id":9,"username":"grace","name":"Grace Hopper"}`, "a user: the schema was written for null alone"},
	{"project.json", "tag_list", "", "deprecated: topics"},
	{"project_hook.json", "disabled_until", `"2031-05-09T10:11:12Z"`, "a time, which the schema gives no format"},
	{"release/release_for_guest.json", "_links.issues_url", "", "two links took its place: opened_issues_url, closed_issues_url"},
	{"release/release_for_guest.json", "_links.merge_requests_url", "", "three links took its place: opened_, merged_ and closed_merge_requests_url"},
	{"runner.json", "active", "", "deprecated: paused, its opposite"},
	{"runner.json", "ip_address", "", "deprecated: runners have managers, and each of those an address"},
	{"user/admin.json", "identities.extern_uid", `"123"`, "a string: the column is one"},
	{"user/admin.json", "skype", "", "a service that has ended"},
}

func TestAnswersFitGitLabsSchemas(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(schemasVariable)
	if dir == "" {
		t.Skip(schemasVariable + " is not set. GitLab's schemas are GitLab's and no part of this repository: they are in " +
			"https://gitlab.com/gitlab-org/gitlab, spec/fixtures/api/schemas/public_api/v4; set it to that directory, or to a copy")
	}
	source := &schemaSource{dir: dir}
	usedDeviations := make(map[deviation]bool)
	var table strings.Builder
	read := 0
	for _, answer := range describedAnswers {
		t.Run(answer.file, func(t *testing.T) {
			described, err := source.load(answer.file)
			if os.IsNotExist(err) {
				t.Skip("the directory has no such schema")
			}
			require.NoError(t, err)
			read++

			check := &schemaCheck{deviations: deviations, used: make(map[deviation]bool)}
			filled := check.fill(described, answer.as)
			assert.Empty(t, check.problems, "filled")
			assertDecodes(t, answer, filled)

			nulls := &schemaCheck{deviations: deviations, used: make(map[deviation]bool), nulls: true}
			sparse := nulls.fill(described, answer.as)
			assertDecodes(t, answer, sparse)

			maps.Copy(usedDeviations, check.used)
			fmt.Fprintf(&table, "%-40s %-25s %3d properties, %2d deviations, %2d nullable, %d below schemas that are not there\n",
				answer.file, answer.as, check.properties, len(check.used), nulls.nulled, check.unknown)
		})
	}
	t.Logf("%d of %d schemas are there\n%s", read, len(describedAnswers), table.String())
	require.NotZero(t, read, "%s has no schemas of GitLab's public API", dir)
	for _, d := range deviations {
		if !usedDeviations[d] && source.read[d.file] {
			t.Errorf("%s has no deviation at %s any more: take it out of the table", d.file, d.property)
		}
	}
	for file := range source.absent {
		t.Logf("%s is referred to, but not there", file)
	}
}

// assertDecodes asserts that document, as an answer, arrives whole in its type.
func assertDecodes(t *testing.T, answer described, document any) {
	t.Helper()
	body, err := json.Marshal(document)
	require.NoError(t, err)
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, string(body)))
	got, err := answer.get(t.Context(), w.signIn(t, 2*time.Hour))
	require.NoError(t, err, "%s", body)
	assert.Empty(t, compareDocument(document, reflect.ValueOf(got), answer.as.Name()), "%s", body)
}

// The check itself, on schemas as odd as some of GitLab's, so that it is known
// to find what it is there for.
func TestSchemaCheckFindsEveryKindOfMistake(t *testing.T) {
	t.Parallel()
	type person struct {
		ID int64 `json:"id"`
	}
	type embedded struct {
		Name string `json:"name"`
	}
	type answer struct {
		embedded

		ID         string            `json:"id"`
		Iid        int64             `json:"iid"`
		Count      int64             `json:"count"`
		Open       int64             `json:"open"`
		CreatedAt  string            `json:"created_at"`
		UpdatedAt  time.Time         `json:"updated_at"`
		DueDate    gitlab.Date       `json:"due_date"`
		StartDate  gitlab.Date       `json:"start_date"`
		Title      time.Time         `json:"title"`
		Labels     string            `json:"labels"`
		Topics     []int             `json:"topics"`
		Author     string            `json:"author"`
		Owner      *person           `json:"owner"`
		Stats      person            `json:"stats"`
		Attributes map[string]string `json:"attributes"`
		Resolver   person            `json:"resolver"`
		Gone       bool              `json:"gone"`
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"user.json": `{"type":["object","null"],"properties":{"id":{"type":"integer"},"login":{"type":"string"}}}`,
		"answer.json": `{"allOf":[{"$ref":"./base.json"},{"properties":{
			"id":{"type":"integer"},"iid":{"type":["integer","string"]},"count":{"type":"number"},"open":{"type":"boolean"},"secret":{"type":"string"},
			"created_at":{"type":"string"},"due_date":{"type":["string","null"],"anyOf":[{"format":"date-time"},{"format":"date"}]},
			"start_date":{"type":"string","format":"date-time"},"title":{"type":"string "},
			"labels":{"type":"array","items":{"type":"string"}},"topics":{"type":"array","items":{"type":"string"}},
			"author":{"$ref":"user.json"},"owner":{"oneOf":[{"type":"null"},{"$ref":"user.json"}]},
			"stats":{"id":{"type":"boolean"}},"attributes":{"type":"object","additionalProperties":true},
			"resolver":{"type":"string"},"gone":{"$ref":"nowhere.json"},"old":{"type":"string"}}}],
			"beside":{"type":"string"}}`,
		"base.json": `{"type":"object","properties":{"name":{"type":"string"},"updated_at":{"type":"date"}}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	source := &schemaSource{dir: dir}
	described, err := source.load("answer.json")
	require.NoError(t, err)
	resolver := deviation{"answer.json", "resolver", `{"id":3}`, "a user is sent"}
	old := deviation{"answer.json", "old", "", "it is old"}
	stale := deviation{"answer.json", "attributes", `{"a":"b"}`, "nothing is wrong with it"}
	check := &schemaCheck{deviations: []deviation{resolver, old, stale}, used: make(map[deviation]bool)}
	check.fill(described, reflect.TypeFor[answer]())

	assert.ElementsMatch(t, []string{
		"answer.json: author is string, the schema says object",
		"answer.json: beside is missing",
		"answer.json: count is int64, the schema says number",
		"answer.json: created_at is string, but looks like a time",
		"answer.json: id is string, the schema says integer",
		"answer.json: iid is int64, the schema says string",
		"answer.json: labels is string, the schema says array",
		"answer.json: open is int64, the schema says boolean",
		"answer.json: secret is missing",
		"answer.json: start_date is gitlab.Date, the schema says string (date-time)",
		"answer.json: stats.id is int64, the schema says boolean",
		"answer.json: title is time.Time, the schema says string",
		"answer.json: topics is int, the schema says string",
		"user.json: login is missing",
	}, check.problems)
	assert.Equal(t, map[deviation]bool{resolver: true, old: true}, check.used)
	assert.Equal(t, map[string]bool{"nowhere.json": true}, source.absent)
	assert.Equal(t, 1, check.unknown)

	at := time.Date(2018, time.September, 13, 0, 35, 7, 0, time.UTC)
	assert.Empty(t, compareDocument(map[string]any{"updated_at": "2018-09-13T02:35:07+02:00", "owner": nil, "labels": "a", "due_date": "2018-09-13T00:00:00Z"},
		reflect.ValueOf(answer{UpdatedAt: at, Labels: "a", DueDate: gitlab.DateOf(at)}), "answer"))
	assert.Equal(t, []string{"answer.labels", "answer.owner", "answer.owner.id", "answer.updated_at"},
		slices.Sorted(slices.Values(append(
			compareDocument(map[string]any{"updated_at": "2018-09-13T00:35:07Z", "owner": nil, "labels": "a"}, reflect.ValueOf(answer{Owner: new(person)}), "answer"),
			compareDocument(map[string]any{"owner": map[string]any{"id": 1}}, reflect.ValueOf(answer{Owner: new(person{ID: 2})}), "answer")...,
		))))
}

// schema is what a JSON schema says of one value. It unites what references and
// combinations of schemas say: where one of several holds, an answer may have
// the properties of each.
type schema struct {
	file, name string
	kinds      map[string]bool // as JSON schemas name them; "null" too
	formats    map[string]bool
	example    any // of an enumeration
	properties map[string]*schema
	items      *schema
	absent     bool // in a file that is not there
}

// schemaSource reads schemas of a directory, and those elsewhere that they
// refer to.
type schemaSource struct {
	dir    string
	read   map[string]bool
	absent map[string]bool // referred to, but not there
}

func (src *schemaSource) load(file string) (*schema, error) {
	s := &schema{file: file, kinds: make(map[string]bool), formats: make(map[string]bool), properties: make(map[string]*schema)}
	return s, src.addFile(s, file, nil)
}

// addFile adds what a file says to s; under are the files that refer to it.
func (src *schemaSource) addFile(s *schema, file string, under []string) error {
	if slices.Contains(under, file) {
		return fmt.Errorf("%s refers to itself", file)
	}
	text, err := os.ReadFile(filepath.Join(src.dir, filepath.FromSlash(file)))
	if err != nil {
		return err
	}
	var source map[string]any
	if err := json.Unmarshal(text, &source); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if src.read == nil {
		src.read, src.absent = make(map[string]bool), make(map[string]bool)
	}
	src.read[file] = true
	return src.add(s, source, file, "", append(slices.Clip(under), file))
}

// add adds what one schema in a file says to s.
func (src *schemaSource) add(s *schema, source map[string]any, file, name string, under []string) error {
	part := func(property string, source any) error {
		object, ok := source.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: %s is no schema", file, property)
		}
		if name != "" {
			property = name + "." + property
		}
		short := property[strings.LastIndexByte(property, '.')+1:]
		if s.properties[short] == nil {
			s.properties[short] = &schema{file: file, name: property, kinds: make(map[string]bool), formats: make(map[string]bool), properties: make(map[string]*schema)}
		}
		return src.add(s.properties[short], object, file, property, under)
	}
	for _, keyword := range slices.Sorted(maps.Keys(source)) {
		value := source[keyword]
		object, isObject := value.(map[string]any)
		var err error
		switch {
		case keyword == "type":
			s.addKinds(value)
		case keyword == "format":
			s.formats[fmt.Sprint(value)] = true
		case keyword == "enum":
			for _, one := range slices.Backward(value.([]any)) {
				s.example = cmp.Or(one, s.example)
			}
		case keyword == "$ref":
			file := path.Join(path.Dir(file), fmt.Sprint(value))
			err = src.addFile(s, file, under)
			if os.IsNotExist(err) {
				s.absent, src.absent[file], err = true, true, nil
			}
		case keyword == "items":
			s.items = &schema{file: file, name: name, kinds: make(map[string]bool), formats: make(map[string]bool), properties: make(map[string]*schema)}
			err = src.add(s.items, object, file, name, under)
		case keyword == "allOf", keyword == "anyOf", keyword == "oneOf":
			for _, one := range value.([]any) {
				if err = src.add(s, one.(map[string]any), file, name, under); err != nil {
					break
				}
			}
		case keyword == "properties":
			for _, property := range slices.Sorted(maps.Keys(object)) {
				if err = part(property, object[property]); err != nil {
					break
				}
			}
		case keyword == "additionalProperties", keyword == "definitions":
		case isObject:
			// Some of GitLab's schemas have properties in the place of keywords, where no validator looks at them.
			err = part(keyword, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addKinds adds what "type" says; some of GitLab's schemas have types there
// that JSON has not.
func (s *schema) addKinds(value any) {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			s.addKinds(one)
		}
	case string:
		switch kind := strings.TrimSpace(value); kind {
		case "date":
			s.kinds["string"], s.formats["date"], s.formats["date-time"] = true, true, true
		case "uri":
			s.kinds["string"] = true
		default:
			s.kinds[kind] = true
		}
	}
}

// says are the kinds of values that there can be, but for null.
func (s *schema) says() (kinds []string) {
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		if kind != "null" {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case len(kinds) != 0:
		return kinds
	case len(s.properties) != 0:
		return []string{"object"}
	case s.items != nil:
		return []string{"array"}
	}
	return nil
}

// schemaCheck compares types with schemas, and makes documents by schemas.
type schemaCheck struct {
	deviations []deviation
	nulls      bool // what can be null is

	problems   []string
	used       map[deviation]bool
	properties int // compared
	nulled     int
	unknown    int // not compared, since their schema is not there
	serial     int
}

// fill is a document by a schema, with all properties, each of another value
// and none zero. On the way it compares the schema with the type that is to
// hold it.
func (c *schemaCheck) fill(s *schema, t reflect.Type) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface || t == reflect.TypeFor[json.RawMessage]() {
		return c.text()
	}
	if s.absent {
		c.unknown++
		return nil
	}
	var value any
	for _, kind := range slices.Backward(s.says()) {
		switch {
		case kind == "object" && t.Kind() == reflect.Struct && !isMoment(t):
			value = c.fillStruct(s, t)
		case kind == "object" && t.Kind() == reflect.Map:
			value = map[string]any{"key": c.filler(t.Elem())}
		case kind == "array" && t.Kind() == reflect.Slice && s.items != nil:
			value = []any{c.fill(s.items, t.Elem())}
		case kind == "array" && t.Kind() == reflect.Slice:
			value = []any{c.filler(t.Elem())}
		case kind == "string" && isMoment(t):
			value = c.fillMoment(s, t)
		case kind == "string" && t.Kind() == reflect.String:
			value = cmp.Or[any](s.example, c.text())
			if s.formats["date-time"] || s.formats["date"] {
				c.problem(s, t, "string (date-time)")
			} else if strings.HasSuffix(s.name, "_at") {
				c.problems = append(c.problems, s.String()+" is string, but looks like a time")
			}
		case kind == "integer" && (t.Kind() == reflect.Int64 || t.Kind() == reflect.Int || t.Kind() == reflect.Float64):
			value = c.number()
		case kind == "number" && t.Kind() == reflect.Float64:
			value = float64(c.number()) + 0.5
		case kind == "boolean" && t.Kind() == reflect.Bool:
			value = true
		default:
			c.problem(s, t, kind)
		}
	}
	return value
}

func (c *schemaCheck) fillStruct(s *schema, t reflect.Type) any {
	document := make(map[string]any)
	members := membersOf(t)
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		property := s.properties[name]
		c.properties++
		d := c.deviation(property)
		member, ok := members[name]
		switch {
		case !ok && d.why != "" && d.sends == "":
			c.used[d] = true
			document[name] = "of no interest"
		case !ok:
			c.problems = append(c.problems, property.String()+" is missing")
		case c.nulls && property.kinds["null"]:
			c.nulled++
			document[name] = nil
		case d.sends != "":
			probe := &schemaCheck{used: make(map[deviation]bool)}
			probe.fill(property, member.Type)
			if len(probe.problems) != 0 {
				c.used[d] = true
			}
			var sent any
			if err := json.Unmarshal([]byte(d.sends), &sent); err != nil {
				c.problems = append(c.problems, fmt.Sprintf("%s: what is sent: %v", property, err))
			}
			document[name] = sent
		default:
			document[name] = c.fill(property, member.Type)
		}
	}
	return document
}

// fillMoment is a time or date. Where a schema has no format its property must
// be called like one.
func (c *schemaCheck) fillMoment(s *schema, t reflect.Type) any {
	fits := s.formats["date"]
	if t == reflect.TypeFor[time.Time]() {
		fits = s.formats["date-time"]
	}
	if len(s.formats) == 0 {
		fits = strings.HasSuffix(s.name, "_at") && t == reflect.TypeFor[time.Time]() || strings.HasSuffix(s.name, "_date")
	}
	if !fits {
		kind := "string"
		if len(s.formats) != 0 {
			kind += " (" + strings.Join(slices.Sorted(maps.Keys(s.formats)), " or ") + ")"
		}
		c.problem(s, t, kind)
	}
	return at.Add(time.Duration(c.number()) * time.Hour).Format(time.RFC3339)
}

// filler is a value of which a schema says nothing.
func (c *schemaCheck) filler(t reflect.Type) any {
	if t.Kind() == reflect.Int64 || t.Kind() == reflect.Int {
		return c.number()
	}
	return c.text()
}

func (c *schemaCheck) number() int64 {
	c.serial++
	return int64(c.serial)
}

func (c *schemaCheck) text() string { return fmt.Sprintf("text %d", c.number()) }

func (c *schemaCheck) problem(s *schema, t reflect.Type, kind string) {
	c.problems = append(c.problems, fmt.Sprintf("%s is %s, the schema says %s", s, t, kind))
}

func (c *schemaCheck) deviation(s *schema) deviation {
	for _, d := range c.deviations {
		if d.file == s.file && d.property == s.name {
			return d
		}
	}
	return deviation{}
}

func (s *schema) String() string { return s.file + ": " + s.name }

func isMoment(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[gitlab.Date]()
}

// membersOf are the fields of a struct by their names in JSON, those of embedded
// structs included.
func membersOf(t reflect.Type) map[string]reflect.StructField {
	members := make(map[string]reflect.StructField)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		if other, ok := members[name]; !ok || len(field.Index) < len(other.Index) {
			members[name] = field
		}
	}
	return members
}

// compareDocument names what a value lacks of the document that it was read
// from, or has otherwise.
func compareDocument(document any, v reflect.Value, name string) (differences []string) {
	for v.Kind() == reflect.Pointer && !v.IsNil() && document != nil {
		v = v.Elem()
	}
	same := false
	switch document := document.(type) {
	case nil:
		same = v.IsZero()
	case map[string]any:
		if v.Kind() == reflect.Map {
			same = v.Len() == len(document)
			break
		}
		same = true
		for member, field := range membersOf(v.Type()) {
			if value, ok := document[member]; ok {
				differences = append(differences, compareDocument(value, v.FieldByIndex(field.Index), name+"."+member)...)
			}
		}
	case []any:
		same = v.Len() == len(document)
		for i := range min(v.Len(), len(document)) {
			differences = append(differences, compareDocument(document[i], v.Index(i), name)...)
		}
	case string:
		switch value := v.Interface().(type) {
		case time.Time:
			same = value.Format(time.RFC3339) == document || value.UTC().Equal(parsed(document))
		case gitlab.Date:
			same = value.String() == document[:len(time.DateOnly)]
		case json.RawMessage:
			same = string(value) != ""
		default:
			same = v.Kind() == reflect.String && v.String() == document
		}
	default:
		same = fmt.Sprint(v.Interface()) == fmt.Sprint(document)
	}
	if !same {
		differences = append(differences, name)
	}
	return differences
}

func parsed(moment string) time.Time {
	t, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		return time.Time{}
	}
	return t
}
