package filesystem_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
)

func blobKey(i int) string {
	hash := fmt.Sprintf("%064x", uint64(i)*0x9e3779b97f4a7c15)
	return "docker/registry/v2/blobs/sha256/" + hash[48:50] + "/" + hash + "/data"
}

// BenchmarkWrite compares a commit with what the operating system asks for the
// same promise: a temporary file, synced, renamed, and its directory synced.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{71, 1 << 20, 64 << 20} {
		data := make([]byte, size)
		for _, noSync := range []bool{false, true} {
			sync := map[bool]string{false: "synced", true: "unsynced"}[noSync]
			b.Run(fmt.Sprintf("%s/%d/driver", sync, size), func(b *testing.B) {
				d, err := filesystem.Open(b.TempDir(), filesystem.Options{NoSync: noSync})
				require.NoError(b, err)
				defer d.Close()
				s := storage.New(d, storage.Options{})
				b.SetBytes(int64(size))
				for i := 0; b.Loop(); i++ {
					_, err := s.WriteFile(b.Context(), blobKey(i%64), data, storage.CreateOptions{})
					require.NoError(b, err)
				}
			})
			b.Run(fmt.Sprintf("%s/%d/os", sync, size), func(b *testing.B) {
				dir := b.TempDir()
				b.SetBytes(int64(size))
				for i := 0; b.Loop(); i++ {
					require.NoError(b, plainWrite(filepath.Join(dir, blobKey(i%64)), data, !noSync))
				}
			})
		}
	}
}

func plainWrite(path string, data []byte, sync bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil && sync {
		err = f.Sync()
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil || !sync {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{71, 64 << 20} {
		dir := b.TempDir()
		require.NoError(b, plainWrite(filepath.Join(dir, blobKey(1)), make([]byte, size), false))
		d, err := filesystem.Open(dir, filesystem.Options{})
		require.NoError(b, err)
		defer d.Close()
		s := storage.New(d, storage.Options{})
		b.Run(fmt.Sprintf("%d/driver", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				o, err := s.Open(b.Context(), blobKey(1), storage.Range{})
				require.NoError(b, err)
				_, err = io.Copy(onlyWriter{}, o.Body)
				require.NoError(b, err)
				require.NoError(b, o.Body.Close())
			}
		})
		b.Run(fmt.Sprintf("%d/os", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				f, err := os.Open(filepath.Join(dir, blobKey(1)))
				require.NoError(b, err)
				_, err = io.Copy(onlyWriter{}, onlyReader{f})
				require.NoError(b, err)
				require.NoError(b, f.Close())
			}
		})
	}
}

// onlyReader and onlyWriter keep io.Copy from taking short cuts.
type onlyReader struct{ io.Reader }

type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkStat(b *testing.B) {
	dir := b.TempDir()
	require.NoError(b, plainWrite(filepath.Join(dir, blobKey(1)), nil, false))
	d, err := filesystem.Open(dir, filesystem.Options{})
	require.NoError(b, err)
	defer d.Close()
	b.Run("driver", func(b *testing.B) {
		for b.Loop() {
			_, err := d.Stat(b.Context(), blobKey(1))
			require.NoError(b, err)
		}
	})
	b.Run("os", func(b *testing.B) {
		for b.Loop() {
			_, err := os.Lstat(filepath.Join(dir, blobKey(1)))
			require.NoError(b, err)
		}
	})
}

// BenchmarkList lists 10,000 blobs in the registry's layout.
func BenchmarkList(b *testing.B) {
	const blobs = 10_000
	dir := b.TempDir()
	for i := range blobs {
		require.NoError(b, plainWrite(filepath.Join(dir, blobKey(i)), nil, false))
	}
	d, err := filesystem.Open(dir, filesystem.Options{})
	require.NoError(b, err)
	defer d.Close()
	s := storage.New(d, storage.Options{})
	for _, keysOnly := range []bool{false, true} {
		b.Run(fmt.Sprintf("driver/keysonly=%v", keysOnly), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range s.List(context.Background(), storage.ListOptions{KeysOnly: keysOnly}) {
					require.NoError(b, err)
					n++
				}
				require.Equal(b, blobs, n)
			}
		})
	}
	b.Run("filepath.WalkDir", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			require.NoError(b, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
				if err == nil && e.Type().IsRegular() {
					_, err = e.Info()
					n++
				}
				return err
			}))
			require.Equal(b, blobs, n)
		}
	})
}
