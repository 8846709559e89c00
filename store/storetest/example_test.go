package storetest_test

import (
	"testing"

	"github.com/freshgrant/gitlab/store/filestore"
	"github.com/freshgrant/gitlab/store/storetest"
)

// The test of a store of files: two handles on one directory stand for two
// processes.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestStore(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			dir := t.TempDir()
			open := func() *filestore.Store {
				store, err := filestore.New(dir)
				if err != nil {
					t.Fatal(err)
				}
				return store
			}
			return storetest.Fixture{A: open(), B: open()}
		})
	}
	// Output:
}
