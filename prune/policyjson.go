package prune

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// presetJSON is the form of a policy that [OpenShift] made: its knobs.
type presetJSON struct {
	KeepYoungerThan    *Duration `json:"keepYoungerThan,omitempty"`
	KeepTagRevisions   *int      `json:"keepTagRevisions,omitempty"`
	PruneOverSizeLimit bool      `json:"pruneOverSizeLimit"`
	AllImages          bool      `json:"allImages"`
	PruneRegistry      bool      `json:"pruneRegistry"`
	IgnoreInvalidRefs  bool      `json:"ignoreInvalidRefs"`
	Namespace          string    `json:"namespace,omitempty"`
	evidenceJSON
}

// rulesJSON is the form of any other policy: its rules.
type rulesJSON struct {
	TagItems             []Rule    `json:"tagItems"`
	Images               []Rule    `json:"images"`
	FinishedPodsCountFor *Duration `json:"finishedPodsCountFor,omitempty"`
	PruneRegistry        bool      `json:"pruneRegistry"`
	Orphans              bool      `json:"orphans,omitempty"`
	Untagged             bool      `json:"untagged,omitempty"`
	IgnoreInvalidRefs    bool      `json:"ignoreInvalidRefs"`
	Namespace            string    `json:"namespace,omitempty"`
	evidenceJSON
}

// evidenceJSON is what decides the evidence. What is missing keeps.
type evidenceJSON struct {
	AcceptUnknownImages   bool     `json:"acceptUnknownImages"`
	PeerReferencesOnly    bool     `json:"peerReferencesOnly"`
	IgnoreSources         []string `json:"ignoreSources"`
	AbsentTimesAreAncient bool     `json:"absentTimesAreAncient"`
	Lifetime              Duration `json:"lifetime"`
}

// Equal reports whether two policies say the same.
func (p *Policy) Equal(q *Policy) bool {
	a, errA := json.Marshal(p.rules())
	b, errB := json.Marshal(q.rules())
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func (p *Policy) lifetime() Duration {
	if p.Lifetime == 0 {
		return Duration(DefaultLifetime)
	}
	return p.Lifetime
}

// String returns the policy's JSON.
func (p Policy) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// MarshalJSON implements json.Marshaler: the knobs of the OpenShift preset for a
// policy that is as [OpenShift] made it, else the rules.
func (p Policy) MarshalJSON() ([]byte, error) {
	rules := p.rules()
	if o := p.preset; o != nil {
		if made, err := OpenShift(*o); err == nil && made.Equal(&p) {
			return json.Marshal(presetJSON{
				o.KeepYoungerThan, o.KeepTagRevisions, o.PruneOverSizeLimit, o.AllImages,
				o.PruneRegistry, o.IgnoreInvalidRefs, o.Namespace, rules.evidenceJSON,
			})
		}
	}
	return json.Marshal(rules)
}

func (p *Policy) rules() rulesJSON {
	return rulesJSON{
		notNil(p.TagItems), notNil(p.Images), p.FinishedPodsCountFor,
		p.PruneRegistry, p.Orphans, p.Untagged, p.IgnoreInvalidReferences, p.Namespace,
		evidenceJSON{p.AcceptUnknownImages, p.PeerReferencesOnly, notNil(p.IgnoreSources), p.AbsentTimesAreAncient, p.lifetime()},
	}
}

// UnmarshalJSON implements json.Unmarshaler. It reads both forms: knobs, or
// rules. A key that it does not know is an error, also one that differs in case
// alone, as are a key that stands twice, a null anywhere, an empty list or map
// in a condition, and a knob missing without which the preset would delete more;
// {} is the policy that deletes nothing. The error wraps [ErrPolicy], and leaves
// the policy as it was.
func (p *Policy) UnmarshalJSON(b []byte) error {
	var keys map[string]json.RawMessage
	err := json.Unmarshal(b, &keys)
	if err == nil && keys == nil {
		err = errors.New("it is null")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	read := readPreset
	if keys["tagItems"] != nil || keys["images"] != nil || len(keys) == 0 {
		read = readRules
	}
	policy, err := read(b)
	if err != nil {
		if !errors.Is(err, ErrPolicy) {
			err = fmt.Errorf("%w: %w", ErrPolicy, err)
		}
		return err
	}
	*p = policy
	return nil
}

func readPreset(b []byte) (Policy, error) {
	var o presetJSON
	if err := exact(b, &o); err != nil {
		return Policy{}, err
	}
	return OpenShift(OpenShiftOptions{
		KeepYoungerThan: o.KeepYoungerThan, KeepTagRevisions: o.KeepTagRevisions,
		PruneOverSizeLimit: o.PruneOverSizeLimit, AllImages: o.AllImages, PruneRegistry: o.PruneRegistry,
		IgnoreInvalidRefs: o.IgnoreInvalidRefs, Namespace: o.Namespace,
		AcceptUnknownImages: o.AcceptUnknownImages, PeerReferencesOnly: o.PeerReferencesOnly,
		IgnoreSources: o.IgnoreSources, AbsentTimesAreAncient: o.AbsentTimesAreAncient, Lifetime: o.Lifetime,
	})
}

func readRules(b []byte) (Policy, error) {
	var o rulesJSON
	if err := exact(b, &o); err != nil {
		return Policy{}, err
	}
	p := Policy{
		TagItems: o.TagItems, Images: o.Images, FinishedPodsCountFor: o.FinishedPodsCountFor,
		PruneRegistry: o.PruneRegistry, IgnoreInvalidReferences: o.IgnoreInvalidRefs, Namespace: o.Namespace,
		AcceptUnknownImages: o.AcceptUnknownImages, PeerReferencesOnly: o.PeerReferencesOnly,
		IgnoreSources: o.IgnoreSources, AbsentTimesAreAncient: o.AbsentTimesAreAncient, Lifetime: o.Lifetime,
		Orphans: o.Orphans, Untagged: o.Untagged,
	}
	return p, p.Validate()
}

// strict decodes one JSON value into v and refuses keys that v does not have.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the JSON value")
	}
	return nil
}
