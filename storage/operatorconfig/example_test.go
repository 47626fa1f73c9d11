package operatorconfig_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/operatorconfig"
)

func Example() {
	config := []byte(`{
		"apiVersion": "imageregistry.operator.openshift.io/v1", "kind": "Config", "metadata": {"name": "cluster"},
		"spec": {"replicas": 1, "storage": {"managementState": "Unmanaged", "pvc": {"claim": "registry"}}}
	}`)
	s, err := operatorconfig.ParseConfig(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.PVC.Claim, s.ManagementState)

	dir, err := os.MkdirTemp("", "registry") // where the claim is mounted
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := operatorconfig.Open(context.Background(), s, operatorconfig.Openers{operatorconfig.PVC: operatorconfig.Directory(dir)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	_, err = store.Stat(context.Background(), "docker/registry/v2/blobs/none")
	fmt.Println("no such blob:", errors.Is(err, storage.ErrNotExist))
	// Output:
	// registry Unmanaged
	// no such blob: true
}

// What is wrong is said by the name of its field.
func ExampleParse() {
	for _, text := range []string{
		`{"s3": {"bucket": "a"}, "pvc": {"claim": "b"}}`,
		`{}`,
		`{"s3": {"bucket": "a", "chunkSizeMiB": 4}}`,
		`{"s3": {"bucket": 7}}`,
		`{"floppy": {}}`,
	} {
		_, err := operatorconfig.Parse([]byte(text))
		fmt.Println(err)
	}
	s, _ := operatorconfig.Parse([]byte(`{"oss": {"bucket": "a"}}`))
	_, err := operatorconfig.Open(context.Background(), s, nil)
	fmt.Println(err)
	// Output:
	// spec.storage: invalid storage configuration: want exactly one backend, got s3 and pvc
	// spec.storage: invalid storage configuration: want exactly one backend, got none: the operator has not chosen one yet, or the registry is removed
	// spec.storage.s3.chunkSizeMiB: invalid storage configuration: 4, want 5 to 5120
	// spec.storage.s3.bucket: invalid storage configuration: a JSON number, want string
	// spec.storage.floppy: invalid storage configuration: no such backend is known
	// spec.storage.oss: this storage is not supported here: there is no driver for it; it left the registry with distribution 3
}
