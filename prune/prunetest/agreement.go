package prunetest

import (
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// agreement: verdicts and actions say the same, of everything there is and of
// nothing else.
func (c *checker) agreement() error {
	v := &violations{invariant: Agreement}
	verdicts := map[object]prune.Outcome{}
	for _, verdict := range c.plan.verdicts() {
		kind, ok := verdictKinds[verdict.Kind]
		o := object{kind, verdict.Object}
		if _, twice := verdicts[o]; twice || !ok {
			v.add(verdict.Object, "a second verdict of kind %q, or one of no kind", verdict.Kind)
		}
		verdicts[o] = verdict.Outcome
	}
	actions := map[object]bool{}
	for i := range c.plan.actions {
		a := &c.plan.actions[i]
		o := objectOf(a)
		if actions[o] {
			v.add(o.name, "%s twice", a.Kind)
		}
		actions[o] = true
		if wrong := c.misfit(a); wrong != "" {
			v.add(o.name, "%s %s", a.Kind, wrong)
		}
	}
	objects := c.objects()
	for _, o := range objects {
		outcome, ok := verdicts[o]
		delete(verdicts, o)
		switch {
		case !ok:
			v.add(o.name, "no verdict for %s", o.kind)
		case outcome != prune.Keep && outcome != prune.Delete:
			v.add(o.name, "the outcome is %q", outcome)
		case (outcome == prune.Delete) != actions[o]:
			v.add(o.name, "the verdict is %s; that %s is in the plan is %t", outcome, o.kind, actions[o])
		}
	}
	for o := range verdicts {
		v.add(o.name, "a verdict for %s, and there is no such object", o.kind)
	}
	c.count(v)
	return v.err()
}

var verdictKinds = map[prune.VerdictKind]prune.ActionKind{
	prune.TagItemVerdict: prune.DeleteTagItem,
	prune.ImageVerdict:   prune.DeleteImage,
	prune.BlobVerdict:    prune.DeleteBlob,
}

// objects lists every tag item, image and blob.
func (c *checker) objects() (all []object) {
	for _, s := range c.facts.streams {
		for _, t := range s.Tags {
			for i := range t.Items {
				name := itemName(inventory.RepositoryName(s.Namespace, s.Name), t.Name, i)
				all = append(all, object{prune.DeleteTagItem, name})
			}
		}
	}
	seen := map[string]bool{}
	blob := func(digest string) {
		if digest != "" && !seen[digest] {
			seen[digest] = true
			all = append(all, object{prune.DeleteBlob, digest})
		}
	}
	for _, b := range c.facts.stored {
		blob(b.Digest)
	}
	for i := range c.facts.manifests {
		m := &c.facts.manifests[i]
		all = append(all, object{prune.DeleteImage, m.Digest})
		blob(m.Digest)
		blob(m.Config)
		for _, l := range m.Layers {
			blob(l.Digest)
		}
	}
	return all
}

// misfit says how an action does not fit the object that it deletes, "" where
// it does.
func (c *checker) misfit(a *prune.Action) string {
	switch a.Kind {
	case prune.DeleteTagItem:
		s := c.streams[a.Stream]
		item := itemAt(s, a.Tag, a.Index)
		switch {
		case item == nil:
			return "is of no item"
		case item.Image != a.Image || item.DockerImageReference != a.DockerImageReference || !item.Created.Equal(a.Created):
			return "has another image, reference or time than the item"
		case s.UID != a.UID || s.ResourceVersion != a.ResourceVersion:
			return "has another uid or resourceVersion than the stream"
		}
	case prune.DeleteImage:
		m := c.images[a.Image]
		switch {
		case m == nil:
			return "is of no Image"
		case m.UID != a.UID || m.ResourceVersion != a.ResourceVersion:
			return "has another uid or resourceVersion than the Image"
		}
	case prune.DeleteBlob:
		if d := c.inv.Digest(a.Digest); d == inventory.NoDigest || c.inv.Size(d) != a.Bytes {
			return "has another size than the blob"
		}
	case prune.DeleteManifestLink, prune.DeleteLayerLink:
		s := c.inv.FindStream(repositoryOf(a.Repository))
		d := c.inv.Digest(a.Digest)
		if s < 0 || d == inventory.NoDigest || !c.inv.HasLink(s, d, a.Kind == prune.DeleteManifestLink) {
			return "is of no link"
		}
	default:
		return "is no kind of action"
	}
	return ""
}

func itemAt(s *inventory.Stream, tag string, index int) *inventory.TagItem {
	if s == nil {
		return nil
	}
	for _, t := range s.Tags {
		if t.Name == tag && index >= 0 && index < len(t.Items) {
			return &t.Items[index]
		}
	}
	return nil
}

// count checks the numbers of the summary.
func (c *checker) count(v *violations) {
	n := map[prune.ActionKind]int{}
	for _, a := range c.plan.actions {
		n[a.Kind]++
	}
	s := c.plan.summary
	for _, line := range []struct {
		kind prune.ActionKind
		says int
	}{
		{prune.DeleteTagItem, s.TagItems}, {prune.DeleteManifestLink, s.ManifestLinks},
		{prune.DeleteLayerLink, s.LayerLinks}, {prune.DeleteImage, s.Images}, {prune.DeleteBlob, s.Blobs},
	} {
		if line.says != n[line.kind] {
			v.add("summary", "it counts %d of %s, and there are %d", line.says, line.kind, n[line.kind])
		}
	}
}
