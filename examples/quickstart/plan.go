package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
)

// brakes stop a run that would delete more than anybody expects of this week.
var brakes = apply.Brakes{Images: 0.5, Bytes: 16 << 20}

// makePlan plans by the rules of `oc adm prune images`, with its defaults.
func makePlan(ctx context.Context, c *cluster) (*prune.Plan, error) {
	inv, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	if err != nil {
		return nil, err
	}
	return prune.New(inv, policy, sunday)
}

// carryOut carries the plan out: on the cluster's objects and on the volume, while
// nobody pushes. What was done is in the journal.
func carryOut(ctx context.Context, plan *prune.Plan, c *cluster, volume *fromlayout.Ends, journalFile string) (*apply.Report, error) {
	journal, err := apply.OpenJournal(journalFile)
	if err != nil {
		return nil, err
	}
	ends := apply.Ends{
		Streams: c, Images: c, Inventory: c,
		Manifests: volume, Layers: volume, Blobs: volume,
	}
	report, err := apply.Run(ctx, plan, ends, apply.Options{
		Now:     func() time.Time { return sunday },
		Grace:   -1, // nobody pushes: no blob needs to wait for a second plan
		Brakes:  brakes,
		Journal: journal,
	})
	return report, errors.Join(err, journal.Close())
}

// allDone reports, as an error, what of a plan was not carried out.
func allDone(report *apply.Report) error {
	for result := range report.Results() {
		if result.Status != apply.Done {
			return fmt.Errorf("not done: %s", result)
		}
	}
	return nil
}
