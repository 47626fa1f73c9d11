package s3

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Encryption asks the service to encrypt objects where it keeps them. The zero value
// is SSE-S3: AES-256 with keys of the service's own. The request says so for each
// object that is written or copied and for each multipart upload; whoever reads says
// nothing.
type Encryption struct {
	// KMSKeyID is the key of the Key Management Service for SSE-KMS instead: its
	// ID, alias or ARN.
	KMSKeyID string
}

// encryption is what requests have; the zero value is nothing.
type encryption struct {
	algorithm types.ServerSideEncryption
	key       *string
}

func (e *Encryption) settings() encryption {
	switch {
	case e == nil:
		return encryption{}
	case e.KMSKeyID == "":
		return encryption{algorithm: types.ServerSideEncryptionAes256}
	}
	return encryption{algorithm: types.ServerSideEncryptionAwsKms, key: aws.String(e.KMSKeyID)}
}
