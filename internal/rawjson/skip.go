package rawjson

import "bytes"

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// skipValue returns where the value that starts at data[i] ends, or -1.
func skipValue(data []byte, i int) int {
	if i >= len(data) {
		return -1
	}
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		return skipNested(data, i)
	case ',', ':', '}', ']':
		return -1
	}
	for i < len(data) && !endsScalar(data[i]) {
		i++
	}
	return i
}

func endsScalar(c byte) bool {
	return c == ',' || c == ']' || c == '}' || c == ':' || isSpace(c)
}

// skipNested counts brackets without telling the two kinds apart: the text was
// checked before.
func skipNested(data []byte, i int) int {
	for depth := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := skipString(data, i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// skipString returns where the string that starts at data[i] ends: behind the
// first quote before which there is an even number of backslashes.
func skipString(data []byte, i int) int {
	start := i + 1
	for at := start; ; {
		n := bytes.IndexByte(data[at:], '"')
		if n < 0 {
			return -1
		}
		quote := at + n
		slashes := 0
		for j := quote - 1; j >= start && data[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return quote + 1
		}
		at = quote + 1
	}
}

// shortString returns where the string that starts at data[i] ends, if it has no
// escapes and not many bytes, as keys have: looking at each is then faster than
// a search. Otherwise end is -1.
func shortString(data []byte, i int) (end int, plain bool) {
	const short = 24
	for j, c := range data[i+1 : min(i+1+short, len(data))] {
		switch c {
		case '"':
			return i + 1 + j + 1, true
		case '\\':
			return -1, false
		}
	}
	return -1, false
}
