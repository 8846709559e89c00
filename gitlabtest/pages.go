package gitlabtest

import (
	"bytes"
	"html/template"
	"net/url"
)

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Fields}}
<form method="post">
{{- range $name, $values := .Fields}}{{range $values}}
<input type="hidden" name="{{$name}}" value="{{.}}">
{{- end}}{{end}}
<label>Username <input name="username"></label>
<button name="decision" value="approve">Authorize</button>
<button name="decision" value="deny">Deny</button>
</form>
{{- end}}
</body>
</html>
`))

// page is a page for a browser; with fields it has a form that sends them back
// with username and decision.
func page(status int, title, text string, fields url.Values) answer {
	var buf bytes.Buffer
	data := struct {
		Title, Text string
		Fields      url.Values
	}{title, text, fields}
	if err := pageTemplate.Execute(&buf, data); err != nil {
		panic("gitlabtest: page: " + err.Error())
	}
	a := newAnswer(status, "text/html; charset=utf-8", buf.Bytes())
	a.header.Set("Cache-Control", cachePrivate)
	a.header.Set("Vary", "Accept")
	return a
}
