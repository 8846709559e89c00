package gitlab

import "context"

// Metadata is what a GitLab instance tells of itself
// (https://docs.gitlab.com/api/metadata/).
type Metadata struct {
	Version    string      `json:"version"` // such as "18.9.1-ee"
	Revision   string      `json:"revision"`
	KAS        MetadataKAS `json:"kas"`
	Enterprise bool        `json:"enterprise"`
}

// MetadataKAS is about the server of GitLab's agents for Kubernetes.
type MetadataKAS struct {
	Enabled             bool   `json:"enabled"`
	ExternalURL         string `json:"externalUrl"`
	ExternalK8sProxyURL string `json:"externalK8sProxyUrl"`
	Version             string `json:"version"`
}

// InstanceService calls the API about the instance itself.
type InstanceService service

// Metadata returns what the instance tells of itself, since GitLab 15.2.
func (s *InstanceService) Metadata(ctx context.Context, opts ...RequestOption) (Metadata, error) {
	return Get[Metadata](ctx, s.client, PathTo(pathMetadata), opts...)
}

// Version returns the same, of every GitLab: before 15.5, Version and Revision
// alone.
func (s *InstanceService) Version(ctx context.Context, opts ...RequestOption) (Metadata, error) {
	return Get[Metadata](ctx, s.client, PathTo(pathVersion), opts...)
}
