package access

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const group = "image.openshift.io"

// rows are the table of the package comment, written down again from the
// integrated registry's behaviour.
var rows = []struct {
	access     Access
	scope      string
	attributes ResourceAttributes
	// decides is everything that the review decides.
	decides []Access
}{
	{
		Access{Action: Pull, Repository: "dev/app"}, "repository:dev/app:pull",
		ResourceAttributes{Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		[]Access{{Action: Pull, Repository: "dev/app"}, {Action: ReadSignatures, Repository: "dev/app"}},
	},
	{
		Access{Action: Push, Repository: "dev/app"}, "repository:dev/app:push",
		ResourceAttributes{Namespace: "dev", Verb: "update", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		[]Access{{Action: Push, Repository: "dev/app"}},
	},
	{
		Access{Action: Delete, Repository: "dev/app"}, "repository:dev/app:delete",
		ResourceAttributes{Verb: "delete", Group: group, Resource: "images"},
		[]Access{{Action: Delete, Repository: "*"}, {Action: Prune}},
	},
	{
		Access{Action: ReadSignatures, Repository: "dev/app"}, "signature:dev/app:get",
		ResourceAttributes{Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		[]Access{{Action: Pull, Repository: "dev/app"}, {Action: ReadSignatures, Repository: "dev/app"}},
	},
	{
		Access{Action: WriteSignature, Repository: "dev/app"}, "signature:dev/app:put",
		ResourceAttributes{Namespace: "dev", Verb: "create", Group: group, Resource: "imagesignatures", Name: "app"},
		[]Access{{Action: WriteSignature, Repository: "dev/app"}},
	},
	{
		Access{Action: Catalog}, "registry:catalog:*",
		ResourceAttributes{Verb: "list", Group: group, Resource: "imagestreams"},
		[]Access{{Action: Catalog}},
	},
	{
		Access{Action: Prune}, "admin::prune",
		ResourceAttributes{Verb: "delete", Group: group, Resource: "images"},
		[]Access{{Action: Delete, Repository: "*"}, {Action: Prune}},
	},
	{
		Access{Action: Metrics}, "metrics::get",
		ResourceAttributes{Verb: "get", Group: group, Resource: "registry", Subresource: "metrics"},
		[]Access{{Action: Metrics}},
	},
}

func TestTable(t *testing.T) {
	var actions []Action
	for _, row := range rows {
		t.Run(row.access.String(), func(t *testing.T) {
			attributes, err := row.access.Attributes()
			require.NoError(t, err)
			require.Equal(t, row.attributes, attributes)

			decides, err := attributes.Accesses()
			require.NoError(t, err)
			require.Equal(t, row.decides, decides)
			for _, a := range decides {
				again, err := a.Attributes()
				require.NoError(t, err)
				require.Equal(t, attributes, again, "%s", a)
			}

			scope, err := row.access.Scope()
			require.NoError(t, err)
			require.Equal(t, row.scope, scope)
			parsed, err := ParseScope(scope)
			require.NoError(t, err)
			require.Equal(t, []Access{row.access}, parsed)
		})
		actions = append(actions, row.access.Action)
	}
	require.ElementsMatch(t, actions, Actions())
}

func TestReviewsOfMoreThanOneRepository(t *testing.T) {
	for _, tc := range []struct {
		repository, namespace string
	}{{"dev/*", "dev"}, {AnyRepository, ""}} {
		for _, action := range []Action{Pull, Push, WriteSignature} {
			a := Access{Action: action, Repository: tc.repository}
			attributes, err := a.Attributes()
			require.NoError(t, err)
			require.Equal(t, tc.namespace, attributes.Namespace)
			require.Empty(t, attributes.Name)

			decides, err := attributes.Accesses()
			require.NoError(t, err)
			require.Contains(t, decides, a)

			_, err = a.Scope()
			require.ErrorIs(t, err, ErrInvalidRepository)
		}
	}
}

func TestReviewsAsTheRegistrySendsThem(t *testing.T) {
	a := Access{Action: Pull, Repository: "dev/app"}
	attributes, err := a.Attributes()
	require.NoError(t, err)
	joined := attributes.Joined()
	require.Equal(t, ResourceAttributes{Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams/layers", Name: "app"}, joined)
	require.Equal(t, joined, joined.Joined())

	decides, err := joined.Accesses()
	require.NoError(t, err)
	require.Equal(t, []Access{{Action: Pull, Repository: "dev/app"}, {Action: ReadSignatures, Repository: "dev/app"}}, decides)

	for _, a := range []Access{{Action: Metrics}, {Action: Prune}, {Action: Catalog}, {Action: WriteSignature, Repository: "dev/app"}} {
		attributes, err := a.Attributes()
		require.NoError(t, err)
		require.Equal(t, attributes, attributes.Joined())
	}
}

// hostile are names that no repository of a stream has.
var hostile = []string{
	"", "/", "app", "/app", "dev/", "dev//app", "dev/team/app", "dev/app/", "..", "dev/..", "../app", "dev/../prod/app", "./app", "dev/.",
	"Dev/app", "dev/App", "dev/app:latest", "dev/app@sha256:beef", "dev.example/app", "-dev/app", "dev-/app", "dev/-app", "dev/app-",
	"dev/a..b", "dev/a___b", "dev/ap p", " dev/app", "dev/app\n", "dev/\x00", "dév/app", "dev/äpp", "dev/%2e%2e", "dev\\app",
	"*", "dev/*", "*/app", "*/*", "dev/app*",
	strings.Repeat("d", 64) + "/app", "dev/" + strings.Repeat("a", 252), strings.Repeat("a/", 1<<20),
}

func TestHostileRepositories(t *testing.T) {
	wide := map[string]bool{"*": true, "dev/*": true}
	for _, repository := range hostile {
		for _, action := range Actions() {
			a := Access{Action: action, Repository: repository}
			r, _ := rowOf(action)
			_, err := a.Attributes()
			switch {
			case r.repository && wide[repository], !r.repository && repository == "":
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, ErrInvalidRepository, "%s %.40q", action, repository)
			require.Less(t, len(err.Error()), 1500)
			var e *Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, "review", e.Op)
			_, err = a.Scope()
			require.ErrorIs(t, err, ErrInvalidRepository)
			require.True(t, errors.As(err, &e))
			require.Equal(t, "scope", e.Op)
		}
		if len(repository) < maxPath && !strings.Contains(repository, " ") {
			_, err := ParseScope("repository:" + repository + ":pull")
			require.ErrorIs(t, err, ErrInvalidRepository, "%q", repository)
			_, err = ParseScope("signature:" + repository + ":get")
			require.ErrorIs(t, err, ErrInvalidRepository, "%q", repository)
		}
	}
}

func TestGoodRepositories(t *testing.T) {
	for _, repository := range []string{
		"dev/app", "d/a", "localhost/app", "default/my-app.v2", "dev/a__b", "dev/a---b", "1/2", "kube-system/0", "a--b/c",
		strings.Repeat("d", 63) + "/" + strings.Repeat("a", 191), "dev/manifests", "dev/v2",
	} {
		_, err := Access{Action: Pull, Repository: repository}.Attributes()
		require.NoError(t, err, repository)
	}
}

func TestUnknownAction(t *testing.T) {
	for _, action := range []Action{"", "PULL", "pull ", "*"} {
		_, err := Access{Action: action, Repository: "dev/app"}.Attributes()
		require.ErrorIs(t, err, ErrUnknownAction)
		_, err = Access{Action: action}.Scope()
		require.ErrorIs(t, err, ErrUnknownAction)
	}
}

func TestReviewsThatNoRegistryNeeds(t *testing.T) {
	for name, r := range map[string]ResourceAttributes{
		"nothing":                  {},
		"the core group":           {Namespace: "dev", Verb: "get", Resource: "imagestreams", Subresource: "layers", Name: "app"},
		"another group":            {Verb: "delete", Group: "example.com", Resource: "images"},
		"all verbs":                {Namespace: "dev", Verb: "*", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		"all resources":            {Namespace: "dev", Verb: "get", Group: group, Resource: "*", Name: "app"},
		"the stream itself":        {Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams", Name: "app"},
		"deleting layers":          {Namespace: "dev", Verb: "delete", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		"one image":                {Verb: "delete", Group: group, Resource: "images", Name: "sha256:beef"},
		"images of a namespace":    {Namespace: "dev", Verb: "delete", Group: group, Resource: "images"},
		"streams of one namespace": {Namespace: "dev", Verb: "list", Group: group, Resource: "imagestreams"},
		"metrics of a namespace":   {Namespace: "dev", Verb: "get", Group: group, Resource: "registry", Subresource: "metrics"},
		"a name without namespace": {Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		"joined twice":             {Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams/layers", Subresource: "layers", Name: "app"},
		"joined too deep":          {Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams/layers/x", Name: "app"},
		"a hostile name":           {Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "a/../b"},
		"a hostile namespace":      {Namespace: "*", Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "app"},
		"a star for a name":        {Namespace: "dev", Verb: "get", Group: group, Resource: "imagestreams", Subresource: "layers", Name: "*"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r.Accesses()
			require.ErrorIs(t, err, ErrNotAsked)
			require.Nil(t, got)
		})
	}
}

func TestVersionPlaysNoPart(t *testing.T) {
	got, err := ResourceAttributes{Verb: "list", Group: group, Version: "v1", Resource: "imagestreams"}.Accesses()
	require.NoError(t, err)
	require.Equal(t, []Access{{Action: Catalog}}, got)
}

func TestParseScope(t *testing.T) {
	pull, push, remove := Access{Action: Pull, Repository: "dev/app"}, Access{Action: Push, Repository: "dev/app"}, Access{Action: Delete, Repository: "dev/app"}
	for scope, want := range map[string][]Access{
		"":                                nil,
		"  ":                              nil,
		"repository:dev/app:pull":         {pull},
		"repository:dev/app:pull,push":    {pull, push},
		"repository:dev/app:push,pull":    {push, pull},
		"repository:dev/app:pull,pull":    {pull},
		"repository:dev/app:*":            {pull, push, remove},
		"repository:dev/app:*,pull":       {pull, push, remove},
		"repository(plugin):dev/app:pull": {pull},
		" repository:dev/app:pull  admin::prune repository:base/os:pull repository:dev/app:pull": {
			pull, {Action: Prune}, {Action: Pull, Repository: "base/os"},
		},
		"registry:catalog:* metrics::get": {{Action: Catalog}, {Action: Metrics}},
	} {
		got, err := ParseScope(scope)
		require.NoError(t, err, scope)
		require.Equal(t, want, got, scope)
	}
	for scope, class := range map[string]error{
		"repository":                               ErrInvalidScope,
		"repository:dev/app":                       ErrInvalidScope,
		":dev/app:pull":                            ErrInvalidScope,
		"volume:dev/app:pull":                      ErrInvalidScope,
		"(repository):dev/app:pull":                ErrInvalidScope,
		"registry:other:*":                         ErrInvalidScope,
		"admin:x:prune":                            ErrInvalidScope,
		"metrics:x:get":                            ErrInvalidScope,
		"repository:dev/app:":                      ErrUnknownAction,
		"repository:dev/app:pull,":                 ErrUnknownAction,
		"repository:dev/app:PULL":                  ErrUnknownAction,
		"repository:dev/app:get":                   ErrUnknownAction,
		"signature:dev/app:*":                      ErrUnknownAction,
		"registry:catalog:list":                    ErrUnknownAction,
		"admin::*":                                 ErrUnknownAction,
		"repository:host:5000/dev/app:pull":        ErrInvalidRepository,
		"repository:dev/app:pull repository::pull": ErrInvalidRepository,
		strings.Repeat("admin::prune ", 1<<13):     ErrInvalidScope,
	} {
		got, err := ParseScope(scope)
		require.ErrorIs(t, err, class, "%.80s", scope)
		require.Nil(t, got)
		require.Less(t, len(err.Error()), 1500)
	}
}

func TestForRequest(t *testing.T) {
	pull, push := Access{Action: Pull, Repository: "dev/app"}, Access{Action: Push, Repository: "dev/app"}
	for request, want := range map[string][]Access{
		"GET /v2/":                                          nil,
		"GET /v2/_catalog?n=10":                             {{Action: Catalog}},
		"GET /v2/dev/app/tags/list":                         {pull},
		"HEAD /v2/dev/app/manifests/latest":                 {pull},
		"GET /v2/dev/app/blobs/sha256:beef":                 {pull},
		"GET /v2/dev/app/referrers/sha256:beef":             {pull},
		"PUT /v2/dev/app/manifests/v1":                      {pull, push},
		"PATCH /v2/dev/app/blobs/uploads/1-2":               {pull, push},
		"POST /v2/dev/app/blobs/uploads/":                   {pull, push},
		"DELETE /v2/dev/app/manifests/sha256:beef":          {{Action: Delete, Repository: "dev/app"}},
		"DELETE /v2/dev/app/blobs/sha256:beef":              {{Action: Delete, Repository: "dev/app"}},
		"GET /v2/dev/manifests/manifests/latest":            {{Action: Pull, Repository: "dev/manifests"}},
		"GET /v2/blobs/tags/manifests/tags":                 {{Action: Pull, Repository: "blobs/tags"}},
		"DELETE /admin/blobs/sha256:beef":                   {{Action: Prune}},
		"GET /extensions/v2/metrics":                        {{Action: Metrics}},
		"GET /extensions/v2/dev/app/signatures/sha256:beef": {{Action: ReadSignatures, Repository: "dev/app"}, pull},
		"PUT /extensions/v2/dev/app/signatures/sha256:beef": {{Action: WriteSignature, Repository: "dev/app"}, pull, push},
		"POST /v2/dev/app/blobs/uploads/?mount=sha256:beef&from=base/os": {
			pull, push, {Action: Pull, Repository: "base/os", Optional: true},
		},
		"POST /v2/dev/app/blobs/uploads/?mount=sha256:beef&from=dev/app": {pull, push},
		"GET /v2/dev/app/blobs/sha256:beef?from=base/os":                 {pull, {Action: Pull, Repository: "base/os"}},
	} {
		got, err := forRequest(t, request)
		require.NoError(t, err, request)
		require.Equal(t, want, got, request)
	}
	for request, class := range map[string]error{
		"GET /":                                      ErrUnknownRequest,
		"GET /v2":                                    ErrUnknownRequest,
		"GET /v2/dev/app":                            ErrUnknownRequest,
		"DELETE /v2/_catalog":                        ErrUnknownRequest,
		"GET /admin/blobs/sha256:beef":               ErrUnknownRequest,
		"DELETE /admin/blobs/":                       ErrUnknownRequest,
		"DELETE /admin/blobs/a/b":                    ErrUnknownRequest,
		"DELETE /admin/layers/sha256:beef":           ErrUnknownRequest,
		"POST /extensions/v2/metrics":                ErrUnknownRequest,
		"DELETE /extensions/v2/dev/app/signatures/x": ErrUnknownRequest,
		"GET /extensions/v2/dev/app":                 ErrUnknownRequest,
		"OPTIONS /v2/dev/app/tags/list":              ErrUnknownRequest,
		"get /v2/dev/app/tags/list":                  ErrUnknownRequest,
		"GET /v2/" + strings.Repeat("a", maxPath):    ErrUnknownRequest,
		"GET /v2/app/tags/list":                      ErrInvalidRepository,
		"GET /v2/dev/team/app/tags/list":             ErrInvalidRepository,
		"GET /v2/dev/../tags/list":                   ErrInvalidRepository,
		"GET /v2/dev/%2e%2e/tags/list":               ErrInvalidRepository,
		"GET /v2/dev/*/tags/list":                    ErrInvalidRepository,
		"GET /v2/dev%2Fapp/x/manifests/latest":       ErrInvalidRepository,
		"GET /v2//tags/list":                         ErrInvalidRepository,
		"POST /v2/dev/app/blobs/uploads/?from=../x":  ErrInvalidRepository,
		"PUT /extensions/v2/app/signatures/x":        ErrInvalidRepository,
	} {
		got, err := forRequest(t, request)
		require.ErrorIs(t, err, class, "%.80s", request)
		require.Nil(t, got)
	}
}

func forRequest(t *testing.T, request string) ([]Access, error) {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	u, err := url.Parse(target)
	require.NoError(t, err)
	return ForRequest(method, u)
}

func TestReviewsInJSON(t *testing.T) {
	attributes, err := Access{Action: Push, Repository: "dev/app"}.Attributes()
	require.NoError(t, err)
	self, err := json.Marshal(NewSelfSubjectAccessReview(attributes))
	require.NoError(t, err)
	require.JSONEq(t, `{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes":
		{"namespace": "dev", "verb": "update", "group": "image.openshift.io", "resource": "imagestreams", "subresource": "layers", "name": "app"}}}`, string(self))

	other, err := json.Marshal(NewSubjectAccessReview(attributes.Joined(), ServiceAccount("ci", "builder")))
	require.NoError(t, err)
	require.JSONEq(t, `{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"resourceAttributes":
		{"namespace": "dev", "verb": "update", "group": "image.openshift.io", "resource": "imagestreams/layers", "name": "app"},
		"user": "system:serviceaccount:ci:builder",
		"groups": ["system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"]}}`, string(other))

	var answer SelfSubjectAccessReview
	require.NoError(t, json.Unmarshal([]byte(`{"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
		"metadata": {"creationTimestamp": null, "managedFields": []},
		"spec": {"resourceAttributes": {"verb": "list", "group": "image.openshift.io", "resource": "imagestreams"}},
		"status": {"allowed": true, "reason": "RBAC: allowed by ClusterRoleBinding \"registry-viewer\""}}`), &answer))
	require.True(t, answer.Status.Allowed)
	decides, err := answer.Spec.ResourceAttributes.Accesses()
	require.NoError(t, err)
	require.Equal(t, []Access{{Action: Catalog}}, decides)
}

func TestStrings(t *testing.T) {
	for _, tc := range []struct{ want, got string }{
		{"pull dev/app", Access{Action: Pull, Repository: "dev/app"}.String()},
		{"prune", Access{Action: Prune}.String()},
		{"get imagestreams.image.openshift.io/layers app -n dev", rows[0].attributes.String()},
		{"delete images.image.openshift.io", rows[2].attributes.String()},
		{`access: review pull "dev": want namespace/name, with exactly one slash`, attributesError(Access{Action: Pull, Repository: "dev"})},
		{`access: review "fly": unknown action`, attributesError(Access{Action: "fly"})},
	} {
		require.Equal(t, tc.want, tc.got)
	}
}

func attributesError(a Access) string {
	_, err := a.Attributes()
	return err.Error()
}

// mostErrorText is two quotes of 256 bytes, each byte as \x9f, and the words
// around them: an error does not grow with what came from outside.
const mostErrorText = 2*4*256 + 256

func FuzzParseScope(f *testing.F) {
	for _, row := range rows {
		f.Add(row.scope)
	}
	f.Add("repository(plugin):a/b:*,pull registry:catalog:*")
	f.Add("repository:a:b/c:pull ::")
	f.Fuzz(func(t *testing.T, scope string) {
		accesses, err := ParseScope(scope)
		if err != nil {
			var e *Error
			if accesses != nil || !errors.As(err, &e) || len(err.Error()) > mostErrorText {
				t.Fatal(accesses, err)
			}
			return
		}
		for _, a := range accesses {
			attributes, err := a.Attributes()
			require.NoError(t, err)
			decides, err := attributes.Accesses()
			require.NoError(t, err)
			want := a
			if a.Action == Delete {
				want.Repository = AnyRepository
			}
			require.Contains(t, decides, want)
			again, err := a.Scope()
			require.NoError(t, err)
			parsed, err := ParseScope(again)
			require.NoError(t, err)
			require.Equal(t, []Access{a}, parsed)
		}
	})
}

func FuzzForRequest(f *testing.F) {
	f.Add("GET", "/v2/dev/app/manifests/latest", "")
	f.Add("PUT", "/extensions/v2/dev/app/signatures/sha256:beef", "")
	f.Add("POST", "/v2/dev/../app/blobs/uploads/", "from=a/b&mount=x")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		accesses, err := ForRequest(method, &url.URL{Path: path, RawQuery: query})
		if err != nil {
			require.Nil(t, accesses)
			return
		}
		for _, a := range accesses {
			_, err := a.Attributes()
			require.NoError(t, err)
			require.NotContains(t, a.Repository, "*")
			require.NotContains(t, a.Repository, "..")
		}
	})
}

// What a client sends does not fill the logs, and a request without an address
// asks for nothing that there is.
func TestUnknownRequestsAreShort(t *testing.T) {
	long := strings.Repeat("X", 1<<20)
	for _, path := range []string{"/v2/" + "dev/app", "/extensions/v2/dev/app/signatures/x", "/v2/dev/app/manifests/1"} {
		_, err := ForRequest(long, &url.URL{Path: path})
		require.ErrorIs(t, err, ErrUnknownRequest)
		require.Less(t, len(err.Error()), 1000)
	}
	_, err := ForRequest("GET", nil)
	require.ErrorIs(t, err, ErrUnknownRequest)
}
