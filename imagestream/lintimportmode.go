package imagestream

import (
	"encoding/json"
	"fmt"
	"slices"
)

// lastAppliedAnnotation holds the object as it was last applied by oc or kubectl.
const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration"

// preserveOriginal looks for tags that were imported whole, and are so no more.
func (l *linter) preserveOriginal() {
	applied := l.lastApplied()
	var unknown []string
	for i := range l.s.Spec.Tags {
		t := &l.s.Spec.Tags[i]
		if l.own.spec[t.Name] != t || !imports(t) || t.ImportPolicy.ImportMode == ImportModePreserveOriginal {
			continue
		}
		switch {
		case applied[t.Name] == ImportModePreserveOriginal:
			l.modeLost(SeverityWarning, t, "the tag was applied with PreserveOriginal, and has "+modeText(t)+" now")
		case l.options.Images != nil:
			l.indexLost(t)
		case l.own.latest(t.Name) != nil:
			unknown = append(unknown, t.Name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		l.notChecked(NotChecked{
			Rule: RulePreserveOriginalLost, Message: "without LintOptions.Images it is not known what was a manifest list: " + someTags(unknown),
		})
	}
}

// lastApplied returns the import modes that were last applied, by tag.
func (l *linter) lastApplied() map[string]ImportModeType {
	text := l.s.Annotations[lastAppliedAnnotation]
	const most = 1 << 20 // a server takes 256 KiB of annotations
	if text == "" || len(text) > most {
		return nil
	}
	var s ImageStream
	if json.Unmarshal([]byte(text), &s) != nil {
		return nil // not of this kind; it decides nothing
	}
	modes := make(map[string]ImportModeType, len(s.Spec.Tags))
	for i := range s.Spec.Tags {
		modes[s.Spec.Tags[i].Name] = s.Spec.Tags[i].ImportPolicy.ImportMode
	}
	return modes
}

func modeText(t *TagReference) string {
	if t.ImportPolicy.ImportMode == "" {
		return "the cluster's import mode"
	}
	return "the import mode " + shortText(string(t.ImportPolicy.ImportMode))
}

func (l *linter) modeLost(severity Severity, t *TagReference, message string) {
	l.foundAs(severity, Finding{
		Rule: RulePreserveOriginalLost, Tag: t.Name, Field: specField(t.Name, "importPolicy.importMode"), Message: message,
		Hint: fmt.Sprintf("import it whole again: oc import-image %s --import-mode=%s", l.name(t.Name), ImportModePreserveOriginal),
	})
}

// foundImage is what an ImageLookup said.
type foundImage struct {
	image *Image
	err   error
}

// importedImage returns an image that was imported; nil where there is none, or it
// was pushed.
func (l *linter) importedImage(name string) (*Image, error) {
	f, ok := l.images[name]
	if !ok {
		f.image, f.err = l.options.Images.find(name)
		l.images[name] = f
	}
	if f.err != nil || f.image == nil || f.image.Annotations[ManagedByOpenShiftAnnotation] == "true" {
		return nil, f.err
	}
	return f.image, nil
}

// indexLost looks for manifest lists in the history of a tag.
func (l *linter) indexLost(t *TagReference) {
	list := l.own.status[t.Name]
	if list == nil {
		return
	}
	newestImported := false
	for i := range list.Items {
		item := &list.Items[i]
		if item.Image == "" {
			continue
		}
		image, err := l.importedImage(item.Image)
		if err != nil {
			l.notChecked(NotChecked{
				Rule: RulePreserveOriginalLost, Tag: t.Name, Field: statusField(t.Name, fmt.Sprintf("items[%d].image", i)),
				Message: shortText(err.Error()), Err: err,
			})
			return
		}
		if i == 0 {
			newestImported = image != nil
		}
		if isIndex(image) {
			l.indexAt(t, list, i, image, newestImported)
			return
		}
	}
}

// indexAt: the newest manifest list of a history is item i.
func (l *linter) indexAt(t *TagReference, list *NamedTagEventList, i int, index *Image, newestImported bool) {
	newest := list.Items[0].Image
	switch {
	case i == 0 && t.ImportPolicy.ImportMode == ImportModeLegacy:
		l.modeLost(SeverityWarning, t, fmt.Sprintf("the tag points to the manifest list %s and has the import mode Legacy: the next import takes one image out of it",
			shortText(newest)))
	case i == 0, !newestImported:
		// The cluster's mode may be PreserveOriginal; or the newest was pushed,
		// or is not known.
	case slices.ContainsFunc(index.DockerImageManifests, func(m ImageManifest) bool { return m.Digest == newest }):
		l.modeLost(SeverityWarning, t, fmt.Sprintf("the tag pointed to the manifest list %s, and points to one image of it now, %s",
			shortText(index.Name), shortText(newest)))
	default:
		l.modeLost(SeverityInfo, t, fmt.Sprintf("the tag pointed to the manifest list %s, and %s is none; either one image was taken out of a later list, or its source has no lists any more",
			shortText(index.Name), shortText(newest)))
	}
}
