package s3_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/s3"
)

// A Store on a bucket tries out which preconditions the service keeps.
func Example() {
	ctx := context.Background()
	service := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer service.Close()
	client := awss3.New(awss3.Options{
		BaseEndpoint: &service.URL, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "access", SecretAccessKey: "secret"}, nil
		}),
	})
	if _, err := client.CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: aws.String("registry")}); err != nil {
		panic(err)
	}

	store := storage.New(s3.New(client, "registry", s3.Options{}), storage.Options{})
	info, err := store.WriteFile(ctx, "a/b", []byte("text"), storage.CreateOptions{IfAbsent: true})
	fmt.Println(info.Size, err)
	_, err = store.WriteFile(ctx, "a/b", []byte("other"), storage.CreateOptions{IfAbsent: true})
	fmt.Println(err != nil)
	found, err := store.Capabilities(ctx)
	fmt.Println(found.DeleteIfVersion, found.Ignored, err)
	// Output:
	// 4 <nil>
	// true
	// false [DeleteIfVersion] <nil>
}
