package prune_test

import (
	"strings"
	"testing"
)

// The peer tests cover the ground of the peer's own: what `oc adm prune images`
// deletes where all kinds were listed and only its own references count. Where
// the name of a case says "differs", the peer does otherwise, and
// docs/differences.md says why.

// oneImage is a cluster whose only image goes, and all of it with it, unless
// something uses it: no revisions are kept.
const oneImage = `
	image web l1 l2 config=c
	tag shop/web:latest web
`

const allOfOneImage = `
	items shop/web:latest#0=web
	manifests shop/web web
	layers shop/web c l1 l2
	images web
	blobs c l1 l2 web
`

// whatUses tells for some objects whether they keep the one image.
type whatUses struct {
	name, objects string
	kept          bool
}

func runWhatUses(t *testing.T, words string, cases []whatUses) {
	t.Helper()
	var list []planCase
	for _, u := range cases {
		p := planCase{name: u.name, policy: "revisions=0", cluster: oneImage + u.objects, want: allOfOneImage}
		if u.kept {
			p.want = ""
		}
		list = append(list, p)
	}
	runPlanCases(t, words, list)
}

// oneLine joins the lines of an object that is written over several.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
