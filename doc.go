// Package gitlab is a GitLab API client that keeps its own OAuth tokens fresh.
package gitlab
