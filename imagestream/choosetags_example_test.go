package imagestream_test

import (
	"fmt"

	"github.com/registrykit/registrykit/imagestream"
)

// What of a repository is imported, and why not the rest.
func ExampleChooseTags() {
	tags := []string{
		"20240101", "20240102", "9.3", "9.4", "9.4-1600", "9.4-1697", "9.5-rc1", "latest", "nightly",
		"sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig",
	}
	choice, err := imagestream.ChooseTags(tags, imagestream.ChooseOptions{
		Order:   imagestream.TagOrder{PreReleasesLast: true},
		Limit:   5,
		Exclude: []string{"nightly"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(choice.Chosen)
	for _, left := range choice.LeftOut {
		fmt.Println(left)
	}
	// Output:
	// [latest 9.4 9.4-1697 9.4-1600 9.3]
	// "9.5-rc1": beyond the limit: 5
	// "20240102": beyond the limit: 5
	// "20240101": beyond the limit: 5
	// "nightly": excluded by a pattern: nightly
	// "sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig": belongs to an image, and is none
}

// Only versions from 1.20 on, before 2, and no Alpine.
func ExampleChooseTags_versions() {
	tags := []string{"latest", "1.19", "1.20", "1.20.3", "1.20.3-alpine", "1.9", "2.0", "v1.21.0", "2.0.0-rc.1"}
	choice, err := imagestream.ChooseTags(tags, imagestream.ChooseOptions{
		Versions: ">=1.20 <2",
		Exclude:  []string{"*-alpine"},
	})
	fmt.Println(choice.Chosen, err)
	// Output:
	// [v1.21.0 1.20 1.20.3] <nil>
}

// The default order: releases before nightly builds, moving tags before what
// they move over, the newest first.
func ExampleTagOrder_Sort() {
	tags := []string{"nightly", "20240101", "3.9", "3.10.2", "3.10", "3.11-rc1", "3.10-slim", "latest", "3", "2024-01-15"}
	imagestream.TagOrder{}.Sort(tags)
	fmt.Println(tags)
	// Output:
	// [latest 3 3.11-rc1 3.10 3.10-slim 3.10.2 3.9 2024-01-15 20240101 nightly]
}
