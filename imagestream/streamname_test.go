package imagestream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/stretchr/testify/require"
)

func TestValidateStreamName(t *testing.T) {
	long := strings.Repeat("a", 63)
	for name, want := range map[string]string{
		"dev/app": "", "/app": "", "1/a_b.c--d__e": "", "a-b/0": "", long + "/" + strings.Repeat("b", 191): "",
		"Ns/app": "namespace", "n.s/app": "namespace", "-ns/app": "namespace", "ns-/app": "namespace", "n_s/app": "namespace", long + "a/app": "63 bytes",
		"dev/": "no name", "dev/UPPER_x": "UPPER_x", "dev/a..b": "a..b", "dev/a/b": "a/b", "dev/a:b": "a:b", "dev/-a": "-a",
		long + "/" + strings.Repeat("b", 192): "255 bytes",
	} {
		namespace, stream, _ := strings.Cut(name, "/")
		err := imagestream.ValidateStreamName(namespace, stream)
		if want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, imagestream.ErrInvalidName, name)
		require.ErrorContains(t, err, want, name)
	}
}

func ExampleValidateStreamName() {
	err := imagestream.ValidateStreamName("Dev", "app")
	fmt.Println(errors.Is(err, imagestream.ErrInvalidName))
	// Output: true
}
