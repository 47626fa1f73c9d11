package trigger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An object that a cache does not hold has no triggers, and no container to set
// one for.
func TestNilAndZeroObjects(t *testing.T) {
	for name, o := range map[string]*Object{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			result, err := Evaluate(o, nil)
			require.NoError(t, err)
			require.False(t, result.Fires())
			require.Empty(t, Check(o))
			_, err = Set(o, Wanted{Container: "web", From: Tag{Stream: "web", Tag: "1"}})
			require.ErrorIs(t, err, ErrNoContainer)
			_, err = Remove(o, Which{})
			require.ErrorIs(t, err, ErrNoTrigger)
			edit, err := Repair(o)
			require.NoError(t, err)
			require.Empty(t, edit.Patch)
			_, ok := o.Annotation()
			require.False(t, ok)
			require.Equal(t, "object", o.String())
			_, err = Patch{{Op: "replace", Path: "/spec"}}.Apply(o)
			require.ErrorIs(t, err, ErrPatch)
		})
	}
}

func TestNoResolver(t *testing.T) {
	o, err := ReadObject([]byte(`{"kind":"Deployment","metadata":{"name":"web","annotations":{"image.openshift.io/triggers":
		"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:1\"},\"fieldPath\":\"spec.template.spec.containers[0].image\"}]"}},
		"spec":{"template":{"spec":{"containers":[{"name":"web","image":"old"}]}}}}`))
	require.NoError(t, err)
	for name, resolver := range map[string]Resolver{"nil": nil, "a nil function": ResolverFunc(nil)} {
		t.Run(name, func(t *testing.T) {
			result, err := Evaluate(o, resolver)
			require.NoError(t, err)
			require.Len(t, result.Outcomes, 1)
			require.Equal(t, ResolverFailed, result.Outcomes[0].Reason)
			require.Error(t, result.Outcomes[0].Err)
			require.False(t, result.Fires())
		})
	}
}
