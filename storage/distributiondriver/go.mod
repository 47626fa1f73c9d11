module github.com/registrykit/registrykit/storage/distributiondriver

go 1.26.0

require (
	github.com/distribution/distribution/v3 v3.1.2
	github.com/opencontainers/go-digest v1.0.0
	github.com/registrykit/registrykit v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/sirupsen/logrus v1.10.2 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

replace github.com/registrykit/registrykit => ../..
