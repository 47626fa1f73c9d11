package imagestream

import (
	"fmt"
	"slices"
	"testing"
)

// largeStream has 10,000 tags of 100 revisions each; the first 100 tags follow
// the tag "source", in chains of ten.
func largeStream() *ImageStream {
	const tags, revisions = 10_000, 100
	s := shop()
	for i := range tags {
		name := fmt.Sprintf("tag-%05d", i)
		t := TagReference{Name: name, Generation: pointerTo(int64(1)), From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io/shop/web:" + name}}
		if i < 100 {
			t.From.Kind, t.From.Name = KindImageStreamTag, "source"
			if i%10 > 0 {
				t.From.Name = fmt.Sprintf("web:tag-%05d", i-1)
			}
		}
		list := NamedTagEventList{Tag: name, Items: make([]TagEvent, revisions)}
		for j := range list.Items {
			list.Items[j] = TagEvent{Created: NewTime(at(-j)), Image: digest(i*revisions + j), DockerImageReference: local(i*revisions + j), Generation: 1}
		}
		s.Spec.Tags, s.Status.Tags = append(s.Spec.Tags, t), append(s.Status.Tags, list)
	}
	return must(Apply(s, push("source", 1<<40), at(0)))
}

func BenchmarkApply(b *testing.B) {
	s := largeStream()
	wanted := fromDocker("tag-05000", "quay.io/shop/web:other")
	spec := ImageStreamSpec{Tags: slices.Clone(s.Spec.Tags)}
	for i := range spec.Tags {
		spec.Tags[i].ReferencePolicy.Type = LocalTagReferencePolicy
	}
	for _, c := range []struct {
		name      string
		operation Operation
	}{
		{"push", push("tag-05000", 1<<41)},
		{"push with 100 followers", push("source", 1<<41)},
		{"set tag", wanted},
		{"add tag", fromDocker("tag-05000-rc", "quay.io/shop/web:other")},
		{"import", imported("tag-05000", 1<<41)},
		{"follow aliases", FollowAliases{}},
		{"set all 10,000 tags", SetSpec{spec}},
		{"forget all histories", ForgetHistory{Keep: HistoryPolicy{MaxItems: 50}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Apply(s, c.operation, at(100)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func must(s *ImageStream, _ []Change, err error) *ImageStream {
	if err != nil {
		panic(err)
	}
	return s
}
