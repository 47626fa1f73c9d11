package imagepruner

import (
	"slices"
	"strings"
)

// A Severity is how bad a problem is.
type Severity string

// The severities.
const (
	// Error: it cannot be followed, or not by the operator.
	Error Severity = "error"
	// Warning: it can, but may not do what is meant.
	Warning Severity = "warning"
)

// A Problem is something that is wrong with a field.
type Problem struct {
	Path     string   `json:"path"` // as in spec.schedule; "" for the whole
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// String returns the problem in one line: "spec.schedule: …".
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems are what a check finds, in the order of the fields.
type Problems []Problem

// Errors returns those that are errors.
func (p Problems) Errors() Problems { return p.of(Error) }

// Warnings returns the others.
func (p Problems) Warnings() Problems { return p.of(Warning) }

// Err returns an [*InvalidError] with all errors, or nil where there is none.
func (p Problems) Err() error {
	if errors := p.Errors(); len(errors) > 0 {
		return &InvalidError{Problems: errors}
	}
	return nil
}

func (p Problems) of(s Severity) Problems {
	return slices.DeleteFunc(slices.Clone(p), func(q Problem) bool { return q.Severity != s })
}

func (p *Problems) add(path, message string) {
	*p = append(*p, Problem{Path: path, Severity: Error, Message: message})
}

func (p *Problems) warn(path, message string) {
	*p = append(*p, Problem{Path: path, Severity: Warning, Message: message})
}

// An InvalidError says everything that is wrong with an ImagePruner.
type InvalidError struct {
	Problems Problems
}

// Error returns all problems in one line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "invalid ImagePruner: " + strings.Join(lines, "; ")
}
