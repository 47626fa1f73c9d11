package operatorconfig

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Classes of errors, for [errors.Is].
var (
	// ErrInvalid: a field is wrong.
	ErrInvalid = errors.New("invalid storage configuration")
	// ErrNotOne: no backend is set, or more than one. It is an [ErrInvalid].
	ErrNotOne = fmt.Errorf("%w: want exactly one backend", ErrInvalid)
)

// FieldError says what is wrong with a field.
type FieldError struct {
	// Field is its path in the resource, as "spec.storage.s3.chunkSizeMiB".
	Field string
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns the cause, which is an [ErrInvalid] unless it says otherwise.
func (e *FieldError) Unwrap() error { return e.Err }

const root = "spec.storage"

func wrong(field, format string, args ...any) error {
	return &FieldError{root + "." + field, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)}
}

// Backend returns which backend is set. [ErrNotOne].
func (s *Storage) Backend() (Backend, error) {
	switch set := s.set(); len(set) {
	case 1:
		return set[0], nil
	case 0:
		return "", &FieldError{root, fmt.Errorf("%w, got none: the operator has not chosen one yet, or the registry is removed", ErrNotOne)}
	default:
		names := make([]string, len(set))
		for i, b := range set {
			names[i] = string(b)
		}
		return "", &FieldError{root, fmt.Errorf("%w, got %s", ErrNotOne, strings.Join(names, " and "))}
	}
}

// Validate says what is wrong with the configuration, all of it at once, each in a
// [FieldError]. Names that the operator fills in, as those of buckets, may be
// missing.
func (s *Storage) Validate() error {
	_, err := s.Backend()
	problems := []error{err, oneOf("managementState", string(s.ManagementState), "", string(Managed), string(Unmanaged))}
	if s.S3 != nil {
		problems = append(problems, s.S3.check()...)
	}
	if s.Azure != nil {
		problems = append(problems, s.Azure.check()...)
	}
	if s.Swift != nil {
		problems = append(problems, checkURL("swift.authURL", s.Swift.AuthURL))
	}
	if s.OSS != nil {
		problems = append(problems, s.OSS.check()...)
	}
	return errors.Join(problems...)
}

func (s *S3Storage) check() []error {
	problems := []error{checkURL("s3.regionEndpoint", s.RegionEndpoint)}
	if s.ChunkSizeMiB != 0 && (s.ChunkSizeMiB < 5 || s.ChunkSizeMiB > 5120) {
		problems = append(problems, wrong("s3.chunkSizeMiB", "%d, want 5 to 5120", s.ChunkSizeMiB))
	}
	if c := s.CloudFront; c != nil {
		problems = append(problems, required("s3.cloudFront.baseURL", c.BaseURL), checkURL("s3.cloudFront.baseURL", c.BaseURL),
			required("s3.cloudFront.privateKey.key", c.PrivateKey.Key), required("s3.cloudFront.keypairID", c.KeypairID))
		if _, err := time.ParseDuration(c.Duration); c.Duration != "" && err != nil {
			problems = append(problems, wrong("s3.cloudFront.duration", "%.40q is no duration", c.Duration))
		}
	}
	return problems
}

func (a *AzureStorage) check() []error {
	problems := []error{oneOf("azure.cloudName", a.CloudName, "", "AzurePublicCloud", "AzureUSGovernmentCloud", "AzureChinaCloud", "AzureGermanCloud", "AzureStackCloud")}
	if n := a.NetworkAccess; n != nil {
		problems = append(problems, oneOf("azure.networkAccess.type", n.Type, "", "Internal", "External"))
		if n.Internal != nil && n.Type != "Internal" {
			problems = append(problems, wrong("azure.networkAccess.internal", "only where the type is Internal"))
		}
	}
	return problems
}

func (o *OSSStorage) check() []error {
	problems := []error{oneOf("oss.endpointAccessibility", o.EndpointAccessibility, "", "Internal", "Public")}
	if e := o.Encryption; e != nil {
		problems = append(problems, oneOf("oss.encryption.method", e.Method, "", "KMS", "AES256"))
		switch {
		case e.Method == "KMS" && (e.KMS == nil || e.KMS.KeyID == ""):
			problems = append(problems, required("oss.encryption.kms.keyID", ""))
		case e.Method != "KMS" && e.KMS != nil:
			problems = append(problems, wrong("oss.encryption.kms", "only where the method is KMS"))
		}
	}
	return problems
}

func required(field, value string) error {
	if value == "" {
		return wrong(field, "it is missing")
	}
	return nil
}

func oneOf(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return wrong(field, "%.40q, want %s", value, strings.Join(allowed[1:], " or "))
}

// checkURL takes what has a scheme of HTTP and a host, and nothing that is secret.
// What it refuses it does not print.
func checkURL(field, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return wrong(field, "not a URL with http or https and a host")
	case u.User != nil:
		return wrong(field, "a URL with a user or password")
	}
	return nil
}
