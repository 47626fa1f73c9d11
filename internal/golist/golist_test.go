package golist_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/registrykit/registrykit/internal/golist"
	"github.com/stretchr/testify/require"
)

// writeModule writes files, named by slash-separated paths, into a new folder.
func writeModule(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func TestListNamesWhatAPackageLinks(t *testing.T) {
	dir := writeModule(t, map[string]string{
		"go.mod":        "module example.com/depot\n\ngo 1.26\n",
		"crane/lift.go": "package crane\n\nimport _ \"example.com/depot/rope\"\n",
		"rope/rope.go":  "package rope\n\nimport _ \"errors\"\n",
	})
	pkgs, err := golist.List(t.Context(), dir, "-deps", "./crane")
	require.NoError(t, err)

	var own []string
	for _, p := range pkgs {
		if p.Standard {
			require.Nil(t, p.Module, p.ImportPath)
			continue
		}
		require.Equal(t, &golist.Module{Path: "example.com/depot", Main: true}, p.Module)
		own = append(own, p.ImportPath)
	}
	require.Equal(t, []string{"example.com/depot/rope", "example.com/depot/crane"}, own)
	require.True(t, slices.ContainsFunc(pkgs, func(p golist.Package) bool { return p.ImportPath == "errors" }))
}

func TestListFailsOnAPackageThatIsNotThere(t *testing.T) {
	dir := writeModule(t, map[string]string{"go.mod": "module example.com/depot\n\ngo 1.26\n"})
	_, err := golist.List(t.Context(), dir, "-deps", "./crane")
	require.ErrorContains(t, err, "crane")
}

func TestRequirements(t *testing.T) {
	dir := writeModule(t, map[string]string{"go.mod": `module example.com/depot

go 1.26

require example.com/chain v1.4.0

require example.com/hook v0.2.1 // indirect
`})
	got, err := golist.Requirements(t.Context(), filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.Equal(t, []golist.Requirement{
		{Path: "example.com/chain", Version: "v1.4.0"},
		{Path: "example.com/hook", Version: "v0.2.1", Indirect: true},
	}, got)

	_, err = golist.Requirements(t.Context(), filepath.Join(dir, "elsewhere", "go.mod"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestModules(t *testing.T) {
	dir := writeModule(t, map[string]string{
		"go.mod":                 "module example.com/depot\n",
		"annex/go.mod":           "module example.com/depot/annex\n",
		"yard/go.mod":            "module example.com/depot/yard\n",
		"yard/testdata/x/go.mod": "module x\n",
		".cache/go.mod":          "module y\n",
		"_old/go.mod":            "module z\n",
	})
	got, err := golist.Modules(dir)
	require.NoError(t, err)
	require.Equal(t, []string{
		filepath.Join(dir, "go.mod"), filepath.Join(dir, "annex", "go.mod"), filepath.Join(dir, "yard", "go.mod"),
	}, got)
}
