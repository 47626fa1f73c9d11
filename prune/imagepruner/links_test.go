package imagepruner_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/golist"
)

// TestLinksLittle: a controller that uses the package gets this module, the reader of
// schedules and that of YAML, and nothing of Kubernetes.
func TestLinksLittle(t *testing.T) {
	const module, own = "github.com/registrykit/registrykit", "github.com/registrykit/registrykit/prune/imagepruner"
	pkgs, err := golist.List(t.Context(), "../..", "-deps", "./prune/imagepruner")
	require.NoError(t, err)
	require.Equal(t, own, pkgs[len(pkgs)-1].ImportPath)
	for _, p := range pkgs {
		allowed := p.Standard || strings.HasPrefix(p.ImportPath, module+"/") ||
			p.ImportPath == "github.com/robfig/cron/v3" || p.ImportPath == "go.yaml.in/yaml/v3"
		require.True(t, allowed, p.ImportPath)
	}
}
