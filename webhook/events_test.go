package webhook_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

// kinds are how the files in testdata are sent and read.
var kinds = map[string]struct {
	event webhook.EventName
	parse func(webhook.Delivery) (any, error)
}{
	"push":               {"Push Hook", parse[webhook.PushEvent]},
	"tag_push":           {"Tag Push Hook", parse[webhook.TagPushEvent]},
	"issue":              {"Confidential Issue Hook", parse[webhook.IssueEvent]},
	"merge_request":      {"Merge Request Hook", parse[webhook.MergeRequestEvent]},
	"note_commit":        {"Note Hook", parse[webhook.NoteEvent]},
	"note_merge_request": {"Note Hook", parse[webhook.NoteEvent]},
	"note_issue":         {"Confidential Note Hook", parse[webhook.NoteEvent]},
	"note_snippet":       {"Note Hook", parse[webhook.NoteEvent]},
	"pipeline":           {"Pipeline Hook", parse[webhook.PipelineEvent]},
	"job":                {"Job Hook", parse[webhook.JobEvent]},
	"deployment":         {"Deployment Hook", parse[webhook.DeploymentEvent]},
	"release":            {"Release Hook", parse[webhook.ReleaseEvent]},
	"member":             {"Member Hook", parse[webhook.MemberEvent]},
}

func parse[E any](d webhook.Delivery) (any, error) {
	e, err := webhook.Parse[E](d)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// payload is a file in testdata.
func payload(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return body
}

// withoutDelivery takes the delivery out of an event.
func withoutDelivery(e any) any {
	reflect.ValueOf(e).Elem().FieldByName("Delivery").SetZero()
	return e
}

func TestEventsAreReadWhole(t *testing.T) {
	t.Parallel()
	require.Len(t, expected, len(kinds))
	for name, kind := range kinds {
		d := webhook.Delivery{Event: kind.event, Body: payload(t, name), Tenant: "acme"}
		got, err := kind.parse(d)
		require.NoError(t, err, name)
		assert.Equal(t, d, reflect.ValueOf(got).Elem().FieldByName("Delivery").Interface(), name)
		assert.Equal(t, expected[name], withoutDelivery(got), name)
	}
}

// What is asserted above asserts every field: each has a value in some event.
func TestEveryFieldIsAsserted(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			look(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[webhook.Time]() || v.Type() == reflect.TypeFor[webhook.Delivery]() {
				return
			}
			for field, value := range v.Fields() {
				name := v.Type().Name() + "." + field.Name
				seen[name] = seen[name] || !value.IsZero() || field.Name == "Delivery"
				look(value)
			}
		default:
		}
	}
	for _, e := range expected {
		look(reflect.ValueOf(e))
	}
	require.Greater(t, len(seen), 300)
	for name, has := range seen {
		assert.True(t, has, "%s has a value nowhere", name)
	}
}

// The events name all that GitLab documents, but for what it no longer has.
func TestDocumentedMembersHaveFields(t *testing.T) {
	t.Parallel()
	var nameless []string
	var look func(path string, value any, in reflect.Type)
	look = func(path string, value any, in reflect.Type) {
		for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice && in != reflect.TypeFor[json.RawMessage]() {
			in = in.Elem()
		}
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				look(path, item, in)
			}
		case map[string]any:
			for name, member := range value {
				if in.Kind() != reflect.Struct {
					continue
				}
				i := slices.IndexFunc(reflect.VisibleFields(in), func(f reflect.StructField) bool {
					tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
					return tag == name
				})
				if i < 0 {
					nameless = append(nameless, path+"."+name)
					continue
				}
				look(path+"."+name, member, reflect.VisibleFields(in)[i].Type)
			}
		}
	}
	for name := range kinds {
		var value any
		require.NoError(t, json.Unmarshal(payload(t, name), &value))
		look(name, value, reflect.TypeOf(expected[name]))
	}
	assert.ElementsMatch(t, []string{"note_merge_request.merge_request.position", "note_issue.issue.position", "note_issue.issue.branch_name"}, nameless)
}

// GitLab sends null for whatever there is none of.
func TestNullIsZero(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		var value map[string]any
		require.NoError(t, json.Unmarshal(payload(t, name), &value))
		for member := range value {
			if member != "object_kind" && (name != "member" || member != "event_name") {
				value[member] = null(value[member])
			}
		}
		body, err := json.Marshal(value)
		require.NoError(t, err)
		_, err = kind.parse(webhook.Delivery{Body: body})
		require.NoError(t, err, name)
	}
	e, err := webhook.Parse[webhook.PushEvent](webhook.Delivery{Body: []byte(`{"object_kind":"push","commits":null,"project":null,"user_id":null,"push_options":null,"repository":{"name":null}}`)})
	require.NoError(t, err)
	assert.Equal(t, &webhook.PushEvent{ObjectKind: "push", PushOptions: json.RawMessage("null")}, withoutDelivery(e))
}

// null makes null of whatever is neither object nor array.
func null(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = null(value[name])
		}
		return value
	case []any:
		for i := range value {
			value[i] = null(value[i])
		}
		return value
	default:
		return nil
	}
}

func TestWideNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	e, err := webhook.Parse[webhook.MergeRequestEvent](webhook.Delivery{Body: []byte(`{"object_kind":"merge_request","object_attributes":{"id":9223372036854775807,"assignee_ids":[9007199254740993]}}`)})
	require.NoError(t, err)
	assert.Equal(t, int64(9223372036854775807), e.ObjectAttributes.ID)
	assert.Equal(t, []int64{9007199254740993}, e.ObjectAttributes.AssigneeIDs)
}

func TestTimesOfAllForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2012-01-03T23:36:29+02:00"`:     "2012-01-03T23:36:29+02:00",
		`"2013-12-03T17:15:43Z"`:          "2013-12-03T17:15:43Z",
		`"2019-06-05T14:32:20.211Z"`:      "2019-06-05T14:32:20.211Z",
		`"2013-12-03 17:15:43 UTC"`:       "2013-12-03T17:15:43Z",
		`"2021-04-28 21:50:00 +0200"`:     "2021-04-28T21:50:00+02:00",
		`"2021-04-28 21:50:00.125 -0930"`: "2021-04-28T21:50:00.125-09:30",
	} {
		var got webhook.Time
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, at(want), got, text)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		assert.Equal(t, `"`+want+`"`, string(again), "as encoding/json writes a time")
	}
	for _, text := range []string{
		`null`, `""`, `"2015-04-08T21: 00:25-07:00"`, `"2013-12-03 17:15:43 CEST"`, `"2013-12-03"`, `"soon"`, `17`, `{}`, `"2021-04-28 21:50:00 +2400"`, `"2013-13-03T17:15:43Z"`,
	} {
		got := at("2013-12-03T17:15:43Z")
		require.NoError(t, json.Unmarshal([]byte(text), &got), "an event is not lost for %s", text)
		assert.True(t, got.IsZero(), text)
	}
}

// A type of the application's own may embed one of the package's, for any
// decoder.
func TestTypesOfYoursReadWhatOursDoNotName(t *testing.T) {
	t.Parallel()
	type mine struct {
		webhook.IssueEvent
		Extra string `json:"extra"`
	}
	d := webhook.Delivery{Body: []byte(`{"object_kind":"issue","extra":"more","object_attributes":{"created_at":"2013-12-03 17:15:43 UTC"}}`)}
	got, err := webhook.Parse[mine](d)
	require.NoError(t, err)
	assert.Equal(t, "more", got.Extra)
	assert.Equal(t, at("2013-12-03T17:15:43Z"), got.ObjectAttributes.CreatedAt)
	assert.Equal(t, d, got.Delivery)
	var again mine
	require.NoError(t, json.Unmarshal(d.Body, &again))
	again.Delivery = d
	assert.Equal(t, *got, again)

	anything, err := webhook.Parse[map[string]any](webhook.Delivery{Body: payload(t, "wiki_page")})
	require.NoError(t, err)
	assert.Equal(t, "wiki_page", (*anything)["object_kind"])
}

func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		``:                                       "not valid JSON at byte 0",
		`hush`:                                   "not valid JSON at byte 0",
		`{"object_kind":"push"`:                  "not valid JSON at byte 21",
		`{"object_kind":"push"} x`:               "not valid JSON at byte 23",
		`[]`:                                     "it is no object",
		`"hush"`:                                 "it is no object",
		`null`:                                   "it is not that of a *webhook.PushEvent",
		`{}`:                                     "it is not that of a *webhook.PushEvent",
		`{"object_kind":"tag_push"}`:             "it is not that of a *webhook.PushEvent",
		`{"object_kind":"push","object_kind":7}`: "",
	} {
		e, err := webhook.Parse[webhook.PushEvent](webhook.Delivery{Body: []byte(body)})
		require.Error(t, err, body)
		assert.Nil(t, e)
		if says == "" {
			require.NotErrorIs(t, err, webhook.ErrMalformed, "JSON that GitLab may have, and these types do not")
			continue
		}
		require.ErrorIs(t, err, webhook.ErrMalformed, body)
		assert.Equal(t, "webhook: malformed body: "+says, err.Error())
	}
	_, err := webhook.Parse[webhook.PushEvent](webhook.Delivery{Body: []byte(`{"object_kind":"push","project":{"id":"hush"}}`)})
	require.EqualError(t, err, "webhook: at byte 38 of the body (/project/id): not valid for Go type int64")
	_, err = webhook.Parse[fussy](webhook.Delivery{Body: []byte(`{"C":"hush"}`)})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hush")
	// A body is taken for what it says that it is, whatever the header says.
	for name, kind := range kinds {
		for other := range kinds {
			_, err := kind.parse(webhook.Delivery{Event: kind.event, Body: payload(t, other)})
			if reflect.TypeOf(expected[name]) != reflect.TypeOf(expected[other]) {
				require.Error(t, err, "%s as %s", other, name)
			}
		}
	}
	_, err = webhook.Parse[webhook.IssueEvent](webhook.Delivery{Body: []byte(`{"object_kind":"work_item"}`)})
	require.NoError(t, err)
}

// fussy is a type that cannot be decoded at all.
type fussy struct{ C chan int }

// FuzzParse asserts that no body panics as any kind of event, that errors do not
// repeat it, and that what is read and written is read as the same.
func FuzzParse(f *testing.F) {
	for name := range kinds {
		f.Add(payload(f, name))
	}
	for _, seed := range []string{`{"object_kind":"push","commits":[{"timestamp":"2021-04-28 21:50:00 +2400"}]}`, `null`, `{"object_kind":"issue","changes":{"a":{}}}`, "{\"a\":\"\xff\"}", `{"OBJECT_KIND":"push"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range kinds {
			e, err := kind.parse(webhook.Delivery{Body: body})
			if err != nil {
				if len(body) > 20 {
					assert.NotContains(t, err.Error(), string(body[:20]))
				}
				continue
			}
			written, err := json.Marshal(e)
			require.NoError(t, err)
			again, err := kind.parse(webhook.Delivery{Body: written})
			require.NoError(t, err, "%s", written)
			writtenAgain, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(written), string(writtenAgain))
		}
	})
}

func TestPushMakesRoomForItsCommits(t *testing.T) {
	t.Parallel()
	commit := `{"id":"b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327","message":"` + strings.Repeat("m", 500) + `","author":{"name":"Ada"}}`
	for n, room := range map[int]int{0: 0, 1: 1, 20: 20} {
		commits := strings.TrimSuffix(strings.Repeat(commit+",", n), ",")
		body := `{"object_kind":"push","message":"` + strings.Repeat("m", 1900) + `","commits":[` + commits + `]}`
		e, err := webhook.Parse[webhook.PushEvent](webhook.Delivery{Body: []byte(body)})
		require.NoError(t, err)
		require.Len(t, e.Commits, n)
		assert.Equal(t, room, cap(e.Commits), "at once: step by step it is more")
		for _, c := range e.Commits {
			assert.Equal(t, "Ada", c.Author.Name)
		}
	}
}
