package auth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// An Explanation says which credentials are for an image and why: every place that
// was looked at, in order, and what was found there. It holds no secret but within
// Candidates, where none can be printed. Its String is for people, its JSON is
//
//	{"image": …, "candidates": [{"source", "key", "username", "kind"}], "steps": […]}
//
// with the best candidate first, and slog gets both as strings.
type Explanation struct {
	// Image as it was asked for.
	Image string
	// Candidates in the order in which Resolve and Try use them.
	Candidates []Candidate
	Steps      []Step
	// PlacesRead is the number of places that could be read, also those that hold
	// nothing for the image.
	PlacesRead int
}

// A Step is one thing that was looked at.
type Step struct {
	// Source is the place.
	Source string `json:"source"`
	// Key as written, empty where the step is about the place as a whole.
	Key     string  `json:"key,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Match says how the key is for the image.
	Match    string `json:"match,omitempty"`
	Username string `json:"username,omitempty"`
	Kind     Kind   `json:"kind,omitempty"`
	// Detail says why.
	Detail string `json:"detail,omitempty"`
	// Warning says what is wrong with using the credential.
	Warning string `json:"warning,omitempty"`
}

// Chosen returns the best candidate, and false where there is none.
func (e *Explanation) Chosen() (Candidate, bool) {
	if len(e.Candidates) == 0 {
		return Candidate{}, false
	}
	return e.Candidates[0], true
}

// Warnings returns the warnings of the candidates.
func (e *Explanation) Warnings() []string {
	var warnings []string
	for _, c := range e.Candidates {
		if c.Warning != "" {
			warnings = append(warnings, fmt.Sprintf("%s, key %q: %s", printable(c.Source), c.Key, c.Warning))
		}
	}
	return warnings
}

// MarshalJSON writes image, candidates and steps, the lists never as null.
func (e Explanation) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Image      string      `json:"image"`
		Candidates []Candidate `json:"candidates"`
		Steps      []Step      `json:"steps"`
	}{e.Image, append([]Candidate{}, e.Candidates...), append([]Step{}, e.Steps...)})
}

// LogValue is for slog: the image, the chosen candidate, and the rest as lists of
// strings.
func (e *Explanation) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("image", e.Image)}
	if c, ok := e.Chosen(); ok {
		attrs = append(attrs, slog.Any("chosen", c))
	}
	return slog.GroupValue(append(attrs,
		slog.Any("candidates", lines(e.Candidates)),
		slog.Any("steps", lines(e.Steps)),
		slog.Any("warnings", e.Warnings()),
	)...)
}

func lines[T fmt.Stringer](values []T) []string {
	all := make([]string, 0, len(values))
	for _, v := range values {
		all = append(all, v.String())
	}
	return all
}

// String returns the explanation as text of several lines.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", printable(e.Image))
	if c, ok := e.Chosen(); ok {
		fmt.Fprintf(&b, "chosen: %s\n", c)
		for i, c := range e.Candidates[1:] {
			fmt.Fprintf(&b, "then %d: %s\n", i+2, c)
		}
	} else {
		b.WriteString("chosen: none, so it is pulled without credentials\n")
	}
	for _, w := range e.Warnings() {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	b.WriteString("looked at:\n")
	for i, s := range e.Steps {
		fmt.Fprintf(&b, "%4d. %s\n", i+1, s)
	}
	return b.String()
}

// String returns the step in one line.
func (s Step) String() string {
	var b strings.Builder
	b.WriteString(printable(s.Source))
	if s.Key != "" {
		fmt.Fprintf(&b, ", key %q", s.Key)
	}
	fmt.Fprintf(&b, ": %s", s.Outcome)
	var more []string
	if s.Match != "" {
		more = append(more, "by "+s.Match)
	}
	if s.Username != "" {
		more = append(more, fmt.Sprintf("user %q", s.Username))
	}
	if s.Kind != "" {
		more = append(more, string(s.Kind))
	}
	if s.Detail != "" {
		more = append(more, printable(s.Detail))
	}
	if len(more) > 0 {
		b.WriteString(" (" + strings.Join(more, ", ") + ")")
	}
	if s.Warning != "" {
		b.WriteString("; warning: " + s.Warning)
	}
	return b.String()
}

// printable keeps what a terminal might act on out of a text: control characters, and
// those that change the direction of what follows.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}
