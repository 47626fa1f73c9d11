package imagestream

import (
	"slices"

	"github.com/registrykit/registrykit/internal/manifest"
)

// ImageStreamLayersOf returns which blobs the images of a stream are made of: of
// every image in any history, and their children at every depth. An image that
// is not there is marked missing. The metadata are those of the stream. The
// manifests are among the blobs; their size is not known from here.
//
// The error is what images failed with other than [ErrImageNotFound].
func ImageStreamLayersOf(s *ImageStream, images ImageLookup) (*ImageStreamLayers, error) {
	s = s.orEmpty()
	v := &layersView{images: images, layers: &ImageStreamLayers{
		TypeMeta:   TypeMeta{Kind: "ImageStreamLayers", APIVersion: APIVersion},
		ObjectMeta: *clone(&s.ObjectMeta),
		Blobs:      map[string]ImageLayerData{}, Images: map[string]ImageBlobReferences{},
	}}
	for i := range s.Status.Tags {
		for j := range s.Status.Tags[i].Items {
			v.want(s.Status.Tags[i].Items[j].Image)
		}
	}
	for len(v.waiting) > 0 {
		name := v.waiting[len(v.waiting)-1]
		v.waiting = v.waiting[:len(v.waiting)-1]
		if err := v.add(name); err != nil {
			return nil, s.unresolved("@"+name, err.Error(), err)
		}
	}
	return v.layers, nil
}

type layersView struct {
	images  ImageLookup
	layers  *ImageStreamLayers
	waiting []string
}

func (v *layersView) want(name string) {
	if _, ok := v.layers.Images[name]; ok || name == "" {
		return
	}
	v.layers.Images[name] = ImageBlobReferences{ImageMissing: true, Layers: []string{}}
	v.waiting = append(v.waiting, name)
}

func (v *layersView) add(name string) error {
	image, err := v.images.find(name)
	if image == nil {
		return err
	}
	refs := ImageBlobReferences{Layers: []string{}}
	for _, l := range ascending(image) {
		refs.Layers = append(refs.Layers, l.Name)
		v.blob(l.Name, ImageLayerData{LayerSize: pointerTo(l.LayerSize), MediaType: l.MediaType})
	}
	if config, ok := configOf(image); ok {
		refs.Config = &config.Name
		v.blob(config.Name, ImageLayerData{MediaType: config.MediaType})
	}
	for _, child := range image.DockerImageManifests {
		refs.Manifests = append(refs.Manifests, child.Digest)
		v.want(child.Digest)
	}
	v.blob(name, ImageLayerData{MediaType: image.DockerImageManifestMediaType})
	v.layers.Images[name] = refs
	return nil
}

func (v *layersView) blob(digest string, data ImageLayerData) {
	if _, ok := v.layers.Blobs[digest]; !ok && digest != "" {
		v.layers.Blobs[digest] = data
	}
}

// ascending returns the layers with the base first. Without the annotation,
// those of a manifest of schema 1 stand so already, all others the other way.
func ascending(image *Image) []ImageLayer {
	switch image.Annotations[DockerImageLayersOrderAnnotation] {
	case DockerImageLayersOrderAscending:
		return image.DockerImageLayers
	case DockerImageLayersOrderDescending:
	default:
		if !manifest.IsImage(image.DockerImageManifestMediaType) {
			return image.DockerImageLayers
		}
	}
	layers := slices.Clone(image.DockerImageLayers)
	slices.Reverse(layers)
	return layers
}

// configOf returns the config of an image, where it has one: only manifests of
// OCI and of Docker's schema 2 do.
func configOf(image *Image) (config ImageLayer, ok bool) {
	mediaType := image.DockerImageManifestMediaType
	if !manifest.IsImage(mediaType) {
		return ImageLayer{}, false
	}
	metadata, err := image.Metadata()
	if err != nil || metadata == nil || metadata.ID == "" {
		return ImageLayer{}, false
	}
	config = ImageLayer{Name: metadata.ID, MediaType: "application/vnd.oci.image.config.v1+json"}
	if mediaType == manifest.MediaTypeDocker2 {
		config.MediaType = "application/vnd.docker.container.image.v1+json"
	}
	return config, true
}

// isIndex says whether an image is a manifest list or index; nil is none.
func isIndex(i *Image) bool {
	return i != nil && (len(i.DockerImageManifests) > 0 || manifest.IsIndex(i.DockerImageManifestMediaType))
}
