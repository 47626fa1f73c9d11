// Package apitext writes down what a module exports, as text: each constant,
// variable, function, type, field and method on a line of its own. The text is
// kept in docs/api.txt, where a change of the public API shows in review.
package apitext

import (
	"context"
	"fmt"
	"go/importer"
	"go/token"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/internal/golist"
)

// Text returns the exported API of the public packages of the module at dir.
//
// Programs, packages below a folder named internal or examples, and nested
// modules are left out. Packages are sorted by path, the names in them by kind
// (constants, variables, functions, types) and then by name. Fields stay in the
// order of the declaration, which unkeyed literals and JSON depend on.
//
// The text comes from the compiler's export data, not from the sources: so it
// has the values of constants and the types of variables that are inferred, and
// neither comments nor bodies. It describes the module as built for linux/amd64,
// wherever it runs. A package that does not compile is an error.
func Text(ctx context.Context, dir string) (string, error) {
	pkgs, err := golist.List(ctx, dir, "-export", "-deps", "./...")
	if err != nil {
		return "", err
	}
	exports := make(map[string]string, len(pkgs))
	var public []golist.Package
	for _, p := range pkgs {
		exports[p.ImportPath] = p.Export
		if isPublic(p) {
			public = append(public, p)
		}
	}
	slices.SortFunc(public, func(a, b golist.Package) int { return strings.Compare(a.ImportPath, b.ImportPath) })

	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok || file == "" {
			return nil, fmt.Errorf("apitext: no export data of %s", path)
		}
		return os.Open(file)
	})
	var text strings.Builder
	for i, p := range public {
		tp, err := imp.Import(p.ImportPath)
		if err != nil {
			return "", fmt.Errorf("apitext: reading %s: %w", p.ImportPath, err)
		}
		if i > 0 {
			text.WriteByte('\n')
		}
		writePackage(&text, tp, p.Module.Path)
	}
	return text.String(), nil
}

// isPublic says whether another module may import the package, and is meant to.
func isPublic(p golist.Package) bool {
	if p.Module == nil || !p.Module.Main || p.Name == "main" {
		return false
	}
	folders := strings.Split(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/")
	return !slices.Contains(folders, "internal") && !slices.Contains(folders, "examples")
}
