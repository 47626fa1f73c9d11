package s3_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/registrykit/registrykit/storage/s3"
)

// What two commands of oc give opens the registry's bucket: get
// configs.imageregistry.operator.openshift.io/cluster, and get
// secret/image-registry-private-configuration-user.
func ExampleOpener() {
	ctx := context.Background()
	service := gofakes3.New(s3mem.New(), gofakes3.WithAutoBucket(true))
	server := httptest.NewServer(service.Server())
	defer server.Close()

	config, err := operatorconfig.ParseConfig([]byte(`{
		"apiVersion": "imageregistry.operator.openshift.io/v1", "kind": "Config", "metadata": {"name": "cluster"},
		"spec": {"storage": {"managementState": "Unmanaged", "s3": {
			"bucket": "images", "region": "eu-west-1", "regionEndpoint": "` + server.URL + `", "encrypt": true}}}
	}`))
	if err != nil {
		panic(err)
	}
	credentials, err := s3.Credentials(map[string][]byte{
		"REGISTRY_STORAGE_S3_ACCESSKEY": []byte("access"),
		"REGISTRY_STORAGE_S3_SECRETKEY": []byte("secret"),
	})
	if err != nil {
		panic(err)
	}
	open := s3.Opener(aws.Config{Credentials: credentials}, s3.OpenerOptions{})
	store, err := operatorconfig.Open(ctx, config, operatorconfig.Openers{operatorconfig.S3: open, operatorconfig.IBMCOS: open})
	if err != nil {
		panic(err)
	}
	defer store.Close()

	images := registrylayout.New(store, registrylayout.Options{})
	repositories := 0
	for _, err := range images.Repositories(ctx) {
		if err != nil {
			panic(err)
		}
		repositories++
	}
	fmt.Println(repositories, "repositories")
	// Output: 0 repositories
}
