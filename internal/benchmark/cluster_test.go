package benchmark

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/clustergen"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// sizes are numbers of images. CI passes over the large ones by their names.
var sizes = []int{10_000, 100_000, 1_000_000}

// sizeName writes a size as in 100_000.
func sizeName(images int) string {
	s := strconv.Itoa(images)
	var groups []string
	for len(s) > 3 {
		groups = append([]string{s[len(s)-3:]}, groups...)
		s = s[:len(s)-3]
	}
	return strings.Join(append([]string{s}, groups...), "_")
}

var (
	folder string
	files  = map[int]func() (string, error){}
)

// TestMain makes a folder for the dumps, which all benchmarks share.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "benchmark"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		for _, n := range sizes {
			files[n] = sync.OnceValues(func() (string, error) { return generate(n) })
		}
		return m.Run()
	}())
}

func generate(images int) (string, error) {
	name := filepath.Join(folder, sizeName(images)+".json")
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err := clustergen.Write(w, images, 1); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return name, f.Close()
}

// dumpOf returns the file of a dump.
func dumpOf(tb testing.TB, images int) string {
	tb.Helper()
	name, err := files[images]()
	require.NoError(tb, err)
	return name
}

// inventoryOf reads a dump as the program does with --listed all.
func inventoryOf(tb testing.TB, images int) *inventory.Inventory {
	tb.Helper()
	f, err := os.Open(dumpOf(tb, images))
	require.NoError(tb, err)
	defer func() { _ = f.Close() }()
	inv, err := dump.Read(f, &dump.Options{Listed: inventory.Kinds()})
	require.NoError(tb, err)
	return inv
}
