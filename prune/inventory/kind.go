package inventory

// A Kind names a Kubernetes kind whose listing is evidence.
type Kind string

// The kinds that the OpenShift preset needs to have been listed.
const (
	KindPod                   Kind = "Pod"
	KindReplicationController Kind = "ReplicationController"
	KindDeploymentConfig      Kind = "DeploymentConfig"
	KindReplicaSet            Kind = "ReplicaSet"
	KindDeployment            Kind = "Deployment"
	KindDaemonSet             Kind = "DaemonSet"
	KindStatefulSet           Kind = "StatefulSet"
	KindJob                   Kind = "Job"
	KindCronJob               Kind = "CronJob"
	KindBuild                 Kind = "Build"
	KindBuildConfig           Kind = "BuildConfig"
	KindLimitRange            Kind = "LimitRange"
	KindImageStream           Kind = "ImageStream"
	KindImage                 Kind = "Image"
)

// Kinds returns the kinds above, in the order in which they are best listed:
// what uses images, then what names them, then the images, so that nothing
// that is named can have been made after the list that should hold it.
func Kinds() []Kind {
	return append(WorkloadKinds(), KindLimitRange, KindImageStream, KindImage)
}

// WorkloadKinds returns the eleven kinds whose objects use images and that
// `oc adm prune images` reads.
func WorkloadKinds() []Kind {
	return []Kind{
		KindPod, KindReplicationController, KindDeploymentConfig, KindReplicaSet, KindDeployment,
		KindDaemonSet, KindStatefulSet, KindJob, KindCronJob, KindBuild, KindBuildConfig,
	}
}
