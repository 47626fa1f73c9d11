package naiveplan

import "time"

// A Policy is the general form of what decides: lists of rules, of which the
// first that matches wins. Its fields are those of prune.Policy.
type Policy struct {
	TagItems []Rule
	Images   []Rule

	Namespace               string
	PruneRegistry           bool
	Orphans, Untagged       bool
	FinishedPodsCountFor    *Duration
	IgnoreInvalidReferences bool
	AcceptUnknownImages     bool
	PeerReferencesOnly      bool
	IgnoreSources           []string
	AbsentTimesAreAncient   bool
}

// A Rule decides on what meets its condition. Its JSON is that of prune.Rule.
type Rule struct {
	ID      string    `json:"id"`
	Outcome string    `json:"outcome"`
	When    Condition `json:"when"`
}

// A Condition is met where all that it says holds.
type Condition struct {
	Repositories, Tags                                             []string
	YoungerThan, OlderThan, StreamYoungerThan                      *Duration
	PulledWithin, NotPulledFor                                     *Duration
	RevisionBelow, RevisionFrom                                    *int
	TagInUse, DigestInUse, ReferenceTag, Known, OverLimit, Managed *bool
	Labels                                                         map[string]string
	Dropped                                                        *bool
}

// A Duration is text in JSON.
type Duration time.Duration

// UnmarshalText reads what time.Duration prints.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// A Verdict says what becomes of an object, and by which rules: where several
// hold, a reason may name any one.
type Verdict struct {
	Goes  bool
	Rules map[string]bool
}

// Judge returns what goes by a policy, and the verdict of every object: of
// "TagItem namespace/name:tag#index", "Image digest" and "Blob digest".
func Judge(objects []map[string]any, policy Policy, evidence Evidence, now time.Time) (Sets, map[string]Verdict, error) {
	p, err := newPlanner(objects, policy.setting(evidence), policyRules(policy), now)
	if err != nil {
		return Sets{}, nil, err
	}
	sets := p.plan()
	return sets, p.verdicts(sets), nil
}

func (policy Policy) setting(e Evidence) setting {
	s := setting{
		Evidence:          e,
		namespace:         policy.Namespace,
		pruneRegistry:     policy.PruneRegistry,
		ignoreInvalid:     policy.IgnoreInvalidReferences,
		orphans:           policy.Orphans,
		untagged:          policy.Untagged,
		acceptUnknown:     policy.AcceptUnknownImages,
		peerOnly:          policy.PeerReferencesOnly,
		ignoreSources:     map[string]bool{},
		ancient:           policy.AbsentTimesAreAncient,
		finishedPodsCount: (*time.Duration)(policy.FinishedPodsCountFor),
	}
	for _, source := range policy.IgnoreSources {
		s.ignoreSources[source] = true
	}
	for _, rules := range [][]Rule{policy.TagItems, policy.Images} {
		for _, r := range rules {
			if r.When.TagInUse != nil || r.When.DigestInUse != nil {
				s.asksForUse = true
			}
		}
	}
	return s
}

// policyRules are those of a policy.
type policyRules Policy

func (r policyRules) item(p *planner, it listedItem) (rule string, goes bool) {
	return firstMatch(r.TagItems, func(c *Condition) []possible { return p.ofItem(c, it) })
}

func (r policyRules) image(p *planner, name string, _ *image) (rule string, goes bool) {
	return firstMatch(r.Images, func(c *Condition) []possible { return p.ofImage(c, name) })
}

// firstMatch: a rule that keeps matches where all of its condition may hold, one
// that deletes where all of it must. Where none matches, the object stays.
func firstMatch(rules []Rule, facts func(*Condition) []possible) (rule string, goes bool) {
	for _, r := range rules {
		matches := true
		for _, f := range facts(&r.When) {
			if r.Outcome == "keep" && !f.yes || r.Outcome == "delete" && f.no {
				matches = false
			}
		}
		if matches {
			return r.ID, r.Outcome == "delete"
		}
	}
	return "no-rule", false
}
