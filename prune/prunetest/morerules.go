package prunetest

import (
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// moreRules: whatever a rule in front keeps, nothing more is deleted.
func (c *checker) moreRules() error {
	v := &violations{invariant: MoreRules}
	for _, rule := range c.keepRules() {
		rule.ID, rule.Outcome = "prunetest-one-more", prune.Keep
		policy := c.policy
		policy.TagItems = append([]prune.Rule{rule}, policy.TagItems...)
		if err := c.compare(v, nil, policy, "a rule for tag items that keeps"); err != nil {
			return err
		}
		if rule.When.Tags != nil || rule.When.RevisionBelow != nil {
			continue
		}
		policy = c.policy
		policy.Images = append([]prune.Rule{rule}, policy.Images...)
		if err := c.compare(v, nil, policy, "a rule for images that keeps"); err != nil {
			return err
		}
	}
	return v.err()
}

func (c *checker) keepRules() []prune.Rule {
	yes, three, day := true, 3, prune.Duration(24*3600e9)
	conditions := []prune.Condition{
		{}, {YoungerThan: &day}, {OlderThan: &day}, {Managed: &yes}, {DigestInUse: &yes}, {RevisionBelow: &three},
	}
	for _, s := range sample(c.facts.streams) {
		conditions = append(conditions, prune.Condition{
			Repositories: []string{literal(inventory.RepositoryName(s.Namespace, s.Name))},
		})
		if len(s.Tags) > 0 {
			conditions = append(conditions, prune.Condition{Tags: []string{literal(s.Tags[0].Name)}})
		}
	}
	var rules []prune.Rule
	for _, when := range conditions {
		rules = append(rules, prune.Rule{When: when})
	}
	return rules
}

// literal returns the pattern that matches just the name.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
