package azure

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// Connect makes the client of a container from the name of its account and the
// container's URL, with the credentials. Its error is what opening fails with. [SharedKey], [Token] and [Credentials] give one.
type Connect func(account, url string) (*container.Client, error)

// SharedKey connects with the key of the account, in base64 as Azure shows it. Opening
// fails where it is not base64.
func SharedKey(key string) Connect {
	return func(account, url string) (*container.Client, error) {
		credential, err := container.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, errors.New("the account's key is not base64") // the SDK's error may show bytes of it
		}
		return container.NewClientWithSharedKeyCredential(url, credential, nil)
	}
}

// Token connects with tokens, as package azidentity of Azure's SDK finds them.
func Token(credential azcore.TokenCredential) Connect {
	return func(_, url string) (*container.Client, error) {
		return container.NewClient(url, credential, nil)
	}
}

// ErrNoCredentials is that a Secret has no key of an account.
var ErrNoCredentials = errors.New("no credentials for Azure Blob Storage")

const accountKey = "REGISTRY_STORAGE_AZURE_ACCOUNTKEY"

// Credentials reads the data of the Secret image-registry-private-configuration-user,
// which an administrator makes in the namespace openshift-image-registry, or of the one
// without -user, which the operator makes: the key REGISTRY_STORAGE_AZURE_ACCOUNTKEY.
// [ErrNoCredentials] where it is missing, as on clusters that work with tokens: take
// [Token] there.
func Credentials(secret map[string][]byte) (Connect, error) {
	if len(secret[accountKey]) == 0 {
		return nil, fmt.Errorf("%w: the Secret has no %s", ErrNoCredentials, accountKey)
	}
	return SharedKey(string(secret[accountKey])), nil
}

// suffixes are the ends of the host names of each cloud's accounts.
var suffixes = map[string]string{
	"":                       "blob.core.windows.net",
	"AzurePublicCloud":       "blob.core.windows.net",
	"AzureUSGovernmentCloud": "blob.core.usgovcloudapi.net",
	"AzureChinaCloud":        "blob.core.chinacloudapi.cn",
	"AzureGermanCloud":       "blob.core.cloudapi.de",
}

// Opener opens the containers of operatorconfig.Azure, with the registry's tree at the
// container's root. Nothing is asked of the service before the store is used; closing
// the store closes the bucket.
//
// networkAccess is passed over: a private endpoint is reached by the account's public
// host name, from the network that has it.
//
// An operatorconfig.FieldError names the field that cannot be followed: the name of an
// account or a container that is none, and a cloudName that does not say the host, which
// is a storage.ErrUnsupported (AzureStackCloud: each has a domain of its own).
func Opener(connect Connect) operatorconfig.Opener {
	return func(ctx context.Context, s *operatorconfig.Storage) (*storage.Store, error) {
		switch {
		case s.Azure == nil:
			return nil, fmt.Errorf("an opener of azure: %w", storage.ErrUnsupported)
		case connect == nil:
			return nil, errors.New("an opener of azure that cannot connect")
		}
		url, err := address(s.Azure)
		if err != nil {
			return nil, err
		}
		client, err := connect(s.Azure.AccountName, url)
		if err != nil {
			return nil, fmt.Errorf("account %s of Azure: %w", s.Azure.AccountName, err)
		}
		bucket, err := azureblob.OpenBucket(ctx, client, nil)
		if err != nil {
			return nil, err
		}
		return storage.New(owner{gocloud.New(bucket, gocloud.Options{Service: Service}), bucket}, storage.Options{}), nil
	}
}

// address is the URL of the container.
func address(s *operatorconfig.AzureStorage) (string, error) {
	suffix, ok := suffixes[s.CloudName]
	switch {
	case !ok:
		return "", wrong("cloudName", fmt.Errorf("the hosts of %.40q: %w", s.CloudName, storage.ErrUnsupported))
	case !isName(s.AccountName, 24, false):
		return "", wrong("accountName", fmt.Errorf("%w: %.60q is no account's name", operatorconfig.ErrInvalid, s.AccountName))
	case !isName(s.Container, 63, true):
		return "", wrong("container", fmt.Errorf("%w: %.80q is no container's name", operatorconfig.ErrInvalid, s.Container))
	}
	return "https://" + s.AccountName + "." + suffix + "/" + s.Container, nil
}

func wrong(field string, err error) error {
	return &operatorconfig.FieldError{Field: "spec.storage.azure." + field, Err: err}
}

// isName says whether a name is one of Azure's: from three small letters and digits,
// in containers with hyphens between them.
func isName(name string, most int, hyphens bool) bool {
	for i, c := range []byte(name) {
		hyphen := c == '-' && hyphens && i > 0 && i < len(name)-1
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !hyphen {
			return false
		}
	}
	return len(name) >= 3 && len(name) <= most
}

// owner is a driver that closes its bucket.
type owner struct {
	*gocloud.Driver
	bucket *blob.Bucket
}

func (o owner) Close() error { return o.bucket.Close() }
