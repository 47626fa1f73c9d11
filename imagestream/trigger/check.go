package trigger

import (
	"github.com/registrykit/registrykit/imagestream"
)

// Check lists what is wrong with the triggers of an object, in their order: each
// problem is an [*Error] with the index of its trigger, its place in the
// annotation and its field. Problems with Warning set do not keep a trigger from
// working here, but may do so in the cluster. An annotation that cannot be read
// is one problem, with an Index of -1. No problem gives nil.
func Check(o *Object) []*Error {
	o = o.orEmpty()
	var problems []*Error
	switch o.form {
	case annotated:
		_, found, err := o.bind()
		if err != nil {
			return []*Error{o.fail("check", err.(*Error))}
		}
		problems = found
	case buildConfig:
		_, problems = o.buildTriggers()
		problems = append(problems, o.unreadAnnotation()...)
	case deploymentConfig:
		_, problems = o.deploymentTriggers()
		problems = append(problems, o.unreadAnnotation()...)
	}
	sortProblems(problems)
	for _, e := range problems {
		o.fail("check", e)
	}
	return problems
}

// unreadAnnotation warns of the annotation on a kind that has triggers in its
// spec.
func (o *Object) unreadAnnotation() []*Error {
	if at(o.content, "metadata", "annotations", imagestream.TriggersAnnotation) == nil {
		return nil
	}
	return []*Error{about("check", -1, annotationField, "it is not read, the triggers are in spec.triggers", ErrIgnored).warning()}
}
