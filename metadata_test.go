package gitlab_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/freshgrant/gitlab"
)

const metadataJSON = `{"version":"18.9.1-ee","revision":"c401a659d0c","kas":{"enabled":true,"externalUrl":"wss://kas.example.com","externalK8sProxyUrl":"https://kas.example.com/k8s-proxy","version":"18.9.0"},"enterprise":true}`

var fullMetadata = gitlab.Metadata{
	Version: "18.9.1-ee", Revision: "c401a659d0c",
	KAS:        gitlab.MetadataKAS{Enabled: true, ExternalURL: "wss://kas.example.com", ExternalK8sProxyURL: "https://kas.example.com/k8s-proxy", Version: "18.9.0"},
	Enterprise: true,
}

func TestInstanceAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "Metadata", reflect.ValueOf(fullMetadata))
	version := fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Metadata, error) { return c.Instance.Version(ctx) })
	runTyped(t, []typedCall{{
		name: "metadata", method: http.MethodGet, path: "/metadata", status: 200, answer: metadataJSON, want: fullMetadata,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Metadata, error) { return c.Instance.Metadata(ctx) }),
	}, {
		name: "version", method: http.MethodGet, path: "/version", status: 200, answer: metadataJSON, want: fullMetadata, make: version,
	}, {
		name: "version of an old GitLab", method: http.MethodGet, path: "/version", status: 200, answer: `{"version":"13.12.0","revision":"abc"}`,
		want: gitlab.Metadata{Version: "13.12.0", Revision: "abc"}, make: version,
	}})
}
