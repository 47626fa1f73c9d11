package apply

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Brakes stop a run before its first deletion, where a plan would delete more
// than anybody expects. A brake that is zero is off. Blobs that earlier plans
// condemned do not count: they did with those. What Options.KeepLastTag takes out of
// the plan does, since it is found only later.
type Brakes struct {
	// Deletions is how many actions a plan may have.
	Deletions int
	// Images is the share of all known images that may go, above 0, at most 1.
	Images float64
	// Bytes is how many may be freed. A blob of unknown size counts as none, and
	// UnknownBlobs is how many of these there may be.
	Bytes        int64
	UnknownBlobs int
	// PerRepository is how many tag items and links of one repository may go.
	// Images and blobs, and so bytes, are of none: the other brakes count them.
	PerRepository int
	// Growth is how many times as many deletions as Last a plan may have. Nil
	// Last, or one without deletions: the brake is off.
	Growth float64
	Last   *prune.Summary
}

// ErrBrake is in the chain of the error of a run that a brake stopped.
var ErrBrake = errors.New("stopped by a brake, nothing was deleted")

// A BrakeError names the brake and its figures.
type BrakeError struct {
	Brake      string // as in "images"
	Repository string // "" for all of them
	Limit, Got string
}

func (e *BrakeError) Error() string {
	where := ""
	if e.Repository != "" {
		where = " in " + e.Repository
	}
	return fmt.Sprintf("%s%s: the plan has %s, at most %s may go", e.Brake, where, e.Got, e.Limit)
}

// Is makes it an [ErrBrake].
func (e *BrakeError) Is(target error) bool { return target == ErrBrake }

// Check returns a *BrakeError for every brake that the plan exceeds, joined, or
// nil. The error wraps [ErrBrake]. A brake that makes no sense is an error, too.
func (b Brakes) Check(plan *prune.Plan) error {
	s := plan.Summary
	var errs []error
	exceeded := func(brake, repository string, limit, got any) {
		errs = append(errs, &BrakeError{brake, repository, fmt.Sprint(limit), fmt.Sprint(got)})
	}
	share := b.Images >= 0 && b.Images <= 1 // not so for NaN
	if !share || b.Deletions < 0 || b.Bytes < 0 || b.UnknownBlobs < 0 || b.PerRepository < 0 || !(b.Growth >= 0) {
		return fmt.Errorf("brakes %+v: a limit is negative, or a share above 1", b)
	}
	if b.Deletions > 0 && s.Actions() > b.Deletions {
		exceeded("deletions", "", b.Deletions, s.Actions())
	}
	if b.Bytes > 0 && s.FreedBytes > b.Bytes {
		exceeded("bytes", "", b.Bytes, s.FreedBytes)
	}
	if b.UnknownBlobs > 0 && s.UnknownBlobs > b.UnknownBlobs {
		exceeded("blobs of unknown size", "", b.UnknownBlobs, s.UnknownBlobs)
	}
	if known := imagesOf(plan); b.Images > 0 && float64(s.Images) > b.Images*float64(known) {
		exceeded("images", "", fmt.Sprintf("%.4g %% of %d", 100*b.Images, known), s.Images)
	}
	if b.Growth > 0 && b.Last != nil && b.Last.Actions() > 0 {
		if last := b.Last.Actions(); float64(s.Actions()) > b.Growth*float64(last) {
			exceeded("growth", "", fmt.Sprintf("%g times the last plan's %d", b.Growth, last), s.Actions())
		}
	}
	if b.PerRepository > 0 {
		per := perRepository(plan)
		for _, repository := range slices.Sorted(maps.Keys(per)) {
			if n := per[repository]; n > b.PerRepository {
				exceeded("tag items and links", repository, b.PerRepository, n)
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrBrake, firstOf(errs))
}

// firstOf joins a few errors and counts the others.
func firstOf(errs []error) error {
	const most = 10
	if len(errs) <= most {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs[:most:most], fmt.Errorf("and %d more", len(errs)-most))...)
}

// imagesOf returns how many images the plan knew.
func imagesOf(plan *prune.Plan) int {
	for _, e := range plan.Evidence {
		if e.Kind == inventory.KindImage {
			return e.Count
		}
	}
	return 0
}

func perRepository(plan *prune.Plan) map[string]int {
	per := map[string]int{}
	for a := range plan.Actions() {
		if repository := a.Stream + a.Repository; repository != "" {
			per[strings.Clone(repository)]++
		}
	}
	return per
}
