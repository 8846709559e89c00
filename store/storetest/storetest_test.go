package storetest

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// faultVariable names, in the environment of a second test process, the rule
// that its reference store breaks.
const faultVariable = "STORETEST_FAULT"

func TestMemoryStoreIsAStore(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture {
		store := gitlab.NewMemoryStore()
		return Fixture{A: store, B: store}
	})
}

func TestReferenceStoreIsAStore(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture { return openReference(os.Getenv(faultVariable)) })
}

// faults tells for each broken rule which behaviours must be found missing.
var faults = map[string][]string{
	"handles of their own data": {
		"a saved identity is loaded through both handles",
		"one holder among both handles",
	},
	"loads cached":                   {"a saved identity is loaded through both handles"},
	"nothing found without an error": {"what was never saved is not found"},
	"the base URL forgotten":         {"every field is kept"},
	"the scope forgotten":            {"every field is kept"},
	"zero times as 1970":             {"what is absent stays absent"},
	"unknown members forgotten":      {"unknown members are kept", "concurrent saves lose no update"},
	"unknown numbers as floats":      {"unknown members are kept"},
	"deletes forgotten":              {"a deleted identity is not found"},
	"deletes of nothing succeed":     {"deleting what is not stored is not found"},
	"deletes without compare":        {"a stale delete conflicts and removes nothing"},
	"deletes in two steps":           {"of a save and a delete of the same revision one wins"},
	"context ignored":                {"an ended context is an error and changes nothing"},
	"no compare and swap": {
		"a stale save conflicts and changes nothing",
		"concurrent saves lose no update",
		"the late save of a lost lease conflicts with the next holder's",
	},
	"creates replace":               {"creating what is stored conflicts"},
	"compare and swap in two steps": {"concurrent saves lose no update", "of concurrent creates one wins"},
	"deleted identities come back": {
		"a save of a deleted identity conflicts and does not bring it back",
		"a save of what was never stored conflicts",
	},
	"revisions start anew":                {"a revision is not used again after delete and create"},
	"the same content keeps its revision": {"every save changes the revision"},
	"keys case-folded": {
		"odd keys are kept, each for itself",
		"locks of different keys do not block each other",
	},
	"keys cut at a NUL":     {"a key that is not text is kept or refused"},
	"keys made valid UTF-8": {"a key that is not text is kept or refused"},
	"the empty key allowed": {"the empty key is refused"},

	"no exclusion":                          {"one holder among both handles", "concurrent holders exclude each other"},
	"exclusion within a handle":             {"one holder among both handles", "concurrent holders exclude each other"},
	"never unlocked":                        {"a waiter gets the lock when it is unlocked"},
	"waiters that stay":                     {"a waiter leaves when its context ends, and takes nothing"},
	"a free lock given to an ended context": {"an ended context gets no lock"},
	"one lock for all keys":                 {"locks of different keys do not block each other"},
	"locks end with their context":          {"the lock outlives the context it was asked with"},
	"contexts that live on":                 {"the lock's context lives until Unlock"},
	"a lock needs a stored key":             {"a key that is not stored can be locked"},
	"saves wait for the lock":               {"loads, saves and deletes wait for no lock"},
	"unlocks that count as deaths":          {"a lock that was unlocked is not abandoned"},

	"never abandoned": {
		"the lock of a dead holder is free, and abandoned",
		"a lost lease is abandoned for the next holder",
	},
	"abandoned once": {"an unlock without a save leaves the lock abandoned"},
	"abandoned for ever": {
		"a save without the lock ends the abandonment",
		"a save under the lock ends the abandonment",
		"what was deleted and created anew is not abandoned",
		"the late save of a lost lease is kept if nobody saved since",
	},
	"a refused save ends the abandonment": {"a refused save does not end the abandonment"},
	"all locks abandoned if one is":       {"an abandoned lock says nothing of other keys"},
	"leases that end silently":            {"a lost lease ends the context of its holder"},
	"anyone's lock unlocked":              {"unlocking a lost lease frees nobody else's lock"},
}

func TestEveryBrokenRuleIsFound(t *testing.T) {
	t.Parallel()
	for fault, missing := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			quoted := make([]string, len(missing))
			for i, name := range missing {
				quoted[i] = regexp.QuoteMeta(testName(name))
			}
			// In a process of its own, since it must fail.
			second := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReferenceStoreIsAStore$/./^("+strings.Join(quoted, "|")+")$")
			second.Env = append(os.Environ(), faultVariable+"="+fault)
			output, err := second.CombinedOutput()
			require.Error(t, err, "the suite passes:\n%s", output)
			for _, name := range missing {
				assert.Regexp(t, `--- FAIL: TestReferenceStoreIsAStore/\w+/`+regexp.QuoteMeta(testName(name))+` `, string(output))
			}
		})
	}
}

// testName is how go test writes the name of a subtest.
func testName(name string) string { return strings.ReplaceAll(name, " ", "_") }

func TestEveryBehaviourHasAStoreThatLacksIt(t *testing.T) {
	t.Parallel()
	var proved []string
	for _, b := range slices.Concat(values(), revisions(), keys(), races(), locks(), deaths(), losses()) {
		proved = append(proved, b.name)
	}
	assert.ElementsMatch(t, proved, slices.Compact(slices.Sorted(allOf(maps.Values(faults)))))
}

func allOf(lists func(func([]string) bool)) func(func(string) bool) {
	return func(yield func(string) bool) {
		for list := range lists {
			for _, one := range list {
				if !yield(one) {
					return
				}
			}
		}
	}
}
