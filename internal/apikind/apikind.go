// Package apikind knows which API groups the platform's kinds are of: the one
// table for those who read objects and those who say of which kinds objects were
// listed.
package apikind

// The groups. The core group held OpenShift's kinds before they had groups,
// extensions those of apps.
var (
	core        = []string{""}
	apps        = []string{"apps"}
	appsBefore  = []string{"apps", "extensions"}
	batch       = []string{"batch"}
	deployments = []string{"apps.openshift.io", ""}
	builds      = []string{"build.openshift.io", ""}
	images      = []string{"image.openshift.io", ""}
	templates   = []string{"template.openshift.io", ""}
)

// Groups returns the groups in which a kind of that name is the platform's, the
// present one first, or nil for a name that is none of its. The same name in
// another group is another kind, as Image is in config.openshift.io. The result
// must not be changed.
func Groups(kind string) []string {
	switch kind {
	case "Pod", "ReplicationController", "PodTemplate", "LimitRange", "Secret", "ConfigMap":
		return core
	case "ReplicaSet", "Deployment", "DaemonSet":
		return appsBefore
	case "StatefulSet", "ControllerRevision":
		return apps
	case "Job", "CronJob":
		return batch
	case "DeploymentConfig":
		return deployments
	case "Build", "BuildConfig":
		return builds
	case "Image", "ImageStream":
		return images
	case "Template":
		return templates
	}
	return nil
}
