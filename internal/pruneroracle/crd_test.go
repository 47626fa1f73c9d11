package pruneroracle

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	imageregistryv1 "github.com/openshift/api/imageregistry/v1"
	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// schema is that of the operator's CustomResourceDefinition.
func schema(t *testing.T) *apiextensions.JSONSchemaProps {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/openshift/api").Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "imageregistry/v1/zz_generated.crd-manifests/01_imagepruners.crd.yaml"))
	require.NoError(t, err)
	var crd apiextensionsv1.CustomResourceDefinition
	require.NoError(t, yaml.UnmarshalStrict(text, &crd))
	require.Equal(t, "v1", crd.Spec.Versions[0].Name)
	var internal apiextensions.JSONSchemaProps
	require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &internal, nil))
	return &internal
}

// TestImagePrunersPassTheCRD: the documented resource, and every spec with and
// without its defaults, are valid and lose no field to the server.
func TestImagePrunersPassTheCRD(t *testing.T) {
	props := schema(t)
	validator, _, err := validation.NewSchemaValidator(props)
	require.NoError(t, err)
	structural, err := structuralschema.NewStructural(props)
	require.NoError(t, err)

	f, err := os.Open("../../prune/imagepruner/testdata/cluster.json")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	documented, err := imagepruner.Read(f)
	require.NoError(t, err)
	pruners := map[string]imagepruner.ImagePruner{"documented": *documented}
	for name, s := range specs(t) {
		p := *documented
		p.Spec = s
		pruners[name] = p
		p.Spec = s.WithDefaults()
		pruners[name+" with defaults"] = p
	}
	for name, p := range pruners {
		text, err := json.Marshal(p)
		require.NoError(t, err)
		var v map[string]any
		require.NoError(t, json.Unmarshal(text, &v))
		require.Empty(t, validation.ValidateCustomResource(nil, v, validator), name)
		pruning.Prune(v, structural, true)
		pruned, err := json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(pruned), name)

		// And the operator reads the same, and writes what reads the same here.
		var theirs imageregistryv1.ImagePruner
		require.NoError(t, yaml.UnmarshalStrict(text, &theirs), name)
		back, err := json.Marshal(theirs)
		require.NoError(t, err)
		var ours imagepruner.ImagePruner
		require.NoError(t, json.Unmarshal(back, &ours))
		require.Equal(t, p.Spec.WithDefaults().Check(), ours.Spec.WithDefaults().Check(), name)
		require.Equal(t, *p.Spec.WithDefaults().KeepTagRevisions, *ours.Spec.WithDefaults().KeepTagRevisions)
		require.Equal(t, p.Spec.WithDefaults().KeepYoungerThanDuration.Duration, ours.Spec.WithDefaults().KeepYoungerThanDuration.Duration)
		require.Equal(t, p.Status, ours.Status)
	}
}

// TestTheCRDRefusesWhatTheCheckDoes: what the server does not take is an error here
// as well.
func TestTheCRDRefusesWhatTheCheckDoes(t *testing.T) {
	validator, _, err := validation.NewSchemaValidator(schema(t))
	require.NoError(t, err)
	for _, spec := range []string{
		`{"logLevel":"Loud"}`, `{"keepYoungerThanDuration":60}`, `{"keepYoungerThanDuration":"soon"}`, `{"keepTagRevisions":"3"}`,
		`{"suspend":"no"}`, `{"tolerations":[7]}`, `{"affinity":[]}`, `{"nodeSelector":{"a":1}}`, `{"resources":3}`, `{"resources":{"limits":{"cpu":"many"}}}`,
	} {
		text := `{"kind":"ImagePruner","apiVersion":"imageregistry.operator.openshift.io/v1","metadata":{"name":"cluster"},"spec":` + spec + `}`
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		require.NotEmpty(t, validation.ValidateCustomResource(nil, v, validator), spec)
		p, err := imagepruner.Read(strings.NewReader(text))
		require.NotNil(t, p)
		if err == nil {
			err = p.Check().Err()
		}
		require.Error(t, err, spec)
	}
}
