package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab/webhook"
)

// The secrets of the webhook; the key is what its signing token stands for.
const (
	webhookToken = "made-up"
	webhookKey   = "made up, and of thirty-two bytes"
)

var webhookCases = []*benchCase{{
	name:    "webhook_push_20",
	about:   "a push of 20 commits: token and signature checked, read and parsed; client-go parses only",
	rounds:  30,
	targets: []target{{metric: timeNS, against: clientGo, factor: 0.6}},
	start: func(ctx context.Context) (map[subject]round, func(), error) {
		body := pushOf(20)
		mine, err := receivePush(ctx, body)
		if err != nil {
			return nil, nil, err
		}
		return map[subject]round{
			ours: perOperation(mine),
			clientGo: perOperation(func(context.Context) error {
				e, err := clientgo.ParseWebhook(clientgo.EventTypePush, body)
				if err != nil {
					return err
				}
				push, ok := e.(*clientgo.PushEvent)
				if !ok {
					return fmt.Errorf("it is a %T", e)
				}
				return wants(20)(len(push.Commits), nil)
			}),
		}, nil, nil
	},
}}

// receivePush is what a server does with a delivery of body, but for the
// connection.
func receivePush(ctx context.Context, body []byte) (func(context.Context) error, error) {
	commits := 0
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{
			Tokens:        []string{webhookToken},
			SigningTokens: []string{"whsec_" + base64.StdEncoding.EncodeToString([]byte(webhookKey))},
		},
		Tolerance: time.Hour,
		OnPush: func(_ context.Context, e *webhook.PushEvent) error {
			commits = len(e.Commits)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(webhookKey))
	fmt.Fprintf(mac, "msg_1.%s.%s", now, body)
	header := http.Header{
		"Content-Type":      {"application/json"},
		"X-Gitlab-Event":    {"Push Hook"},
		"X-Gitlab-Token":    {webhookToken},
		"Webhook-Id":        {"msg_1"},
		"Webhook-Timestamp": {now},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/webhooks", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	return func(context.Context) error {
		r.Body = io.NopCloser(bytes.NewReader(body))
		w := discard{header: http.Header{}}
		hooks.ServeHTTP(&w, r)
		if w.status != http.StatusOK {
			return fmt.Errorf("it was answered with %d", w.status)
		}
		return wants(20)(commits, nil)
	}, nil
}

// discard keeps the status of an answer.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// pushOf is a push event of n commits, as GitLab sends it: without white space,
// and with a few files in each commit.
func pushOf(n int) []byte {
	const project = "https://gitlab.example.com/platform/tools/importer"
	var commits []string
	for i := range n {
		commits = append(commits, fmt.Sprintf(`{"id":"%040x","message":"Read the %d. column of the table leniently\n\nSome exports quote it, and others do not.\n\nSee https://gitlab.example.com/platform/tools/importer/-/issues/%d","title":"Read the %d. column of the table leniently","timestamp":"2026-03-%02dT14:27:31+02:00","url":"%s/-/commit/%040x","author":{"name":"Ada Lovelace","email":"ada@example.com"},"added":["internal/table/column_%d.go","internal/table/column_%d_test.go"],"modified":["CHANGELOG.md","internal/table/table.go"],"removed":[]}`,
			i, i, i, i, i+1, project, i, i, i))
	}
	return []byte(`{"object_kind":"push","event_name":"push","before":"95790bf891e76fee5e1747ab589903a6a1f80f22","after":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","ref":"refs/heads/main","ref_protected":true,"checkout_sha":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","message":null,"user_id":4,"user_name":"Ada Lovelace","user_username":"ada","user_email":"ada@example.com","user_avatar":"https://gitlab.example.com/uploads/-/system/user/avatar/4/avatar.png","project_id":15,"project":{"id":15,"name":"Importer","description":"Reads what others export","web_url":"` + project + `","avatar_url":null,"git_ssh_url":"git@gitlab.example.com:platform/tools/importer.git","git_http_url":"` + project + `.git","namespace":"Tools","visibility_level":0,"path_with_namespace":"platform/tools/importer","default_branch":"main","ci_config_path":null,"homepage":"` + project + `","url":"git@gitlab.example.com:platform/tools/importer.git","ssh_url":"git@gitlab.example.com:platform/tools/importer.git","http_url":"` + project + `.git"},"commits":[` +
		strings.Join(commits, ",") + `],"total_commits_count":` + strconv.Itoa(n) + `,"push_options":{},"repository":{"name":"Importer","url":"git@gitlab.example.com:platform/tools/importer.git","description":"Reads what others export","homepage":"` + project + `","git_http_url":"` + project + `.git","git_ssh_url":"git@gitlab.example.com:platform/tools/importer.git","visibility_level":0}}`)
}
