package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// A right is to do something to a resource, with its subresource, of an API group. A
// grant without namespace or name is for all.
type right struct{ verb, group, resource, namespace, name string }

func (r right) covers(asked right) bool {
	return r.verb == asked.verb && r.group == asked.group && r.resource == asked.resource &&
		(r.namespace == "" || r.namespace == asked.namespace) && (r.name == "" || r.name == asked.name)
}

// neededElsewhere are the rights that the end-to-end test does not use, and why they are
// granted all the same.
var neededElsewhere = map[right]string{
	{"patch", "events.k8s.io", "events", "", ""}:              "an event that comes again is counted in the first",
	{"patch", "", "events", imagepruner.DefaultNamespace, ""}: "so are those of the election",
	{"list", imagepruner.GroupName, "imagepruners", "", ""}:   "an API server that does not stream lists",
}

// granted are the rights of RBAC.
func granted(t *testing.T) (rights []right) {
	t.Helper()
	text, err := imagepruner.RBAC(imagepruner.RBACOptions{Controller: true})
	require.NoError(t, err)
	var list struct{ Items []rbacv1.Role } // a ClusterRole has no other fields that count here
	require.NoError(t, json.Unmarshal(text, &list))
	for _, item := range list.Items {
		for _, rule := range item.Rules {
			require.Empty(t, rule.NonResourceURLs)
			names := rule.ResourceNames
			if len(names) == 0 {
				names = []string{""}
			}
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						for _, name := range names {
							rights = append(rights, right{verb, group, resource, item.Namespace, name})
						}
					}
				}
			}
		}
	}
	return rights
}

// compareRights returns the grants that nothing used, and what was used without a grant.
func compareRights(granted, used []right) (unused, missing []right) {
	for _, g := range granted {
		if !slices.ContainsFunc(used, g.covers) {
			unused = append(unused, g)
		}
	}
	for _, u := range used {
		if !slices.ContainsFunc(granted, func(g right) bool { return g.covers(u) }) {
			missing = append(missing, u)
		}
	}
	return unused, missing
}

func without(rights []right, but map[right]string) []right {
	return slices.DeleteFunc(rights, func(r right) bool { return but[r] != "" })
}

// rightFor is the right that a request to an API server needs; false: it is not about
// objects.
func rightFor(request *http.Request) (asked right, ok bool) {
	path := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	switch {
	case len(path) > 2 && path[0] == "api":
		path = path[2:]
	case len(path) > 3 && path[0] == "apis":
		asked.group, path = path[1], path[3:]
	default: // discovery
		return right{}, false
	}
	if path[0] == "namespaces" && len(path) > 2 {
		asked.namespace, path = path[1], path[2:]
	}
	asked.resource = path[0]
	if len(path) > 1 {
		asked.name = path[1]
	}
	if len(path) > 2 {
		asked.resource += "/" + path[2]
	}
	asked.verb = map[string]string{http.MethodGet: "get", http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[request.Method]
	if watch, _ := strconv.ParseBool(request.URL.Query().Get("watch")); watch {
		asked.verb = "watch"
	} else if asked.verb == "get" && asked.name == "" {
		asked.verb = "list"
	}
	return asked, true
}

func TestRightFor(t *testing.T) {
	for request, want := range map[string]right{
		"GET /api/v1/pods?limit=1000":                                       {"list", "", "pods", "", ""},
		"GET /apis/apps/v1/deployments?watch=true":                          {"watch", "apps", "deployments", "", ""},
		"GET /apis/image.openshift.io/v1/namespaces/dev/imagestreams/app":   {"get", "image.openshift.io", "imagestreams", "dev", "app"},
		"PUT /apis/a.b/v1/namespaces/dev/imagestreams/app/status":           {"update", "a.b", "imagestreams/status", "dev", "app"},
		"DELETE /apis/image.openshift.io/v1/images/sha256:a":                {"delete", "image.openshift.io", "images", "", "sha256:a"},
		"POST /api/v1/namespaces/tools/configmaps":                          {"create", "", "configmaps", "tools", ""},
		"PATCH /apis/imageregistry.operator.openshift.io/v1/imagepruners/a": {"patch", imagepruner.GroupName, "imagepruners", "", "a"},
		"GET /api/v1/namespaces/tools":                                      {"get", "", "namespaces", "", "tools"},
		"GET /apis/apps/v1":                                                 {},
		"GET /api/v1":                                                       {},
	} {
		method, target, _ := strings.Cut(request, " ")
		got, ok := rightFor(httptest.NewRequest(method, target, nil))
		require.Equal(t, want, got, request)
		require.Equal(t, want != right{}, ok, request)
	}
}

// TestCompareRights tells what differs in one field apart, whichever it is.
func TestCompareRights(t *testing.T) {
	grant := right{"get", "g", "things", "here", "one"}
	unused, missing := compareRights([]right{grant}, []right{grant})
	require.Empty(t, unused)
	require.Empty(t, missing)
	for _, other := range []right{
		{"list", "g", "things", "here", "one"}, {"get", "h", "things", "here", "one"}, {"get", "g", "things/status", "here", "one"},
		{"get", "g", "things", "there", "one"}, {"get", "g", "things", "here", "two"}, {"get", "g", "things", "here", ""},
	} {
		unused, missing := compareRights([]right{grant}, []right{other})
		require.Equal(t, []right{grant}, unused)
		require.Equal(t, []right{other}, missing)
	}
	unused, missing = compareRights([]right{{"get", "g", "things", "", ""}}, []right{grant})
	require.Empty(t, unused)
	require.Empty(t, missing, "a grant for all")
}

// TestExceptions: each is granted, and says why.
func TestExceptions(t *testing.T) {
	for exception, why := range neededElsewhere {
		require.NotEmpty(t, why, exception)
		require.Contains(t, granted(t), exception)
	}
}
