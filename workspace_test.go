package registrykit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/registrykit/registrykit/internal/golist"
	"github.com/stretchr/testify/require"
)

// TestTheWorkspaceNamesEveryModule: without its line in go.work a nested module
// cannot be worked on in place, and nothing else would notice.
func TestTheWorkspaceNamesEveryModule(t *testing.T) {
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	files, err := golist.Modules(root)
	require.NoError(t, err)
	var modules []string
	for _, file := range files {
		folder, err := filepath.Rel(root, filepath.Dir(file))
		require.NoError(t, err)
		if folder != "." {
			folder = "./" + filepath.ToSlash(folder)
		}
		modules = append(modules, folder)
	}

	workspace, err := os.ReadFile("go.work")
	require.NoError(t, err)
	var used []string
	for _, match := range regexp.MustCompile(`(?m)^(?:use)?\s+(\.\S*)$`).FindAllStringSubmatch(string(workspace), -1) {
		used = append(used, match[1])
	}
	require.ElementsMatch(t, modules, used, "modules (first) and what go.work uses")
}
