package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/operatorconfig"
)

// OpenerOptions are the options of [Opener]. The zero value is right for what has no
// trustedCA.
type OpenerOptions struct {
	// CABundle is what the ConfigMap holds that spec.storage.s3.trustedCA names, in
	// the namespace openshift-config, under the key ca-bundle.crt: certificates in
	// PEM. They are trusted beside what the configuration trusts, or else the system's.
	CABundle []byte
}

// Opener opens the buckets of operatorconfig.S3 and of operatorconfig.IBMCOS, as the
// registry that the operator configures does: with its tree at the bucket's root. The
// configuration has the credentials (see [Credentials]); its region counts where
// spec.storage has none. Nothing is asked of the service before the store is used.
//
// Of s3, regionEndpoint is asked with the bucket in the path unless
// virtualHostedStyle is set; Amazon itself as the SDK does it. At a regionEndpoint, and
// of ibmcos, checksums beyond S3's first ones, which other services refuse, are sent
// only where the configuration says so. encrypt and keyID are [Options].Encryption, chunkSizeMiB
// is its PartSize: as much memory for each upload. cloudFront is passed over: it is
// where a registry sends those who pull, and reads and writes go to the bucket.
//
// Of ibmcos, location gives the region and the endpoint. resourceGroupName,
// resourceKeyCRN and serviceInstanceCRN are passed over: the operator makes the bucket
// and its HMAC key by them, and who has both needs them no more.
//
// An operatorconfig.FieldError names the field that cannot be followed: a region that
// nobody gives, keyID without encrypt, trustedCA without a certificate in CABundle or
// with an HTTP client that is not the SDK's own (a storage.ErrUnsupported), a location
// that is none.
func Opener(config aws.Config, o OpenerOptions) operatorconfig.Opener {
	return func(_ context.Context, s *operatorconfig.Storage) (*storage.Store, error) {
		switch {
		case s.S3 != nil:
			return openS3(config, s.S3, o)
		case s.IBMCOS != nil:
			return openIBMCOS(config, s.IBMCOS)
		}
		return nil, fmt.Errorf("an opener of s3 and ibmcos: %w", storage.ErrUnsupported)
	}
}

func openS3(config aws.Config, s *operatorconfig.S3Storage, o OpenerOptions) (*storage.Store, error) {
	options := Options{PartSize: int64(s.ChunkSizeMiB) << 20}
	switch {
	case s.Encrypt:
		options.Encryption = &Encryption{KMSKeyID: s.KeyID}
	case s.KeyID != "":
		return nil, wrong("s3.keyID", errors.New("a key for what encrypt does not ask to encrypt"))
	}
	if s.TrustedCA != nil {
		var err error
		if config, err = trusting(config, s.TrustedCA.Name, o.CABundle); err != nil {
			return nil, err
		}
	}
	return open(config, place{"s3.region", s.Bucket, s.Region, s.RegionEndpoint, s.VirtualHostedStyle}, options)
}

// openIBMCOS has the endpoint that the operator gives the registry. The service
// encrypts everything by itself.
func openIBMCOS(config aws.Config, s *operatorconfig.IBMCOSStorage) (*storage.Store, error) {
	if s.Location == "" {
		return nil, wrong("ibmcos.location", errors.New("it is missing"))
	}
	if !isLabel(s.Location) {
		return nil, wrong("ibmcos.location", fmt.Errorf("%.40q is no part of a host's name", s.Location))
	}
	endpoint := "https://s3." + s.Location + ".cloud-object-storage.appdomain.cloud"
	return open(config, place{"ibmcos.location", s.Bucket, s.Location, endpoint, false}, Options{})
}

// isLabel says whether a name can stand between the dots of a host's name.
func isLabel(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(name) <= 63
}

// place is where a bucket is.
type place struct {
	regionField, bucket, region, endpoint string
	hosted                                bool // the bucket is in the host's name
}

func open(config aws.Config, p place, options Options) (*storage.Store, error) {
	if p.region != "" {
		config.Region = p.region
	}
	if config.Region == "" {
		return nil, wrong(p.regionField, errors.New("it is missing, and the AWS configuration has none"))
	}
	if p.endpoint != "" && config.RequestChecksumCalculation == aws.RequestChecksumCalculationUnset {
		config.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}
	client := awss3.NewFromConfig(config, func(o *awss3.Options) {
		if p.endpoint != "" {
			o.BaseEndpoint = &p.endpoint
			o.UsePathStyle = !p.hosted
		}
	})
	return storage.New(New(client, p.bucket, options), storage.Options{}), nil
}

// trusting adds certificates to those that the configuration's client trusts.
func trusting(config aws.Config, name string, bundle []byte) (aws.Config, error) {
	const field = "s3.trustedCA"
	if len(bundle) == 0 {
		return config, wrong(field, fmt.Errorf("nobody has read the ConfigMap %.60q: OpenerOptions.CABundle is empty", name))
	}
	if !x509.NewCertPool().AppendCertsFromPEM(bundle) {
		return config, wrong(field, fmt.Errorf("no certificate in what the ConfigMap %.60q holds", name))
	}
	client, ok := config.HTTPClient.(*awshttp.BuildableClient)
	switch {
	case config.HTTPClient == nil:
		client = awshttp.NewBuildableClient()
	case !ok:
		return config, wrong(field, fmt.Errorf("cannot be given to a client that is a %T: %w", config.HTTPClient, storage.ErrUnsupported))
	}
	system, err := x509.SystemCertPool()
	if err != nil {
		return config, wrong(field, err)
	}
	config.HTTPClient = client.WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		pool := system
		if own := t.TLSClientConfig.RootCAs; own != nil {
			pool = own
		}
		pool = pool.Clone()
		pool.AppendCertsFromPEM(bundle)
		t.TLSClientConfig.RootCAs = pool
	})
	return config, nil
}

// wrong is an error that is an operatorconfig.ErrInvalid, unless it is said what is
// not supported.
func wrong(field string, err error) error {
	if !errors.Is(err, storage.ErrUnsupported) {
		err = fmt.Errorf("%w: %w", operatorconfig.ErrInvalid, err)
	}
	return &operatorconfig.FieldError{Field: "spec.storage." + field, Err: err}
}
