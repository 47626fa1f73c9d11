package prunetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Every planner must hold for any cluster and any policy.
func TestRandomClusters(t *testing.T) {
	n := uint64(40)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkRandom(t, seed) })
	}
}

func FuzzCheck(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed + 1000)
	}
	f.Fuzz(checkRandom)
}

func checkRandom(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	c := Random(seed)
	inv := c.Inventory()
	if r.IntN(3) == 0 {
		f := factsOf(inv)
		disturb(f, r)
		var err error
		inv, err = f.build()
		require.NoError(t, err)
	}
	for range 2 {
		policy := randomPolicy(r)
		require.NoError(t, Check(inv, policy, c.Now()), "seed %d, policy %s", seed, policy)
	}
}

// disturb makes facts that no builder makes: circles, unknown times, listed
// links, digests of other algorithms.
func disturb(f *facts, r *rand.Rand) {
	if r.IntN(3) == 0 {
		f.labels, f.allLabels = []string{pick(r, "stage", "team")}[:r.IntN(2)], false
	}
	for i := range f.manifests {
		m := &f.manifests[i]
		switch r.IntN(14) {
		case 0:
			m.Created = time.Time{}
		case 1:
			m.Partial = true
		case 2:
			m.Labels = nil
		case 3:
			m.Children = append(m.Children, inventory.Blob{Digest: pick(r, f.manifests...).Digest})
		case 4:
			m.Layers = append(m.Layers, inventory.Blob{Digest: "tarsum.dev+sha256:abc"}, inventory.Blob{Digest: pick(r, f.manifests...).Digest})
		case 5:
			m.MediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws"
		case 6:
			m.Size, m.ConfigSize = 100+r.Int64N(5), 10
		case 7:
			m.Subject = pick(r, f.manifests...).Digest
		case 8:
			m.Config = pick(r, f.manifests...).Config
		}
	}
	for i := range f.streams {
		s := &f.streams[i]
		if r.IntN(6) == 0 {
			s.Created = time.Time{}
		}
		for t := range s.Tags {
			for n := range s.Tags[t].Items {
				item := &s.Tags[t].Items[n]
				switch r.IntN(14) {
				case 0:
					item.Created = time.Time{}
				case 1:
					item.DockerImageReference = "not a pull spec"
				case 2:
					item.Image = "sha512:0f"
				}
			}
		}
		if r.IntN(4) == 0 {
			f.linksListed = append(f.linksListed, [2]string{s.Namespace, s.Name})
			for _, m := range f.manifests {
				for _, l := range append([]inventory.Blob{{Digest: m.Digest}}, m.Layers...) {
					if r.IntN(2) == 0 {
						f.links = append(f.links, inventory.Link{
							Namespace: s.Namespace, Name: s.Name, Digest: l.Digest, Manifest: l.Digest == m.Digest,
						})
					}
				}
			}
		}
	}
	for i := range f.workloads {
		w := &f.workloads[i]
		for n := range w.References {
			switch r.IntN(12) {
			case 0:
				w.References[n].Source = pick(r, "container-status", "spec-tag")
			case 1:
				w.References[n] = inventory.Reference{Field: w.References[n].Field, Value: "{{image}}", Err: "it is a template"}
			case 2:
				w.References[n].Digest = "sha256:" + fmt.Sprint(r.IntN(10))
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

// randomPolicy returns a policy that may be followed: some of what chance makes
// is refused.
func randomPolicy(r *rand.Rand) prune.Policy {
	for {
		if p := anyPolicy(r); p.Validate() == nil {
			return p
		}
	}
}

func anyPolicy(r *rand.Rand) (p prune.Policy) {
	if r.IntN(2) == 0 {
		p = randomPreset(r)
	} else {
		p.TagItems = randomRules(r, randomItemCondition)
		p.Images = randomRules(r, randomImageCondition)
		p.PruneRegistry = r.IntN(5) > 0
		p.IgnoreInvalidReferences = r.IntN(3) > 0
		if r.IntN(2) == 0 {
			p.FinishedPodsCountFor = ptr(randomAge(r))
		}
		if r.IntN(6) == 0 {
			p.Namespace = "dev"
		}
	}
	if r.IntN(2) == 0 { // strict
		p.PeerReferencesOnly, p.AcceptUnknownImages, p.AbsentTimesAreAncient = true, true, true
	} else {
		p.AcceptUnknownImages = r.IntN(3) == 0
		p.AbsentTimesAreAncient = r.IntN(4) == 0
		if r.IntN(5) == 0 {
			p.IgnoreSources = []string{"spec-tag"}
		}
	}
	return p
}

func randomAge(r *rand.Rand) prune.Duration {
	return prune.Duration(pick(r, 0, time.Minute, time.Hour, time.Hour+time.Second, 26*time.Hour, 40*24*time.Hour))
}

func randomPreset(r *rand.Rand) prune.Policy {
	o := prune.DefaultOpenShiftOptions()
	o.AllImages, o.PruneRegistry = r.IntN(3) > 0, r.IntN(5) > 0
	o.IgnoreInvalidRefs = r.IntN(2) == 0
	if r.IntN(4) == 0 {
		o.KeepYoungerThan, o.KeepTagRevisions, o.PruneOverSizeLimit = nil, nil, true
	} else {
		o.KeepYoungerThan, o.KeepTagRevisions = ptr(randomAge(r)), ptr(r.IntN(4))
	}
	if r.IntN(6) == 0 {
		o.Namespace = "dev"
	}
	p, err := prune.OpenShift(o)
	if err != nil {
		panic(err)
	}
	return p
}

func randomRules(r *rand.Rand, condition func(*rand.Rand) prune.Condition) (rules []prune.Rule) {
	for n := range r.IntN(6) {
		rule := prune.Rule{ID: fmt.Sprint("rule-", n), Outcome: pick(r, prune.Keep, prune.Delete), When: condition(r)}
		rules = append(rules, rule)
	}
	if r.IntN(3) > 0 {
		rules = append(rules, prune.Rule{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}})
	}
	return rules
}

func randomItemCondition(r *rand.Rand) prune.Condition {
	var c prune.Condition
	for range 1 + r.IntN(2) {
		switch r.IntN(11) {
		case 0:
			c.Tags = []string{pick(r, "latest", "v*", "sha256-*", "[a-m]*")}
		case 1:
			c.StreamYoungerThan = ptr(randomAge(r))
		case 2:
			c.RevisionBelow = ptr(r.IntN(4))
		case 3:
			c.RevisionFrom = ptr(r.IntN(4))
		case 4:
			c.TagInUse = ptr(r.IntN(4) > 0)
		case 5:
			c.ReferenceTag = ptr(r.IntN(2) == 0)
		case 6:
			c.Known = ptr(r.IntN(2) == 0)
		case 7:
			c.OverLimit = ptr(r.IntN(2) == 0)
		default:
			randomCommon(r, &c)
		}
	}
	return c
}

func randomImageCondition(r *rand.Rand) prune.Condition {
	var c prune.Condition
	for range 1 + r.IntN(2) {
		if r.IntN(6) == 0 {
			c.Dropped = ptr(r.IntN(2) == 0)
		} else {
			randomCommon(r, &c)
		}
	}
	return c
}

func randomCommon(r *rand.Rand, c *prune.Condition) {
	switch r.IntN(8) {
	case 0:
		c.Repositories = []string{pick(r, "dev/*", "*/app", "test/web", "*/*")}
	case 1:
		c.YoungerThan = ptr(randomAge(r))
	case 2:
		c.OlderThan = ptr(randomAge(r))
	case 3:
		c.PulledWithin = ptr(randomAge(r))
	case 4:
		c.NotPulledFor = ptr(randomAge(r))
	case 5:
		c.DigestInUse = ptr(r.IntN(4) > 0)
	case 6:
		c.Managed = ptr(r.IntN(2) == 0)
	case 7:
		c.Labels = map[string]string{"stage": pick(r, "prod", "*")}
	}
}
