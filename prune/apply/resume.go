package apply

import (
	"fmt"
	"slices"
)

// replay reads what the journal says of an earlier run of this plan.
func (r *run) replay() error {
	if r.journal == nil {
		return nil
	}
	first := true
	for record, err := range r.journal.Records() {
		if err != nil {
			return err
		}
		switch {
		case first && record.Plan != r.report.Plan:
			return fmt.Errorf("%w: it is that of plan %q, not of %s: finish that, or take the journal away", ErrJournal, record.Plan, r.report.Plan)
		case first:
			r.before = map[int]Status{}
		case record.Ended:
			r.finished = true
		case record.Number < 0 || record.Number >= len(r.report.entries):
			return fmt.Errorf("%w: it tells of action %d, the plan has %d", ErrJournal, record.Number, len(r.report.entries))
		default:
			r.before[record.Number] = record.Status
		}
		if first {
			r.before[-1] = "" // so that a run that did nothing yet counts as begun
		}
		first = false
	}
	return nil
}

// recall reports what the journal says of a run that came to its end.
func (r *run) recall() {
	n := 0
	for a := range r.plan.Actions() {
		if status := r.before[n]; slices.Contains(statuses, status) {
			r.report.add(&Result{Number: n, Action: a, Status: status, Why: "says the journal"})
			r.report.Resumed++
		}
		n++
	}
}

func (r *run) record(record Record) error {
	if r.journal == nil {
		return nil
	}
	return r.journal.Append(record)
}

// end says in the journal that there is nothing to finish.
func (r *run) end() error { return r.record(Record{Ended: true}) }
