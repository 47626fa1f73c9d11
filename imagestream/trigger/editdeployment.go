package trigger

import (
	"slices"
)

// picksDeployment says whether a trigger of a DeploymentConfig is meant and for
// which of its containers; the rest is to stay as it is.
func (w Which) picksDeployment(t deploymentTrigger, namespace string) (meant, rest []string, ok bool) {
	if t.reason == Invalid || w.From != (Tag{}) && !w.From.is(t.tag, namespace) {
		return nil, t.names, false
	}
	for _, name := range t.names {
		inList := w.List == "" || slices.ContainsFunc(t.slots, func(s slot) bool { return s.name == name && s.list == w.List })
		if inList && (w.Container == "" || w.Container == name) {
			meant = append(meant, name)
		} else {
			rest = append(rest, name)
		}
	}
	return meant, rest, len(meant) > 0 || len(t.names) == 0 && w.Container == "" && w.List == ""
}

func (o *Object) editDeployment(op string, which Which) (Edit, error) {
	triggers, _ := o.deploymentTriggers()
	p := patcher{object: o}
	found := false
	for i := len(triggers) - 1; i >= 0; i-- { // so that indexes hold while triggers come and go
		t := triggers[i]
		meant, rest, ok := which.picksDeployment(t, o.namespace)
		if !ok {
			continue
		}
		found = true
		automatic := op == "resume"
		switch {
		case op != "remove" && t.automatic == automatic:
		case op == "remove" && len(rest) == 0:
			p.do("remove", specTriggerPointer(t.index), nil)
		case op == "remove":
			p.do("replace", specTriggerPointer(t.index, "imageChangeParams", "containerNames"), asList(rest))
		case len(rest) == 0:
			p.do("add", specTriggerPointer(t.index, "imageChangeParams", "automatic"), automatic)
		default:
			p.split(t, meant, rest, automatic)
		}
	}
	if !found {
		return Edit{}, o.noTrigger(op, which)
	}
	return o.specEdit(p), nil
}

// split leaves the rest of the containers to the trigger and makes another one
// for those that are meant, behind it.
func (p *patcher) split(t deploymentTrigger, meant, rest []string, automatic bool) {
	triggers := at(p.object.content, "spec", "triggers").([]any)
	copied := deepCopy(triggers[t.index]).(map[string]any)
	params := copied["imageChangeParams"].(map[string]any)
	params["containerNames"] = asList(meant)
	params["automatic"] = automatic
	p.do("replace", specTriggerPointer(t.index, "imageChangeParams", "containerNames"), asList(rest))
	p.do("add", specTriggerPointer(t.index+1), copied)
}

func (o *Object) setDeployment(want Wanted) (Edit, error) {
	s, err := o.wantedSlot(want)
	if err != nil {
		return Edit{}, err
	}
	triggers, _ := o.deploymentTriggers()
	p := patcher{object: o}
	// The trigger to keep is one that is as wanted, else one of this container
	// alone.
	keep := slices.IndexFunc(triggers, func(t deploymentTrigger) bool {
		return t.reason == "" && slices.Contains(t.names, s.name) && want.From.is(t.tag, o.namespace) && t.automatic != want.Paused
	})
	if keep < 0 {
		keep = slices.IndexFunc(triggers, func(t deploymentTrigger) bool {
			return t.reason != Invalid && len(t.names) == 1 && t.names[0] == s.name
		})
	}
	for i := len(triggers) - 1; i >= 0; i-- {
		t := triggers[i]
		_, rest, ok := Which{Container: s.name}.picksDeployment(t, o.namespace)
		switch {
		case !ok:
		case i == keep:
			p.follow(t, want, o.namespace)
		case len(rest) == 0:
			p.do("remove", specTriggerPointer(t.index), nil)
		default:
			p.do("replace", specTriggerPointer(t.index, "imageChangeParams", "containerNames"), asList(rest))
		}
	}
	if keep >= 0 {
		return o.specEdit(p), nil
	}
	return o.addSpecTrigger(p, map[string]any{
		"type": "ImageChange",
		"imageChangeParams": map[string]any{
			"automatic": !want.Paused, "containerNames": []any{s.name}, "from": want.From.reference(),
		},
	})
}

// follow makes a trigger follow the tag that is wanted.
func (p *patcher) follow(t deploymentTrigger, want Wanted, namespace string) {
	params := []string{"imageChangeParams"}
	if !want.From.is(t.tag, namespace) || t.reason == Ignored {
		p.do("add", specTriggerPointer(t.index, append(params, "from")...), want.From.reference())
		if t.values["lastTriggeredImage"] != nil {
			p.do("remove", specTriggerPointer(t.index, append(params, "lastTriggeredImage")...), nil)
		}
	}
	if t.automatic == want.Paused {
		p.do("add", specTriggerPointer(t.index, append(params, "automatic")...), !want.Paused)
	}
}

func asList(names []string) []any {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = name
	}
	return list
}
