package gitlabtest

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultBranch is every project's.
const defaultBranch = "main"

// A repository is commits and what names them. It is empty until there is a
// branch.
type repository struct {
	commits  []*commit // oldest first
	branches map[string]*commit
	tags     map[string]*tag
}

// A tree is the files of a commit by their paths. It never changes.
type tree map[string]*blob

type blob struct {
	id         string
	content    string
	executable bool
}

func newBlob(content string, executable bool) *blob {
	return &blob{gitID("blob", content), content, executable}
}

func (b *blob) mode() string {
	if b.executable {
		return "100755"
	}
	return "100644"
}

// gitID is the id that git gives an object.
func gitID(kind, content string) string {
	sum := sha1.Sum([]byte(kind + " " + strconv.Itoa(len(content)) + "\x00" + content))
	return hex.EncodeToString(sum[:])
}

// hashID makes an id of 40 hexadecimal digits that depends on nothing else.
func hashID(parts ...string) string { return gitID("id", strings.Join(parts, "\x00")) }

type commit struct {
	Commit

	at       int // its place among the repository's commits
	parents  []*commit
	message  string
	author   *account
	name     string // of the author, and the address
	email    string
	created  time.Time
	tree     tree
	comments []*commitComment
}

// A Commit is a commit as its seeder sees it.
type Commit struct {
	ID    string // 40 hexadecimal digits
	Title string
}

// AddCommit puts a commit on top of the branch "main" of the project with that
// full path, which is created if new. The commit writes its title into each of
// files, in place of what is there; none: README.md. Its author is the user
// "root", its time is now.
func (s *Server) AddCommit(project, title string, files ...string) Commit {
	if len(files) == 0 {
		files = []string{"README.md"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ensureProject(project)
	t := maps.Clone(p.repo.head(defaultBranch).files())
	for _, file := range files {
		t[file] = newBlob(title+"\n", false)
	}
	return p.commit(defaultBranch, title, s.account("root"), t).Commit
}

// AddFile puts a commit with one new or changed file on top of a branch of the
// project with that full path. Project and branch are created if new, the branch
// from "main" if there is one.
func (s *Server) AddFile(project, branch, path, content string) Commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ensureProject(project)
	head := p.repo.branchOrMain(branch)
	t := maps.Clone(head.files())
	title := "Update " + path
	if t[path] == nil {
		title = "Add " + path
	}
	t[path] = newBlob(content, false)
	p.repo.setBranch(branch, head)
	return p.commit(branch, title, s.account("root"), t).Commit
}

// AddBranch makes a branch of "main" in the project with that full path; both
// are created if new, "main" with a commit. One that exists stays as it is.
func (s *Server) AddBranch(project, branch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ensureProject(project)
	if len(p.repo.branches) == 0 {
		p.commit(defaultBranch, "Initial commit", s.account("root"), tree{"README.md": newBlob("# "+p.name+"\n", false)})
	}
	p.repo.setBranch(branch, p.repo.branchOrMain(branch))
}

// AddTag makes a tag of what is on top of "main" in the project with that full
// path, which must have a commit.
func (s *Server) AddTag(project, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ensureProject(project)
	head := p.repo.head(defaultBranch)
	if head == nil {
		panic(fmt.Sprintf("gitlabtest: AddTag: the project %q has no commit", project))
	}
	p.repo.setTag(&tag{name: name, commit: head})
}

// files are the files of a commit; of none, none.
func (c *commit) files() tree {
	if c == nil {
		return tree{}
	}
	return c.tree
}

func (r *repository) head(branch string) *commit { return r.branches[branch] }

// branchOrMain is the top of a branch, or of "main" if there is none.
func (r *repository) branchOrMain(branch string) *commit {
	if head := r.branches[branch]; head != nil {
		return head
	}
	return r.branches[defaultBranch]
}

func (r *repository) setBranch(name string, head *commit) {
	if head == nil {
		return
	}
	if r.branches == nil {
		r.branches = map[string]*commit{}
	}
	r.branches[name] = head
}

func (r *repository) setTag(t *tag) {
	if r.tags == nil {
		r.tags = map[string]*tag{}
	}
	r.tags[t.name] = t
}

// commit puts a commit with these files on top of a branch. Without parents the
// branch's top is the one.
func (p *project) commit(branch, message string, author *account, files tree, parents ...*commit) *commit {
	if head := p.repo.head(branch); head != nil && len(parents) == 0 {
		parents = []*commit{head}
	}
	c := p.loose(message, author, files, parents...)
	p.repo.setBranch(branch, c)
	return c
}

// loose is a commit that no branch has yet.
func (p *project) loose(message string, author *account, files tree, parents ...*commit) *commit {
	title, _, _ := strings.Cut(message, "\n")
	now := time.Now()
	parts := []string{idText(p.id), strconv.Itoa(len(p.repo.commits)), message, now.String(), files.id()}
	for _, parent := range parents {
		parts = append(parts, parent.ID)
	}
	c := &commit{
		Commit: Commit{ID: gitID("commit", strings.Join(parts, "\n")), Title: title}, at: len(p.repo.commits), parents: parents,
		message: message, author: author, name: author.name, email: author.email(), created: now, tree: files,
	}
	p.repo.commits = append(p.repo.commits, c)
	return c
}

// id is the id of a tree.
func (t tree) id() string {
	parts := []string{"tree"}
	for _, path := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, path, t[path].id)
	}
	return hashID(parts...)
}

// resolve finds the commit that a branch, a tag, a full or short sha, or one of
// these with "~n" or "^" behind it means; nil if there is none.
func (r *repository) resolve(ref string) *commit {
	if c := r.named(ref); c != nil {
		return c
	}
	var base string
	back := 1
	if rest, n, found := strings.Cut(ref, "~"); found {
		count, err := strconv.Atoi(cmp.Or(n, "1"))
		if err != nil || count < 0 {
			return nil
		}
		base, back = rest, count
	} else if base, found = strings.CutSuffix(ref, "^"); !found {
		return nil
	}
	c := r.named(base)
	for ; c != nil && back > 0; back-- {
		if len(c.parents) == 0 {
			return nil
		}
		c = c.parents[0]
	}
	return c
}

func (r *repository) named(ref string) *commit {
	short := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
	if c := r.branches[short]; c != nil {
		return c
	}
	if t := r.tags[short]; t != nil {
		return t.commit
	}
	switch {
	case ref == "HEAD":
		return r.branches[defaultBranch]
	case len(ref) >= 7:
		return find(r.commits, func(c *commit) bool { return strings.HasPrefix(c.ID, ref) })
	}
	return nil
}

// history is c and all before it, newest first.
func (c *commit) history() []*commit {
	if c == nil {
		return nil
	}
	seen := map[*commit]bool{}
	for next := []*commit{c}; len(next) > 0; {
		at := next[0]
		next = next[1:]
		if !seen[at] {
			seen[at] = true
			next = append(next, at.parents...)
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b *commit) int { return cmp.Compare(b.at, a.at) })
}

// has reports whether c is or comes after other.
func (c *commit) has(other *commit) bool { return slices.Contains(c.history(), other) }

// beyond is what c has and from does not, newest first.
func (c *commit) beyond(from *commit) []*commit {
	known := from.history()
	return filter(c.history(), func(c *commit) bool { return !slices.Contains(known, c) })
}

// mergeBase is the newest commit that all have; nil if there is none.
func mergeBase(commits ...*commit) *commit {
	common := commits[0].history()
	for _, c := range commits[1:] {
		history := c.history()
		common = filter(common, func(c *commit) bool { return slices.Contains(history, c) })
	}
	if len(common) == 0 {
		return nil
	}
	return common[0]
}

// merge brings together what ours and theirs changed since base; false: they
// changed the same file.
func merge(base, ours, theirs tree) (merged tree, clean bool) {
	merged, clean = maps.Clone(ours), true
	for _, change := range changes(base, theirs) {
		switch mine := ours[change.path]; {
		case identical(mine, change.now):
		case !identical(mine, change.before):
			clean = false
		case change.now == nil:
			delete(merged, change.path)
		default:
			merged[change.path] = change.now
		}
	}
	return merged, clean
}

func identical(a, b *blob) bool {
	return a == b || a != nil && b != nil && a.id == b.id && a.executable == b.executable
}

// A change is one file that two trees do not have alike; nil where there is none.
type change struct {
	path        string
	before, now *blob
}

// changes are what makes now of before, by path.
func changes(before, now tree) []change {
	var all []change
	for path, b := range before {
		if !identical(b, now[path]) {
			all = append(all, change{path, b, now[path]})
		}
	}
	for path, b := range now {
		if before[path] == nil {
			all = append(all, change{path, nil, b})
		}
	}
	slices.SortFunc(all, func(a, b change) int { return strings.Compare(a.path, b.path) })
	return all
}

// changes are what c changed of its first parent.
func (c *commit) changes() []change {
	if len(c.parents) == 0 {
		return changes(nil, c.tree)
	}
	return changes(c.parents[0].tree, c.tree)
}

// touches reports whether c changes path or something below it; "" is everything.
func (c *commit) touches(path string) bool {
	return path == "" || slices.ContainsFunc(c.changes(), func(changed change) bool {
		return changed.path == path || strings.HasPrefix(changed.path, strings.TrimSuffix(path, "/")+"/")
	})
}
