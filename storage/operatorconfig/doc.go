// Package operatorconfig reads where an OpenShift cluster's registry keeps its
// data: spec.storage of the resource configs.imageregistry.operator.openshift.io,
// and opens it.
//
// spec.storage is a union without a discriminator: which backend is meant is told
// by the one field that is set. The API server lets several of them through; the
// operator refuses them later. [Parse] and [ParseConfig] say at once what is wrong,
// by the name of the field. [Open] opens the store with what the caller brings for
// each backend, so that this package links no cloud's SDK:
//
//	store, err := operatorconfig.Open(ctx, s, operatorconfig.Openers{
//		operatorconfig.PVC:    operatorconfig.Directory("/mnt/registry"),
//		operatorconfig.S3:     s3.Opener(config, s3.OpenerOptions{}), // of storage/s3
//		operatorconfig.IBMCOS: s3.Opener(config, s3.OpenerOptions{}),
//		operatorconfig.GCS:    gcs.Opener(client),                    // of storage/gocloud/gcs
//		operatorconfig.Azure:  azure.Opener(connect),                 // of storage/gocloud/azure
//	})
//
// Each takes the credentials in the form of its cloud's SDK; s3.Credentials and
// azure.Credentials read them from the Secret that the registry has.
//
// For the others an [Opener] is a function of the caller's.
//
// The fields are those of imageregistry.operator.openshift.io/v1. Fields that a newer
// version adds to a backend are passed over; a backend that it adds is an error, since
// the data is there.
package operatorconfig
