package apitext

import "strings"

// Diff compares two texts of this package line by line. Each line that only old
// has comes with a minus in front, each that only new has with a plus, in the
// order of the texts, and each says which package and type it belongs to. Equal
// texts give "".
func Diff(old, new string) string {
	a, b := qualified(old), qualified(new)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	a, b = a[start:endA], b[start:endB]

	common := commonLengths(a, b)
	var out strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + a[i] + "\n")
			i++
		default:
			out.WriteString("+ " + b[j] + "\n")
			j++
		}
	}
	return out.String()
}

// commonLengths says at [i][j] how many lines a[i:] and b[j:] share at most, in
// order.
func commonLengths(a, b []string) [][]int {
	lengths := make([][]int, len(a)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	return lengths
}

// qualified returns the lines of text, each with its package and its type in
// front. Blank lines go.
func qualified(text string) []string {
	var lines []string
	var pkg, outer string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		inner, indented := strings.CutPrefix(line, "\t")
		switch {
		case line == "":
			continue
		case strings.HasPrefix(line, "package "):
			pkg, outer = strings.TrimPrefix(line, "package "), ""
		case indented:
			line = pkg + ": " + outer + ": " + inner
		default:
			outer = line
			line = pkg + ": " + line
		}
		lines = append(lines, line)
	}
	return lines
}
