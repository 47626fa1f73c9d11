package imagestream

// GroupName and Version are the API group and version of the objects here;
// APIVersion is the two as objects carry them. Clusters before OpenShift 3.6
// wrote LegacyAPIVersion.
const (
	GroupName        = "image.openshift.io"
	Version          = "v1"
	APIVersion       = GroupName + "/" + Version
	LegacyAPIVersion = "v1"
)

// UID identifies one object over its life: an object that is deleted and made
// again under its name has another.
type UID string

// TypeMeta says what an object is. Items of a typed list usually leave it out.
type TypeMeta struct {
	Kind       string `json:"kind,omitempty"`
	APIVersion string `json:"apiVersion,omitempty"`
}

// ObjectMeta is the metadata of an object. The server fills in much of it; the
// zero value is an object that nobody has stored.
type ObjectMeta struct {
	Name         string `json:"name,omitempty"`
	GenerateName string `json:"generateName,omitempty"`
	Namespace    string `json:"namespace,omitempty"`
	SelfLink     string `json:"selfLink,omitempty"`
	UID          UID    `json:"uid,omitempty"`
	// ResourceVersion changes with every write of the object. It is opaque:
	// good for comparing whether two readings are the same, and for nothing
	// else.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	Generation      int64  `json:"generation,omitempty"`
	// CreationTimestamp is left out where it is zero. Servers before
	// Kubernetes 1.34 wrote null; that reads as zero.
	CreationTimestamp          Time                 `json:"creationTimestamp,omitempty,omitzero"`
	DeletionTimestamp          *Time                `json:"deletionTimestamp,omitempty"`
	DeletionGracePeriodSeconds *int64               `json:"deletionGracePeriodSeconds,omitempty"`
	Labels                     map[string]string    `json:"labels,omitempty"`
	Annotations                map[string]string    `json:"annotations,omitempty"`
	OwnerReferences            []OwnerReference     `json:"ownerReferences,omitempty"`
	Finalizers                 []string             `json:"finalizers,omitempty"`
	ManagedFields              []ManagedFieldsEntry `json:"managedFields,omitempty"`
	extra
}

// OwnerReference names an object whose deletion deletes this one too.
type OwnerReference struct {
	APIVersion         string `json:"apiVersion"`
	Kind               string `json:"kind"`
	Name               string `json:"name"`
	UID                UID    `json:"uid"`
	Controller         *bool  `json:"controller,omitempty"`
	BlockOwnerDeletion *bool  `json:"blockOwnerDeletion,omitempty"`
	extra
}

// ManagedFieldsOperationType is how a manager came to own fields.
type ManagedFieldsOperationType string

// The operations of a [ManagedFieldsEntry].
const (
	ManagedFieldsOperationApply  ManagedFieldsOperationType = "Apply"
	ManagedFieldsOperationUpdate ManagedFieldsOperationType = "Update"
)

// ManagedFieldsEntry says which fields of an object a program owns.
type ManagedFieldsEntry struct {
	Manager    string                     `json:"manager,omitempty"`
	Operation  ManagedFieldsOperationType `json:"operation,omitempty"`
	APIVersion string                     `json:"apiVersion,omitempty"`
	Time       *Time                      `json:"time,omitempty"`
	FieldsType string                     `json:"fieldsType,omitempty"`
	// FieldsV1 is a tree of field names, kept as it was read.
	FieldsV1    *FieldsV1 `json:"fieldsV1,omitempty"`
	Subresource string    `json:"subresource,omitempty"`
	extra
}

// ListMeta is the metadata of a list.
type ListMeta struct {
	SelfLink        string `json:"selfLink,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Continue is not empty where the server holds more of the list than it
	// gave: the list is then incomplete.
	Continue           string     `json:"continue,omitempty"`
	RemainingItemCount *int64     `json:"remainingItemCount,omitempty"`
	ShardInfo          *ShardInfo `json:"shardInfo,omitempty"`
	extra
}

// ShardInfo says which part of a collection a list was asked for.
type ShardInfo struct {
	Selector string `json:"selector"`
	extra
}

// ObjectReference names another object.
type ObjectReference struct {
	// Kind is DockerImage, ImageStreamTag or ImageStreamImage where an image
	// is meant.
	Kind string `json:"kind,omitempty"`
	// Namespace is that of the object that holds the reference where it is
	// empty.
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name,omitempty"`
	UID             UID    `json:"uid,omitempty"`
	APIVersion      string `json:"apiVersion,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	FieldPath       string `json:"fieldPath,omitempty"`
	extra
}

// The kinds of an [ObjectReference] that name an image.
const (
	KindDockerImage      = "DockerImage"
	KindImageStreamTag   = "ImageStreamTag"
	KindImageStreamImage = "ImageStreamImage"
)

// LocalObjectReference names an object in the namespace of the one that holds
// the reference.
type LocalObjectReference struct {
	Name string `json:"name,omitempty"`
	extra
}

// ConditionStatus is whether a condition holds.
type ConditionStatus string

// The values of a [ConditionStatus].
const (
	ConditionTrue    ConditionStatus = "True"
	ConditionFalse   ConditionStatus = "False"
	ConditionUnknown ConditionStatus = "Unknown"
)

// isObject marks the types that have an ObjectMeta, for errors to name them by.
func (*ObjectMeta) isObject() {}
