package operatorconfig

// Backend is a kind of storage, by the name of its field in spec.storage.
type Backend string

// The backends.
const (
	EmptyDir Backend = "emptyDir"
	S3       Backend = "s3"
	GCS      Backend = "gcs"
	Azure    Backend = "azure"
	PVC      Backend = "pvc"
	Swift    Backend = "swift"
	IBMCOS   Backend = "ibmcos"
	OSS      Backend = "oss"
)

// ManagementState says who makes and removes the storage.
type ManagementState string

// The states. "" leaves it to the operator: it manages what it has made, and
// nothing that was there.
const (
	// Managed storage is removed, with all that is in it, when the registry is.
	Managed ManagementState = "Managed"
	// Unmanaged storage is the user's.
	Unmanaged ManagementState = "Unmanaged"
)

// Storage is spec.storage. Exactly one of the backends is set.
type Storage struct {
	EmptyDir *EmptyDirStorage `json:"emptyDir,omitempty"`
	S3       *S3Storage       `json:"s3,omitempty"`
	GCS      *GCSStorage      `json:"gcs,omitempty"`
	Azure    *AzureStorage    `json:"azure,omitempty"`
	PVC      *PVCStorage      `json:"pvc,omitempty"`
	Swift    *SwiftStorage    `json:"swift,omitempty"`
	IBMCOS   *IBMCOSStorage   `json:"ibmcos,omitempty"`
	OSS      *OSSStorage      `json:"oss,omitempty"`

	ManagementState ManagementState `json:"managementState,omitempty"`
}

// EmptyDirStorage is a directory that goes with the registry's pod.
type EmptyDirStorage struct{}

// S3Storage is a bucket of Amazon's S3 or of a service like it.
type S3Storage struct {
	Bucket         string `json:"bucket,omitempty"`
	Region         string `json:"region,omitempty"`
	RegionEndpoint string `json:"regionEndpoint,omitempty"` // of services that are not Amazon's
	// ChunkSizeMiB is the size of parts, 5 to 5120 MiB; 0 is the registry's own.
	ChunkSizeMiB       int32               `json:"chunkSizeMiB,omitempty"`
	Encrypt            bool                `json:"encrypt,omitempty"`
	KeyID              string              `json:"keyID,omitempty"` // of the KMS, for Encrypt
	CloudFront         *CloudFront         `json:"cloudFront,omitempty"`
	VirtualHostedStyle bool                `json:"virtualHostedStyle,omitempty"`
	TrustedCA          *ConfigMapReference `json:"trustedCA,omitempty"`
}

// CloudFront is where a registry sends those who read from S3.
type CloudFront struct {
	BaseURL    string            `json:"baseURL"`
	PrivateKey SecretKeySelector `json:"privateKey"`
	KeypairID  string            `json:"keypairID"`
	Duration   string            `json:"duration,omitempty"` // as Go's durations
}

// SecretKeySelector names a key of a Secret in the registry's namespace. The key's
// value is not part of the configuration.
type SecretKeySelector struct {
	Name     string `json:"name,omitempty"`
	Key      string `json:"key"`
	Optional *bool  `json:"optional,omitempty"`
}

// ConfigMapReference names a ConfigMap of openshift-config.
type ConfigMapReference struct {
	Name string `json:"name"`
}

// GCSStorage is a bucket of Google Cloud Storage.
type GCSStorage struct {
	Bucket    string `json:"bucket,omitempty"`
	Region    string `json:"region,omitempty"`
	ProjectID string `json:"projectID,omitempty"`
	KeyID     string `json:"keyID,omitempty"`
}

// AzureStorage is a container of Azure's Blob Storage.
type AzureStorage struct {
	AccountName   string              `json:"accountName,omitempty"`
	Container     string              `json:"container,omitempty"`
	CloudName     string              `json:"cloudName,omitempty"` // "" is AzurePublicCloud
	NetworkAccess *AzureNetworkAccess `json:"networkAccess,omitempty"`
}

// AzureNetworkAccess says from where the account can be reached.
type AzureNetworkAccess struct {
	Type     string                      `json:"type,omitempty"` // Internal or External; "" is External
	Internal *AzureNetworkAccessInternal `json:"internal,omitempty"`
}

// AzureNetworkAccessInternal says by which private endpoint.
type AzureNetworkAccessInternal struct {
	NetworkResourceGroupName string `json:"networkResourceGroupName,omitempty"`
	VNetName                 string `json:"vnetName,omitempty"`
	SubnetName               string `json:"subnetName,omitempty"`
	PrivateEndpointName      string `json:"privateEndpointName,omitempty"`
}

// PVCStorage is a volume that the registry's pod mounts.
type PVCStorage struct {
	Claim string `json:"claim,omitempty"`
}

// SwiftStorage is a container of OpenStack's Swift.
type SwiftStorage struct {
	AuthURL     string `json:"authURL,omitempty"`
	AuthVersion string `json:"authVersion,omitempty"`
	Container   string `json:"container,omitempty"`
	Domain      string `json:"domain,omitempty"`
	DomainID    string `json:"domainID,omitempty"`
	Tenant      string `json:"tenant,omitempty"`
	TenantID    string `json:"tenantID,omitempty"`
	RegionName  string `json:"regionName,omitempty"`
}

// IBMCOSStorage is a bucket of IBM's Cloud Object Storage.
type IBMCOSStorage struct {
	Bucket             string `json:"bucket,omitempty"`
	Location           string `json:"location,omitempty"`
	ResourceGroupName  string `json:"resourceGroupName,omitempty"`
	ResourceKeyCRN     string `json:"resourceKeyCRN,omitempty"`
	ServiceInstanceCRN string `json:"serviceInstanceCRN,omitempty"`
}

// OSSStorage is a bucket of Alibaba's Object Storage Service.
type OSSStorage struct {
	Bucket                string         `json:"bucket,omitempty"`
	Region                string         `json:"region,omitempty"`
	EndpointAccessibility string         `json:"endpointAccessibility,omitempty"` // Internal, Public or ""
	Encryption            *OSSEncryption `json:"encryption,omitempty"`
}

// OSSEncryption says how a bucket of Alibaba's is encrypted.
type OSSEncryption struct {
	Method string  `json:"method,omitempty"` // KMS or AES256; "" is AES256
	KMS    *OSSKMS `json:"kms,omitempty"`
}

// OSSKMS names the key.
type OSSKMS struct {
	KeyID string `json:"keyID"`
}

// set returns the backends that are set, in the order of the fields.
func (s *Storage) set() []Backend {
	var set []Backend
	for _, b := range []struct {
		backend Backend
		is      bool
	}{
		{EmptyDir, s.EmptyDir != nil}, {S3, s.S3 != nil}, {GCS, s.GCS != nil}, {Azure, s.Azure != nil},
		{PVC, s.PVC != nil}, {Swift, s.Swift != nil}, {IBMCOS, s.IBMCOS != nil}, {OSS, s.OSS != nil},
	} {
		if b.is {
			set = append(set, b.backend)
		}
	}
	return set
}
