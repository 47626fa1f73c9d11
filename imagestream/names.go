package imagestream

import "strings"

// ParseImageStreamTagName splits the name of an ImageStreamTag, stream:tag. It
// holds exactly one colon and no @, and both parts are there; the parts are not
// checked further, as the API server does not. The error is an [*Error] of class
// [ErrInvalidName].
func ParseImageStreamTagName(name string) (stream, tag string, err error) {
	if strings.IndexByte(name, '@') >= 0 {
		return "", "", nameError(name, "the name of an image stream tag holds no @")
	}
	stream, tag, ok := splitName(name, ":")
	if !ok {
		return "", "", nameError(name, "want stream:tag, with exactly one colon")
	}
	return stream, tag, nil
}

// ParseImageStreamImageName splits the name of an ImageStreamImage,
// stream@digest. It holds exactly one @, and both parts are there; the parts are
// not checked further: the API server takes the start of a digest, too. The
// error is an [*Error] of class [ErrInvalidName].
func ParseImageStreamImageName(name string) (stream, digest string, err error) {
	stream, digest, ok := splitName(name, "@")
	if !ok {
		return "", "", nameError(name, "want stream@digest, with exactly one @")
	}
	return stream, digest, nil
}

func splitName(name, mark string) (before, after string, ok bool) {
	before, after, ok = strings.Cut(name, mark)
	return before, after, ok && before != "" && after != "" && !strings.Contains(after, mark)
}

func nameError(name, reason string) error {
	return &Error{Op: "parse name", Object: quoteShort(name), Reason: reason, Err: ErrInvalidName}
}
