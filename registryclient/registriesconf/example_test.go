package registriesconf_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient/registriesconf"
)

// See where an image would be read from.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "registries.conf")
	if err := os.WriteFile(file, []byte(`
[[registry]]
location = "quay.io"
[[registry.mirror]]
location = "mirror.example.com/quay"
`), 0o644); err != nil {
		log.Fatal(err)
	}
	config, err := registriesconf.Load(registriesconf.Files{Conf: file})
	if err != nil {
		log.Fatal(err)
	}
	ref, err := name.ParseReference("quay.io/org/app:v1")
	if err != nil {
		log.Fatal(err)
	}
	sources, err := config.Sources(ref)
	if err != nil {
		log.Fatal(err)
	}
	for _, source := range sources {
		fmt.Println(source.Ref, source.Mirror)
	}
	// Output:
	// mirror.example.com/quay/org/app:v1 true
	// quay.io/org/app:v1 false
}
