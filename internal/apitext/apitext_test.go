package apitext_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/registrykit/registrykit/internal/apitext"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/api.txt instead of comparing with it")

const (
	root   = "../.."
	golden = root + "/docs/api.txt"
)

// TestPublicAPI fails when what this module exports is not what docs/api.txt
// says. If the change is meant, update the file; the reviewer then sees it.
func TestPublicAPI(t *testing.T) {
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	got, err := apitext.Text(t.Context(), dir)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err, "to write it: go test ./internal/apitext -update")
	if diff := apitext.Diff(string(want), got); diff != "" {
		t.Fatalf("the public API is not what docs/api.txt says:\n\n%s\nIf that is meant: go test ./internal/apitext -update", diff)
	}
}

func TestTextOfEveryKindOfDeclaration(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/depot\n\ngo 1.26\n",
		"crane/crane.go": `// Package crane lifts.
package crane

import (
	"encoding/json"
	"errors"
	"io"
	"iter"

	"example.com/depot/internal/gear"
	"example.com/depot/rope"
)

// MaxLoad is in tonnes.
const MaxLoad = 4 * 10

// Colour of the paint.
type Colour string

const (
	Red, hidden Colour = "red", "h"
	Blue Colour = "blue" // no comments
)

type State uint8

const (
	Idle State = iota
	Lifting
)

var ErrLoad = errors.New("too heavy")
var Yards map[string]*rope.Rope

func Lift(w io.Writer, weights ...int) (int, error) { return len(weights), nil }
func Hooks[T ~int | ~string](list []T) iter.Seq2[int, T] { return nil }
func unexported() {}

// First returns from within a loop over a function.
func First(list iter.Seq[int]) (int, error) {
	for n := range list {
		return n, nil
	}
	return 0, ErrLoad
}

// Crane is one.
type Crane struct {
	Name string ` + "`json:\"name\"`" + `
	load
	*rope.Rope
	count int
	Raw json.RawMessage ` + "`json:\"-\"`" + `
}

func (c Crane) Load() int { return 0 }
func (c *Crane) SetLoad(tonnes int) {}
func (c *Crane) reset() {}

type load struct{ Tonnes int }

func (load) Heavy() bool { return false }

type Lifter interface {
	io.Closer
	Lift(name string) error
	private()
}

type Number interface{ ~int | ~float64 }

type Pair[K comparable, V any] struct {
	Key K
	Value V
}

func (p *Pair[K, V]) Swap(other Pair[K, V]) {}

type Wheel = gear.Wheel
type Any[T any] = []T
type Visit func(name string) bool

func (v Visit) All() {}
`,
		"crane/crane_windows.go": "package crane\n\nfunc OnlyWindows() {}\n",
		"crane/crane_test.go":    "package crane\n\nfunc InTests() {}\n",
		"rope/rope.go":           "package rope\n\ntype Rope struct{ Metres int }\n\nfunc (*Rope) Cut() {}\n",
		"internal/gear/gear.go":  "package gear\n\ntype Wheel struct{}\n",
		"crane/internal/x/x.go":  "package x\n\nfunc X() {}\n",
		"cmd/depot/main.go":      "package main\n\nfunc Main() {}\n\nfunc main() {}\n",
		"examples/yard/yard.go":  "package yard\n\nfunc Yard() {}\n",
		"nested/go.mod":          "module example.com/depot/nested\n\ngo 1.26\n",
		"nested/nested.go":       "package nested\n\nfunc Nested() {}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	got, err := apitext.Text(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, `package example.com/depot/crane
const Blue Colour = "blue"
const Idle State = 0
const Lifting State = 1
const MaxLoad = 40
const Red Colour = "red"
var ErrLoad error
var Yards map[string]*rope.Rope
func First(list iter.Seq[int]) (int, error)
func Hooks[T ~int | ~string](list []T) iter.Seq2[int, T]
func Lift(w io.Writer, weights ...int) (int, error)
type Any[T any] = []T
type Colour string
type Crane struct
	field Name string `+"`json:\"name\"`"+`
	field Tonnes int
	embeds *rope.Rope
	field Raw encoding/json.RawMessage `+"`json:\"-\"`"+`
	(unexported fields)
	method (Crane) Heavy() bool
	method (Crane) Load() int
	method (*Crane) SetLoad(tonnes int)
type Lifter interface
	method Close() error
	method Lift(name string) error
	(unexported methods)
type Number interface
	embeds ~int | ~float64
type Pair[K comparable, V any] struct
	field Key K
	field Value V
	method (*Pair) Swap(other Pair[K, V])
type State uint8
type Visit func(name string) bool
	method (Visit) All()
type Wheel = internal/gear.Wheel

package example.com/depot/rope
type Rope struct
	field Metres int
	method (*Rope) Cut()
`, got)
}

func TestTextFailsOnAPackageThatDoesNotCompile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/depot\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "depot.go"), []byte("package depot\n\nvar Wrong int = \"\"\n"), 0o644))
	_, err := apitext.Text(t.Context(), dir)
	require.ErrorContains(t, err, "depot.go:3")
}

func TestDiff(t *testing.T) {
	const old = "package example.com/depot/crane\nconst MaxLoad = 40\nfunc Drop()\ntype Crane struct\n\tfield Name string\n\tfield Load int\n"
	for _, c := range []struct{ name, new, want string }{
		{"equal", old, ""},
		{"line endings and blank lines count for nothing", "package example.com/depot/crane\r\nconst MaxLoad = 40\r\n\r\nfunc Drop()\r\ntype Crane struct\r\n\tfield Name string\r\n\tfield Load int\r\n", ""},
		{
			"a value, a function and a field changed",
			"package example.com/depot/crane\nconst MaxLoad = 50\ntype Crane struct\n\tfield Name string\n\tfield Load float64\n",
			"- example.com/depot/crane: const MaxLoad = 40\n" +
				"- example.com/depot/crane: func Drop()\n" +
				"+ example.com/depot/crane: const MaxLoad = 50\n" +
				"- example.com/depot/crane: type Crane struct: field Load int\n" +
				"+ example.com/depot/crane: type Crane struct: field Load float64\n",
		},
		{
			"fields in another order",
			"package example.com/depot/crane\nconst MaxLoad = 40\nfunc Drop()\ntype Crane struct\n\tfield Load int\n\tfield Name string\n",
			"- example.com/depot/crane: type Crane struct: field Name string\n" +
				"+ example.com/depot/crane: type Crane struct: field Name string\n",
		},
		{
			"all gone",
			"",
			"- package example.com/depot/crane\n" +
				"- example.com/depot/crane: const MaxLoad = 40\n" +
				"- example.com/depot/crane: func Drop()\n" +
				"- example.com/depot/crane: type Crane struct\n" +
				"- example.com/depot/crane: type Crane struct: field Name string\n" +
				"- example.com/depot/crane: type Crane struct: field Load int\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, apitext.Diff(old, c.new))
		})
	}
}
