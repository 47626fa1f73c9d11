package workload

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongTypes(t *testing.T) {
	for _, c := range []struct{ object, want string }{
		{`{'kind': 'Pod', 'metadata': {'name': 'web', 'namespace': 'dev'}, 'spec': {'containers': [{}, {'image': ^7}]}}`,
			"Pod dev/web: spec.containers[1].image: want a string, got a number"},
		{`{'spec': {'containers': ^{'image': 'x'}}, 'kind': 'Pod', 'metadata': {'name': 'web', 'namespace': 'dev'}}`,
			"Pod dev/web: spec.containers: want an array, got an object"},
		{`{'kind': 'Deployment', 'metadata': {'name': 'web'}, 'spec': {'template': ^[]}}`,
			"Deployment web: spec.template: want an object, got an array"},
		{`{'kind': 'CronJob', 'spec': {'jobTemplate': ^'x'}}`, "CronJob: spec.jobTemplate: want an object, got a string"},
		{`{'kind': 'Pod', 'spec': ^true}`, "Pod: spec: want an object, got true or false"},
		{`{'kind': 'Pod', 'metadata': {'name': ^7, 'namespace': 'dev'}}`, "Pod dev/: metadata.name: want a string, got a number"},
		{`{'kind': 'Pod', 'metadata': ^7}`, "Pod: metadata: want an object, got a number"},
		{`{'kind': ^7, 'metadata': {'name': 'x'}}`, "object x: kind: want a string, got a number"},
		{`{'kind': 'Pod', 'apiVersion': ^{}}`, "Pod: apiVersion: want a string, got an object"},
		{`{'kind': 'Pod', 'status': {'phase': ^1}}`, "Pod: status.phase: want a string, got a number"},
		{`{'kind': 'Pod', 'spec': {'ephemeralContainers': ^1}}`, "Pod: spec.ephemeralContainers: want an array, got a number"},
		{`{'kind': 'Build', 'spec': {'strategy': {'sourceStrategy': {'from': ^'ruby:3'}}}}`, "Build: spec.strategy.sourceStrategy.from: want an object, got a string"},
		{`{'kind': 'Build', 'spec': {'strategy': {'sourceStrategy': {'from': {'name': ^3}}}}}`, "Build: spec.strategy.sourceStrategy.from.name: want a string, got a number"},
		{`{'kind': 'Secret', 'metadata': {'annotations': ^3}}`, "Secret: metadata.annotations: want an object, got a number"},
		{`{'kind': 'Pod', 'metadata': {'creationTimestamp': ^12}}`, "Pod: metadata.creationTimestamp: want a string, got a number"},
		{`[]`, "object: want an object, got an array"},
		{`7`, "object: want an object, got a number"},
		{`null`, "object: the object has no kind"},
		{`{}`, "object: the object has no kind"},
		{`{'kind': '', 'metadata': {'name': 'a', 'namespace': 'b'}}`, "object b/a: the object has no kind"},
	} {
		before, after, _ := strings.Cut(text(c.object), "^") // where it is wrong
		offset := len(before)
		if after == "" {
			offset = 0
		}
		_, err := FromJSON([]byte(before+after), nil)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, offset, e.Offset)
		require.EqualError(t, err, strings.Replace(c.want, ": want", fmt.Sprintf(" (byte %d): want", offset), min(offset, 1)))
	}
}

func TestTimesThatDoNotParse(t *testing.T) {
	for _, created := range []string{"", "yesterday", "2026-10-01", "2026-13-01T00:00:00Z", "2026-10-01T00:00:00", "\xff"} {
		for _, kind := range []string{"Pod", "Secret", "Thing"} {
			raw := fmt.Appendf(nil, `{"kind":%q,"metadata":{"name":"web","namespace":"dev","creationTimestamp":"%s"}}`, kind, created)
			_, err := FromJSON(raw, nil)
			require.ErrorContains(t, err, kind+" dev/web: metadata.creationTimestamp (byte ")
		}
	}
}

func TestLists(t *testing.T) {
	for _, list := range []string{
		`'apiVersion': 'v1', 'kind': 'List'`, `'kind': 'List'`, `'apiVersion': 'v1', 'kind': 'PodList'`, `'kind': 'PodList'`,
		`'apiVersion': 'apps/v1', 'kind': 'DeploymentList'`, `'apiVersion': 'build.openshift.io/v1', 'kind': 'BuildList'`,
	} {
		_, err := FromJSON([]byte(text(`{`+list+`, 'items': []}`)), nil)
		require.ErrorIs(t, err, ErrList, list)
	}
	for _, object := range []string{`'apiVersion': 'acme.com/v1', 'kind': 'AllowList'`, `'apiVersion': 'acme.com/v1', 'kind': 'List'`, `'apiVersion': 'acme.com/v1', 'kind': 'PodList'`} {
		_, err := FromJSON([]byte(text(`{`+object+`}`)), nil)
		require.NoError(t, err, object)
	}
}

func TestMalformedText(t *testing.T) {
	whole := text(`{'kind': 'Pod', 'metadata': {'name': 'web'}, 'spec': ` + twoContainers + `}`)
	for i := range whole {
		_, err := FromJSON([]byte(whole[:i]), nil)
		require.ErrorIs(t, err, ErrMalformed, whole[:i])
	}
	_, err := FromJSON([]byte(whole+"}"), nil)
	require.ErrorIs(t, err, ErrMalformed)
	_, err = FromJSON([]byte(text(`{'kind': 'Pod', 'metadata': {'name': 'web'}, 'spec': tru}`)), nil)
	require.EqualError(t, err, "Pod web (byte 57): malformed JSON: invalid character '}' in literal true (expecting 'e')")
}

func TestMapsWithoutJSON(t *testing.T) {
	_, err := FromMap(object{"kind": "Pod", "metadata": object{"name": "web", "namespace": "dev"}, "spec": object{"x": math.NaN()}}, nil)
	require.EqualError(t, err, "Pod dev/web: json: unsupported value: NaN")
	_, err = FromMap(nil, nil)
	require.ErrorIs(t, err, ErrNoKind)
	loop := object{"kind": "Thing"}
	loop["self"] = loop
	_, err = FromMap(loop, &Options{APIVersion: "a.com/v1", Kind: "Other"})
	var e *Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, "Thing", e.Object.Kind)
}
