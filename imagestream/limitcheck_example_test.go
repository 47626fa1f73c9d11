package imagestream_test

import (
	"fmt"

	"github.com/registrykit/registrykit/imagestream"
)

// A tag more than the project may have.
func ExampleCheckStreamLimits() {
	limits, err := imagestream.ReadLimitRange([]byte(`{
		"kind": "LimitRange",
		"metadata": {"namespace": "dev", "name": "streams"},
		"spec": {"limits": [{"type": "openshift.io/ImageStream", "max": {"openshift.io/image-tags": "2"}}]}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	tag := func(name, from string) imagestream.TagReference {
		return imagestream.TagReference{Name: name, From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: from}}
	}
	old := &imagestream.ImageStream{
		ObjectMeta: imagestream.ObjectMeta{Namespace: "dev", Name: "app"},
		Spec:       imagestream.ImageStreamSpec{Tags: []imagestream.TagReference{tag("1", "quay.io/a/b:1"), tag("2", "quay.io/a/b:2")}},
	}
	stream := old.Clone()
	stream.Spec.Tags = append(stream.Spec.Tags, tag("two", "quay.io/a/b:2"))
	excess, err := imagestream.CheckStreamLimits(old, stream, []imagestream.LimitRange{limits})
	fmt.Println(excess, err)

	stream.Spec.Tags = append(stream.Spec.Tags, tag("3", "quay.io/a/b:3"))
	excess, err = imagestream.CheckStreamLimits(old, stream, []imagestream.LimitRange{limits})
	for _, e := range excess {
		fmt.Println(e.LimitedBy, e.Resource, e.Usage, e.Over(), err)
	}
	// Output:
	// [] <nil>
	// LimitRange dev/streams openshift.io/image-tags 3 1 <nil>
}

// What a user reads whose push is refused.
func ExampleCheckImageLimits() {
	image := &imagestream.Image{
		ObjectMeta:          imagestream.ObjectMeta{Name: "sha256:beef"},
		DockerImageMetadata: imagestream.RawExtension{Raw: []byte(`{"kind": "DockerImage", "Size": 1610612736}`)},
	}
	limits := []imagestream.LimitRange{{Namespace: "dev", Name: "sizes", Limits: []imagestream.LimitRangeItem{
		{Type: imagestream.LimitTypeImage, Max: imagestream.Quantities{imagestream.ResourceStorage: "1Gi"}},
	}}}
	excess, err := imagestream.CheckImageLimits(image, "dev", limits)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range excess {
		fmt.Println(e)
	}
	// Output:
	// Image sha256:beef is 1610612736 bytes (1.5 GiB), 536870912 bytes (512 MiB) more than the 1073741824 bytes (1 GiB) that LimitRange dev/sizes allows (max[storage] of openshift.io/Image): make the image smaller, or have the limit raised
}
