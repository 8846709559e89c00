package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

const (
	storyTime = 3 * time.Minute  // a whole test in the browser
	stepTime  = 30 * time.Second // one click with what it leads to
)

// find returns where Chromium is.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("chromium is %w", engines.ErrMissing)
}

// A tab is one tab of a browser of the test's own.
type tab struct {
	t     *testing.T
	ctx   context.Context
	shots *shots
}

// A shots numbers the screenshots of a test.
type shots struct {
	dir  string
	next int
}

// open starts a browser, which ends with the test.
func open(t *testing.T) *tab {
	t.Helper()
	path, err := find()
	engines.Need(t, err)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WindowSize(1000, 640),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which Chromium's sandbox refuses
	}
	ctx, cancel := context.WithTimeout(t.Context(), storyTime)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	b := &tab{t: t, shots: &shots{dir: t.ArtifactDir()}}
	b.begin(ctx)
	return b
}

// another opens a second tab of the same browser.
func (b *tab) another() *tab {
	b.t.Helper()
	other := &tab{t: b.t, shots: b.shots}
	other.begin(b.ctx)
	return other
}

// begin opens the tab, and fails the test if a page of it has an error of its
// script, or does what its Content-Security-Policy forbids.
func (b *tab) begin(ctx context.Context) {
	b.t.Helper()
	var mu sync.Mutex // guards wrong
	var wrong []string
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithListener(func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			wrong = append(wrong, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
				wrong = append(wrong, e.Entry.Text)
			}
		}
	}))
	b.ctx = ctx
	b.t.Cleanup(func() {
		cancel()
		mu.Lock()
		defer mu.Unlock()
		if len(wrong) > 0 {
			b.t.Error("the browser complains: ", wrong)
		}
	})
	require.NoError(b.t, chromedp.Do(ctx)) // the tab lives as long as this context, not as one step's
}

// step does what a user does next.
func (b *tab) step(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	begun := time.Now()
	if err := chromedp.Do(ctx, actions...); err != nil {
		at, body := b.where()
		b.shot("failed")
		b.t.Fatalf("%s: %v, at %s:\n%s", what, err, at, body)
	}
	at, _ := b.where()
	b.t.Logf("%-52s %6s  %s", what, time.Since(begun).Round(time.Millisecond), at)
}

// where is the page's URL, without its query, and its text.
func (b *tab) where() (at, body string) {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	at, _ = chromedp.Run(ctx, chromedp.Location())
	body, _ = chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	at, _, _ = strings.Cut(at, "?")
	return at, body
}

// text is that of the elements.
func (b *tab) text(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(b.t, err)
	return text
}

// sees waits for a text in an element, without reloading, and through whatever
// pages come before.
func sees(selector, text string) chromedp.Action[chromedp.Void] {
	there := chromedp.Evaluate[bool](fmt.Sprintf(`!!document.querySelector(%q)?.innerText.includes(%q)`, selector, text))
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		for {
			if yes, err := there(ctx, tab); err == nil && yes {
				return nil
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return fmt.Errorf("%s has no %q: %w", selector, text, ctx.Err())
			}
		}
	})
}

// follows clicks on the link or button with that text.
func follows(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(fmt.Sprintf(`//*[self::a or self::button][contains(., %q)]`, text))
}

func clicks(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

func appears(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(chromedp.CSS(selector))
}

func types(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(selector), text)
}

// shot keeps a picture of what the tab shows.
func (b *tab) shot(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	b.shots.next++
	file := filepath.Join(b.shots.dir, fmt.Sprintf("%02d-%s.png", b.shots.next, name))
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(file, picture, 0o600))
}
