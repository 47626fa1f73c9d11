package s3_test

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/registrykit/registrykit/storage/s3"
	"github.com/stretchr/testify/require"
)

// config is the resource as `oc get … -o json` prints it, with one spec.storage.
func config(t *testing.T, storage string) *operatorconfig.Storage {
	t.Helper()
	s, err := operatorconfig.ParseConfig([]byte(`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config",
		"metadata":{"name":"cluster","resourceVersion":"1"},"spec":{"managementState":"Managed","replicas":2,"storage":` + storage + `},
		"status":{"storageManaged":true}}`))
	require.NoError(t, err)
	return s
}

// userSecret is what an administrator makes.
var userSecret = map[string][]byte{"REGISTRY_STORAGE_S3_ACCESSKEY": []byte("access"), "REGISTRY_STORAGE_S3_SECRETKEY": []byte("secretsecret")}

func awsConfig(t *testing.T) aws.Config {
	t.Helper()
	credentials, err := s3.Credentials(userSecret)
	require.NoError(t, err)
	return aws.Config{Credentials: credentials}
}

func openers(c aws.Config, o s3.OpenerOptions) operatorconfig.Openers {
	return operatorconfig.Openers{operatorconfig.S3: s3.Opener(c, o), operatorconfig.IBMCOS: s3.Opener(c, o)}
}

// seen is a request that a server has had.
type seen struct {
	method, host, path, query string
	header                    http.Header
}

type recorder struct {
	http.Handler
	mu   sync.Mutex
	seen []seen
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, seen{q.Method, cmp.Or(q.Host, q.URL.Host), q.URL.Path, q.URL.RawQuery, q.Header.Clone()})
	r.mu.Unlock()
	r.Handler.ServeHTTP(w, q)
}

func (r *recorder) all() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]seen(nil), r.seen...)
}

// recording serves an S3 with the bucket, and remembers the requests after that.
func recording(t *testing.T) (*recorder, string, *awss3.Client) {
	t.Helper()
	r := &recorder{Handler: gofakes3.New(s3mem.New()).Server()}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	client := newClient(t, server.URL)
	r.seen = nil
	return r, server.URL, client
}

// push writes an image's config and manifest, as a registry does, and reads them with
// another layout.
func push(t *testing.T, s, reader *storage.Store) {
	t.Helper()
	l := registrylayout.New(s, registrylayout.Options{})
	blob := []byte(`{"architecture":"amd64","os":"linux"}`)
	d := digest.FromBytes(blob)
	_, err := l.PutBlob(t.Context(), "ns/app", d, strings.NewReader(string(blob)))
	require.NoError(t, err)
	raw, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []any{},
		"config": map[string]any{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": d, "size": len(blob)},
	})
	require.NoError(t, err)
	m, err := l.PutManifest(t.Context(), "ns/app", raw, registrylayout.PutManifestOptions{})
	require.NoError(t, err)
	require.NoError(t, l.SetTag(t.Context(), "ns/app", "latest", m))

	read := registrylayout.New(reader, registrylayout.Options{})
	got, err := read.ResolveTag(t.Context(), "ns/app", "latest")
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.NoError(t, read.VerifyBlob(t.Context(), d))
	for name, err := range read.Repositories(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "ns/app", name)
	}
}

// TestOpener: what the configuration names is where a registry keeps its tree.
func TestOpener(t *testing.T) {
	requests, url, client := recording(t)
	s := config(t, `{"managementState":"Unmanaged","s3":{"bucket":"bucket","region":"eu-west-1","regionEndpoint":"`+url+`","encrypt":true,
		"chunkSizeMiB":5,"cloudFront":{"baseURL":"https://x.cloudfront.net/","privateKey":{"name":"s","key":"k"},"keypairID":"p"}}}`)
	store, err := operatorconfig.Open(t.Context(), s, openers(awsConfig(t), s3.OpenerOptions{}))
	require.NoError(t, err)
	require.Empty(t, requests.all(), "nothing is asked of the service by opening")
	push(t, store, newStore(client))
	_, err = client.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(bucket),
		Key: aws.String("docker/registry/v2/repositories/ns/app/_manifests/tags/latest/current/link")})
	require.NoError(t, err, "the tree is at the bucket's root")
	for _, q := range requests.all() {
		require.True(t, strings.HasPrefix(q.path, "/bucket"), "%s: the bucket is in the path", q.path)
	}
	require.Contains(t, requests.all()[0].header.Get("Authorization"), "Credential=access/")
	require.Contains(t, requests.all()[0].header.Get("Authorization"), "/eu-west-1/s3/")

	// Parts have the size that is asked.
	before := len(requests.all())
	_, err = store.WriteFile(t.Context(), "long", data(2*s3.MinPartSize+1), storage.CreateOptions{})
	require.NoError(t, err)
	var parts int
	for _, q := range requests.all()[before:] {
		if strings.Contains(q.query, "partNumber=") {
			parts++
		}
	}
	require.Equal(t, 3, parts)
}

// TestEncryption: all that makes an object says how it is encrypted; parts, of which
// S3 refuses that, do not.
func TestEncryption(t *testing.T) {
	for name, c := range map[string]struct {
		fields, algorithm, key string
	}{
		"none":    {``, "", ""},
		"SSE-S3":  {`,"encrypt":true`, "AES256", ""},
		"SSE-KMS": {`,"encrypt":true,"keyID":"arn:aws:kms:eu-west-1:1:key/2"`, "aws:kms", "arn:aws:kms:eu-west-1:1:key/2"},
	} {
		t.Run(name, func(t *testing.T) {
			requests, url, client := recording(t)
			s := config(t, `{"s3":{"bucket":"bucket","region":"eu-west-1","regionEndpoint":"`+url+`"`+c.fields+`}}`)
			store, err := operatorconfig.Open(t.Context(), s, openers(awsConfig(t), s3.OpenerOptions{}))
			require.NoError(t, err)
			_, err = store.WriteFile(t.Context(), "short", []byte("text"), storage.CreateOptions{IfAbsent: true})
			require.NoError(t, err)
			_, err = store.WriteFile(t.Context(), "long", data(s3.DefaultPartSize+1), storage.CreateOptions{})
			require.NoError(t, err)
			u, err := store.Create(t.Context(), "resumed", storage.CreateOptions{Resumable: true})
			require.NoError(t, err)
			_, err = u.Write([]byte("rest"))
			require.NoError(t, err)
			require.NoError(t, u.Suspend(t.Context()))
			_, err = store.Move(t.Context(), "short", "moved", storage.MoveOptions{})
			require.NoError(t, err)
			_, err = store.WriteFile(t.Context(), "if-absent", data(s3.DefaultPartSize+1), storage.CreateOptions{IfAbsent: true})
			require.ErrorIs(t, err, storage.ErrUnsupported, "what the driver tries out on gofakes3")

			kinds := make(map[string]int)
			for _, q := range requests.all() {
				kind := kindOf(q)
				if kind == "" {
					require.Empty(t, q.header.Get("X-Amz-Server-Side-Encryption"), "%s %s?%s", q.method, q.path, q.query)
					continue
				}
				kinds[kind]++
				require.Equal(t, c.algorithm, q.header.Get("X-Amz-Server-Side-Encryption"), "%s %s", kind, q.path)
				require.Equal(t, c.key, q.header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"), "%s %s", kind, q.path)
			}
			for _, kind := range []string{"put", "copy", "create"} {
				require.NotZero(t, kinds[kind], kind)
			}
			requireContent(t, newStore(client), "moved", []byte("text"))
		})
	}
}

// kindOf is "" for requests that make no object.
func kindOf(q seen) string {
	switch {
	case q.method == http.MethodPost && strings.HasPrefix(q.query, "uploads"):
		return "create"
	case q.method != http.MethodPut || strings.Contains(q.query, "partNumber="):
		return ""
	case q.header.Get("X-Amz-Copy-Source") != "":
		return "copy"
	}
	return "put"
}

// TestEncryptionOfCopiesInParts: a multipart upload of a copy's says it too.
func TestEncryptionOfCopiesInParts(t *testing.T) {
	requests := &recorder{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })}
	server := httptest.NewServer(requests)
	defer server.Close()
	client := awss3.New(awss3.Options{BaseEndpoint: &server.URL, Region: "us-east-1", UsePathStyle: true, Credentials: aws.AnonymousCredentials{}})
	d := s3.New(client, bucket, s3.Options{Encryption: &s3.Encryption{KMSKeyID: "key"}})
	require.Error(t, d.CopyAbove(t.Context(), storage.Info{Key: "from", Size: 2, Version: `"v"`}, "to", 1, 1))
	require.Equal(t, "create", kindOf(requests.all()[0]))
	require.Equal(t, "aws:kms", requests.all()[0].header.Get("X-Amz-Server-Side-Encryption"))
	require.Equal(t, "key", requests.all()[0].header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
}

// roundTripper answers every request with 404, and remembers it.
type roundTripper struct{ recorder }

func (r *roundTripper) Do(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	response := w.Result()
	response.Request = q
	return response, nil
}

// TestAddresses are the hosts and paths that are asked.
func TestAddresses(t *testing.T) {
	for name, c := range map[string]struct{ storage, host, path, scope string }{
		"Amazon":      {`{"s3":{"bucket":"images","region":"eu-west-1"}}`, "images.s3.eu-west-1.amazonaws.com", "/key", "/eu-west-1/s3/"},
		"no region":   {`{"s3":{"bucket":"images"}}`, "images.s3.us-west-2.amazonaws.com", "/key", "/us-west-2/s3/"},
		"endpoint":    {`{"s3":{"bucket":"images","region":"r","regionEndpoint":"https://s3.example:8443"}}`, "s3.example:8443", "/images/key", "/r/s3/"},
		"hosted":      {`{"s3":{"bucket":"images","region":"r","regionEndpoint":"https://s3.example","virtualHostedStyle":true}}`, "images.s3.example", "/key", "/r/s3/"},
		"IBM":         {`{"ibmcos":{"bucket":"images","location":"eu-de","resourceKeyCRN":"crn:1"}}`, "s3.eu-de.cloud-object-storage.appdomain.cloud", "/images/key", "/eu-de/s3/"},
		"hosted, AWS": {`{"s3":{"bucket":"images","region":"eu-west-1","virtualHostedStyle":true}}`, "images.s3.eu-west-1.amazonaws.com", "/key", "/eu-west-1/s3/"},
	} {
		t.Run(name, func(t *testing.T) {
			client := &roundTripper{recorder{Handler: http.NotFoundHandler()}}
			c0 := awsConfig(t)
			c0.HTTPClient, c0.Region = client, "us-west-2"
			store, err := operatorconfig.Open(t.Context(), config(t, c.storage), openers(c0, s3.OpenerOptions{}))
			require.NoError(t, err)
			_, err = store.Stat(t.Context(), "key")
			require.Error(t, err)
			q := client.all()[0]
			require.Equal(t, []string{c.host, c.path}, []string{q.host, q.path})
			require.Contains(t, q.header.Get("Authorization"), c.scope)
		})
	}
}

// TestTrustedCA: the bundle is what makes the service's certificate good.
func TestTrustedCA(t *testing.T) {
	server := httptest.NewUnstartedServer(gofakes3.New(s3mem.New()).Server())
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	s := config(t, `{"s3":{"bucket":"bucket","region":"r","regionEndpoint":"`+server.URL+`","trustedCA":{"name":"ca"}}}`)
	store, err := operatorconfig.Open(t.Context(), s, openers(awsConfig(t), s3.OpenerOptions{CABundle: bundle}))
	require.NoError(t, err)
	_, err = store.Stat(t.Context(), "key")
	require.ErrorContains(t, err, `bucket "bucket"`, "the service has answered")
}

// TestTrustedCAStandsBesideOwn: what the configuration trusts already stays trusted.
func TestTrustedCAStandsBesideOwn(t *testing.T) {
	server := httptest.NewUnstartedServer(gofakes3.New(s3mem.New()).Server())
	server.StartTLS()
	defer server.Close()
	own := x509.NewCertPool()
	own.AddCert(server.Certificate())
	c := awsConfig(t)
	c.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.TLSClientConfig = &tls.Config{RootCAs: own}
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	other, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other})
	s := config(t, `{"s3":{"bucket":"bucket","region":"r","regionEndpoint":"`+server.URL+`","trustedCA":{"name":"ca"}}}`)
	store, err := operatorconfig.Open(t.Context(), s, openers(c, s3.OpenerOptions{CABundle: bundle}))
	require.NoError(t, err)
	_, err = store.Stat(t.Context(), "key")
	require.ErrorContains(t, err, `bucket "bucket"`, "the service has answered")
	mine := x509.NewCertPool()
	mine.AddCert(server.Certificate())
	require.True(t, own.Equal(mine), "the caller's pool is not changed")
}

// TestFieldsThatCannotBeFollowed are errors that name the field.
func TestFieldsThatCannotBeFollowed(t *testing.T) {
	foreign := awsConfig(t)
	foreign.HTTPClient = http.DefaultClient
	for field, c := range map[string]struct {
		storage string
		config  aws.Config
		bundle  string
		class   error
	}{
		"s3.region":       {`{"s3":{"bucket":"b","regionEndpoint":"https://s3.example"}}`, awsConfig(t), "", operatorconfig.ErrInvalid},
		"s3.keyID":        {`{"s3":{"bucket":"b","region":"r","keyID":"k"}}`, awsConfig(t), "", operatorconfig.ErrInvalid},
		"s3.trustedCA":    {`{"s3":{"bucket":"b","region":"r","trustedCA":{"name":"ca"}}}`, awsConfig(t), "", operatorconfig.ErrInvalid},
		"s3.trustedCA ":   {`{"s3":{"bucket":"b","region":"r","trustedCA":{"name":"ca"}}}`, awsConfig(t), "no PEM", operatorconfig.ErrInvalid},
		"ibmcos.location": {`{"ibmcos":{"bucket":"b"}}`, awsConfig(t), "", operatorconfig.ErrInvalid},
		// The name of another host.
		"ibmcos.location ": {`{"ibmcos":{"bucket":"b","location":"evil.example/"}}`, awsConfig(t), "", operatorconfig.ErrInvalid},
	} {
		_, err := operatorconfig.Open(t.Context(), config(t, c.storage), openers(c.config, s3.OpenerOptions{CABundle: []byte(c.bundle)}))
		require.ErrorIs(t, err, c.class)
		require.Truef(t, strings.HasPrefix(err.Error(), "spec.storage."+strings.TrimSpace(field)+": "), "%v", err)
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate(t)})
	_, err := operatorconfig.Open(t.Context(), config(t, `{"s3":{"bucket":"b","region":"r","trustedCA":{"name":"ca"}}}`),
		openers(foreign, s3.OpenerOptions{CABundle: bundle}))
	require.ErrorIs(t, err, storage.ErrUnsupported)
	require.ErrorContains(t, err, "spec.storage.s3.trustedCA: ")
	_, err = operatorconfig.Open(t.Context(), config(t, `{"pvc":{"claim":"c"}}`), operatorconfig.Openers{operatorconfig.PVC: s3.Opener(foreign, s3.OpenerOptions{})})
	require.ErrorIs(t, err, storage.ErrUnsupported)
}

func certificate(t *testing.T) []byte {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return server.Certificate().Raw
}

func TestCredentials(t *testing.T) {
	const file = "# made by the operator\n[other]\naws_access_key_id = no\n[default]\naws_access_key_id = access\naws_secret_access_key = a=b/c+d==\n"
	for name, c := range map[string]struct {
		secret  map[string][]byte
		id, key string
	}{
		"user":    {userSecret, "access", "secretsecret"},
		"cluster": {map[string][]byte{"aws_access_key_id": []byte("i"), "aws_secret_access_key": []byte("k"), "credentials": []byte("[default]")}, "i", "k"},
		"pod":     {map[string][]byte{"credentials": []byte(file)}, "access", "a=b/c+d=="},
	} {
		provider, err := s3.Credentials(c.secret)
		require.NoError(t, err, name)
		got, err := provider.Retrieve(context.Background())
		require.NoError(t, err)
		require.Equal(t, []string{c.id, c.key}, []string{got.AccessKeyID, got.SecretAccessKey}, name)
	}
	for says, secret := range map[string]map[string][]byte{
		"the Secret has neither":                        {},
		"REGISTRY_STORAGE_S3_SECRETKEY is missing":      {"REGISTRY_STORAGE_S3_ACCESSKEY": []byte("hunter2")},
		"REGISTRY_STORAGE_S3_ACCESSKEY is missing":      {"REGISTRY_STORAGE_S3_SECRETKEY": []byte("hunter2")},
		"REGISTRY_STORAGE_S3_SECRETKEY has white space": {"REGISTRY_STORAGE_S3_ACCESSKEY": []byte("a"), "REGISTRY_STORAGE_S3_SECRETKEY": []byte("hunter2\n")},
		"credentials: aws_secret_access_key is missing": {"credentials": []byte("[default]\naws_access_key_id=hunter2")},
		"credentials: aws_access_key_id is missing":     {"credentials": []byte("[other]\naws_access_key_id=hunter2")},
	} {
		_, err := s3.Credentials(secret)
		require.ErrorIs(t, err, s3.ErrNoCredentials)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := s3.Credentials(map[string][]byte{"credentials": []byte("[default]\nsts_regional_endpoints = regional\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /t\n")})
	require.ErrorIs(t, err, storage.ErrUnsupported)
	require.ErrorContains(t, err, "role_arn")
}
