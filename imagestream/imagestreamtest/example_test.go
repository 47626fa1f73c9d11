package imagestreamtest_test

import (
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
)

func Example() {
	f := imagestreamtest.New(imagestreamtest.Options{})
	base := f.Image()
	web := f.Stream("shop/web").
		Push("dev", f.ImageOn(base), 3*time.Hour).
		Push("dev", f.ImageOn(base), time.Hour).
		Import("1.4", "quay.io/acme/web:1.4", f.Index(), 24*time.Hour).
		Fail("1.3", "quay.io/acme/web:1.3", "Unauthorized", "denied", time.Hour).
		Pending("1.5", "quay.io/acme/web:1.5").
		Alias("stable", "1.4")

	stream := web.Object()
	for _, tag := range stream.Status.Tags {
		fmt.Println(tag.Tag, len(tag.Items), "items", len(tag.Conditions), "conditions")
	}
	for p := range stream.PendingImports() {
		fmt.Println(p.Tag, "is pending")
	}
	// Output:
	// 1.3 0 items 1 conditions
	// 1.4 1 items 0 conditions
	// dev 2 items 0 conditions
	// stable 1 items 0 conditions
	// 1.5 is pending
}

// A fixture that is wrong on purpose.
func ExampleStream_Edit() {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web").Push("dev", f.Image(), time.Hour).Edit(func(s *imagestream.ImageStream) {
		s.Status.Tags = append(s.Status.Tags, s.Status.Tags[0])
	})
	_, _, err := imagestream.Apply(web.Object(), imagestream.ForgetHistory{}, f.Now())
	fmt.Println(err)
	// Output:
	// imagestream: forget history ImageStream shop/web: status.tags[dev]: the tag is there twice
}

// Lookups answer what the functions of package imagestream ask.
func ExampleFixture_Lookup() {
	f := imagestreamtest.New(imagestreamtest.Options{})
	f.Stream("other/base").Push("1", f.Image(), time.Hour)
	web := f.Stream("shop/web").Alias("base", "other/base:1")
	path, err := imagestream.FollowTag(web.Object(), "base", f.Lookup())
	fmt.Println(path, err)
	// Output:
	// [shop/web:base other/base:1] <nil>
}
