package prune

import (
	"errors"
	"fmt"
	"time"
)

// ErrPlan is in the chain of the error for JSON that is no plan, or that was
// changed after it was written.
var ErrPlan = errors.New("not a plan")

type planJSON struct {
	Schema            string         `json:"schema"`
	Now               time.Time      `json:"now"`
	Expires           time.Time      `json:"expires"`
	Inventory         string         `json:"inventory"`
	Policy            Policy         `json:"policy"`
	InvalidReferences []BadReference `json:"invalidReferences"`
	UnreadReferences  []BadReference `json:"unreadReferences"`
	Evidence          []Evidence     `json:"evidence"`
	Actions           []actionJSON   `json:"actions"`
	Summary           Summary        `json:"summary"`
	Digest            string         `json:"digest"`
	Kept              []verdictJSON  `json:"kept"`
}

type actionJSON struct {
	Kind                 ActionKind `json:"kind"`
	Stream               string     `json:"stream"`
	Tag                  string     `json:"tag"`
	Index                int        `json:"index"`
	Image                string     `json:"image"`
	Created              *time.Time `json:"created"`
	DockerImageReference string     `json:"dockerImageReference"`
	UID                  string     `json:"uid"`
	ResourceVersion      string     `json:"resourceVersion"`
	Repository           string     `json:"repository"`
	Digest               string     `json:"digest"`
	Bytes                int64      `json:"bytes"`
	Reason               Reason     `json:"reason"`
}

type verdictJSON struct {
	Kind   VerdictKind `json:"kind"`
	Object string      `json:"object"`
	Image  string      `json:"image"`
	Reason Reason      `json:"reason"`
}

// UnmarshalJSON implements json.Unmarshaler. It reads what [Plan.WriteJSON]
// writes. The plan must be whole and unchanged but for space between tokens:
// another schema, a key that is not known, a digest that does not fit, and
// anything else that WriteJSON would not write so are errors that wrap
// [ErrPlan].
func (p *Plan) UnmarshalJSON(b []byte) error {
	var j planJSON
	if err := strict(b, &j); err != nil {
		return fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if j.Schema != Schema {
		return fmt.Errorf("%w: schema is %q, want %q", ErrPlan, j.Schema, Schema)
	}
	read := Plan{
		Now: j.Now, Expires: j.Expires, Inventory: j.Inventory, Policy: j.Policy,
		InvalidReferences: j.InvalidReferences, UnreadReferences: j.UnreadReferences,
		Evidence: j.Evidence, Summary: j.Summary, actions: make([]Action, len(j.Actions)),
	}
	for i, a := range j.Actions {
		if !a.Kind.valid() {
			return fmt.Errorf("%w: actions[%d]: kind is %q", ErrPlan, i, a.Kind)
		}
		read.actions[i] = Action{
			Kind: a.Kind, Stream: a.Stream, Tag: a.Tag, Index: a.Index, Image: a.Image,
			DockerImageReference: a.DockerImageReference, UID: a.UID, ResourceVersion: a.ResourceVersion,
			Repository: a.Repository, Digest: a.Digest, Bytes: a.Bytes, Reason: a.Reason,
		}
		if a.Created != nil {
			read.actions[i].Created = *a.Created
		}
	}
	for _, v := range j.Kept {
		read.verdicts = append(read.verdicts, Verdict{Kind: v.Kind, Object: v.Object, Image: v.Image, Outcome: Keep, Reason: v.Reason})
	}
	err := read.WriteJSON(&sameJSON{text: b}, j.Kept != nil)
	if err != nil {
		if digest := read.Digest(); digest != j.Digest {
			err = fmt.Errorf("its digest is %s and it says %s", digest, j.Digest)
		}
		return fmt.Errorf("%w: %w", ErrPlan, err)
	}
	*p = read
	return nil
}

// Equal reports whether two plans say the same, in all that their digests
// cover.
func (p *Plan) Equal(q *Plan) bool { return p.Digest() == q.Digest() }
