package trigger

import (
	"strconv"
	"strings"
)

// List is one of the lists of a pod spec whose entries have an image.
type List string

// The lists of a pod spec. OpenShift's controller knows the first two.
const (
	Containers     List = "containers"
	InitContainers List = "initContainers"
	// EphemeralContainers are of Pods alone, and the API server lets nobody
	// change one that is there.
	EphemeralContainers List = "ephemeralContainers"
	// ImageVolumes are the volumes that have an image.
	ImageVolumes List = "volumes"
)

// lists are all of them, the ones of containers first.
var lists = [...]List{Containers, InitContainers, EphemeralContainers, ImageVolumes}

// image is the path of the image within an entry.
func (l List) image() string {
	if l == ImageVolumes {
		return "image.reference"
	}
	return "image"
}

// The places where objects have their pod spec, the longer before its prefix.
var podSpecs = [...]string{
	"spec.jobTemplate.spec.template.spec", // CronJob
	"spec.template.spec",                  // Deployment, Job and most others
	"template.spec",                       // PodTemplate
	"spec",                                // Pod
}

// FieldPath is the path of a trigger in its parts. The zero value is no path.
type FieldPath struct {
	// PodSpec is where the pod spec is, as in spec.template.spec.
	PodSpec string
	List    List
	// Name is the name of the container or volume; where it is empty, Index
	// counts instead.
	Name  string
	Index int
}

// String returns the path as OpenShift's controller reads it; empty for the zero
// value.
func (p FieldPath) String() string {
	if p == (FieldPath{}) {
		return ""
	}
	selector := strconv.Itoa(p.Index)
	if p.Name != "" {
		selector = `?(@.name=="` + p.Name + `")`
	}
	return p.PodSpec + "." + string(p.List) + "[" + selector + "]." + p.List.image()
}

// ParseFieldPath reads the path of a trigger. The grammar is in the package
// comment. The error is an [*Error] of class [ErrInvalid].
func ParseFieldPath(path string) (FieldPath, error) {
	p, _, reason := parseFieldPath(path)
	if reason != "" {
		return FieldPath{}, about("parse", -1, "fieldPath", reason, ErrInvalid)
	}
	return p, nil
}

// parseFieldPath also says why OpenShift's controller would not read the path,
// or would read it in the same way by luck.
func parseFieldPath(path string) (p FieldPath, warning, reason string) {
	rest := ""
	for _, spec := range podSpecs {
		if after, ok := strings.CutPrefix(path, spec+"."); ok && startsWithList(after) {
			p.PodSpec, rest = spec, after
			break
		}
	}
	if p.PodSpec == "" {
		return FieldPath{}, "", "want the path of a container's image, such as " +
			`spec.template.spec.containers[?(@.name=="web")].image, got ` + quote(path)
	}
	list, rest, _ := strings.Cut(rest, "[")
	p.List = List(list)
	selector, field, ok := strings.Cut(rest, "]")
	if !ok {
		return FieldPath{}, "", "a ] is missing in " + quote(path)
	}
	if field == p.List.image() {
		warning = "there is no dot before image"
	} else if field != "."+p.List.image() {
		return FieldPath{}, "", "the path must end in ]." + p.List.image() + ", got " + quote(path)
	}
	slip, reason := p.selector(selector)
	if reason != "" {
		return FieldPath{}, "", reason
	}
	if slip != "" {
		warning = slip
	}
	return p, warning, ""
}

func startsWithList(s string) bool {
	for _, l := range lists {
		if strings.HasPrefix(s, string(l)+"[") {
			return true
		}
	}
	return false
}

// selector reads what is between the brackets.
func (p *FieldPath) selector(text string) (warning, reason string) {
	if index, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		if index < 0 {
			return "", "an index is not negative, got " + quote(text)
		}
		p.Index = index
		if strconv.Itoa(index) != text {
			warning = "the index is not written as a plain number"
		}
		return warning, ""
	}
	name, ok := quotedName(text)
	if !ok {
		if name, ok = openName(text); !ok || !isName(name) {
			return "", `want an index or ?(@.name=="web") between the brackets, got ` + quote(text)
		}
	}
	if !isName(name) {
		return "", "not the name of a container: " + quote(name)
	}
	p.Name = name
	switch {
	case text == `?(@.name=="`+name+`")`:
	case strings.Contains(text, "'"):
		warning = "OpenShift's controller wants double quotes around the name"
	default:
		warning = `OpenShift's controller wants ?(@.name=="` + name + `"), without spaces`
	}
	return warning, ""
}

// quotedName reads a selector by name, by the grammar.
func quotedName(text string) (name string, ok bool) {
	rest := strings.TrimSpace(text)
	for _, token := range [...]string{"?", "(", "@.name", "=="} {
		if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), token); !ok {
			return "", false
		}
	}
	if rest, ok = strings.CutSuffix(rest, ")"); !ok {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	if len(rest) < 2 || rest[0] != rest[len(rest)-1] || rest[0] != '"' && rest[0] != '\'' {
		return "", false
	}
	return rest[1 : len(rest)-1], true
}

// openName reads a selector of which one end is missing, as OpenShift's
// controller does: it takes both off where they are there.
func openName(text string) (name string, ok bool) {
	name = strings.TrimSuffix(strings.TrimPrefix(text, `?(@.name=="`), `")`)
	return name, name != text
}

// isName says whether a name can be one of a container or volume: lower-case
// letters, digits and dashes. Others would need escapes that no grammar here
// has.
func isName(name string) bool {
	if name == "" || len(name) > 253 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
