package main

import (
	"fmt"
	"strings"
	"time"
)

func object(apiVersion, kind, namespace, name, created, rest string) string {
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"namespace":%q,"name":%q,"uid":"u","creationTimestamp":%q}%s}`,
		apiVersion, kind, namespace, name, created, rest)
}

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func image(c, created, rest string) string {
	return object("image.openshift.io/v1", "Image", "", digest(c), created, fmt.Sprintf(
		`,"dockerImageManifestMediaType":"application/vnd.oci.image.manifest.v1+json","dockerImageLayers":[{"name":%q,"size":1048576}]%s`, digest("f" + c)[:71], rest))
}

const monthAgo = "2026-10-01T00:00:00Z"

// items is the history of shop/web:latest, newest first, a day apart.
func items(images ...string) string {
	var list []string
	for i, c := range images {
		created := time.Date(2026, 10, 30-i, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
		list = append(list, fmt.Sprintf(`{"image":%q,"created":%q,"dockerImageReference":%q}`, digest(c), created, "reg.example/shop/web@"+digest(c)))
	}
	return object("image.openshift.io/v1", "ImageStream", "shop", "web", monthAgo, `,"status":{"tags":[{"tag":"latest","items":[`+strings.Join(list, ",")+`]}]}`)
}

func pod(name, phase, image string) string {
	return object("v1", "Pod", "shop", name, monthAgo, fmt.Sprintf(`,"spec":{"containers":[{"name":"c","image":%q}]},"status":{"phase":%q}`, image, phase))
}

func list(objects ...string) string {
	return `{"apiVersion":"v1","kind":"List","items":[` + strings.Join(objects, ",") + `]}`
}

// shop is a dump of a pod, a stream of five images, and an image of no stream.
var shop = list(
	pod("p", "Running", "reg.example/shop/web@"+digest("d")),
	items("a", "b", "c", "d", "e"),
	image("a", monthAgo, ""), image("b", monthAgo, ""), image("c", monthAgo, ""), image("d", monthAgo, ""), image("e", monthAgo, ""), image("9", monthAgo, ""),
)
