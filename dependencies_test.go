package registrykit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/internal/golist"
	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/registrykit/registrykit"

// dependency is one row of docs/dependencies.md.
type dependency struct {
	section, module, version string
	// usedIn are the packages, relative to the root, that may import it
	// outside of their tests.
	usedIn []string
}

// documented reads the tables of docs/dependencies.md.
func documented(t *testing.T) []dependency {
	t.Helper()
	text, err := os.ReadFile("docs/dependencies.md")
	require.NoError(t, err)
	quoted := regexp.MustCompile("`([^`]+)`")
	var rows []dependency
	section := ""
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(heading)
		}
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| Module |") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		require.Len(t, cells, 7, line)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
			require.NotEmpty(t, cells[i], line)
		}
		row := dependency{section: section, module: cells[0], version: cells[1]}
		for _, match := range quoted.FindAllStringSubmatch(cells[5], -1) {
			row.usedIn = append(row.usedIn, match[1])
		}
		rows = append(rows, row)
	}
	require.NotEmpty(t, rows)
	return rows
}

// TestEveryRequirementIsDocumented compares the direct requirements of all
// go.mod files with the tables, in both directions.
func TestEveryRequirementIsDocumented(t *testing.T) {
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	files, err := golist.Modules(root)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "go.mod"), files[0])

	var required, listed []string
	for _, file := range files {
		section := "Nested modules"
		if file == files[0] {
			section = "The module"
		}
		requirements, err := golist.Requirements(t.Context(), file)
		require.NoError(t, err)
		for _, r := range requirements {
			// What the module itself has a row for needs none in a nested one.
			inRoot := slices.Contains(required, "The module: "+r.Path+" "+r.Version)
			if !r.Indirect && !inRoot && !within(r.Path, modulePath) {
				required = append(required, section+": "+r.Path+" "+r.Version)
			}
		}
	}
	for _, d := range documented(t) {
		if d.section != "Tools" {
			listed = append(listed, d.section+": "+d.module+" "+d.version)
		}
	}
	slices.Sort(required)
	slices.Sort(listed)
	require.Equal(t, slices.Compact(required), listed, "direct requirements (first) and rows of docs/dependencies.md")
}

// TestToolsAreDocumented finds the version of each tool in .ci/run.
func TestToolsAreDocumented(t *testing.T) {
	script, err := os.ReadFile(".ci/run")
	require.NoError(t, err)
	for _, d := range documented(t) {
		if d.section == "Tools" {
			require.Contains(t, string(script), d.module+"/")
			require.Contains(t, string(script), "_version="+d.version+"\n", d.module)
		}
	}
}

// TestImportsAreDocumented holds the column "Used in" against the imports.
func TestImportsAreDocumented(t *testing.T) {
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	pkgs, err := golist.List(t.Context(), root, "./...")
	require.NoError(t, err)
	rows := documented(t)
	for _, p := range pkgs {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, modulePath), "/")
		for _, path := range p.Imports {
			if host, _, _ := strings.Cut(path, "/"); !strings.Contains(host, ".") || within(path, modulePath) {
				continue
			}
			i := slices.IndexFunc(rows, func(d dependency) bool { return within(path, d.module) })
			require.GreaterOrEqual(t, i, 0, "%s imports %s, which has no row in docs/dependencies.md", p.ImportPath, path)
			require.Contains(t, rows[i].usedIn, folder, "%s imports %s: its row does not say so", p.ImportPath, path)
		}
	}
}

// within says whether an import path lies in a module.
func within(path, module string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

// TestTheEngineLinksTheStandardLibraryAlone: a program that imports the model
// and the planner gets this module and nothing else. A package of the list that
// is missing fails the test.
func TestTheEngineLinksTheStandardLibraryAlone(t *testing.T) {
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	for _, folder := range []string{"imagestream", "prune", "prune/inventory", "prune/workload", "prune/prunetest", "prune/apply"} {
		t.Run(folder, func(t *testing.T) {
			pkgs, err := golist.List(t.Context(), root, "-deps", "./"+folder)
			require.NoError(t, err)
			require.Equal(t, modulePath+"/"+folder, pkgs[len(pkgs)-1].ImportPath)
			for _, p := range pkgs {
				require.True(t, p.Standard || within(p.ImportPath, modulePath), "%s links %s", folder, p.ImportPath)
			}
		})
	}
}
