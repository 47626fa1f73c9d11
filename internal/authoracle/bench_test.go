package authoracle

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/internal/pullsecrets"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

const benchEntries = 10

// benchKeyrings are the three over the same Secrets. The first function makes one anew,
// the second asks it for an image's user name.
func benchKeyrings(t testing.TB, count int) map[string]func() func(image string) string {
	store := auth.NewSecretStore()
	var all []corev1.Secret
	for _, s := range pullsecrets.Generate("dev", count, benchEntries) {
		data := map[string][]byte{corev1.DockerConfigJsonKey: s.DockerConfigJSON}
		store.Put(&auth.PullSecret{Namespace: s.Namespace, Name: s.Name, ResourceVersion: "1", Type: auth.TypeDockerConfigJSON, Data: auth.NewSecretData(data)})
		all = append(all, corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}, Type: corev1.SecretTypeDockerConfigJson, Data: data})
	}
	ofKeychain := func(keychain authn.Keychain) func(string) string {
		return func(image string) string {
			ref, err := name.ParseReference(image)
			if err != nil {
				t.Fatal(err)
			}
			authenticator, err := keychain.Resolve(ref.Context())
			if err != nil {
				t.Fatal(err)
			}
			config, err := authenticator.Authorization()
			if err != nil {
				t.Fatal(err)
			}
			return config.Username
		}
	}
	return map[string]func() func(string) string{
		"registrykit": func() func(string) string {
			return ofKeychain(auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(store, "dev")))
		},
		"registrykit, KubeletCompat": func() func(string) string {
			return ofKeychain(auth.NewResolver(auth.Options{KubeletCompat: true}, auth.NamespaceSecrets(store, "dev")))
		},
		"go-containerregistry": func() func(string) string {
			keychain, err := kubernetes.NewFromPullSecrets(t.Context(), all)
			require.NoError(t, err)
			return ofKeychain(keychain)
		},
		"kubelet": func() func(string) string {
			keyring, err := secrets.MakeDockerKeyring(all, &credentialprovider.BasicDockerKeyring{})
			require.NoError(t, err)
			return func(image string) string {
				if found, _ := keyring.Lookup(image); len(found) > 0 {
					return found[0].Username
				}
				return ""
			}
		},
	}
}

// benchImages and their users: of a registry of its own, of one of many namespaces of
// quay.io, and of nobody.
var benchImages = map[string]struct{ image, user string }{
	"registry":  {pullsecrets.Image(50, 0), "user-50-0"},
	"namespace": {pullsecrets.Image(50, 1), "user-50-1"},
	"none":      {"ghcr.io/org/app", ""},
}

// BenchmarkLookup asks for the credential of an image among 1,000 Secrets of 10
// entries, after the first use.
func BenchmarkLookup(b *testing.B) {
	for keyring, build := range benchKeyrings(b, 1000) {
		ask := build()
		for kind, of := range benchImages {
			require.Equal(b, of.user, ask(of.image))
			b.Run(keyring+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if ask(of.image) != of.user {
						b.Fatal("another credential")
					}
				}
			})
		}
	}
}

// BenchmarkFirst builds the keyring and asks it once.
func BenchmarkFirst(b *testing.B) {
	for keyring, build := range benchKeyrings(b, 1000) {
		b.Run(keyring, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if of := benchImages["registry"]; build()(of.image) != of.user {
					b.Fatal("another credential")
				}
			}
		})
	}
}

// TestBenchmarksFindTheSame: what is measured is the same work.
func TestBenchmarksFindTheSame(t *testing.T) {
	for keyring, build := range benchKeyrings(t, 60) {
		ask := build()
		for kind, of := range benchImages {
			require.Equal(t, of.user, ask(of.image), "%s %s", keyring, kind)
		}
	}
}
