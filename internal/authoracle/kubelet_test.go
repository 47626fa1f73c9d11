package authoracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

// A pulled is a pull secret as both sides want it.
type pulled struct {
	ours   *auth.PullSecret
	theirs corev1.Secret
}

// pullSecret makes a document into one, of either type.
func pullSecret(name string, d document, legacy bool) pulled {
	kind, key, text := auth.TypeDockerConfigJSON, corev1.DockerConfigJsonKey, d.text()
	if legacy {
		kind, key, text = auth.TypeDockercfg, corev1.DockerConfigKey, d.legacy()
	}
	data := map[string][]byte{key: []byte(text)}
	return pulled{
		&auth.PullSecret{Namespace: "dev", Name: name, Type: kind, Data: auth.NewSecretData(data)},
		corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: name}, Type: corev1.SecretType(kind), Data: data},
	}
}

// kubeletCredentials are what the kubelet tries for an image, in its order, each once.
func kubeletCredentials(keyring credentialprovider.DockerKeyring, image string) []credential {
	found, _ := keyring.Lookup(image)
	var all []credential
	for _, c := range found {
		if one := (credential{c.Username, c.Password, c.IdentityToken, c.RegistryToken}); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// kubeletValues are what differs in any mode, since it is about entries and not keys.
var kubeletValues = []difference{
	{"one bad entry", "the kubelet fails for all Secrets of a pod where one entry of one Secret has bad base64 or no colon; here that entry is passed over",
		func(all document, _ string) bool {
			return slices.ContainsFunc(all, entry.spoils)
		}},
	{"empty entries", "the kubelet takes an entry without a user name and password for a credential, and pulls without one",
		reaching(func(e *entry) bool { return e.value == "empty" || e.value == "null" })},
	{"tokens", "the kubelet reads no tokens, and takes what is beside them",
		reaching(func(e *entry) bool {
			return slices.Contains([]string{"identity token", "identity token alone", "registry token"}, e.value)
		})},
	{"NULs", "the kubelet keeps NULs around a password; here they are taken off, as by podman and docker",
		reaching(func(e *entry) bool { return strings.HasPrefix(e.value, "NUL") })},
}

// spoils reports whether the kubelet fails for the entry.
func (e entry) spoils() bool { return e.value == "no base64" || e.value == "no colon" }

// kubeletKey is a key as the kubelet files it.
func kubeletKey(e *entry) string {
	key := strings.TrimPrefix(strings.TrimPrefix(e.key, "https://"), "http://")
	for _, version := range []string{"/v1/", "/v2/"} {
		if host, path, found := strings.Cut(key, version); found && !strings.Contains(host, "/") {
			key = host + "/" + path
		}
	}
	if strings.Count(key, "/") == 1 {
		key = strings.TrimSuffix(key, "/")
	}
	return key
}

var randomOrder = difference{"random order", "equal keys of one Secret the kubelet sorts at random; here the order is that of the document",
	func(all document, image string) bool {
		seen := make(map[string]bool)
		for i := range all {
			e := &all[i]
			secret, _, _ := strings.Cut(e.user, "-")
			key := secret + " " + kubeletKey(e)
			if e.reaches(image) && seen[key] {
				return true
			}
			seen[key] = seen[key] || e.reaches(image)
		}
		return false
	}}

// TestKubeletCompat: to the letter, every candidate in the kubelet's order.
func TestKubeletCompat(t *testing.T) {
	differences := append(slices.Clone(kubeletValues), randomOrder)
	compareWithKubelet(t, auth.Options{KubeletCompat: true}, differences, 60)
}

// TestAgreesWithTheKubelet: what this package's own rules and the kubelet's have in
// common.
func TestAgreesWithTheKubelet(t *testing.T) {
	differences := append(slices.Clone(kubeletValues), []difference{
		{"first bytes", "the kubelet compares paths by their first bytes, so that org is for organization; here whole segments count",
			func(all document, image string) bool {
				return slices.ContainsFunc(all, func(e entry) bool {
					rest, found := strings.CutPrefix(image[len(hostOf(image))+1:], e.path)
					return e.concerns(image) && e.path != "" && found && rest != "" && rest[0] != '/'
				})
			}},
		{"spelling", "capitals, :443 and, in a URL, a version of the API without a final slash are something of their own to the kubelet; a version without a URL is none",
			reaching(func(e *entry) bool {
				return slices.Contains([]string{"upper case", "HTTPS", "port 443", "/v2/ without a scheme", "url with /v2"}, e.spelling) ||
					e.path == "" && strings.HasSuffix(e.key, "/v1")
			})},
		{"final slash", "after a namespace the kubelet keeps a final slash: such a key is not for the repository of that name, and sorts before the key without",
			reaching(func(e *entry) bool { return e.path != "" && strings.HasSuffix(e.key, "/") })},
		{"Docker Hub's names", "to the kubelet docker.io is not index.docker.io, but falls back to it, and registry-1.docker.io is none",
			func(all document, image string) bool {
				return hub(hostOf(image)) == "docker.io" && slices.ContainsFunc(all, func(e entry) bool { return e.reaches(image) && e.host != "docker.io" })
			}},
		{"wildcards in order", "the kubelet sorts by the bytes of the key, so that a host with a * comes after any other; here a longer path comes first",
			func(all document, image string) bool {
				wild, n := false, 0
				for i := range all {
					if all[i].reaches(image) {
						n++
						wild = wild || all[i].spelling == "wildcard"
					}
				}
				return wild && n > 1
			}},
		randomOrder,
	}...)
	compareWithKubelet(t, auth.Options{}, differences, 50)
}

// compareWithKubelet compares all candidates of one to three Secrets, in order.
func compareWithKubelet(t *testing.T, o auth.Options, differences []difference, percent int) {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	var counts tally
	for range 3000 {
		var all document
		store := auth.NewSecretStore()
		var names []string
		var theirs []corev1.Secret
		for s := range 1 + r.IntN(3) {
			name := fmt.Sprintf("s%d", s)
			d := generate(r, name)
			for slices.ContainsFunc(d, entry.spoils) && r.IntN(4) > 0 { // else most cases would be of that
				d = generate(r, name)
			}
			p := pullSecret(name, d, r.IntN(4) == 0)
			all, names, theirs = append(all, d...), append(names, name), append(theirs, p.theirs)
			store.Put(p.ours)
		}
		resolver := auth.NewResolver(o, auth.Secrets(store, "dev", names...))
		keyring, err := secrets.MakeDockerKeyring(theirs, &credentialprovider.BasicDockerKeyring{})
		for _, image := range all.looked() {
			var want []credential
			if err == nil {
				want = kubeletCredentials(keyring, image)
			}
			ours := candidates(t, resolver, image)
			reasons := among(differences, all, image)
			counts.add(reasons, err == nil && slices.Equal(want, ours), len(ours) > 0)
			if len(reasons) == 0 {
				require.NoError(t, err, all.text())
				require.Equal(t, want, ours, "%s in %s", image, all.text())
			}
		}
	}
	counts.check(t, differences, percent)
}
