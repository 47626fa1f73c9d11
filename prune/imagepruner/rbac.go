package imagepruner

// RBACOptions say who may prune. The zero value is for the CronJob of the zero
// [CronJobOptions].
type RBACOptions struct {
	Namespace      string // of the service account; empty: openshift-image-registry
	ServiceAccount string // empty: pruner
	// Role names the ClusterRole and its binding, and in the namespace the Role of a
	// controller and its binding. Empty: image-pruner, which is not the operator's
	// system:image-pruner, so that the two do not undo each other's changes.
	Role string
	// Controller is for a program that watches, reads the ImagePruner, writes its
	// status and events, leads by election, and remembers condemned blobs in
	// [CondemnedConfigMap], instead of `oc adm prune images`.
	Controller bool
	// ImagePruner names the one that a controller prunes by. Empty: cluster.
	ImagePruner string
}

// CondemnedConfigMap is the ConfigMap in which a controller remembers, in its
// namespace, which blobs are condemned.
const CondemnedConfigMap = "image-pruner-condemned"

// RBAC returns what a pruner needs to be allowed to do its work and no more, as a v1
// List in indented JSON that `kubectl apply -f -` takes: a ServiceAccount, a
// ClusterRole and its binding.
//
// Every kind that uses images is in it: `oc adm prune images` takes a list of
// Deployments, ReplicaSets or DaemonSets that it may not see for an empty one, and
// deletes what they run. The registry asks the API server whether its caller may
// delete images before it deletes links and blobs, so that needs no more. An old oc that
// watches images while it prunes needs that verb besides. With Controller there are also
// a Role in the namespace and its binding.
func RBAC(o RBACOptions) ([]byte, error) {
	for field, value := range map[*string]string{
		&o.Namespace: DefaultNamespace, &o.ServiceAccount: DefaultServiceAccount, &o.Role: DefaultCronJobName, &o.ImagePruner: Name,
	} {
		if *field == "" {
			*field = value
		}
	}
	items := []object{
		{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": o.ServiceAccount, "namespace": o.Namespace}},
		{"apiVersion": rbacVersion, "kind": "ClusterRole", "metadata": object{"name": o.Role}, "rules": o.clusterRules()},
		o.binding("ClusterRole", nil),
	}
	if o.Controller {
		items = append(items,
			object{"apiVersion": rbacVersion, "kind": "Role", "metadata": object{"name": o.Role, "namespace": o.Namespace}, "rules": leaderRules()},
			o.binding("Role", &o.Namespace))
	}
	return manifest(object{"apiVersion": "v1", "kind": "List", "items": items})
}

const (
	rbacGroup   = "rbac.authorization.k8s.io"
	rbacVersion = rbacGroup + "/v1"
)

func (o RBACOptions) binding(role string, namespace *string) object {
	metadata := object{"name": o.Role}
	if namespace != nil {
		metadata["namespace"] = *namespace
	}
	return object{
		"apiVersion": rbacVersion,
		"kind":       role + "Binding",
		"metadata":   metadata,
		"roleRef":    object{"apiGroup": rbacGroup, "kind": role, "name": o.Role},
		"subjects":   []object{{"kind": "ServiceAccount", "name": o.ServiceAccount, "namespace": o.Namespace}},
	}
}

func rule(group string, resources, verbs []string) object {
	return object{"apiGroups": []string{group}, "resources": resources, "verbs": verbs}
}

// only is a rule for one object by its name.
func only(group, resource, name string, verbs ...string) object {
	r := rule(group, []string{resource}, verbs)
	r["resourceNames"] = []string{name}
	return r
}

func (o RBACOptions) clusterRules() []object {
	core := []string{"limitranges", "pods", "replicationcontrollers"} // oc lists limits, used or not
	read, readStreams := []string{"list"}, []string{"get", "list"}
	if o.Controller {
		core = core[1:]
		read, readStreams = []string{"list", "watch"}, []string{"get", "list", "watch"}
	}
	rules := []object{
		rule("", core, read),
		rule("apps", []string{"daemonsets", "deployments", "replicasets", "statefulsets"}, read),
		rule("apps.openshift.io", []string{"deploymentconfigs"}, read),
		rule("batch", []string{"cronjobs", "jobs"}, read),
		rule("build.openshift.io", []string{"buildconfigs", "builds"}, read),
		rule("image.openshift.io", []string{"images"}, append([]string{"delete"}, read...)),
		rule("image.openshift.io", []string{"imagestreams"}, readStreams),
		rule("image.openshift.io", []string{"imagestreams/status"}, []string{"update"}),
	}
	if o.Controller {
		rules = append(rules,
			rule(GroupName, []string{"imagepruners"}, []string{"get", "list", "watch"}),
			// The record of the last run is an annotation.
			only(GroupName, "imagepruners", o.ImagePruner, "patch"),
			only(GroupName, "imagepruners/status", o.ImagePruner, "update"),
			// What is known of the integrated registry.
			only(GroupName, "configs", Name, "get"),
			only("config.openshift.io", "images", Name, "get"),
			rule("events.k8s.io", []string{"events"}, []string{"create", "patch"}))
	}
	return rules
}

// leaderRules are for the lease that the replicas of a controller lead by, and for what
// they share. A right to create cannot be for one name.
func leaderRules() []object {
	return []object{
		rule("coordination.k8s.io", []string{"leases"}, []string{"create", "get", "update"}),
		rule("", []string{"events"}, []string{"create", "patch"}), // who leads
		rule("", []string{"configmaps"}, []string{"create"}),
		only("", "configmaps", CondemnedConfigMap, "get", "update"),
	}
}
