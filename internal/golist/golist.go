// Package golist asks the go command about the packages of a module. The tests
// that look at the module as a whole use it: what it exports, what it links.
package golist

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is what `go list -json` says of one package, as far as it is needed
// here.
type Package struct {
	// ImportPath is the path that a program imports.
	ImportPath string
	// Name is the name in the package clause.
	Name string
	// Export is the file of export data. It is set when -export was asked for.
	Export string
	// Standard says that the package belongs to the standard library.
	Standard bool
	// Module is the package's module, nil for the standard library.
	Module *Module
	// Imports are the paths that the files outside of tests import.
	Imports []string
}

// Module is the module of a package.
type Module struct {
	// Path is the module path.
	Path string
	// Main says that it is the module that the question was asked in.
	Main bool
}

// List runs `go list -json` with args in the module at dir, as if there were
// no go.work, and returns the packages in the order the go command gave them.
// It needs no network where the module cache holds what go.mod requires.
//
// List also opens every Go file below dir. The go command caches the result of
// a test by the files the test itself opened and does not see what a child
// process reads, so without that a change of a package would leave "ok
// (cached)" standing.
func List(ctx context.Context, dir string, args ...string) ([]Package, error) {
	if err := openSources(dir); err != nil {
		return nil, fmt.Errorf("golist: reading the sources in %s: %w", dir, err)
	}
	out, err := run(ctx, dir, append([]string{"list", "-json=ImportPath,Name,Export,Standard,Module,Imports"}, args...))
	if err != nil {
		return nil, err
	}
	var pkgs []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return pkgs, nil
		case err != nil:
			return nil, fmt.Errorf("golist: output of go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

// Requirement is one line of a go.mod's require blocks.
type Requirement struct {
	// Path is the path of the required module.
	Path string
	// Version is the version that go.mod names.
	Version string
	// Indirect says that the line carries the comment "// indirect".
	Indirect bool
}

// Requirements returns what a go.mod file requires, in the file's order.
func Requirements(ctx context.Context, gomod string) ([]Requirement, error) {
	if _, err := os.ReadFile(gomod); err != nil { // for the test cache, as in List
		return nil, fmt.Errorf("golist: %w", err)
	}
	out, err := run(ctx, filepath.Dir(gomod), []string{"mod", "edit", "-json"})
	if err != nil {
		return nil, err
	}
	var file struct{ Require []Requirement }
	if err := json.Unmarshal(out, &file); err != nil {
		return nil, fmt.Errorf("golist: output of go mod edit: %w", err)
	}
	return file.Require, nil
}

// Modules returns the go.mod files in and below dir, its own first. Folders
// that the go command passes over (testdata, vendor, names that begin with a
// dot or an underscore) are passed over.
func Modules(dir string) ([]string, error) {
	var files []string
	err := walk(dir, func(path string) error {
		if filepath.Base(path) == "go.mod" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("golist: %w", err)
	}
	// The walk comes by folders whose names sort before "go.mod" first.
	if i := slices.Index(files, filepath.Join(dir, "go.mod")); i > 0 {
		files = slices.Insert(slices.Delete(files, i, i+1), 0, filepath.Join(dir, "go.mod"))
	}
	return files, nil
}

// run runs the go command in dir for the platform that answers are given for.
// The platform is fixed, so that every developer gets the same answer.
func run(ctx context.Context, dir string, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS=linux", "GOARCH=amd64", "PWD="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("golist: go %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

func openSources(dir string) error {
	return walk(dir, func(path string) error {
		if filepath.Ext(path) != ".go" && filepath.Base(path) != "go.mod" {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// walk calls visit for every file in and below dir that the go command looks
// at.
func walk(dir string, visit func(path string) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if !entry.IsDir() {
			return visit(path)
		}
		if path != dir && (name == "testdata" || name == "vendor" || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		return nil
	})
}
