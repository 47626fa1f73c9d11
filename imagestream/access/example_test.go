package access_test

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/registrykit/registrykit/imagestream/access"
)

// What is asked when a client pushes to dev/app and wants a layer of base/os
// mounted there.
func ExampleForRequest() {
	u, err := url.Parse("https://registry.example/v2/dev/app/blobs/uploads/?mount=sha256:beef&from=base/os")
	if err != nil {
		fmt.Println(err)
		return
	}
	accesses, err := access.ForRequest("POST", u)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range accesses {
		attributes, err := a.Attributes()
		fmt.Println(attributes, a.Optional, err)
	}
	// Output:
	// get imagestreams.image.openshift.io/layers app -n dev false <nil>
	// update imagestreams.image.openshift.io/layers app -n dev false <nil>
	// get imagestreams.image.openshift.io/layers os -n base true <nil>
}

// May the service account builder push to every stream of dev? This is the body
// of the request that asks.
func ExampleNewSubjectAccessReview() {
	attributes, err := access.Access{Action: access.Push, Repository: "dev/*"}.Attributes()
	if err != nil {
		fmt.Println(err)
		return
	}
	review := access.NewSubjectAccessReview(attributes, access.ServiceAccount("dev", "builder"))
	body, err := json.MarshalIndent(review, "", "  ")
	fmt.Println(string(body), err)
	// Output:
	// {
	//   "apiVersion": "authorization.k8s.io/v1",
	//   "kind": "SubjectAccessReview",
	//   "spec": {
	//     "resourceAttributes": {
	//       "namespace": "dev",
	//       "verb": "update",
	//       "group": "image.openshift.io",
	//       "resource": "imagestreams",
	//       "subresource": "layers"
	//     },
	//     "user": "system:serviceaccount:dev:builder",
	//     "groups": [
	//       "system:serviceaccounts",
	//       "system:serviceaccounts:dev",
	//       "system:authenticated"
	//     ]
	//   }
	// } <nil>
}

// A token server grants what the API server allows.
func ExampleParseScope() {
	accesses, err := access.ParseScope("repository:dev/app:pull,push registry:catalog:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range accesses {
		attributes, err := a.Attributes()
		fmt.Printf("%s: %s %v\n", a, attributes, err)
	}
	_, err = access.ParseScope("repository:dev/../prod/app:pull")
	fmt.Println(err)
	// Output:
	// pull dev/app: get imagestreams.image.openshift.io/layers app -n dev <nil>
	// push dev/app: update imagestreams.image.openshift.io/layers app -n dev <nil>
	// catalog: list imagestreams.image.openshift.io <nil>
	// access: parse scope "repository:dev/../prod/app:pull": want namespace/name, with exactly one slash
}

// What an audit log's review was about.
func ExampleResourceAttributes_Accesses() {
	accesses, err := access.ResourceAttributes{
		Namespace: "dev", Verb: "get", Group: "image.openshift.io", Resource: "imagestreams/layers", Name: "app",
	}.Accesses()
	fmt.Println(accesses, err)
	// Output:
	// [pull dev/app signature-read dev/app] <nil>
}
