package registryclient

import (
	"encoding/json"
	"fmt"
)

// MaxMirrorObject is the most that one text with mirror objects may have.
const MaxMirrorObject = 16 << 20

// ParseMirrors reads ImageDigestMirrorSet, ImageTagMirrorSet and
// ImageContentSourcePolicy objects, as JSON, one to a text or as the items of a List,
// as in the output of `oc get idms,itms,icsp -o json`. Mirrors of digests are for
// pulls by digest alone, those of tags for pulls by tag alone. The rules are combined
// by [NewMirrors].
//
// The error is an *Error that is [Invalid] and names the object and the field. An
// object of another kind is an error: what it says of mirrors would be missed.
func ParseMirrors(texts ...[]byte) (*Mirrors, error) {
	rules, err := MirrorRules(texts...)
	if err != nil {
		return nil, err
	}
	return NewMirrors(rules)
}

// MirrorRules reads the rules of such objects without combining them.
func MirrorRules(texts ...[]byte) ([]MirrorRule, error) {
	var rules []MirrorRule
	for i, text := range texts {
		object := fmt.Sprintf("mirror object %d", i)
		if len(text) > MaxMirrorObject {
			return nil, &Error{Op: "read", Object: object, Class: Invalid, Err: fmt.Errorf("it has more than %d bytes", MaxMirrorObject)}
		}
		found, err := mirrorRules(text, object, 0)
		if err != nil {
			return nil, err
		}
		rules = append(rules, found...)
	}
	return rules, nil
}

// A mirrorObject has the fields of all three kinds.
type mirrorObject struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		ImageDigestMirrors      []mirrorSet `json:"imageDigestMirrors"`
		ImageTagMirrors         []mirrorSet `json:"imageTagMirrors"`
		RepositoryDigestMirrors []mirrorSet `json:"repositoryDigestMirrors"`
	} `json:"spec"`
	Items []json.RawMessage `json:"items"`
}

type mirrorSet struct {
	Source             string   `json:"source"`
	Mirrors            []string `json:"mirrors"`
	MirrorSourcePolicy string   `json:"mirrorSourcePolicy"`
}

func mirrorRules(text []byte, object string, depth int) ([]MirrorRule, error) {
	invalid := func(err error) error { return &Error{Op: "read", Object: object, Class: Invalid, Err: err} }
	var o mirrorObject
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, invalid(err)
	}
	if o.Kind != "" && o.Metadata.Name != "" {
		object = clean(o.Kind, 60) + " " + clean(o.Metadata.Name, 100)
	}
	switch o.Kind {
	case "ImageDigestMirrorSet":
		return setRules(o.Spec.ImageDigestMirrors, "spec.imageDigestMirrors", object, ByDigest)
	case "ImageTagMirrorSet":
		return setRules(o.Spec.ImageTagMirrors, "spec.imageTagMirrors", object, ByTag)
	case "ImageContentSourcePolicy":
		return setRules(o.Spec.RepositoryDigestMirrors, "spec.repositoryDigestMirrors", object, ByDigest)
	case "List", "ImageDigestMirrorSetList", "ImageTagMirrorSetList", "ImageContentSourcePolicyList":
		if depth > 0 {
			return nil, invalid(fmt.Errorf("a list within a list"))
		}
		var rules []MirrorRule
		for i, item := range o.Items {
			found, err := mirrorRules(item, fmt.Sprintf("%s, items[%d]", object, i), depth+1)
			if err != nil {
				return nil, err
			}
			rules = append(rules, found...)
		}
		return rules, nil
	}
	return nil, invalid(fmt.Errorf("kind %q says nothing of mirrors", clean(o.Kind, 60)))
}

func setRules(sets []mirrorSet, field, object string, by PullBy) ([]MirrorRule, error) {
	var rules []MirrorRule
	for i, set := range sets {
		rule := MirrorRule{Source: set.Source, Mirrors: set.Mirrors, By: by, Origin: object}
		err := checkRule(&rule)
		switch set.MirrorSourcePolicy {
		case "", "AllowContactingSource":
		case "NeverContactSource":
			rule.NeverContactSource = true
		default:
			err = fmt.Errorf("mirrorSourcePolicy %q is neither AllowContactingSource nor NeverContactSource", clean(set.MirrorSourcePolicy, 60))
		}
		if err != nil {
			return nil, &Error{Op: "read", Object: object, Class: Invalid, Err: fmt.Errorf("%s[%d]: %w", field, i, err)}
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
