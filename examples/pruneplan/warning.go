package main

import (
	"fmt"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// evidenceWarning says in one line which evidence is missing, and which flag
// helps; "" where none is.
func evidenceWarning(plan *prune.Plan) string {
	listed := map[inventory.Kind]bool{}
	unknown, before := 0, false
	for _, e := range plan.Evidence {
		listed[e.Kind] = e.Listed
		unknown += len(e.Unknown)
		before = before || e.AfterImageStreams != nil && !*e.AfterImageStreams
	}
	var absent, partial []string
	for _, kind := range plan.Missing() {
		if listed[kind] {
			partial = append(partial, string(kind))
		} else {
			absent = append(absent, string(kind))
		}
	}
	var parts []string
	if len(absent) > 0 {
		names := strings.Join(absent, ",")
		parts = append(parts, fmt.Sprintf("Not listed: %s. What they could protect is kept. Add them to the dump or, if the cluster was asked and has none, say --listed %s.", names, names))
	}
	if len(partial) > 0 {
		parts = append(parts, fmt.Sprintf("Listed in part: %s. What they could protect is kept. List them whole: of all namespaces (-A), without a limit, and with all their fields.", strings.Join(partial, ",")))
	}
	if unknown > 0 {
		text := fmt.Sprintf("Needed and not known: %d images, so no image and no blob goes.", unknown)
		if before {
			text += " Images were not listed after ImageStreams, so these may merely be new: list imagestreams before images."
		}
		parts = append(parts, text+" If none of them is in this registry, say --accept-unknown-images.")
	}
	return strings.Join(parts, " ")
}
