package s3_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/s3"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
)

const bucket = "bucket"

// newClient returns a client of a server and makes the bucket.
func newClient(t *testing.T, url string, o ...func(*awss3.Options)) *awss3.Client {
	t.Helper()
	client := awss3.New(awss3.Options{
		BaseEndpoint: &url, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "access", SecretAccessKey: "secretsecret"}, nil
		}),
	}, o...)
	_, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: aws.String(bucket)})
	require.NoError(t, err)
	return client
}

// fake serves an empty S3 in memory.
func fake(t *testing.T, o ...func(*awss3.Options)) *awss3.Client {
	t.Helper()
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	return newClient(t, server.URL, o...)
}

// TestConformanceOnGofakes3 tests what a Store makes of gofakes3, which passes over
// preconditions of deletions.
func TestConformanceOnGofakes3(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Driver {
		return storage.New(s3.New(fake(t), bucket, s3.Options{}), storage.Options{})
	}, storagetest.Options{
		Lacks: []storagetest.Feature{storagetest.DeleteIfVersion, storagetest.VersionChanges},
		Known: map[string]string{"resume/goes-on": "it passes over preconditions at the end of multipart uploads, so that the driver refuses them"},
	})
}
