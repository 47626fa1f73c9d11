package prunetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A planner makes plans. It is prune.New but in the tests of the checks.
type planner func(*inventory.Inventory, prune.Policy, time.Time) (*decisions, error)

// decisions are what a plan says.
type decisions struct {
	actions     []prune.Action
	summary     prune.Summary
	fingerprint string
	failed      bool // references do not parse

	// What takes longer is made when somebody asks for it.
	verdicts func() []prune.Verdict
	text     func() ([]byte, error) // JSON
	withKept func() ([]byte, error) // JSON with verdicts
}

func newPlan(inv *inventory.Inventory, policy prune.Policy, now time.Time) (*decisions, error) {
	plan, err := prune.New(inv, policy, now)
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		plan = invalid.Plan
	} else if err != nil {
		return nil, err
	}
	d := decisionsOf(plan)
	d.failed = invalid != nil
	return d, nil
}

func decisionsOf(plan *prune.Plan) *decisions {
	write := func(verdicts bool) func() ([]byte, error) {
		return func() ([]byte, error) {
			var text bytes.Buffer
			err := plan.WriteJSON(&text, verdicts)
			return text.Bytes(), err
		}
	}
	return &decisions{
		actions: slices.Collect(plan.Actions()), summary: plan.Summary, fingerprint: plan.Inventory,
		verdicts: func() []prune.Verdict { return slices.Collect(plan.Verdicts()) },
		text:     write(false), withKept: write(true),
	}
}

// An object is what an action deletes.
type object struct {
	kind prune.ActionKind
	name string
}

func objectOf(a *prune.Action) object {
	switch a.Kind {
	case prune.DeleteTagItem:
		return object{a.Kind, itemName(a.Stream, a.Tag, a.Index)}
	case prune.DeleteImage:
		return object{a.Kind, a.Image}
	case prune.DeleteBlob:
		return object{a.Kind, a.Digest}
	}
	return object{a.Kind, linkName(a.Repository, a.Digest)}
}

func itemName(repository, tag string, index int) string {
	return fmt.Sprintf("%s:%s#%d", repository, tag, index)
}

func linkName(repository, digest string) string { return repository + " " + digest }

// objects returns all that is deleted.
func (d *decisions) objects() map[object]bool {
	all := map[object]bool{}
	for i := range d.actions {
		all[objectOf(&d.actions[i])] = true
	}
	return all
}
