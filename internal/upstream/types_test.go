package upstream

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/openshift/api/image/docker10"
	imagev1 "github.com/openshift/api/image/v1"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registrykit/registrykit/imagestream"
)

// A pair is a type here and the one upstream that it stands for.
type pair struct{ ours, theirs reflect.Type }

func paired[Ours, Theirs any]() pair {
	return pair{reflect.TypeFor[Ours](), reflect.TypeFor[Theirs]()}
}

var pairs = []pair{
	paired[imagestream.Image, imagev1.Image](),
	paired[imagestream.ImageList, imagev1.ImageList](),
	paired[imagestream.ImageLayer, imagev1.ImageLayer](),
	paired[imagestream.ImageManifest, imagev1.ImageManifest](),
	paired[imagestream.ImageSignature, imagev1.ImageSignature](),
	paired[imagestream.SignatureCondition, imagev1.SignatureCondition](),
	paired[imagestream.SignatureGenericEntity, imagev1.SignatureGenericEntity](),
	paired[imagestream.SignatureIssuer, imagev1.SignatureIssuer](),
	paired[imagestream.SignatureSubject, imagev1.SignatureSubject](),
	paired[imagestream.ImageStream, imagev1.ImageStream](),
	paired[imagestream.ImageStreamList, imagev1.ImageStreamList](),
	paired[imagestream.ImageStreamSpec, imagev1.ImageStreamSpec](),
	paired[imagestream.ImageLookupPolicy, imagev1.ImageLookupPolicy](),
	paired[imagestream.TagReference, imagev1.TagReference](),
	paired[imagestream.TagImportPolicy, imagev1.TagImportPolicy](),
	paired[imagestream.TagReferencePolicy, imagev1.TagReferencePolicy](),
	paired[imagestream.ImageStreamStatus, imagev1.ImageStreamStatus](),
	paired[imagestream.NamedTagEventList, imagev1.NamedTagEventList](),
	paired[imagestream.TagEvent, imagev1.TagEvent](),
	paired[imagestream.TagEventCondition, imagev1.TagEventCondition](),
	paired[imagestream.ImageStreamMapping, imagev1.ImageStreamMapping](),
	paired[imagestream.ImageStreamTag, imagev1.ImageStreamTag](),
	paired[imagestream.ImageStreamTagList, imagev1.ImageStreamTagList](),
	paired[imagestream.ImageTag, imagev1.ImageTag](),
	paired[imagestream.ImageTagList, imagev1.ImageTagList](),
	paired[imagestream.ImageStreamImage, imagev1.ImageStreamImage](),
	paired[imagestream.DockerImageReference, imagev1.DockerImageReference](),
	paired[imagestream.ImageStreamLayers, imagev1.ImageStreamLayers](),
	paired[imagestream.ImageBlobReferences, imagev1.ImageBlobReferences](),
	paired[imagestream.ImageLayerData, imagev1.ImageLayerData](),
	paired[imagestream.ImageStreamImport, imagev1.ImageStreamImport](),
	paired[imagestream.ImageStreamImportSpec, imagev1.ImageStreamImportSpec](),
	paired[imagestream.ImageStreamImportStatus, imagev1.ImageStreamImportStatus](),
	paired[imagestream.RepositoryImportSpec, imagev1.RepositoryImportSpec](),
	paired[imagestream.RepositoryImportStatus, imagev1.RepositoryImportStatus](),
	paired[imagestream.ImageImportSpec, imagev1.ImageImportSpec](),
	paired[imagestream.ImageImportStatus, imagev1.ImageImportStatus](),
	paired[imagestream.SecretList, imagev1.SecretList](),
	paired[imagestream.Secret, corev1.Secret](),
	paired[imagestream.ObjectReference, corev1.ObjectReference](),
	paired[imagestream.LocalObjectReference, corev1.LocalObjectReference](),
	paired[imagestream.TypeMeta, metav1.TypeMeta](),
	paired[imagestream.ObjectMeta, metav1.ObjectMeta](),
	paired[imagestream.ListMeta, metav1.ListMeta](),
	paired[imagestream.ShardInfo, metav1.ShardInfo](),
	paired[imagestream.OwnerReference, metav1.OwnerReference](),
	paired[imagestream.ManagedFieldsEntry, metav1.ManagedFieldsEntry](),
	paired[imagestream.Status, metav1.Status](),
	paired[imagestream.StatusDetails, metav1.StatusDetails](),
	paired[imagestream.StatusCause, metav1.StatusCause](),
	paired[imagestream.DockerImage, docker10.DockerImage](),
	paired[imagestream.DockerConfig, docker10.DockerConfig](),
	paired[imagestream.Time, metav1.Time](),
	paired[imagestream.RawExtension, runtime.RawExtension](),
	paired[imagestream.FieldsV1, metav1.FieldsV1](),
}

func TestFieldsAreUpstreams(t *testing.T) {
	ours := map[reflect.Type]reflect.Type{}
	for _, p := range pairs {
		ours[p.theirs] = p.ours
	}
	for _, p := range pairs {
		t.Run(p.ours.Name(), func(t *testing.T) {
			require.Equal(t, p.theirs.Name(), p.ours.Name())
			want, got := fieldsOf(p.theirs, ours), fieldsOf(p.ours, nil)
			if p.theirs == reflect.TypeFor[runtime.RawExtension]() {
				require.Equal(t, want[:1], got, "but for Object, which no JSON holds")
				return
			}
			require.Equal(t, want, got)
		})
	}
}

// fieldsOf lists what a program sees of a type's fields: their names, Go shapes
// and JSON. Types upstream are written as ours by the map.
func fieldsOf(t reflect.Type, ours map[reflect.Type]reflect.Type) (fields []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		fields = append(fields, fmt.Sprintf("%s %s embedded=%t json=%s",
			f.Name, shape(f.Type, ours), f.Anonymous, f.Tag.Get("json")))
	}
	return fields
}

func shape(t reflect.Type, ours map[reflect.Type]reflect.Type) string {
	if o, ok := ours[t]; ok {
		t = o
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + shape(t.Elem(), ours)
	case reflect.Slice:
		return "[]" + shape(t.Elem(), ours)
	case reflect.Map:
		return "map[" + shape(t.Key(), ours) + "]" + shape(t.Elem(), ours)
	}
	if t.PkgPath() == "time" || t.Name() == "" {
		return t.String()
	}
	return t.Name() + " " + t.Kind().String()
}

// Every kind of the API group, and every type that one of them holds, has its
// like here.
func TestNoTypeIsMissing(t *testing.T) {
	have := map[reflect.Type]bool{}
	for _, p := range pairs {
		have[p.theirs] = true
	}
	scheme := runtime.NewScheme()
	require.NoError(t, imagev1.Install(scheme))
	kinds := 0
	for kind, typ := range scheme.KnownTypes(imagev1.GroupVersion) {
		if typ.PkgPath() == reflect.TypeFor[imagev1.Image]().PkgPath() {
			require.True(t, have[typ], "%s has no counterpart", kind)
			kinds++
		}
	}
	require.Greater(t, kinds, 10)

	var visit func(typ reflect.Type, field string)
	visit = func(typ reflect.Type, field string) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem(), field)
		case reflect.Struct:
			require.True(t, have[typ] || typ.PkgPath() == "" || typ == reflect.TypeFor[time.Time](),
				"%v of %s has no counterpart", typ, field)
		}
	}
	for _, p := range pairs {
		for i := range p.theirs.NumField() {
			visit(p.theirs.Field(i).Type, p.theirs.Name()+"."+p.theirs.Field(i).Name)
		}
	}
}
