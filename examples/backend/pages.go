package main

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed web
var web embed.FS

// view is what a page is made of.
type view struct {
	Title string
	User  user // zero: nobody
	Data  any  // of the page alone

	Events []event // newest first
	GitLab string  // its URL
}

// Newest is the number of the newest event that the page shows.
func (v view) Newest() int64 {
	if len(v.Events) == 0 {
		return 0
	}
	return v.Events[0].ID
}

// pages are the templates, each with the layout around it.
type pages struct {
	gitlab string
	byName map[string]*template.Template
}

func newPages(gitlabURL string) (*pages, error) {
	names, err := fs.Glob(web, "web/pages/*.html")
	if err != nil {
		return nil, err
	}
	p := &pages{gitlab: gitlabURL, byName: make(map[string]*template.Template)}
	for _, file := range names {
		t, err := template.ParseFS(web, "web/layout.html", file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "web/pages/"), ".html")
		p.byName[name] = t
	}
	return p, nil
}

// part renders a template of the layout by itself.
func (p *pages) part(name string, data any) (string, error) {
	var out bytes.Buffer
	err := p.byName["projects"].ExecuteTemplate(&out, name, data)
	return out.String(), err
}

// show answers with a page. It is made in memory first: one that fails half way
// is not sent.
func (a *app) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.GitLab = a.pages.gitlab
	var out bytes.Buffer
	var err error
	if v.User.Key != "" {
		v.Events, err = a.db.newestEvents(r.Context(), v.User.Key)
	}
	if err == nil {
		err = a.pages.byName[name].ExecuteTemplate(&out, "layout", v)
	}
	if err != nil {
		a.log.ErrorContext(r.Context(), "page", "page", name, "error", err)
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// asset answers with the style sheet or the script.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, web, "web/static/"+r.PathValue("file"))
}
