package gitlab

import "fmt"

// Place is where something is: in a project, in a group with all that is below
// it, or anywhere on the instance that the identity can see. The zero Place is
// [Everywhere].
type Place struct {
	kind placeKind
	name string
}

type placeKind int

const (
	everywhere placeKind = iota
	inGroup
	inProject
)

// InProject is the project with the full path, such as "group/app", or the
// number in decimal digits.
func InProject(project string) Place { return Place{inProject, project} }

// InGroup is the group with the full path, such as "parent/child", or the number
// in decimal digits.
func InGroup(group string) Place { return Place{inGroup, group} }

// Everywhere is the whole instance.
func Everywhere() Place { return Place{} }

// places are the templates of one resource in each kind of place; "" where
// GitLab has none.
type places struct{ project, group, everywhere string }

// path is the resource's path in p, with elems after the place's own name.
func (p Place) path(of places, elems ...any) Path {
	template, named := of.everywhere, ""
	switch p.kind {
	case inProject:
		template, named = of.project, "project"
	case inGroup:
		template, named = of.group, "group"
	}
	if template == "" {
		return Path{err: fmt.Errorf("gitlab: %s: GitLab has nothing of this kind there", p)}
	}
	if named != "" {
		elems = append([]any{p.name}, elems...)
	}
	return PathTo(template, elems...)
}

// String is p for a message.
func (p Place) String() string {
	switch p.kind {
	case inProject:
		return fmt.Sprintf("InProject(%q)", p.name)
	case inGroup:
		return fmt.Sprintf("InGroup(%q)", p.name)
	}
	return "Everywhere()"
}

// Target is what notes, discussions and emoji are on: an issue or a merge
// request, made by [OnIssue] or [OnMergeRequest].
type Target struct {
	kind    targetKind
	project string
	iid     int64
}

type targetKind int

const (
	noTarget targetKind = iota
	onIssue
	onMergeRequest
)

// OnIssue is the issue with the number iid in project.
func OnIssue(project string, iid int64) Target { return Target{onIssue, project, iid} }

// OnMergeRequest is the merge request with the number iid in project.
func OnMergeRequest(project string, iid int64) Target { return Target{onMergeRequest, project, iid} }

// targets are the templates of one resource on each kind of target; "" where
// GitLab has none.
type targets struct{ issue, mergeRequest string }

// path is the resource's path on t, with elems after the target's own.
func (t Target) path(of targets, elems ...any) Path {
	var template string
	switch t.kind {
	case onIssue:
		template = of.issue
	case onMergeRequest:
		template = of.mergeRequest
	}
	if template == "" {
		return Path{err: fmt.Errorf("gitlab: %s: GitLab has nothing of this kind there", t)}
	}
	return PathTo(template, append([]any{t.project, t.iid}, elems...)...)
}

// String is t for a message.
func (t Target) String() string {
	switch t.kind {
	case onIssue:
		return fmt.Sprintf("OnIssue(%q, %d)", t.project, t.iid)
	case onMergeRequest:
		return fmt.Sprintf("OnMergeRequest(%q, %d)", t.project, t.iid)
	}
	return "no target; see OnIssue and OnMergeRequest"
}
