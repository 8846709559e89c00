// Package webhook receives GitLab's webhooks: it knows who sends them, reads
// them into types, and calls a function of the application for each kind.
//
//	hooks, err := webhook.New(webhook.Config{
//		Secrets: webhook.Secrets{Tokens: []string{token}},
//		OnPush: func(ctx context.Context, e *webhook.PushEvent) error {
//			return build(ctx, e.Project.PathWithNamespace, e.After)
//		},
//	})
//	…
//	http.Handle("/webhooks/gitlab", hooks)
//
// # Who may call
//
// A webhook has a secret token, which GitLab sends as X-Gitlab-Token, or a
// signing token, with which it signs each delivery as
// https://www.standardwebhooks.com says, or both. With a secret token, the body
// of a stranger is never read. A signature can be checked only when the body is
// there: up to 64 KiB of it are read into memory for everybody whose headers look
// right, and more than that into a temporary file ([os.TempDir]), for eight
// requests at a time. So give a hook both if it can be reached by strangers.
//
// # What GitLab is told
//
//	200  the function has returned nil, nobody wants the event, or it was handled before
//	202  the event is in the queue (Config.Queue)
//	400  the body is not JSON, or not of the event that the header names
//	401  no secret fits, or the delivery is too old or too new
//	405  not a POST
//	413  the body is larger than Config.MaxBytes
//	415  the body is not application/json
//	500  the function, Config.Seen or this package has failed
//	503  the queue is full or shut down, the body did not arrive, or the secrets could not be looked up
//
// GitLab takes a hook out of service after some failures, with 4xx for good and
// with 5xx for a while that grows. 4xx therefore tells only what the sender has
// done wrong. What GitLab gets to see is a few words that hold nothing of the
// application's; [Config.OnError] gets the errors.
//
// GitLab waits ten seconds for an answer. Functions that may take longer want
// Config.Queue, or a queue of the application's own.
package webhook
