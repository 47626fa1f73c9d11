package imagestream_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
)

// randomAliases makes two streams whose tags follow one another, as it happens.
func randomAliases(seed uint64) (*imagestreamtest.Fixture, *imagestreamtest.Stream) {
	rng := rand.New(rand.NewPCG(seed, 5))
	f := imagestreamtest.New(imagestreamtest.Options{Seed: seed})
	web, base := f.Stream("shop/web"), f.Stream("shop/base")
	tags := []string{"a", "b", "c", "d", "e", "web:f", "base:x", "base:y", "none:1"}
	pick := func() string { return tags[rng.IntN(len(tags))] }
	age := func() time.Duration { return time.Duration(1+rng.IntN(9)) * hour }
	for _, tag := range []string{"a", "b", "c", "d", "e", "f"} {
		if rng.IntN(3) > 0 {
			web.Alias(tag, pick())
		}
		if rng.IntN(3) == 0 {
			web.Push(tag, f.Image(), age())
		}
	}
	base.Push("x", f.Image(), age())
	if rng.IntN(2) == 0 {
		base.Alias("y", "web:"+[]string{"a", "b", "c"}[rng.IntN(3)])
	}
	return f, web
}

// What Lint says of aliases is what FollowTag finds, tag by tag.
func TestLintAgreesWithFollowTag(t *testing.T) {
	seen := map[LintRule]int{}
	for seed := range uint64(2000) {
		f, web := randomAliases(seed)
		s := web.Object()
		found := map[string]Finding{}
		for _, finding := range Lint(s, f.Lookup(), LintOptions{}).Findings {
			if finding.Rule == RuleDangling || finding.Rule == RuleAliasCycle || finding.Rule == RuleAliasChain {
				found[finding.Tag] = finding
			}
		}
		for _, tag := range s.Spec.Tags {
			path, err := FollowTag(s, tag.Name, f.Lookup())
			finding := found[tag.Name]
			seen[finding.Rule]++
			var cycle, ours *CycleError
			switch {
			case errors.As(err, &cycle):
				require.Equal(t, RuleAliasCycle, finding.Rule)
				require.ErrorAs(t, finding.Err, &ours)
				require.Equal(t, cycle, ours)
			case err != nil:
				require.Equal(t, RuleDangling, finding.Rule, "%v", err)
				require.Equal(t, path, finding.Path)
				require.Equal(t, errors.Is(err, ErrStreamNotFound), errors.Is(finding.Err, ErrStreamNotFound))
			case len(path) > 2:
				require.Equal(t, RuleAliasChain, finding.Rule)
				require.Equal(t, path, finding.Path)
			default:
				require.Empty(t, finding.Rule)
			}
		}
	}
	for _, rule := range []LintRule{RuleDangling, RuleAliasCycle, RuleAliasChain, ""} {
		require.Greater(t, seen[rule], 500, rule)
	}
}

// FollowAliases puts right what is stale, and says so of nothing else.
func TestFollowAliasesLeavesNothingStale(t *testing.T) {
	stale := func(s *ImageStream, f *imagestreamtest.Fixture) (tags []string) {
		for _, finding := range Lint(s, f.Lookup(), LintOptions{}).Findings {
			if finding.Rule == RuleAliasStale {
				tags = append(tags, finding.Tag)
			}
		}
		return tags
	}
	count := 0
	for seed := range uint64(2000) {
		f, web := randomAliases(seed)
		s := web.Object()
		before := stale(s, f)
		next, changes, err := Applier{Lookup: f.Lookup()}.Apply(s, FollowAliases{}, f.Now())
		if errors.Is(err, ErrAliasCycle) {
			continue
		}
		require.NoError(t, err)
		moved := map[string]bool{}
		for _, c := range changes {
			moved[c.Tag] = moved[c.Tag] || c.Kind == EventAdded || c.Kind == EventChanged
		}
		for _, tag := range before {
			require.True(t, moved[tag], "seed %d: %s was stale and is not moved", seed, tag)
			count++
		}
		// Other streams that follow this one are still as they were.
		lookup := func(namespace, name string) (*ImageStream, error) {
			if namespace == next.Namespace && name == next.Name {
				return next, nil
			}
			return f.Lookup()(namespace, name)
		}
		for _, finding := range Lint(next, lookup, LintOptions{}).Findings {
			require.NotEqual(t, RuleAliasStale, finding.Rule, "seed %d: %s", seed, finding)
		}
	}
	require.Greater(t, count, 100)
}

// Lint takes whatever reads as a stream: it does not panic, does not change it,
// and says the same twice.
func FuzzLint(f *testing.F) {
	for seed := range uint64(5) {
		_, web := randomAliases(seed)
		data, err := json.Marshal(web.Object())
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"metadata":{"name":"a","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"tags\":[{\"name\":\"a\",\"importPolicy\":{\"importMode\":\"PreserveOriginal\"}}]}}"}},
		"spec":{"dockerImageRepository":":","tags":[{"name":"a","from":{"kind":"DockerImage","name":"x"}},{"name":"a"},{"from":{"kind":"ImageStreamImage","name":"@"}}]},
		"status":{"tags":[{"tag":"a","items":[{"image":"sha256:0"},null],"conditions":[{"type":"ImportSuccess","status":"False"}]},{}]}}`))
	images := func(name string) (*Image, error) {
		return &Image{ObjectMeta: ObjectMeta{Name: name}, DockerImageManifests: []ImageManifest{{Digest: "sha256:0"}}}, nil
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := new(ImageStream)
		if json.Unmarshal(data, s) != nil {
			return
		}
		before := s.Clone()
		report := Lint(s, LookupIn(s), LintOptions{Images: images})
		require.Equal(t, before, s)
		require.Equal(t, report, Lint(s, LookupIn(s), LintOptions{Images: images}))
		for _, finding := range report.Findings {
			require.NotEmpty(t, finding.Severity)
			require.NotEmpty(t, finding.Message)
		}
	})
}
