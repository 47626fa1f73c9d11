package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/registrykit/registrykit/storage"
)

// ErrNoCredentials is that a Secret has no pair of keys.
var ErrNoCredentials = errors.New("no credentials for S3")

// pairs are the keys of Secrets under which an access key and its secret are found.
var pairs = [][2]string{
	{"REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"},
	{"aws_access_key_id", "aws_secret_access_key"},
}

// Credentials reads the data of one of the Secrets in which OpenShift's registry
// operator looks for them, in the namespace openshift-image-registry:
//
//   - image-registry-private-configuration-user, which an administrator makes: the keys
//     REGISTRY_STORAGE_S3_ACCESSKEY and REGISTRY_STORAGE_S3_SECRETKEY;
//   - installer-cloud-credentials, which the cluster makes: aws_access_key_id and
//     aws_secret_access_key;
//   - image-registry-private-configuration, which the operator makes of either for the
//     registry: credentials, a file as the AWS command line has it, of which the
//     profile default is read.
//
// [ErrNoCredentials] where none of them is there, or half a pair is; a
// storage.ErrUnsupported where the file names a role to take on by a token of the
// registry's pod: give [Opener] a configuration that can do that.
func Credentials(secret map[string][]byte) (aws.CredentialsProvider, error) {
	for _, pair := range pairs {
		id, hasID := secret[pair[0]]
		key, hasKey := secret[pair[1]]
		if hasID || hasKey {
			return static(pair, string(id), string(key))
		}
	}
	file, ok := secret["credentials"]
	if !ok {
		return nil, fmt.Errorf("%w: the Secret has neither %s nor credentials", ErrNoCredentials, pairs[0][0])
	}
	profile := readProfile(string(file), "default")
	if profile["aws_access_key_id"] == "" && profile["role_arn"] != "" {
		return nil, fmt.Errorf("credentials: role_arn: a role that the registry's pod takes on: %w", storage.ErrUnsupported)
	}
	return static([2]string{"credentials: aws_access_key_id", "credentials: aws_secret_access_key"},
		profile["aws_access_key_id"], profile["aws_secret_access_key"])
}

func static(names [2]string, id, key string) (aws.CredentialsProvider, error) {
	for i, value := range []string{id, key} {
		if value == "" {
			return nil, fmt.Errorf("%w: %s is missing or empty", ErrNoCredentials, names[i])
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("%w: %s has white space in it", ErrNoCredentials, names[i])
		}
	}
	c := aws.Credentials{AccessKeyID: id, SecretAccessKey: key, Source: "Secret"}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil }), nil
}

// readProfile reads one section of a file of credentials.
func readProfile(file, name string) map[string]string {
	profile := make(map[string]string)
	in := false
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		if section, ok := strings.CutPrefix(line, "["); ok {
			in = strings.TrimSpace(strings.TrimSuffix(section, "]")) == name
			continue
		}
		field, value, ok := strings.Cut(line, "=")
		if in && ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			profile[strings.TrimSpace(field)] = strings.TrimSpace(value)
		}
	}
	return profile
}
