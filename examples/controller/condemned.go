package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/registrykit/registrykit/prune/apply"
)

// configMapCondemned keeps which blobs are condemned in a ConfigMap, compressed, so that
// every replica knows. It holds some 20,000 blobs, the most that an API server stores in
// an object; where there are more, an apply.FileCondemned on a volume is the better end.
// Runs may use it one after the other.
type configMapCondemned struct {
	reader client.Reader // past every cache
	writer client.Client
	key    types.NamespacedName
	// seen is the revision that was loaded or stored last; "" where there was none.
	seen string
}

const (
	condemnedKey = "condemned.json.gz"
	// maxCondemned is the most that is read, in bytes, uncompressed.
	maxCondemned = 64 << 20
)

// empty returns the ConfigMap without data, and get as it is stored.
func (c *configMapCondemned) empty() *unstructured.Unstructured {
	u := new(unstructured.Unstructured)
	u.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"})
	u.SetNamespace(c.key.Namespace)
	u.SetName(c.key.Name)
	return u
}

func (c *configMapCondemned) get(ctx context.Context) (*unstructured.Unstructured, error) {
	u := c.empty()
	return u, c.reader.Get(ctx, c.key, u)
}

// LoadCondemned implements apply.CondemnedBlobs.
func (c *configMapCondemned) LoadCondemned(ctx context.Context) (*apply.Condemnations, error) {
	u, err := c.get(ctx)
	if apierrors.IsNotFound(err) {
		c.seen = ""
		return new(apply.Condemnations), nil
	}
	if err != nil {
		return nil, classified(err)
	}
	c.seen = u.GetResourceVersion()
	text, _, err := unstructured.NestedString(u.Object, "binaryData", condemnedKey)
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s: %w", c.key, err)
	}
	if text == "" {
		return new(apply.Condemnations), nil
	}
	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewBufferString(text)))
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s: %w", c.key, err)
	}
	blobs, err := apply.DecodeCondemned(io.LimitReader(packed, maxCondemned)) // what is cut off does not parse
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s: %w", c.key, err)
	}
	return blobs, nil
}

// StoreCondemned implements apply.CondemnedBlobs. Where the ConfigMap is not the one that
// was loaded, as when another replica runs too, that is a conflict, and stays.
func (c *configMapCondemned) StoreCondemned(ctx context.Context, blobs *apply.Condemnations) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if err := apply.EncodeCondemned(w, blobs); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	u, err := c.get(ctx)
	write := func() error { return c.writer.Update(ctx, u) }
	if apierrors.IsNotFound(err) && c.seen == "" {
		u, err = c.empty(), nil
		write = func() error { return c.writer.Create(ctx, u) }
	}
	if err != nil {
		return classified(err)
	}
	if now := u.GetResourceVersion(); now != c.seen {
		return fmt.Errorf("%w: ConfigMap %s is at revision %s, and %s was loaded", apply.ErrConflict, c.key, now, cmp.Or(c.seen, "none"))
	}
	data := base64.StdEncoding.EncodeToString(packed.Bytes())
	if err := unstructured.SetNestedField(u.Object, data, "binaryData", condemnedKey); err != nil {
		return fmt.Errorf("ConfigMap %s: %w", c.key, err)
	}
	if err := write(); err != nil {
		if apierrors.IsAlreadyExists(err) {
			err = errors.Join(apply.ErrConflict, err)
		}
		return classified(err)
	}
	c.seen = u.GetResourceVersion()
	return nil
}
