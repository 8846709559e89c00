module github.com/freshgrant/gitlab/examples/gitcredential

go 1.26.0

replace github.com/freshgrant/gitlab => ../..

require (
	github.com/freshgrant/gitlab v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/gofrs/flock v0.13.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
