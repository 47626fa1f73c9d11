package lease

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "crypto/sha256" // a digest of an algorithm that is not linked is refused
	_ "crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

const (
	stateFree      = "free" // nothing: where a record cannot be deleted
	stateHeld      = "held"
	stateCondemned = "condemned"

	schema    = "registrykit/lease/v1"
	maxRecord = 4096 // bytes; a record has some 150
	tries     = 64
)

// A record says what is known of one digest. The zero value is that of a digest
// that has none.
type record struct {
	Schema string    `json:"schema"`
	State  string    `json:"state"`
	Until  time.Time `json:"until,omitzero"`
	// Nonce makes each record unlike every other, so that the version of an
	// object differs where it is made from the bytes, as S3's is.
	Nonce string `json:"nonce"`

	version storage.Version
	stored  bool
}

// grace is how long a record counts after its end: once for clocks that differ,
// once for a call that is still on its way.
func (o *Options) grace() time.Duration { return 2 * o.MaxSkew }

func (r *record) holds(now time.Time, o *Options) bool {
	return r.State == stateHeld && now.Before(r.Until.Add(o.grace()))
}

func (r *record) condemns(now time.Time, o *Options) bool {
	return r.State == stateCondemned && now.Before(r.Until.Add(o.grace()))
}

func (r *record) encode() []byte {
	text, err := json.Marshal(&record{Schema: schema, State: r.State, Until: r.Until.UTC(), Nonce: rand.Text()})
	if err != nil {
		// Only a year beyond 9999 is no JSON: a record that cannot be read
		// holds, which is the safe way to be wrong.
		return []byte("{}\n")
	}
	return append(text, '\n')
}

func parseRecord(text []byte) (*record, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var r record
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if d.More() {
		return nil, fmt.Errorf("%w: it goes on after its end", ErrRecord)
	}
	if r.Schema != schema {
		return nil, fmt.Errorf("%w: schema %q, want %q", ErrRecord, r.Schema, schema)
	}
	switch {
	case r.State == stateFree:
	case (r.State == stateHeld || r.State == stateCondemned) && !r.Until.IsZero():
	default:
		return nil, fmt.Errorf("%w: state %q until %s", ErrRecord, r.State, r.Until)
	}
	return &r, nil
}

// Key returns where the record of a digest is: <prefix>/<algorithm>/<first two
// of hex>/<hex>.
func (b *Book) Key(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	hex := d.Encoded()
	return b.options.Prefix + "/" + d.Algorithm().String() + "/" + hex[:2] + "/" + hex, nil
}

// read returns the record at the key, the zero one where there is none.
func (b *Book) read(ctx context.Context, key string) (*record, error) {
	object, err := b.store.Open(ctx, key, storage.Range{})
	if errors.Is(err, storage.ErrNotExist) {
		return &record{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	if object.Info.Size > maxRecord {
		return nil, fmt.Errorf("%w: %s: %d bytes", ErrRecord, key, object.Info.Size)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(object.Body); err != nil {
		return nil, err
	}
	r, err := parseRecord(text.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	r.version, r.stored = object.Info.Version, true
	return r, nil
}

// change is swap, and where the store has none, a write without a condition.
func (b *Book) change(ctx context.Context, key string, to func(was *record) (*record, error)) error {
	// Most calls find a lease that runs, and write nothing: then the store need
	// not be able to.
	was, err := b.read(ctx, key)
	if err != nil {
		return err
	}
	next, err := to(was)
	if err != nil || next == nil {
		return err
	}
	swaps, err := b.swaps(ctx)
	if err != nil {
		return err
	}
	if !swaps {
		_, err := b.store.WriteFile(ctx, key, next.encode(), storage.CreateOptions{})
		return err
	}
	_, err = b.swap(ctx, key, to)
	return err
}

// swap reads the record and writes what becomes of it, again and again until
// nobody came in between. Where to gives nil, nothing is written. It returns the
// version of what it wrote.
func (b *Book) swap(ctx context.Context, key string, to func(was *record) (*record, error)) (storage.Version, error) {
	for range tries {
		was, err := b.read(ctx, key)
		if err != nil {
			return "", err
		}
		next, err := to(was)
		if err != nil || next == nil {
			return "", err
		}
		if was.stored && was.version == "" {
			return "", fmt.Errorf("a record without a version: %w", storage.ErrUnsupported)
		}
		o := storage.CreateOptions{IfAbsent: !was.stored, IfVersion: was.version}
		info, err := b.store.WriteFile(ctx, key, next.encode(), o)
		if !errors.Is(err, storage.ErrExist) && !errors.Is(err, storage.ErrPrecondition) {
			return info.Version, err
		}
	}
	return "", ErrContended
}
