module github.com/freshgrant/gitlab/internal/e2e

go 1.26.0

require (
	github.com/freshgrant/gitlab v0.0.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	golang.org/x/oauth2 v0.37.0
)

require (
	github.com/gofrs/flock v0.13.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/freshgrant/gitlab => ../..
