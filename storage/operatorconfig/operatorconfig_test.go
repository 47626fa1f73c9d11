package operatorconfig_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"github.com/stretchr/testify/require"
)

// full has every field of every backend.
var full = map[operatorconfig.Backend]string{
	operatorconfig.EmptyDir: `{}`,
	operatorconfig.S3: `{"bucket":"b","region":"eu-west-1","regionEndpoint":"https://s3.example","chunkSizeMiB":5120,"encrypt":true,"keyID":"k",
		"cloudFront":{"baseURL":"https://x.cloudfront.net/","privateKey":{"name":"s","key":"k","optional":true},"keypairID":"p","duration":"20m"},
		"virtualHostedStyle":true,"trustedCA":{"name":"ca"}}`,
	operatorconfig.GCS: `{"bucket":"b","region":"r","projectID":"p","keyID":"k"}`,
	operatorconfig.Azure: `{"accountName":"a","container":"c","cloudName":"AzureUSGovernmentCloud","networkAccess":{"type":"Internal",
		"internal":{"networkResourceGroupName":"g","vnetName":"v","subnetName":"s","privateEndpointName":"e"}}}`,
	operatorconfig.PVC: `{"claim":"c"}`,
	operatorconfig.Swift: `{"authURL":"https://keystone.example/v3","authVersion":"3","container":"c","domain":"d","domainID":"i","tenant":"t",
		"tenantID":"n","regionName":"r"}`,
	operatorconfig.IBMCOS: `{"bucket":"b","location":"l","resourceGroupName":"g","resourceKeyCRN":"k","serviceInstanceCRN":"s"}`,
	operatorconfig.OSS:    `{"bucket":"b","region":"r","endpointAccessibility":"Internal","encryption":{"method":"KMS","kms":{"keyID":"k"}}}`,
}

func TestEveryField(t *testing.T) {
	for _, backend := range operatorconfig.Backends() {
		text := `{"` + string(backend) + `":` + full[backend] + `,"managementState":"Managed"}`
		s, err := operatorconfig.Parse([]byte(text))
		require.NoError(t, err)
		got, err := s.Backend()
		require.NoError(t, err)
		require.Equal(t, backend, got)
		again, err := json.Marshal(s)
		require.NoError(t, err)
		require.JSONEq(t, text, string(again), "no field is lost")

		// With an opener it is opened, without one it is not supported.
		_, err = operatorconfig.Open(t.Context(), s, nil)
		require.ErrorIs(t, err, storage.ErrUnsupported)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "spec.storage."+string(backend)+": this storage is not supported here")
		want := storage.New(&memory.Driver{}, storage.Options{})
		store, err := operatorconfig.Open(t.Context(), s, operatorconfig.Openers{backend: func(_ context.Context, given *operatorconfig.Storage) (*storage.Store, error) {
			require.Same(t, s, given)
			return want, nil
		}})
		require.NoError(t, err)
		require.Same(t, want, store)
		refused := errors.New("refused")
		_, err = operatorconfig.Open(t.Context(), s, operatorconfig.Openers{backend: func(context.Context, *operatorconfig.Storage) (*storage.Store, error) { return nil, refused }})
		require.ErrorIs(t, err, refused)
		require.ErrorContains(t, err, "spec.storage."+string(backend)+": refused")
	}
}

func TestWrongFields(t *testing.T) {
	for field, text := range map[string]string{
		"managementState":              `{"pvc":{},"managementState":"managed"}`,
		"s3.chunkSizeMiB":              `{"s3":{"chunkSizeMiB":5121}}`,
		"s3.regionEndpoint":            `{"s3":{"regionEndpoint":"s3.example"}}`,
		"s3.cloudFront.baseURL":        `{"s3":{"cloudFront":{"privateKey":{"key":"k"},"keypairID":"p"}}}`,
		"s3.cloudFront.privateKey.key": `{"s3":{"cloudFront":{"baseURL":"https://x","keypairID":"p"}}}`,
		"s3.cloudFront.keypairID":      `{"s3":{"cloudFront":{"baseURL":"https://x","privateKey":{"key":"k"}}}}`,
		"s3.cloudFront.duration":       `{"s3":{"cloudFront":{"baseURL":"https://x","privateKey":{"key":"k"},"keypairID":"p","duration":"soon"}}}`,
		"s3.encrypt":                   `{"s3":{"encrypt":"yes"}}`,
		"azure.cloudName":              `{"azure":{"cloudName":"Cumulus"}}`,
		"azure.networkAccess.type":     `{"azure":{"networkAccess":{"type":"Both"}}}`,
		"azure.networkAccess.internal": `{"azure":{"networkAccess":{"type":"External","internal":{}}}}`,
		"swift.authURL":                `{"swift":{"authURL":"ftp://x"}}`,
		"oss.endpointAccessibility":    `{"oss":{"endpointAccessibility":"Private"}}`,
		"oss.encryption.method":        `{"oss":{"encryption":{"method":"ROT13"}}}`,
		"oss.encryption.kms.keyID":     `{"oss":{"encryption":{"method":"KMS"}}}`,
		"oss.encryption.kms":           `{"oss":{"encryption":{"method":"AES256","kms":{"keyID":"k"}}}}`,
		"new":                          `{"new":{},"pvc":{}}`,
		"a?b":                          `{"a\nb":{}}`,
		"pvc":                          `{"pvc":[]}`,
		"ibmcos.bucket":                `{"ibmcos":{"bucket":{}}}`,
	} {
		s, err := operatorconfig.Parse([]byte(text))
		require.Nil(t, s)
		require.ErrorIs(t, err, operatorconfig.ErrInvalid, text)
		named := new(operatorconfig.FieldError)
		require.ErrorAs(t, err, &named, text)
		require.Equal(t, "spec.storage."+field, named.Field, text)
	}
}

func TestExactlyOne(t *testing.T) {
	for text, names := range map[string][]string{
		`{}`: {"none"}, `{"pvc":null}`: {"none"}, `{"managementState":"Managed"}`: {"none"},
		`{"pvc":{},"emptyDir":{}}`: {"emptyDir and pvc"}, `{"s3":{},"gcs":{},"oss":{}}`: {"s3 and gcs and oss"},
	} {
		_, err := operatorconfig.Parse([]byte(text))
		require.ErrorIs(t, err, operatorconfig.ErrNotOne, text)
		for _, name := range names {
			require.ErrorContains(t, err, name)
		}
		_, err = operatorconfig.Open(t.Context(), &operatorconfig.Storage{}, nil)
		require.ErrorIs(t, err, operatorconfig.ErrNotOne)
	}
}

// TestNamesThatTheOperatorFillsIn: they may be missing in what is read, and not in
// what is opened.
func TestNamesThatTheOperatorFillsIn(t *testing.T) {
	for text, field := range map[string]string{
		`{"s3":{}}`: "s3.bucket", `{"gcs":{}}`: "gcs.bucket", `{"azure":{}}`: "azure.accountName", `{"azure":{"accountName":"a"}}`: "azure.container",
		`{"pvc":{}}`: "pvc.claim", `{"swift":{}}`: "swift.container", `{"ibmcos":{}}`: "ibmcos.bucket", `{"oss":{}}`: "oss.bucket",
	} {
		s, err := operatorconfig.Parse([]byte(text))
		require.NoError(t, err)
		backend, err := s.Backend()
		require.NoError(t, err)
		_, err = operatorconfig.Open(t.Context(), s, operatorconfig.Openers{backend: func(context.Context, *operatorconfig.Storage) (*storage.Store, error) {
			t.Error("opened")
			return nil, nil
		}})
		require.ErrorContains(t, err, "spec.storage."+field+": ")
	}
}

func TestNoSecretsInErrors(t *testing.T) {
	for _, text := range []string{
		`{"swift":{"authURL":"https://user:hunter2@keystone.example"}}`, `{"swift":{"authURL":"ftp://user:hunter2@x"}}`, `{"swift":{"authURL":"://hunter2"}}`,
	} {
		_, err := operatorconfig.Parse([]byte(text))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestParseConfig(t *testing.T) {
	for text, says := range map[string]string{
		`{"apiVersion":"v1","kind":"Config","spec":{"storage":{"pvc":{}}}}`:                             `want a Config of imageregistry.operator.openshift.io`,
		`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"ImagePruner"}`:                  `a "ImagePruner"`,
		`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config"}`:                       "exactly one backend, got none",
		`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config","spec":{"storage":[]}}`: "spec.storage: ",
		`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config","spec":1}`:              "spec: ",
		``: "EOF", `{}{}`: "goes on after its end", `[]`: "invalid storage configuration", strings.Repeat(" ", operatorconfig.MaxBytes+1): "bytes, more than",
	} {
		_, err := operatorconfig.ParseConfig([]byte(text))
		require.ErrorIs(t, err, operatorconfig.ErrInvalid)
		require.ErrorContains(t, err, says)
	}
	s, err := operatorconfig.ParseConfig([]byte(`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config","spec":{"storage":{"s3":{"later":1}}}}`))
	require.NoError(t, err, "a field that a newer version adds")
	require.NotNil(t, s.S3)
}

func TestADirectoryThatIsMissing(t *testing.T) {
	_, err := operatorconfig.Open(t.Context(), &operatorconfig.Storage{PVC: &operatorconfig.PVCStorage{Claim: "c"}},
		operatorconfig.Openers{operatorconfig.PVC: operatorconfig.Directory(t.TempDir() + "/missing")})
	require.ErrorContains(t, err, "spec.storage.pvc: open storage directory: ")
}

func FuzzParse(f *testing.F) {
	for backend, text := range full {
		f.Add([]byte(`{"` + string(backend) + `":` + text + `}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := operatorconfig.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, operatorconfig.ErrInvalid)
			return
		}
		require.NoError(t, s.Validate())
		again, err := json.Marshal(s)
		require.NoError(t, err)
		same, err := operatorconfig.Parse(again)
		require.NoError(t, err)
		require.Equal(t, s, same)
	})
}
