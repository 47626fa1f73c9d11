package imagestream

import (
	"fmt"
	"slices"
	"strings"
)

// AmbiguousImageError says that several images fit a prefix. It is of class
// [ErrAmbiguousImage].
type AmbiguousImageError struct {
	Prefix string
	// Images are the digests that fit, sorted.
	Images []string
}

// Error says how many images fit, and names the first of them.
func (e *AmbiguousImageError) Error() string {
	shown, more := e.Images, ""
	if len(shown) > mostInText {
		shown, more = shown[:mostInText], ", …"
	}
	return fmt.Sprintf("%s fits %d images: %s%s", quoteShort(e.Prefix), len(e.Images), shortText(strings.Join(shown, ", ")), more)
}

// Is says that the error is of the class [ErrAmbiguousImage].
func (e *AmbiguousImageError) Is(class error) bool { return class == ErrAmbiguousImage }

// FindImage returns the newest item, of any tag's history, whose image has that
// name, or the only name that starts so: "sha256:4f53", or "4f53" alone. The
// item is to be read. An image's full name is never ambiguous. Of items of one
// age that of the tag first by name is newer.
//
// The error is of class [ErrImageNotFound], also for an empty prefix, or an
// [*AmbiguousImageError].
func (s *ImageStream) FindImage(prefix string) (*TagEvent, error) {
	s = s.orEmpty()
	fits := func(image string) bool { return fitsImage(image, prefix) }
	if s.hasImage(prefix) {
		fits = func(image string) bool { return image == prefix }
	}
	var found *TagEvent
	var foundTag string
	var images []string
	for i := range s.Status.Tags {
		list := &s.Status.Tags[i]
		for j := range list.Items {
			item := &list.Items[j]
			if !fits(item.Image) {
				continue
			}
			images = append(images, item.Image)
			if found == nil || newer(item, list.Tag, found, foundTag) {
				found, foundTag = item, list.Tag
			}
		}
	}
	slices.Sort(images)
	images = slices.Compact(images)
	switch {
	case len(images) == 0:
		return nil, fmt.Errorf("%s in %s: %w", quoteShort(prefix), shortText(s.tagless()), ErrImageNotFound)
	case len(images) > 1:
		return nil, &AmbiguousImageError{prefix, images}
	}
	return found, nil
}

func (s *ImageStream) hasImage(name string) bool {
	for i := range s.Status.Tags {
		for j := range s.Status.Tags[i].Items {
			if name != "" && s.Status.Tags[i].Items[j].Image == name {
				return true
			}
		}
	}
	return false
}

func newer(a *TagEvent, aTag string, b *TagEvent, bTag string) bool {
	if c := a.Created.Compare(b.Created.Time); c != 0 {
		return c > 0
	}
	return aTag < bTag
}

// fitsImage: nothing fits an empty prefix, for which upstream takes any image.
func fitsImage(image, prefix string) bool {
	if image == "" || prefix == "" {
		return false
	}
	if strings.HasPrefix(image, prefix) {
		return true
	}
	_, hex, ok := strings.Cut(image, ":")
	return ok && !strings.Contains(prefix, ":") && strings.HasPrefix(hex, prefix)
}
