package main

import (
	"context"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
)

// collect deletes from the volume what nothing names.
func collect(ctx context.Context, volume *fromlayout.Ends) (*prune.Plan, *apply.Report, error) {
	inv, found, err := volume.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{}), time.Now())
	if err != nil {
		return nil, nil, err
	}
	report, err := apply.Run(ctx, plan, volume.Ends(), apply.Options{Grace: -1, Brakes: brakes})
	if err != nil {
		return plan, report, err
	}
	// A registry notes what each tag was. Of manifests that are gone that can go as well.
	var former []fromlayout.FormerTag
	for _, f := range found.Former {
		if !f.Linked {
			former = append(former, f)
		}
	}
	_, err = volume.ForgetFormer(ctx, former)
	return plan, report, err
}
