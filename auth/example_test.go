package auth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
)

// A controller that has its Secrets already, from a list or an informer's cache.
func Example() {
	secrets := auth.NewSecretStore(&auth.PullSecret{
		Namespace: "dev", Name: "quay", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{
			".dockerconfigjson": []byte(`{"auths": {
				"quay.io":     {"username": "everybody", "password": "pw1"},
				"quay.io/org": {"username": "org+bot",   "password": "pw2"}
			}}`),
		}),
	})
	resolver := auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(secrets, "dev"))

	image, err := auth.Image("quay.io/org/app:v1")
	if err != nil {
		panic(err)
	}
	candidates, err := resolver.Candidates(context.Background(), image)
	if err != nil {
		panic(err)
	}
	for _, c := range candidates {
		fmt.Println(c)
	}
	// Output:
	// secret dev/quay, key "quay.io/org": user "org+bot" (basic)
	// secret dev/quay, key "quay.io": user "everybody" (basic)
}

// Why is it unauthorized? The key in the file is for another port.
func ExampleResolver_Explain() {
	resolver := auth.NewResolver(auth.Options{},
		auth.Document("auth.json", []byte(`{"auths": {
			"registry.example.com:5000": {"auth": "ZGV2OnB3"},
			"quay.io":                   {"auth": "ZGV2OnB3"}
		}}`), auth.DocumentOptions{}))
	explanation, err := resolver.Explain(context.Background(), "registry.example.com/dev/app")
	if err != nil {
		panic(err)
	}
	fmt.Print(explanation)
	// Output:
	// registry.example.com/dev/app
	// chosen: none, so it is pulled without credentials
	// looked at:
	//    1. document auth.json, key "registry.example.com:5000": near miss (it is for port 5000, the image is at the default port)
}

// Try uses one credential after the other, here against a registry that accepts the
// second.
func ExampleTry() {
	resolver := auth.NewResolver(auth.Options{},
		auth.Document("old", []byte(`{"auths": {"quay.io": {"username": "dev", "password": "last year's"}}}`), auth.DocumentOptions{}),
		auth.Document("new", []byte(`{"auths": {"quay.io": {"username": "dev", "password": "this year's"}}}`), auth.DocumentOptions{}))
	image, err := auth.Image("quay.io/org/app")
	if err != nil {
		panic(err)
	}

	denied := errors.New("unauthorized")
	options := auth.TryOptions{Denied: func(err error) bool { return errors.Is(err, denied) }}
	digest, err := auth.Try(context.Background(), resolver, image, options,
		func(ctx context.Context, authenticator authn.Authenticator) (string, error) {
			config, err := authn.Authorization(ctx, authenticator)
			if err != nil {
				return "", err
			}
			if config.Password != "this year's" {
				return "", denied
			}
			return "sha256:…", nil
		})
	fmt.Println(digest, err)
	// Output: sha256:… <nil>
}

// What podman or docker would use on this machine, for any go-containerregistry
// call: remote.WithAuthFromKeychain(resolver).
func ExampleHost() {
	home := map[string]string{"HOME": "/nonexistent", "DOCKER_AUTH_CONFIG": `{"auths": {"https://index.docker.io/v1/": {"auth": "ZGV2OnB3"}}}`}
	resolver := auth.NewResolver(auth.Options{}, auth.Host(auth.HostOptions{Getenv: func(name string) string { return home[name] }}))
	image, err := auth.Image("busybox")
	if err != nil {
		panic(err)
	}
	authenticator, err := resolver.Resolve(image)
	fmt.Println(authenticator, err)
	// Output: variable DOCKER_AUTH_CONFIG, key "https://index.docker.io/v1/": user "dev" (basic) <nil>
}

// A lister of client-go becomes a SecretReader in a few lines.
func ExampleSecretReaderFunc() {
	type secret struct { // stands for corev1.Secret
		Namespace, Name, ResourceVersion, Type string
		Annotations                            map[string]string
		Data                                   map[string][]byte
	}
	get := func(namespace, name string) (*secret, error) { // lister.Secrets(namespace).Get(name)
		return &secret{Namespace: namespace, Name: name, Type: auth.TypeDockercfg, Data: map[string][]byte{
			".dockercfg": []byte(`{"registry.example.com": {"auth": "ZGV2OnB3"}}`),
		}}, nil
	}

	reader := auth.SecretReaderFunc(func(_ context.Context, namespace, name string) (*auth.PullSecret, error) {
		s, err := get(namespace, name)
		if err != nil { // apierrors.IsNotFound(err) becomes auth.ErrNotFound here
			return nil, err
		}
		return &auth.PullSecret{
			Namespace: s.Namespace, Name: s.Name, ResourceVersion: s.ResourceVersion,
			Type: s.Type, Annotations: s.Annotations, Data: auth.NewSecretData(s.Data),
		}, nil
	})
	resolver := auth.NewResolver(auth.Options{}, auth.Secrets(reader, "dev", "pull"))
	explanation, err := resolver.Explain(context.Background(), "registry.example.com/dev/app")
	if err != nil {
		panic(err)
	}
	fmt.Println(explanation.Chosen())
	// Output: secret dev/pull, key "registry.example.com": user "dev" (basic) true
}

// What a pod of a ServiceAccount may pull with. One of its Secrets is gone.
func ExampleServiceAccount() {
	secrets := auth.NewSecretStore(&auth.PullSecret{
		Namespace: "dev", Name: "builder-pull", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(`{"auths": {"quay.io": {"auth": "ZGV2OnB3"}}}`)}),
	})
	accounts := auth.ServiceAccountReaderFunc(func(_ context.Context, namespace, name string) ([]string, error) {
		// Of lister.ServiceAccounts(namespace).Get(name) the names of its ImagePullSecrets.
		return []string{"old-pull", "builder-pull"}, nil
	})
	resolver := auth.NewResolver(auth.Options{}, auth.ServiceAccount(accounts, secrets, "dev", "builder"))
	explanation, err := resolver.Explain(context.Background(), "quay.io/org/app")
	if err != nil {
		panic(err)
	}
	fmt.Print(explanation)
	// Output:
	// quay.io/org/app
	// chosen: secret dev/builder-pull, key "quay.io": user "dev" (basic)
	// looked at:
	//    1. secret dev/old-pull: missing
	//    2. secret dev/builder-pull, key "quay.io": chosen (by host, user "dev", basic)
}

// What podman login does, into the same file that podman, skopeo and docker read.
func ExampleLogin() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "auth.json")

	ctx, robot := context.Background(), auth.NewBasic("org+bot", "secret")
	if err := auth.Login(ctx, path, "quay.io/org", robot, auth.DocumentOptions{}); err != nil {
		panic(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
	fmt.Println(auth.Logout(ctx, path, "quay.io/org", auth.DocumentOptions{}))
	// Output:
	// {
	// 	"auths": {
	// 		"quay.io/org": {
	// 			"auth": "b3JnK2JvdDpzZWNyZXQ="
	// 		}
	// 	}
	// }
	// <nil>
}

// A namespace's pull secret gets the credential of one more registry. Only the key of
// the data that is returned needs to be written.
func ExampleLoginSecret() {
	pull := &auth.PullSecret{
		Namespace: "dev", Name: "pull", Type: auth.TypeDockerConfigJSON,
		Data: auth.NewSecretData(map[string][]byte{
			".dockerconfigjson": []byte(`{"auths":{"quay.io":{"auth":"ZGV2OnB3","email":"dev@example.com"}}}`),
		}),
	}
	key, document, err := auth.LoginSecret(pull, "registry.example.com", auth.NewBasic("dev", "pw"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: %s\n", key, document)
	// Output: .dockerconfigjson: {"auths":{"quay.io":{"auth":"ZGV2OnB3","email":"dev@example.com"},"registry.example.com":{"auth":"ZGV2OnB3"}}}
}
