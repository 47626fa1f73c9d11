package imagestream

import (
	"errors"
	"fmt"
	"slices"
)

// FollowAliases brings every tag that follows another up to date: it comes to
// point to what its target points to, across any number of tags. With every
// operation that happens to the followers of a changed tag in the same stream;
// this is for targets in other streams, which need [Applier.Lookup], and for
// streams that were changed elsewhere. Doing it twice changes nothing more, and
// the order of tags does not matter.
//
// A tag whose target is missing gets a condition with the reason
// [ReasonDanglingAlias] and keeps what it points to; the condition goes when the
// target comes. A target that is there and points to nothing yet is waited for.
// A tag that was pushed to after its target last changed is not moved back, nor
// is one whose target lost its newest item.
//
// A tag that follows itself is a [*CycleError], of class [ErrAliasCycle], and
// then nothing is changed. A lookup that fails, other than with
// [ErrStreamNotFound], fails the operation.
type FollowAliases struct{}

func (FollowAliases) verb() string { return "follow aliases" }

func (FollowAliases) apply(e *edit) error {
	sound := map[TagName]bool{}
	for i := range e.s.Spec.Tags {
		t := &e.s.Spec.Tags[i]
		if _, ok := e.s.Target(t); !ok {
			continue
		}
		if err := e.checkCycle(t, sound); err != nil {
			return err
		}
	}
	return e.settleAll(nil)
}

// checkCycle fails where a tag follows itself, as far as can be seen.
func (e *edit) checkCycle(t *TagReference, sound map[TagName]bool) error {
	path, err := follow{e.s, e.rules.Lookup, true, sound}.tag(t.Name)
	var cycle *CycleError
	if errors.As(err, &cycle) {
		return &editError{field: specField(t.Name, "from.name"), reason: cycle.Error(), class: cycle}
	}
	if sound != nil { // also where it dangles, or cannot be told: it is no cycle
		for _, n := range path {
			sound[n] = true
		}
	}
	return nil
}

// settleAll brings every tag up to date: those first that follow no other of
// this stream, then down the trees. A tag has one target at most, so its
// followers form a tree, which can be walked in any order. Tags that no tree
// reaches are those of a cycle and what hangs on it.
//
// asked are those whose own source has just changed; nil: none.
func (e *edit) settleAll(asked map[string]bool) error {
	e.asked = asked
	defer func() { e.asked = nil }()
	settled := map[string]bool{}
	for _, t := range slices.Clone(e.s.Spec.Tags) {
		if target, ok := e.localTarget(t.Name); ok && e.spec(target) != nil {
			continue
		}
		if err := e.settle(t.Name, asked[t.Name], settled); err != nil {
			return err
		}
	}
	for _, t := range slices.Clone(e.s.Spec.Tags) {
		// Each way into a cycle is walked once, and each cycle settled once.
		walked := map[string]bool{}
		at, ok := t.Name, true
		for ok && !settled[at] {
			settled[at], walked[at] = true, true
			at, ok = e.localTarget(at)
		}
		if ok && walked[at] {
			e.settleCycle(at)
		}
	}
	return nil
}

// settle brings a tag up to date, and then its followers.
func (e *edit) settle(tag string, retargeted bool, settled map[string]bool) error {
	if err := e.update(tag, retargeted); err != nil {
		return err
	}
	if settled != nil {
		settled[tag] = true
	}
	return e.settleFollowers(tag, settled)
}

// settleFollowers brings the followers of a tag up to date, at any depth. The
// tags of a cycle that it is part of are passed over.
func (e *edit) settleFollowers(tag string, settled map[string]bool) error {
	cycle := e.settleCycle(tag)
	var walk func(tag string) error
	walk = func(tag string) error {
		for _, follower := range slices.Clone(e.followers()[tag]) {
			if slices.Contains(cycle, follower) {
				continue
			}
			if err := e.update(follower, e.moved(tag) || e.asked[follower]); err != nil {
				return err
			}
			if settled != nil {
				settled[follower] = true
			}
			if err := walk(follower); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(tag)
}

// moved says whether this edit made a tag point to something else. Its followers
// then follow whatever the clocks say.
func (e *edit) moved(tag string) bool {
	if e.rolling == rollingForward {
		return false // what took the rollback gave it back already
	}
	now, ok := e.latest(tag)
	if !ok {
		return false
	}
	i, ok := findStatus(e.before, tag)
	if !ok || len(e.before[i].Items) == 0 {
		return true
	}
	was := &e.before[i].Items[0]
	return was.Image != now.Image || was.DockerImageReference != now.DockerImageReference
}

// settleCycle says so on the tags of a cycle within the stream that the tag is
// part of, and returns them; none where it is not part of one.
func (e *edit) settleCycle(tag string) []string {
	path := []string{tag}
	for {
		next, ok := e.localTarget(path[len(path)-1])
		switch {
		case !ok, len(path) > len(e.s.Spec.Tags): // it leads out, or into another cycle
			return nil
		case next != tag:
			path = append(path, next)
			continue
		}
		break
	}
	names := make([]TagName, len(path))
	for i, name := range path {
		names[i] = e.s.tagName(name)
	}
	message := shortText(newCycleError(names).Error())
	for _, name := range path {
		e.setCondition(name, e.aliasCondition(e.spec(name), ReasonAliasCycle, message))
	}
	return path
}

// update brings one tag up to date with what its spec says it is made from: a
// bare reference, a tag, or an image of a stream. Imports are not its business.
// moved says that its spec or its source changed just now: it then takes its
// source's newest item, however old that is.
func (e *edit) update(tag string, moved bool) error {
	t := e.spec(tag)
	if t == nil || t.From == nil || imports(t) {
		return nil
	}
	found, err := e.source(t, moved)
	switch {
	case isAbsent(err):
		e.setCondition(tag, e.aliasCondition(t, ReasonDanglingAlias, err.Error()))
		return nil
	case errors.Is(err, ErrNoLookup), errors.Is(err, ErrAmbiguousImage) && !moved:
		return nil // it cannot be told, so it stays as it is
	case err != nil:
		return &editError{field: specField(tag, "from.name"), reason: err.Error(), class: err}
	}
	if found != nil && (moved || e.follows(tag, found)) {
		e.addEvent(tag, *found)
	}
	e.clearConditions(tag, func(c *TagEventCondition) bool { return c.Type == ImportSuccess })
	return nil
}

// source returns what a tag should point to, as an item of its own; nil where
// its target points to nothing yet.
func (e *edit) source(t *TagReference, moved bool) (*TagEvent, error) {
	switch t.From.Kind {
	case KindDockerImage:
		return e.itemFor(t, e.s, TagEvent{DockerImageReference: t.From.Name}), nil
	case KindImageStreamTag:
		return e.sourceTag(t)
	case KindImageStreamImage:
		return e.sourceImage(t, moved)
	}
	return nil, nil
}

func (e *edit) sourceTag(t *TagReference) (*TagEvent, error) {
	target, ok := e.s.Target(t)
	if !ok {
		return nil, nil // not of this package's making; Lint tells
	}
	s, err := findStream(e.s, target.Namespace, target.Stream, e.rules.Lookup)
	if err != nil {
		return nil, err
	}
	known, item := e.find(s, target.Tag)
	switch {
	case item != nil:
		return e.itemFor(t, s, *item), nil
	case known:
		return nil, nil
	}
	return nil, fmt.Errorf("%s: %w", shortText(target.String()), ErrTagNotFound)
}

// find says whether a stream, the edit's own or another, has a tag, and what the
// tag points to.
func (e *edit) find(s *ImageStream, tag string) (known bool, item *TagEvent) {
	if s != e.s {
		return s.SpecTag(tag) != nil || s.StatusTag(tag) != nil, s.LatestEvent(tag)
	}
	if latest, ok := e.latest(tag); ok {
		item = &latest
	}
	return e.spec(tag) != nil || e.status(tag) != nil, item
}

func (e *edit) sourceImage(t *TagReference, moved bool) (*TagEvent, error) {
	stream, id, ok := cutFrom(t.From.Name, "@")
	if !ok {
		return nil, nil
	}
	namespace := t.From.Namespace
	if namespace == "" {
		namespace = e.s.Namespace
	}
	if stream == "" {
		stream = e.s.Name
	}
	if own, ok := e.latest(t.Name); ok && !moved && fitsImage(own.Image, id) {
		return e.itemFor(t, e.s, own), nil // whatever the source has forgotten since
	}
	s, err := findStream(e.s, namespace, stream, e.rules.Lookup)
	if err != nil {
		return nil, err
	}
	item, err := s.FindImage(id)
	if err != nil {
		return nil, err
	}
	return e.itemFor(t, s, *item), nil
}

// itemFor makes an item of a tag's own from that of its source. What the source
// stream holds in the integrated registry is from now on pulled from this
// stream, so that those who may pull from here can, unless the tag is a
// reference.
func (e *edit) itemFor(t *TagReference, from *ImageStream, item TagEvent) *TagEvent {
	own := TagEvent{Created: e.now, DockerImageReference: item.DockerImageReference, Image: item.Image, Generation: requested(t)}
	if own.Generation == 0 {
		own.Generation = e.s.Generation
	}
	if !t.Reference && from != e.s {
		own.DockerImageReference = localReference(item.DockerImageReference, from, e.s)
	}
	if newest, ok := e.latest(t.Name); ok && newest.Image == own.Image && newest.DockerImageReference == own.DockerImageReference {
		own.Generation = max(own.Generation, newest.Generation)
	}
	e.sourceCreated = item.Created
	return &own
}

func localReference(spec string, from, to *ImageStream) string {
	ref, err := ParsePullSpec(spec)
	if err != nil || ref.Namespace != from.Namespace || ref.Name != from.Name {
		return spec
	}
	home, err := ParsePullSpec(from.Status.DockerImageRepository)
	if err != nil || home.Registry == "" || home.Registry != ref.Registry {
		return spec
	}
	ref.Namespace, ref.Name = to.Namespace, to.Name
	return ref.Exact()
}

// follows says whether a tag should take an item of its source that it does not
// have: not where it was pushed to since. Instants are whole seconds; within
// one, what the history holds already came before.
func (e *edit) follows(tag string, item *TagEvent) bool {
	list := e.status(tag)
	if list == nil || len(list.Items) == 0 {
		return true
	}
	newest := &list.Items[0]
	source := e.sourceCreated
	switch {
	case newest.Image == item.Image && (item.Image != "" || newest.DockerImageReference == item.DockerImageReference):
		return true
	case !source.IsZero() && !newest.Created.IsZero() && !source.Equal(newest.Created.Time):
		return source.After(newest.Created.Time)
	}
	return !slices.ContainsFunc(list.Items, func(known TagEvent) bool {
		return known.Image == item.Image && known.DockerImageReference == item.DockerImageReference
	})
}

func (e *edit) aliasCondition(t *TagReference, reason, message string) TagEventCondition {
	return TagEventCondition{
		Type: ImportSuccess, Status: ConditionFalse, LastTransitionTime: e.now,
		Reason: reason, Message: message, Generation: requested(t),
	}
}

func isAbsent(err error) bool {
	return errors.Is(err, ErrTagNotFound) || errors.Is(err, ErrStreamNotFound) || errors.Is(err, ErrImageNotFound)
}

// localTarget returns the tag of this stream that a tag follows.
func (e *edit) localTarget(tag string) (string, bool) {
	return e.targetOf(e.spec(tag))
}

// targetOf is the same of a spec tag; nil follows none.
func (e *edit) targetOf(t *TagReference) (string, bool) {
	target, ok := e.s.Target(t)
	if !ok || target.Namespace != e.s.Namespace || target.Stream != e.s.Name {
		return "", false
	}
	return target.Tag, true
}

// followers returns the tags of this stream by the tag that they follow, sorted.
func (e *edit) followers() map[string][]string {
	if e.followerOf == nil {
		e.followerOf = map[string][]string{}
		for i := range e.s.Spec.Tags {
			t := &e.s.Spec.Tags[i]
			if target, ok := e.targetOf(t); ok {
				e.followerOf[target] = append(e.followerOf[target], t.Name)
			}
		}
	}
	return e.followerOf
}
