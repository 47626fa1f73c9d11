package trigger

import "github.com/registrykit/registrykit/imagestream"

// picksBuild says whether a trigger of a BuildConfig is meant.
func (w Which) picksBuild(t buildTrigger, namespace string) bool {
	return t.reason != Invalid && w.Container == "" && w.List == "" &&
		(w.From == (Tag{}) || w.From.is(t.tag, namespace))
}

func (o *Object) editBuild(op string, which Which) (Edit, error) {
	triggers, _ := o.buildTriggers()
	p := patcher{object: o}
	found := false
	for i := len(triggers) - 1; i >= 0; i-- { // so that indexes hold while triggers go
		t := triggers[i]
		if !which.picksBuild(t, o.namespace) {
			continue
		}
		found = true
		switch {
		case op == "remove":
			p.do("remove", specTriggerPointer(t.index), nil)
		case t.paused != (op == "pause"):
			p.pauseBuild(t, op == "pause")
		}
	}
	if !found {
		return Edit{}, o.noTrigger(op, which)
	}
	return o.specEdit(p), nil
}

// pauseBuild pauses a trigger or resumes it.
func (p *patcher) pauseBuild(t buildTrigger, paused bool) {
	switch {
	case t.values == nil:
		p.do("add", specTriggerPointer(t.index, "imageChange"), map[string]any{"paused": paused})
	case paused:
		p.do("add", specTriggerPointer(t.index, "imageChange", "paused"), true)
	default:
		p.do("remove", specTriggerPointer(t.index, "imageChange", "paused"), nil)
	}
}

// specEdit is an edit of spec.triggers, which has to be as it was read.
func (o *Object) specEdit(p patcher) Edit {
	if len(p.changes) == 0 {
		return Edit{}
	}
	if now := at(o.content, "spec", "triggers"); now != nil {
		p.expect("/spec/triggers", now)
	} else {
		p.expectUnchanged()
	}
	return Edit{Patch: p.patch()}
}

func (o *Object) setBuild(want Wanted) (Edit, error) {
	if want.Container != "" || want.List != "" {
		return Edit{}, o.fail("set", about("set", -1, "", "triggers of a BuildConfig are about no container", ErrNoContainer))
	}
	triggers, _ := o.buildTriggers()
	p := patcher{object: o}
	for _, t := range triggers {
		// The trigger of the build strategy is the one without a tag of its own.
		same := t.own && t.tag != (Tag{}) && want.From.is(t.tag, o.namespace)
		if want.From == (Tag{}) {
			same = !t.own
		}
		if !same || t.reason == Invalid {
			continue
		}
		if t.paused != want.Paused {
			p.pauseBuild(t, want.Paused)
		}
		return o.specEdit(p), nil
	}
	change := map[string]any{}
	if want.From != (Tag{}) {
		change["from"] = want.From.reference()
	} else if from, _ := o.strategyFrom(); text(from, "kind") != imagestream.KindImageStreamTag {
		return Edit{}, o.fail("set", about("set", -1, "spec.strategy", "the build strategy has no ImageStreamTag to follow", ErrInvalid))
	}
	if want.Paused {
		change["paused"] = true
	}
	return o.addSpecTrigger(p, map[string]any{"type": "ImageChange", "imageChange": change})
}

// addSpecTrigger adds a trigger behind the others.
func (o *Object) addSpecTrigger(p patcher, t map[string]any) (Edit, error) {
	switch at(o.content, "spec", "triggers").(type) {
	case []any:
		p.do("add", "/spec/triggers/-", t)
	case nil:
		if !isObject(o.content["spec"]) {
			return Edit{}, o.fail("set", about("set", -1, "spec", "want an object", ErrMalformed))
		}
		p.do("add", "/spec/triggers", []any{t})
	default:
		return Edit{}, o.fail("set", about("set", -1, "spec.triggers", "want a list", ErrMalformed))
	}
	return o.specEdit(p), nil
}
