package gitlab_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// shouted reads itself from text.
type shouted string

func (s *shouted) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("hush")
	}
	*s = shouted(bytes.ToUpper(text))
	return nil
}

// custom reads itself from JSON.
type custom struct{ text string }

func (c *custom) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("false")) {
		return errors.New("hush")
	}
	c.text = string(text)
	return nil
}

type embedded struct {
	Inner  string
	Shared string
}

type Outer struct {
	Deep   int
	Shared string
}

// diverse has a field of every kind that the decoder treats in its own way.
type diverse struct {
	embedded
	*Outer

	Int       int
	Int8      int8
	Uint      uint16
	Float     float64
	Float32   float32
	Bool      bool
	String    string
	Named     string   `json:"full-name"`
	Quoted    int      `json:",string"`
	QuotedF   float64  `json:",string"`
	QuotedP   *int     `json:",string"`
	Bytes     []byte   `json:"bytes"`
	ByteArray [2]byte  `json:"bytearray"`
	Array     [2]int   `json:"array"`
	Slice     []string `json:"slice"`
	Nested    []embedded
	Map       map[string]int
	IntMap    map[int8]string
	TextMap   map[shouted]any
	Pointer   *int
	Pointers  **embedded
	Any       any
	Raw       json.RawMessage
	RawP      *json.RawMessage
	Time      time.Time
	TimeP     *time.Time
	Duration  time.Duration
	Date      gitlab.Date
	Text      shouted
	TextP     *shouted
	Custom    custom
	CustomP   *custom
	Stringer  fmt.Stringer
	Ignored   int `json:"-"`
	private   int
}

// odd has what encoding/json takes without a word, and its successor does not.
type odd struct {
	First    string
	Dash     int       `json:"-,"`        //nolint:staticcheck // encoding/json takes it
	Trailing string    `json:"trailing,"` //nolint:staticcheck // encoding/json takes it
	QuotedB  bool      `json:",string"`
	QuotedS  string    `json:",string"`
	QuotedSl []int     `json:",string"` //nolint:staticcheck // encoding/json takes it
	QuotedT  time.Time `json:",string"` //nolint:staticcheck // encoding/json takes it
	Number   json.Number
	Func     func()
	Last     map[string]int
}

// located has no oddities, so that its errors have a place.
type located struct {
	Int    int
	Nested []embedded
	Time   time.Time
	Text   shouted
	Map    map[string]int
	Any    any
}

// numbers has a field that is decoded in a second round.
type numbers struct {
	Before string
	Number json.Number
	Slice  []json.Number
	Map    map[string]json.Number
	P      *json.Number
	After  map[string]int
}

// agree checks that answers are decoded as encoding/json decodes them.
func agree[T any](t *testing.T, bodies ...string) {
	t.Helper()
	w := newWorld(t, nil)
	for _, body := range bodies {
		w.mock.RegisterNoResponder(always(http.StatusOK, body))
		agreed[T](t, w, body)
	}
}

func agreed[T any](t *testing.T, w *world, body string) {
	t.Helper()
	var want T
	wantErr := json.Unmarshal([]byte(body), &want)
	got, err := gitlab.Get[T](t.Context(), w.client, itemsPath)
	if wantErr != nil {
		require.Error(t, err, "%s\nencoding/json: %v", body, wantErr)
		require.Contains(t, err.Error(), "gitlab: GET /items: decoding the answer: ")
		return
	}
	require.NoError(t, err, "%q", body)
	require.True(t, reflect.DeepEqual(want, got), "%q\nencoding/json: %#v\n         ours: %#v", body, want, got)
}

func TestAnswersAreDecodedAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	agree[diverse](
		t,
		`{}`, `null`, ` {"int":1} `, `[]`, `"x"`, `7`, `true`,
		`{"INT":1,"iNt8":-128,"uint":65535,"FULL-NAME":"x","full-name":"y","ſlice":["x"]}`,
		`{"int":1,"int":2,"map":{"a":1},"map":{"b":2},"slice":["a","b"],"slice":["c"],"pointer":1,"pointer":2,"any":{"a":1},"any":{"b":1}}`,
		`{"int":1,"Int":2,"INT":3}`,
		`{"int":1.0}`, `{"int":1.5}`, `{"int":1e2}`, `{"int":"1"}`, `{"int":9223372036854775808}`, `{"int8":128}`, `{"uint":-1}`, `{"int":-0}`, `{"int":01}`,
		`{"float":1e400}`, `{"float":1e-400}`, `{"float32":1e39}`, `{"float":-0.0}`, `{"float":0.1,"float32":0.1}`, `{"float":"NaN"}`, `{"float":NaN}`,
		`{"bool":1}`, `{"bool":"true"}`, `{"string":1}`, `{"string":null,"int":null,"slice":null,"map":null,"array":null,"time":null,"date":null,"text":null,"custom":null,"raw":null,"rawp":null,"bytes":null}`,
		`{"quoted":"1","quotedf":"1.5","quotedp":"7"}`, `{"quoted":1}`, `{"quoted":""}`, `{"quoted":"x"}`, `{"quoted":"null","quotedp":"null"}`,
		`{"quoted":null}`, `{"quoted":" 1"}`, `{"quoted":"1 "}`, `{"quotedf":"1e2"}`, `{"quoted":"01"}`,
		`{"bytes":"aGk="}`, `{"bytes":"aGk"}`, `{"bytes":"!"}`, `{"bytes":""}`, `{"bytes":[1,2]}`, `{"bytes":"aG\nk="}`, `{"bytearray":[1,2]}`, `{"bytearray":"aGk="}`,
		`{"array":[1]}`, `{"array":[1,2,3]}`, `{"array":{}}`, `{"slice":[]}`, `{"slice":{}}`, `{"slice":[1]}`, `{"nested":[{"inner":"a","x":1},null,{}]}`,
		`{"map":{"a":1,"a":2,"":3}}`, `{"map":{"a":"x"}}`, `{"intmap":{"1":"a","-7":"b"}}`, `{"intmap":{"x":"a"}}`, `{"intmap":{"300":"a"}}`, `{"textmap":{"a":1,"A":2}}`, `{"textmap":{"":1}}`,
		`{"pointer":null}`, `{"pointers":{"inner":"a"}}`, `{"pointers":null}`,
		`{"any":{"a":[1,2.5,"x",null,true,{"b":1e3}]}}`, `{"any":1e400}`, `{"any":12345678901234567890}`,
		`{"raw": {"a" : [ 1 ] } ,"rawp":[1]}`, `{"raw":"\u00e9\/"}`, `{"raw":`,
		`{"time":"2024-02-29T12:30:00.123+02:00","timep":"2024-02-29T12:30:00Z"}`, `{"time":"2024-02-30T12:30:00Z"}`, `{"time":""}`, `{"time":"2024-02-29"}`, `{"time":1}`,
		`{"time":"2024-02-29T1:30:00Z"}`, `{"time":"2024-02-29T12:30:00,5Z"}`, `{"time":"2024-02-29T12:30:00+25:00"}`, `{"time":"2024-02-29t12:30:00z"}`, `{"time":"2024-02-29T24:00:00Z"}`,
		`{"duration":5}`, `{"duration":"5s"}`, `{"date":"2024-02-29"}`, `{"date":""}`, `{"date":"2024-02-30"}`, `{"date":7}`,
		`{"text":"abc","textp":"d"}`, `{"text":""}`, `{"text":1}`, `{"custom":[1, 2],"customp":{"a":1}}`, `{"custom":false}`, `{"customp":null}`, `{"customp":false}`,
		`{"inner":"a","deep":7,"shared":"b"}`, `{"Outer":{"deep":1}}`, `{"stringer":null}`, `{"stringer":"x"}`, `{"stringer":{}}`,
		`{"Ignored":7,"private":7}`, `{"unknown":{"a":[{}]},"int":5}`,
		`{"string":"`+"\xff"+`a\ud800b\ud83d\ude00\u0000"}`, "{\"a\xff\":1,\"string\":\"\u2028\"}", "{\"string\":\"a\tb\"}", "{\"map\":{\"\xff\":1,\"\xfe\":2}}", `{"string":"\x"}`, `{"string":"\u12"}`,
		`{"int":1,}`, `{"int":1`, `{"int":1}}`, `{"int":1} x`, `{"int" 1}`, `{int:1}`, `{'int':1}`, `{"int":1}/**/`, "\ufeff{}", `{"int":+1}`, `{"int":.5}`, `{"int":1.}`, `tru`, `nulll`,
		strings.Repeat(`[`, 10000)+strings.Repeat(`]`, 10000), `{"any":`+strings.Repeat(`[`, 11000)+strings.Repeat(`]`, 11000)+`}`, `{"x":`+strings.Repeat(`[`, 11000)+strings.Repeat(`]`, 11000)+`}`,
	)
	agree[numbers](
		t,
		`{"before":"a","number":1,"slice":[1,"2",null,1.50],"map":{"a":12345678901234567890},"p":7,"after":{"x":1}}`,
		`{"number":null,"p":null}`, `{"number":"1"}`, `{"number":true}`, `{"number":[]}`, `{"number":1e400}`, `{"number":-}`, `{"number":1,"after":{"x":"y"}}`, `{"slice":[1,{}]}`,
		`{"number":1,"number":2,"after":{"a":1},"after":{"b":2}}`,
	)
	agree[odd](
		t,
		`{"first":"a","-":1,"trailing":"b","quotedb":"true","quoteds":"\"x\"","quotedsl":[1],"quotedt":"2024-02-29T12:30:00Z","number":1.50,"last":{"a":1}}`,
		`{}`, `null`, `[]`, `{"quotedb":true}`, `{"quoteds":"x"}`, `{"quoteds":"null"}`, `{"quotedb":"True"}`, `{"first":1}`, `{"last":{"a":"x"}}`, `{"-":"x"}`, `{"number":true}`, `{"func":null}`,
	)
	agree[[]odd](t, `[{"-":1},{"number":2},{"last":{"a":1}},null]`, `[{"-":1},{"-":"x"}]`)
	agree[any](t, `{"a":1}`, `[1,"x"]`, `"x"`, `1`, `null`, `true`, `x`, `{"a":1,"a":{"b":2}}`)
	agree[map[string]any](t, `{"a":1}`, `null`, `[]`, `{"a":{"b":null}}`)
	agree[[]int](t, `[1,2]`, `null`, `[]`, `{}`, `[1,"x"]`, `[1,]`)
	agree[[2]string](t, `["a"]`, `["a","b","c"]`)
	agree[*embedded](t, `{"inner":"a"}`, `null`, `[]`)
	agree[json.RawMessage](t, ` {"a" : 1}`, `null`, `"x"`, `{`)
	agree[json.Number](t, `1`, `1.50`, `"7"`, `null`, `true`, `{}`, `12345678901234567890123`)
	agree[string](t, `"a\u00e9\n"`, `7`, `null`, `"\ud83d"`)
	agree[time.Time](t, `"2024-02-29T12:30:00Z"`, `null`, `""`)
	agree[gitlab.Issue](t, `{"id":1,"iid":2,"labels":["a"],"created_at":"2024-02-29T12:30:00.000Z","due_date":"2024-02-29","author":{"id":7}}`, `{"labels":null,"due_date":null}`, `{"labels":"x"}`)
}

func TestItemsOfOddTypesAreDecoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const body = `[{"-":1},{"first":"a"},null,{"number":2,"-":3},{"last":{"a":1}}]`
	w.mock.RegisterNoResponder(always(http.StatusOK, body))
	var want []odd
	require.NoError(t, json.Unmarshal([]byte(body), &want))
	got, err := every[odd](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.True(t, reflect.DeepEqual(want, got), "%+v", got)
	w.mock.RegisterNoResponder(always(http.StatusOK, `[{"-":1},{"-":"x"},{"-":3}]`))
	got, err = every[odd](t.Context(), t, w.client, itemsPath)
	require.Error(t, err)
	// Before the value or behind it, as the encoding/json has it that Go was built with.
	require.Regexp(t, `^gitlab: GET /items: decoding the answer: at byte 1[47]: a value that is not valid for Go type int$`, err.Error())
	assert.Len(t, got, 1)
}

func TestAnswerIsDecodedIntoWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const body = `{"int":1,"map":{"b":2},"nested":[{"inner":"new"}],"outer":1,"deep":3,"any":[1],"array":[9]}`
	w.mock.RegisterNoResponder(always(http.StatusOK, body))
	start := func() *diverse {
		return &diverse{
			String: "kept", Map: map[string]int{"a": 1}, Nested: []embedded{{Shared: "old"}, {}}, Outer: &Outer{Shared: "kept"}, Any: 7, Array: [2]int{1, 2}, private: 7,
		}
	}
	want, got := start(), start()
	require.NoError(t, json.Unmarshal([]byte(body), want))
	require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, got))
	assert.True(t, reflect.DeepEqual(want, got), "%+v\n%+v", want, got)
}

// FuzzDecodeAsEncodingJSON asserts that answers and lists are decoded to the
// same values as by encoding/json, and refused where it refuses them. What
// differs is meant: white space beyond JSON's around a body is passed over, and
// so is a json.Number in quotes that is no number.
func FuzzDecodeAsEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{"int":1,"INT8":-128,"uint":65535,"float":1e3,"float32":0.5,"bool":true,"string":"\u00e9","full-name":"x"}`,
		`{"quoted":"1","quotedf":"1.5","quotedp":"7","bytes":"aGk=","bytearray":[1,2],"array":[1],"slice":["a",null]}`,
		`{"nested":[{"inner":"a"},null],"map":{"a":1},"intmap":{"1":"a"},"textmap":{"a":1},"pointer":1,"pointers":{"inner":"a"},"any":{"a":[1,2.5,"x",null]}}`,
		`{"raw":{"a" : 1},"rawp":[1],"time":"2024-02-29T12:30:00.123+02:00","timep":null,"duration":5,"date":"2024-02-29","text":"abc","textp":"d"}`,
		`{"custom":[1, 2],"customp":{"a":1},"stringer":null,"inner":"a","deep":7,"shared":"b","unknown":[{}]}`,
		`{"int":1,"int":null,"map":{"a":1},"map":{"a":"x"}}`, "{\"string\":\"\xff\\ud800\"}", `[{"int":1},{},null,{"int":2}]`, `[1`, `null`, `{"int":1}x`, `[{"int":"x"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		trimmed := bytes.TrimSpace(body)
		if len(trimmed) == 0 {
			return
		}
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, string(trimmed)))
		agreed[diverse](t, w, string(trimmed))
		agreed[any](t, w, string(trimmed))
		agreed[odd](t, w, string(trimmed))

		var want []diverse
		wantErr := json.Unmarshal(trimmed, &want)
		got, err := every[diverse](t.Context(), t, w.client, itemsPath)
		require.Equal(t, wantErr != nil, err != nil, "encoding/json: %v, ours: %v", wantErr, err)
		if err == nil && len(want)+len(got) > 0 {
			require.True(t, reflect.DeepEqual(want, got), "encoding/json: %#v\n         ours: %#v", want, got)
		}
	})
}

func TestDecodeErrorsSayWhereAndNotWhat(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"int":"hush"}`:                     "at byte 7 (/int): a string where Go type int was expected",
		`{"nested":[{},{"inner":["hush"]}]}`: "at byte 23 (/nested/1/inner): a [ where Go type string was expected",
		`{"time":"hush"}`:                    "at byte 8 (/time): a string that is not valid for Go type time.Time",
		`{"text":""}`:                        "at byte 8 (/text): a string that is not valid for Go type gitlab_test.shouted",
		`["hush"]`:                           "at byte 0: a [ where Go type gitlab_test.located was expected",
		`{"int":1,"x":hush}`:                 "at byte 13 (/x): not valid JSON",
		`{"int":1} hush`:                     "at byte 10: not valid JSON",
		`{"int":1`:                           "at byte 8: not valid JSON",
		`{"int":`:                            "at byte 7 ",
		`hush`:                               "at byte 0: not valid JSON",
		`{"int":99999999999999999999}`:       "at byte 7 (/int): a number that is not valid for Go type int",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(always(http.StatusOK, body))
			var out located
			err := w.client.Call(t.Context(), method, gitlab.PathTo("/projects/{project}", "group/app"), nil, &out)
			require.ErrorContains(t, err, "gitlab: "+method+" /projects/{project}: decoding the answer: "+says, body)
			assert.NotContains(t, err.Error(), "hush")
			assert.Less(t, len(err.Error()), 1200)
			var api *gitlab.APIError
			require.NotErrorAs(t, err, &api)
			assert.Len(t, w.sent(), 1)
		}
	}
}

func TestDecodeErrorIsFitForOneLineOfALog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"map":{"a\nb\u001b[31m":"x"}}`))
	_, err := gitlab.Get[located](t.Context(), w.client, itemsPath)
	require.ErrorContains(t, err, "(/map/a b [31m): a string where Go type int was expected")
	long := strings.Repeat("k", 100_000)
	w.mock.RegisterNoResponder(always(http.StatusOK, `[{"map":{"`+long+`":"x"}}]`))
	_, err = every[located](t.Context(), t, w.client, itemsPath)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1200)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"x":`+strings.Repeat(`[`, 11_000)))
	_, err = gitlab.Get[located](t.Context(), w.client, itemsPath)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1200)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"any":{"`+long+`":x}}`))
	_, err = gitlab.Get[located](t.Context(), w.client, itemsPath)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1200)
}

func TestErrorOfATypesOwnDecodingIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `[{"value":1},{"value":2}]`))
	_, err := gitlab.Get[[]strict](t.Context(), w.client, itemsPath)
	require.ErrorIs(t, err, errStrict)
	items, err := every[strict](t.Context(), t, w.client, itemsPath)
	require.ErrorIs(t, err, errStrict)
	assert.Len(t, items, 1)
}

var errStrict = errors.New("only the first")

type strict struct{}

func (*strict) UnmarshalJSON(text []byte) error {
	if bytes.Contains(text, []byte("2")) {
		return errStrict
	}
	return nil
}

func TestAnswersThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		serve func(*http.Request) (*http.Response, error)
		is    error
		says  string
	}{
		"304":                           {always(http.StatusNotModified, ""), gitlab.ErrNotModified, "status 304"},
		"a redirect that leads nowhere": {always(http.StatusFound, `{"int":1}`), nil, ""},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(row.serve)
		for _, out := range []any{nil, new(diverse)} {
			err := w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, out)
			require.Error(t, err, name)
			require.ErrorContains(t, err, row.says)
			if row.is != nil {
				require.ErrorIs(t, err, row.is)
			}
			if out != nil {
				assert.Equal(t, new(diverse), out)
			}
		}
	}
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusNoContent, `{"int":`))
	require.NoError(t, w.client.Call(t.Context(), http.MethodGet, itemsPath, nil, new(diverse)), "a 204 has no body")
}

func TestJSONThatIsCalledAPageIsDecoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
	w.mock.RegisterNoResponder(with("Content-Type", "text/html", always(http.StatusOK, userJSON)))
	user, err := w.client.Users.Current(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ada", user.Username)
}

// kept is what a decoder could leave in a buffer that is used again.
type kept struct {
	Text  string
	Raw   json.RawMessage
	Any   any
	Map   map[string]string
	Bytes []byte
	Deep  []struct{ Raw json.RawMessage }
}

func TestAnswersOfManyGoroutinesShareNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	body := func(who string) string {
		number, _ := strconv.Atoi(who)
		text := strings.Repeat(who, 1+number*number*number/8)
		return fmt.Sprintf(`{"text":%q,"raw":{"a":%q},"any":[%q],"map":{%q:%q},"bytes":"AAAA","deep":[{"raw":%q}]}`, text, text, text, text, text, text)
	}
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		return answer(req, http.StatusOK, body(req.URL.Query().Get("who"))), nil
	})
	var mu sync.Mutex
	got := make(map[string][]kept)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			who := strconv.Itoa(i)
			for range 5 {
				k, err := gitlab.Get[kept](t.Context(), w.client, gitlab.PathTo("/items/{who}", who).With(map[string][]string{"who": {who}}))
				if !assert.NoError(t, err) { //nolint:testifylint // not the test's goroutine
					return
				}
				mu.Lock()
				got[who] = append(got[who], k)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.Len(t, got, 40)
	for who, all := range got {
		var want kept
		require.NoError(t, json.Unmarshal([]byte(body(who)), &want))
		for _, k := range all {
			require.True(t, reflect.DeepEqual(want, k), who)
		}
	}
}

func TestLargeAnswersAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, size := range []int{0, 1, 511, 512, 513, 1 << 20, 3 << 20, 10} {
		text := strings.Repeat("x", size)
		for _, told := range []int64{-1, int64(size) + 2, 1, 1 << 40} {
			w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				resp := answer(req, http.StatusOK, `"`+text+`"`)
				resp.ContentLength = told
				return resp, nil
			})
			got, err := gitlab.Get[string](t.Context(), w.client, itemsPath)
			require.NoError(t, err)
			require.Len(t, got, size)
			require.Equal(t, text, got)
		}
	}
}

// A json.Number is decoded at a second attempt, which must not be blamed for
// what is wrong beside it.
func TestNumberIsNotBlamedForAnotherMember(t *testing.T) {
	t.Parallel()
	type numbered struct {
		N  json.Number `json:"n"`
		ID int         `json:"id"`
	}
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
	w.mock.RegisterResponder(http.MethodGet, userURL, always(http.StatusOK, `{"n":1,"id":"x"}`))
	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, `[{"n":1,"id":"x"}]`))
	const wrong = "/id): a string where Go type int was expected"

	_, err := gitlab.Get[numbered](t.Context(), w.client, gitlab.PathTo("/user"))
	require.ErrorContains(t, err, wrong)
	for _, err := range gitlab.List[numbered](t.Context(), w.client, itemsPath) {
		require.ErrorContains(t, err, wrong)
	}
}
