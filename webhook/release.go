package webhook

// ReleaseEvent tells that a release was created, changed or deleted.
type ReleaseEvent struct {
	Delivery    Delivery `json:"-"`
	ObjectKind  string   `json:"object_kind"` // "release"
	ID          int64    `json:"id"`
	Action      string   `json:"action"` // "create", "update" or "delete"
	Name        string   `json:"name"`
	Tag         string   `json:"tag"`
	Description string   `json:"description"`
	URL         string   `json:"url"`
	CreatedAt   Time     `json:"created_at"`
	ReleasedAt  Time     `json:"released_at"`
	Project     Project  `json:"project"`
	Assets      Assets   `json:"assets"`
	Commit      Commit   `json:"commit"`
}

// Assets are a release's.
type Assets struct {
	Count   int           `json:"count"`
	Links   []AssetLink   `json:"links"`
	Sources []AssetSource `json:"sources"`
}

// AssetLink is a link of a release.
type AssetLink struct {
	ID       int64  `json:"id"`
	LinkType string `json:"link_type"` // "other", "runbook", "image" or "package"
	Name     string `json:"name"`
	URL      string `json:"url"`
}

// AssetSource is an archive of a release's sources.
type AssetSource struct {
	Format string `json:"format"` // "zip", "tar.gz", "tar.bz2" or "tar"
	URL    string `json:"url"`
}

func (e *ReleaseEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "release" }
