package prune

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Errors of [Plan.Explain].
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("no such object in the inventory")
	// ErrAmbiguous: a digest's prefix that several objects have.
	ErrAmbiguous = errors.New("more than one object")
	// ErrNoInventory: the plan was read from JSON.
	ErrNoInventory = errors.New("a plan that was read from JSON has no inventory to explain from")
)

// An Explanation says what becomes of one object, why, and what would have to
// change for it to be otherwise.
type Explanation struct {
	Verdict
	// Otherwise says what would turn the outcome round. For what stays, all of
	// it is needed; for what goes, any one.
	Otherwise []string `json:"otherwise,omitempty"`
}

// String returns the explanation for a person, in several lines.
func (e Explanation) String() string {
	var b strings.Builder
	verb := "stays"
	if e.Outcome == Delete {
		verb = "goes"
	}
	fmt.Fprintf(&b, "%s %s %s: %s", e.Kind, printable(e.Object), verb, printable(e.Reason.Rule))
	why := e.Reason
	why.Path = nil
	if detail := strings.TrimPrefix(why.String(), why.Rule); detail != "" {
		b.WriteString(printable(detail))
	}
	b.WriteString("\n")
	for i, step := range e.Reason.Path {
		fmt.Fprintf(&b, "  %s%s\n", strings.Repeat("  ", i), arrow(i)+printable(step))
	}
	if len(e.Otherwise) > 0 {
		if e.Outcome == Delete {
			b.WriteString("it would stay if any of these held:\n")
		} else {
			b.WriteString("it would go if all of these held:\n")
		}
		for _, o := range e.Otherwise {
			fmt.Fprintf(&b, "  - %s\n", printable(o))
		}
	}
	return b.String()
}

func arrow(i int) string {
	if i == 0 {
		return ""
	}
	return "-> "
}

// Explain explains what is named: an image or blob by its digest or a prefix
// that no other has, a tag as "namespace/name:tag", which gives all its items,
// or one item as "namespace/name:tag#index". A digest that is an image's gives
// the image and its manifest's blob. The error is [ErrNotFound],
// [ErrAmbiguous] or [ErrNoInventory].
func (p *Plan) Explain(what string) ([]Explanation, error) {
	if p.made == nil {
		return nil, ErrNoInventory
	}
	// Conditions are checked anew, which needs a walk of one's own.
	reader := *p.made
	reader.walk = newClosure(reader.inv)
	repository, _, tagged := cutLast(what, ":")
	if strings.Contains(what, "/") || tagged && reader.inv.FindStream(splitRepository(repository)) >= 0 {
		return reader.explainTag(what)
	}
	return reader.explainDigest(what)
}

func (p *planner) explainTag(what string) ([]Explanation, error) {
	name, index, one := strings.Cut(what, "#")
	repository, tagName, ok := cutLast(name, ":")
	namespace, streamName := splitRepository(repository)
	if !ok {
		return nil, fmt.Errorf("%w: %q is not namespace/name:tag", ErrNotFound, what)
	}
	stream := p.inv.FindStream(namespace, streamName)
	if stream < 0 {
		return nil, fmt.Errorf("%w: image stream %s", ErrNotFound, repository)
	}
	t := p.inv.FindTag(stream, tagName)
	if t < 0 {
		return nil, fmt.Errorf("%w: image stream %s has no tag %q in its status", ErrNotFound, repository, tagName)
	}
	tag := p.inv.Tag(t)
	if one {
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= tag.EndItem-tag.FirstItem {
			return nil, fmt.Errorf("%w: %s has %d items, numbered from 0", ErrNotFound, name, tag.EndItem-tag.FirstItem)
		}
		return []Explanation{p.explainItem(tag.FirstItem + i)}, nil
	}
	if tag.FirstItem == tag.EndItem {
		return nil, fmt.Errorf("%w: %s has no items", ErrNotFound, name)
	}
	var all []Explanation
	for i := tag.FirstItem; i < tag.EndItem; i++ {
		all = append(all, p.explainItem(i))
	}
	return all, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (p *planner) explainDigest(what string) ([]Explanation, error) {
	owners := p.blobOwners()
	var found []inventory.Digest
	if what != "" {
		for _, d := range p.inv.FindDigests(what, p.inv.Digests()) {
			if owners.isBlob(d) || p.inv.ImageOf(d) >= 0 {
				found = append(found, d)
			}
		}
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("%w: image or blob %q", ErrNotFound, what)
	case len(found) > 1 && p.inv.DigestText(found[0]) != what:
		return nil, fmt.Errorf("%w begins with %q: %s and %s", ErrAmbiguous, what,
			p.inv.DigestText(found[0]), p.inv.DigestText(found[1]))
	}
	var all []Explanation
	if image := p.inv.ImageOf(found[0]); image >= 0 {
		all = append(all, Explanation{p.imageVerdict(image), p.imageOtherwise(image)})
	}
	if owners.isBlob(found[0]) {
		v := owners.verdict(found[0])
		all = append(all, Explanation{v, p.blobOtherwise(v, found[0])})
	}
	return all, nil
}

func (p *planner) explainItem(i int) Explanation {
	item := p.inv.Item(i)
	tag := p.inv.Tag(item.Tag)
	stream := p.inv.Stream(tag.Stream)
	f := itemFacts{planner: p, stream: tag.Stream, view: stream, repository: stream.Repository(), tag: tag, item: item}
	e := Explanation{Verdict: p.itemVerdict(i)}
	if p.items[i].rule < 0 {
		e.Otherwise = p.structuralOtherwise(p.items[i].rule)
		return e
	}
	e.Otherwise = otherwise(p.policy.TagItems, e.Outcome,
		func(r *Rule) bool { met, _ := f.met(&r.When, r.Outcome); return met }, f.change)
	return e
}
