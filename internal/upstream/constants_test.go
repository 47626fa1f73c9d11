package upstream

import (
	"testing"

	imagev1 "github.com/openshift/api/image/v1"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registrykit/registrykit/imagestream"
)

func TestConstantsAreUpstreams(t *testing.T) {
	for _, c := range []struct{ theirs, ours string }{
		{imagev1.GroupName, imagestream.GroupName},
		{imagev1.GroupVersion.String(), imagestream.APIVersion},
		{imagev1.ManagedByOpenShiftAnnotation, imagestream.ManagedByOpenShiftAnnotation},
		{imagev1.DockerImageRepositoryCheckAnnotation, imagestream.DockerImageRepositoryCheckAnnotation},
		{imagev1.InsecureRepositoryAnnotation, imagestream.InsecureRepositoryAnnotation},
		{imagev1.ExcludeImageSecretAnnotation, imagestream.ExcludeImageSecretAnnotation},
		{imagev1.DockerImageLayersOrderAnnotation, imagestream.DockerImageLayersOrderAnnotation},
		{imagev1.DockerImageLayersOrderAscending, imagestream.DockerImageLayersOrderAscending},
		{imagev1.DockerImageLayersOrderDescending, imagestream.DockerImageLayersOrderDescending},
		{imagev1.ImporterPreferArchAnnotation, imagestream.ImporterPreferArchAnnotation},
		{imagev1.ImporterPreferOSAnnotation, imagestream.ImporterPreferOSAnnotation},
		{imagev1.ImageManifestBlobStoredAnnotation, imagestream.ImageManifestBlobStoredAnnotation},
		{imagev1.DefaultImageTag, imagestream.DefaultImageTag},
		{string(imagev1.ResourceImageStreams), string(imagestream.ResourceImageStreams)},
		{string(imagev1.ResourceImageStreamImages), string(imagestream.ResourceImageStreamImages)},
		{string(imagev1.ResourceImageStreamTags), string(imagestream.ResourceImageStreamTags)},
		{string(imagev1.LimitTypeImage), string(imagestream.LimitTypeImage)},
		{string(imagev1.LimitTypeImageStream), string(imagestream.LimitTypeImageStream)},
		{imagev1.ImageSignatureTypeAtomicImageV1, imagestream.ImageSignatureTypeAtomicImageV1},
		{string(imagev1.ImportModeLegacy), string(imagestream.ImportModeLegacy)},
		{string(imagev1.ImportModePreserveOriginal), string(imagestream.ImportModePreserveOriginal)},
		{string(imagev1.SourceTagReferencePolicy), string(imagestream.SourceTagReferencePolicy)},
		{string(imagev1.LocalTagReferencePolicy), string(imagestream.LocalTagReferencePolicy)},
		{string(imagev1.ImportSuccess), string(imagestream.ImportSuccess)},
		{string(corev1.SecretTypeDockercfg), string(imagestream.SecretTypeDockercfg)},
		{string(corev1.SecretTypeDockerConfigJson), string(imagestream.SecretTypeDockerConfigJSON)},
		{string(corev1.ConditionTrue), string(imagestream.ConditionTrue)},
		{string(corev1.ConditionFalse), string(imagestream.ConditionFalse)},
		{string(corev1.ConditionUnknown), string(imagestream.ConditionUnknown)},
		{string(metav1.ManagedFieldsOperationApply), string(imagestream.ManagedFieldsOperationApply)},
		{string(metav1.ManagedFieldsOperationUpdate), string(imagestream.ManagedFieldsOperationUpdate)},
		{metav1.StatusSuccess, imagestream.StatusSuccess},
		{metav1.StatusFailure, imagestream.StatusFailure},
		{string(metav1.StatusReasonUnauthorized), string(imagestream.StatusReasonUnauthorized)},
		{string(metav1.StatusReasonForbidden), string(imagestream.StatusReasonForbidden)},
		{string(metav1.StatusReasonNotFound), string(imagestream.StatusReasonNotFound)},
		{string(metav1.StatusReasonAlreadyExists), string(imagestream.StatusReasonAlreadyExists)},
		{string(metav1.StatusReasonConflict), string(imagestream.StatusReasonConflict)},
		{string(metav1.StatusReasonGone), string(imagestream.StatusReasonGone)},
		{string(metav1.StatusReasonInvalid), string(imagestream.StatusReasonInvalid)},
		{string(metav1.StatusReasonServerTimeout), string(imagestream.StatusReasonServerTimeout)},
		{string(metav1.StatusReasonStoreReadError), string(imagestream.StatusReasonStoreReadError)},
		{string(metav1.StatusReasonTimeout), string(imagestream.StatusReasonTimeout)},
		{string(metav1.StatusReasonTooManyRequests), string(imagestream.StatusReasonTooManyRequests)},
		{string(metav1.StatusReasonBadRequest), string(imagestream.StatusReasonBadRequest)},
		{string(metav1.StatusReasonMethodNotAllowed), string(imagestream.StatusReasonMethodNotAllowed)},
		{string(metav1.StatusReasonNotAcceptable), string(imagestream.StatusReasonNotAcceptable)},
		{string(metav1.StatusReasonRequestEntityTooLarge), string(imagestream.StatusReasonRequestEntityTooLarge)},
		{string(metav1.StatusReasonUnsupportedMediaType), string(imagestream.StatusReasonUnsupportedMediaType)},
		{string(metav1.StatusReasonInternalError), string(imagestream.StatusReasonInternalError)},
		{string(metav1.StatusReasonExpired), string(imagestream.StatusReasonExpired)},
		{string(metav1.StatusReasonServiceUnavailable), string(imagestream.StatusReasonServiceUnavailable)},
		{string(metav1.CauseTypeFieldValueNotFound), string(imagestream.CauseTypeFieldValueNotFound)},
		{string(metav1.CauseTypeFieldValueRequired), string(imagestream.CauseTypeFieldValueRequired)},
		{string(metav1.CauseTypeFieldValueDuplicate), string(imagestream.CauseTypeFieldValueDuplicate)},
		{string(metav1.CauseTypeFieldValueInvalid), string(imagestream.CauseTypeFieldValueInvalid)},
		{string(metav1.CauseTypeFieldValueNotSupported), string(imagestream.CauseTypeFieldValueNotSupported)},
		{string(metav1.CauseTypeForbidden), string(imagestream.CauseTypeForbidden)},
		{string(metav1.CauseTypeTooLong), string(imagestream.CauseTypeTooLong)},
		{string(metav1.CauseTypeTooMany), string(imagestream.CauseTypeTooMany)},
		{string(metav1.CauseTypeInternal), string(imagestream.CauseTypeInternal)},
		{string(metav1.CauseTypeTypeInvalid), string(imagestream.CauseTypeTypeInvalid)},
		{string(metav1.CauseTypeUnexpectedServerResponse), string(imagestream.CauseTypeUnexpectedServerResponse)},
		{string(metav1.CauseTypeFieldManagerConflict), string(imagestream.CauseTypeFieldManagerConflict)},
		{string(metav1.CauseTypeResourceVersionTooLarge), string(imagestream.CauseTypeResourceVersionTooLarge)},
	} {
		require.Equal(t, c.theirs, c.ours)
	}
}
