package prune

import (
	"github.com/registrykit/registrykit/prune/inventory"
)

// A linkCheck looks at the links of one repository after the other.
type linkCheck struct {
	*planner
	repository   int // a stream, or -1
	needs        map[inventory.Digest]need
	configHidden bool
	configs      func() map[inventory.Digest]bool // of any image
}

// stale tells whether a link stays: its repository needs it, or may.
func (l *linkCheck) stale(a *Action) (Reason, bool) {
	namespace, name := splitRepository(a.Repository)
	s := l.inv.FindStream(namespace, name)
	switch {
	case !l.inv.Complete(inventory.KindImageStream):
		return Reason{Rule: RuleStreamsNotListed}, true
	case !l.inv.Complete(inventory.KindImage):
		return Reason{Rule: RuleImagesNotListed}, true
	case l.mayNeedMore():
		return Reason{Rule: RuleInUse, Unknown: l.missingKinds() + " not listed completely, and may use it"}, true
	case s < 0 && l.inv.NoLinks(namespace, name):
		// As where a run died once it had taken the last one away. A link that came
		// since the list is the end's to see.
		return Reason{}, false
	case s < 0:
		return Reason{Rule: RuleStreamGone}, true
	case l.mayHold(s):
		return Reason{Rule: RuleLinksNotListed, Unknown: l.holderDoubt(s)}, true
	case l.unknown.streams[s]:
		return l.unknownReason(), true
	}
	l.enter(s)
	d := l.inv.Digest(a.Digest)
	if n, needed := l.needs[d]; needed {
		return Reason{Rule: RuleInUse, Path: []string{l.needName(n), a.Digest}}, true
	}
	if l.configHidden && a.Kind == DeleteLayerLink && l.configs()[d] {
		return Reason{Rule: RuleConfigUncertain}, true
	}
	return Reason{}, false
}

// enter finds what a repository needs.
func (l *linkCheck) enter(s int) {
	if l.repository == s {
		return
	}
	l.repository, l.needs, l.configHidden = s, map[inventory.Digest]need{}, false
	note := func(d inventory.Digest, n need) {
		if _, noted := l.needs[d]; !noted {
			l.needs[d] = n
		}
	}
	l.walk.start()
	l.visitNeeds(s, func(d inventory.Digest, image int, n need) bool {
		note(d, n)
		if image >= 0 {
			view := l.inv.Image(image)
			mayHave(&view, func(d inventory.Digest) { note(d, n) })
			l.configHidden = l.configHidden || l.hidesConfig(&view)
		}
		return true
	})
}
