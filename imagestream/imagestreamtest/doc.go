// Package imagestreamtest makes up image streams and images for tests: streams
// with tags, histories with ages, aliases, imports that went well or badly or are
// still waited for, and the images that they point to, with manifests, layers and
// digests that fit together.
//
//	f := imagestreamtest.New(imagestreamtest.Options{})
//	web := f.Stream("shop/web").
//		Push("dev", f.Image(), 3*time.Hour).
//		Push("dev", f.Image(), time.Hour).
//		Import("1.4", "quay.io/acme/web:1.4", f.Index(), 24*time.Hour).
//		Fail("1.3", "quay.io/acme/web:1.3", "Unauthorized", "denied", time.Hour).
//		Pending("1.5", "quay.io/acme/web:1.5").
//		Alias("stable", "1.4")
//	stream := web.Object()
//
// A [Fixture] also answers the questions that functions of package imagestream
// ask: [Fixture.Lookup] finds its streams, and [Fixture.Images] its images.
//
// What comes out is what an API server would have stored, generations and all,
// unless [Stream.Edit] says otherwise: it is the place to break a fixture on
// purpose. The same calls give the same objects, to the byte.
//
// Methods panic where a test's author made a mistake, such as a stream's name
// without a namespace: the test could not do anything about an error. The package
// does not need package testing. For whole clusters, with workloads to keep or
// delete images of, see package prunetest.
package imagestreamtest
