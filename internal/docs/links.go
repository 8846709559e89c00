package main

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	inlineCode = regexp.MustCompile("`[^`]*`")
	links      = []*regexp.Regexp{
		regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`),
		regexp.MustCompile(`^\s*\[[^\]]+\]:\s*(\S+)`),
		regexp.MustCompile(`(?:src|srcset|href)="([^"]+)"`),
	}
)

// checkLinks looks for what relative links lead to.
func checkLinks(f *findings, root string, pages []page) {
	headings := make(map[string]map[string]bool)
	for _, p := range pages {
		headings[p.path] = p.headings()
	}
	for _, p := range pages {
		for _, l := range p.lines {
			if l.code {
				continue
			}
			text := inlineCode.ReplaceAllString(l.text, "code")
			for _, form := range links {
				for _, match := range form.FindAllStringSubmatch(text, -1) {
					if trouble := follow(root, p.path, match[1], headings); trouble != "" {
						f.add(p.path, l.number, "the link to %s leads nowhere: %s", match[1], trouble)
					}
				}
			}
		}
	}
}

// follow says why a link of the page at from leads nowhere, or nothing.
func follow(root, from, target string, headings map[string]map[string]bool) string {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return "it is no URL"
	case u.Scheme != "" || u.Host != "":
		return "" // another host's affair
	}
	file := from
	if u.Path != "" {
		file = path.Join(path.Dir(from), u.Path)
		if strings.HasPrefix(file, "../") {
			return "that is outside of the repository"
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
			return "there is no " + file
		}
	}
	if known, ok := headings[file]; ok && u.Fragment != "" && !known[u.Fragment] {
		return file + " has no such heading"
	}
	return ""
}

// headings are the anchors of p's headings, as GitHub and GitLab make them.
func (p page) headings() map[string]bool {
	anchors := make(map[string]bool)
	for _, l := range p.lines {
		if title := strings.TrimLeft(l.text, "#"); !l.code && title != l.text && strings.HasPrefix(title, " ") {
			anchors[anchor(title)] = true
		}
	}
	return anchors
}

func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(title))
}
