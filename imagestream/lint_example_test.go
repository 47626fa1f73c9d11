package imagestream_test

import (
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
)

func ExampleLint() {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web").
		Import("1.4", "quay.io/acme/web:1.4", f.Image(), 48*time.Hour).
		Alias("stable", "1.3").
		Fail("1.5", "quay.io/acme/web:1.5", "Unauthorized", "you may not have permissions", time.Hour)

	report := imagestream.Lint(web.Object(), f.Lookup(), imagestream.LintOptions{Images: f.Images()})
	for _, finding := range report.Findings {
		fmt.Println(finding)
		fmt.Println("   ", finding.Hint)
	}
	for _, n := range report.NotChecked {
		fmt.Println(n)
	}
	// Output:
	// error import-failed status.tags[1.5].conditions[ImportSuccess]: the last import of "quay.io/acme/web:1.5" failed: False: Unauthorized: you may not have permissions
	//     check the pull secrets of the namespace; then import it again, which the server does not do by itself unless it is scheduled: oc import-image shop/web:1.5
	// error dangling spec.tags[stable].from.name: the tag shop/web:1.3 is not there: shop/web:stable -> shop/web:1.3
	//     make shop/web:1.3, or remove the tag: oc tag -d shop/web:stable
}
