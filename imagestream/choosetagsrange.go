package imagestream

import "strings"

// versionRange is alternatives, of each of which all conditions must hold.
type versionRange [][]versionBound

// versionBound compares as many numbers of a version as it has itself.
type versionBound struct {
	op      string // one of < <= = >= >
	numbers []string
}

func (r versionRange) holds(k *tagKey) bool {
	for _, bounds := range r {
		ok := true
		for _, b := range bounds {
			ok = ok && b.holds(k)
		}
		if ok {
			return true
		}
	}
	return false
}

func (b versionBound) holds(k *tagKey) bool {
	bound := tagKey{numbers: b.numbers}
	c := 0
	for i := range b.numbers {
		if c = compareAt(k, &bound, i); c != 0 {
			break
		}
	}
	// With equal numbers, a pre-release of the bound itself is on the other
	// side of each of its borders.
	before := c == 0 && k.kind == TagPreRelease && zeroFrom(k.numbers, len(b.numbers))
	switch b.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0 && !before
	}
	return c == 0
}

func zeroFrom(numbers []string, i int) bool {
	for ; i < len(numbers); i++ {
		if numbers[i] != "" {
			return false
		}
	}
	return true
}

// parseVersionRange reads ChooseOptions.Versions. Empty is no range.
func parseVersionRange(text string) (versionRange, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxVersionRange {
		return nil, choiceError("versions", text, "the range is longer than 4096 bytes")
	}
	var r versionRange
	for alternative := range strings.SplitSeq(text, "||") {
		var bounds []versionBound
		op := "" // of a condition with a space behind the operator
		for word := range strings.FieldsFuncSeq(alternative, func(c rune) bool { return c == ' ' || c == ',' || c == '\t' }) {
			digits := strings.TrimLeft(word, "<>=~^")
			op += word[:len(word)-len(digits)]
			if digits == "" {
				continue
			}
			more, reason := newVersionBounds(op, digits)
			if reason != "" {
				return nil, choiceError("versions", text, reason)
			}
			bounds, op = append(bounds, more...), ""
		}
		switch {
		case op != "":
			return nil, choiceError("versions", text, "no version follows "+op)
		case len(bounds) == 0:
			return nil, choiceError("versions", text, "an alternative is empty")
		}
		r = append(r, bounds)
	}
	return r, nil
}

const maxVersionRange = 4096

func newVersionBounds(op, version string) (bounds []versionBound, reason string) {
	numbers, reason := boundNumbers(version)
	if reason != "" {
		return nil, reason
	}
	within := 0 // how many numbers of a version must be the same
	switch op {
	case "", "=", "==":
		return []versionBound{{"=", numbers}}, ""
	case "<", "<=", ">", ">=":
		return []versionBound{{op, numbers}}, ""
	case "~":
		within = min(2, len(numbers))
	case "^":
		// Up to the first number that is not zero, as long as there is one.
		for within = 1; within < len(numbers) && numbers[within-1] == ""; within++ {
		}
	default:
		return nil, op + " is not one of < <= = >= > ~ ^"
	}
	return []versionBound{{">=", numbers}, {"=", numbers[:within]}}, ""
}

// boundNumbers reads 1.2.3, 1.2.x and 1.2.*, with a v or without.
func boundNumbers(version string) (numbers []string, reason string) {
	rest := withoutV(version)
	for {
		n := countDigits(rest)
		if n == 0 {
			break
		}
		numbers = append(numbers, trimZeros(rest[:n]))
		rest = rest[n:]
		if len(rest) < 2 || rest[0] != '.' {
			break
		}
		rest = rest[1:]
	}
	switch {
	case len(numbers) == 0:
		return nil, quoteShort(version) + " is not a version"
	case rest != "" && rest != "x" && rest != "X" && rest != "*":
		return nil, quoteShort(version) + " is more than numbers with dots between them"
	}
	return numbers, ""
}
