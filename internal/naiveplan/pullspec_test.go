package naiveplan

import (
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
)

// FuzzPullSpec compares the two readings of pull specs, as far as the rules ask.
func FuzzPullSpec(f *testing.F) {
	for _, spec := range []string{
		"", "app", "dev/app", "quay.io/dev/app:v1", "localhost:5000/app", "quay.io/a/b/c", "Dev/app", "dev/App", "quay.io",
		"localhost/dev/app", "localhosts/dev/app", "10.0.0.9:5000/dev/a__b-c.d", "dev/a___b", "-dev/app", "d-e-v-/app",
		"dev/app:" + strings.Repeat("t", 128), "dev/app:" + strings.Repeat("t", 129), "dev/app:.v1", "dev/app:v1@",
		"quay.io/dev/app:v1@sha256:" + strings.Repeat("0a", 32), "dev/app@sha256:" + strings.Repeat("0A", 32),
		"dev/app@sha384:" + strings.Repeat("f", 96), "dev/app@sha512:" + strings.Repeat("f", 127),
		"quay.io@sha256:" + strings.Repeat("1", 64), strings.Repeat("a/", 127) + "a", strings.Repeat("a/", 128) + "a",
		"[::1]:5000/dev/app", "quay.io:/dev/app", "dev//app", "dev/app\n", "dév/app",
	} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		naive, ok := parsePullSpec(spec)
		real, err := imagestream.ParsePullSpec(spec)
		if ok != (err == nil) {
			t.Fatalf("%q: %+v, %+v %v", spec, naive, real, err)
		}
		if naive.digest != real.ID {
			t.Fatalf("%q: digest %q, %q", spec, naive.digest, real.ID)
		}
		if naive.repository() == "" && (real.Namespace == "" || strings.Contains(real.Name, "/")) {
			return // neither names a stream
		}
		if same := (pullSpec{real.Registry, real.Namespace, real.Name, real.Tag, real.ID}); naive != same {
			t.Fatalf("%q: %+v, %+v", spec, naive, same)
		}
	})
}
