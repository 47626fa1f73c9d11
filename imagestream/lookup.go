package imagestream

import (
	"errors"
	"fmt"
)

// A Lookup finds another image stream. Where there is none of that name, the
// error is or wraps [ErrStreamNotFound]; any other error means that it is not
// known whether there is one, and fails what asked. The stream is only read.
//
// A nil Lookup knows no other stream: what needs one fails with [ErrNoLookup],
// or leaves alone what it cannot tell.
type Lookup func(namespace, name string) (*ImageStream, error)

// LookupIn returns a Lookup among these streams. Of two with one name the last
// is found, and nil is passed over. It keeps the streams, not the slice.
func LookupIn(streams ...*ImageStream) Lookup {
	byName := make(map[[2]string]*ImageStream, len(streams))
	for _, s := range streams {
		if s == nil {
			continue
		}
		byName[[2]string{s.Namespace, s.Name}] = s
	}
	return func(namespace, name string) (*ImageStream, error) {
		if s, ok := byName[[2]string{namespace, name}]; ok {
			return s, nil
		}
		return nil, fmt.Errorf("%s: %w", streamText(namespace, name), ErrStreamNotFound)
	}
}

// An ImageLookup finds an [Image] by its full name, a digest. Where there is
// none, the error is or wraps [ErrImageNotFound]; any other error fails what
// asked. The image is only read.
//
// A nil ImageLookup finds none.
type ImageLookup func(name string) (*Image, error)

// find returns an image; nil and no error where there is none.
func (lookup ImageLookup) find(name string) (*Image, error) {
	if lookup == nil {
		return nil, nil
	}
	image, err := lookup(name)
	if errors.Is(err, ErrImageNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return image, nil
}

// LookupImagesIn returns an ImageLookup among these images; nil is passed over.
// It keeps the images, not the slice.
func LookupImagesIn(images ...*Image) ImageLookup {
	byName := make(map[string]*Image, len(images))
	for _, i := range images {
		if i == nil {
			continue
		}
		byName[i.Name] = i
	}
	return func(name string) (*Image, error) {
		if i, ok := byName[name]; ok {
			return i, nil
		}
		return nil, fmt.Errorf("%s: %w", quoteShort(name), ErrImageNotFound)
	}
}
