package trigger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseFieldPath(t *testing.T) {
	const pod = "spec.template.spec"
	for text, want := range map[string]FieldPath{
		`spec.template.spec.containers[?(@.name=="web")].image`:               {pod, Containers, "web", 0},
		`spec.template.spec.containers[?(@.name=='web')].image`:               {pod, Containers, "web", 0},
		`spec.template.spec.containers[ ?( @.name == "web" ) ].image`:         {pod, Containers, "web", 0},
		`spec.template.spec.containers[0].image`:                              {pod, Containers, "", 0},
		`spec.template.spec.containers[12].image`:                             {pod, Containers, "", 12},
		`spec.template.spec.containers[3]image`:                               {pod, Containers, "", 3},
		`spec.template.spec.containers[?(@.name=="web].image`:                 {pod, Containers, "web", 0},
		`spec.template.spec.containers[web")].image`:                          {pod, Containers, "web", 0},
		`spec.template.spec.initContainers[?(@.name=="a-1")].image`:           {pod, InitContainers, "a-1", 0},
		`spec.template.spec.ephemeralContainers[?(@.name=="debug")].image`:    {pod, EphemeralContainers, "debug", 0},
		`spec.template.spec.volumes[?(@.name=="model")].image.reference`:      {pod, ImageVolumes, "model", 0},
		`spec.jobTemplate.spec.template.spec.containers[0].image`:             {"spec.jobTemplate.spec.template.spec", Containers, "", 0},
		`template.spec.containers[1].image`:                                   {"template.spec", Containers, "", 1},
		`spec.containers[?(@.name=="web")].image`:                             {"spec", Containers, "web", 0},
		`spec.template.spec.initContainers[?( @.name=='with.dots-2' )].image`: {pod, InitContainers, "with.dots-2", 0},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseFieldPath(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
			again, warning, reason := parseFieldPath(got.String())
			require.Equal(t, got, again, "the canonical form means the same")
			require.Empty(t, reason)
			require.Empty(t, warning)
		})
	}
}

func TestParseFieldPathRefuses(t *testing.T) {
	for text, reason := range map[string]string{
		``:                   "want the path",
		`spec.template.spec`: "want the path",
		`$.spec.template.spec.containers[0].image`:                           "want the path",
		`{.spec.template.spec.containers[0].image}`:                          "want the path",
		`.spec.template.spec.containers[0].image`:                            "want the path",
		`spec.template.spec.container[0].image`:                              "want the path",
		`metadata.name`:                                                      "want the path",
		`spec.template.spec.containers[0`:                                    "a ] is missing",
		`spec.template.spec.containers[0]`:                                   "must end in",
		`spec.template.spec.containers[0].name`:                              "must end in",
		`spec.template.spec.containers[0].image.reference`:                   "must end in",
		`spec.template.spec.volumes[0].image`:                                "must end in",
		`spec.template.spec.containers[-1].image`:                            "not negative",
		`spec.template.spec.containers[].image`:                              "between the brackets",
		`spec.template.spec.containers[*].image`:                             "between the brackets",
		`spec.template.spec.containers[@.name=web].image`:                    "between the brackets",
		`spec.template.spec.containers[?(@.name="web")].image`:               "between the brackets",
		`spec.template.spec.containers[?(@.name=="web')].image`:              "between the brackets",
		`spec.template.spec.containers[?(@.name=="")].image`:                 "not the name of a container",
		`spec.template.spec.containers[?(@.name=="a" || @.name=="b")].image`: "not the name of a container",
		`spec.template.spec.containers[?(@.name=="Web")].image`:              "not the name of a container",
		`spec.template.spec.containers[99999999999999999999].image`:          "between the brackets",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := ParseFieldPath(text)
			require.ErrorIs(t, err, ErrInvalid)
			require.ErrorContains(t, err, reason)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "fieldPath", e.Field)
		})
	}
}
