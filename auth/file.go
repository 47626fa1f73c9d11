package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// File returns a source of one file: an auth.json, a config.json, a .dockercfg, or
// the kubelet's config.json by DocumentOptions.Kubernetes. A file whose name ends in
// .dockercfg is read as FormatLegacy in any case. A file that does not exist holds
// nothing.
//
// It is read again when it has changed, also where it is a symbolic link that
// points elsewhere now. While it cannot be read or is no JSON, its last good
// content serves, and explanations say so. Its credHelpers and credsStore are
// used.
func File(path string, o DocumentOptions) Source {
	return Source{loader: newFileLoader("file "+path, path, o), tier: tierExplicit}
}

// KubeletConfigPath is where the kubelet keeps the credentials of the node. On
// OpenShift the cluster's pull secret is written there.
const KubeletConfigPath = "/var/lib/kubelet/config.json"

// Node returns a source of the kubelet's file, by the rules of Kubernetes. An empty
// path stands for [KubeletConfigPath].
func Node(path string) Source {
	if path == "" {
		path = KubeletConfigPath
	}
	l := newFileLoader("kubelet file "+path, path, DocumentOptions{Kubernetes: true})
	return Source{loader: l, tier: tierNode}
}

// A fileLoader reads one file, when it has changed.
type fileLoader struct {
	name, path string
	options    DocumentOptions

	turn     turnstile
	seen     fs.FileInfo       // of the last reading; nil for none, or if it failed
	racy     bool              // the file was so young that it may change unnoticed
	good     *document         // the last that was read
	sum      [sha256.Size]byte // of what good was parsed from
	snapshot *snapshot
}

func newFileLoader(name, path string, o DocumentOptions) *fileLoader {
	if strings.HasSuffix(path, ".dockercfg") {
		o.Format = FormatLegacy
	}
	return &fileLoader{name: name, path: path, options: o}
}

func (l *fileLoader) String() string { return l.name }

func (l *fileLoader) load(ctx context.Context) (*snapshot, error) {
	if err := l.turn.enter(ctx); err != nil {
		return nil, err
	}
	defer l.turn.leave()
	info, err := os.Stat(l.path)
	if err == nil && l.seen != nil && !l.racy && unchanged(l.seen, info) {
		return l.snapshot, nil
	}
	if l.snapshot != nil && l.snapshot.places[0].outcome == Missing && errors.Is(err, fs.ErrNotExist) {
		return l.snapshot, nil
	}
	l.seen = nil
	var data []byte
	if err == nil {
		data, info, err = readFile(l.path, info, MaxDocumentBytes)
	}
	if err == nil {
		l.seen, l.racy = info, time.Since(info.ModTime()) < racyAge
		sum := sha256.Sum256(data)
		if sum == l.sum && l.good != nil && l.snapshot.places[0].outcome == found {
			return l.snapshot, nil
		}
		l.sum = sum
	}
	l.snapshot = newSnapshot([]*place{l.place(data, err)})
	return l.snapshot, nil
}

// place turns a reading into a place. A file that is gone takes its credentials
// along; for anything else that is wrong the last good content serves.
func (l *fileLoader) place(data []byte, err error) *place {
	p := &place{name: l.name, kubernetes: l.options.Kubernetes, helpers: !l.options.Kubernetes}
	if errors.Is(err, fs.ErrNotExist) {
		l.good = nil
		p.outcome = Missing
		return p
	}
	outcome := Unreadable
	op := "read"
	if err == nil {
		p.doc, err = parseDocument(data, l.options.Format)
		outcome, op = Malformed, "parse"
	}
	if err == nil {
		l.good = p.doc
		return p
	}
	p.outcome, p.err = outcome, &Error{Op: op, Object: l.name, Err: withoutPath(err)}
	if l.good != nil {
		p.outcome, p.doc = Stale, l.good
	}
	return p
}

// racyAge is how old a file must be for its size and time to tell that it did not
// change: file systems keep times coarsely.
const racyAge = 2 * time.Second

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

// readFile reads a regular file of up to so many bytes. Anything else might block or
// never end; the null device is what people name for "nothing".
func readFile(path string, info fs.FileInfo, limit int) ([]byte, fs.FileInfo, error) {
	if !info.Mode().IsRegular() {
		if path == os.DevNull {
			return nil, info, nil
		}
		return nil, nil, notRegular(info)
	}
	// Something else may have come in its place: opening that must not block either.
	f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, notRegular(info)
	}
	data, err := readLimited(f, limit)
	return data, info, err
}

func notRegular(info fs.FileInfo) error {
	return fmt.Errorf("not a regular file: %s", info.Mode().Type())
}

// withoutPath takes the path out of an error whose object names it already.
func withoutPath(err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return path.Err
	}
	return err
}
