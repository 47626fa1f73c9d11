package workload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"a":                                    "a",
		"a\xffb\xfe\xfec":                      "a\uFFFDb\uFFFD\uFFFDc",
		strings.Repeat("a", mostText):          strings.Repeat("a", mostText),
		strings.Repeat("a", mostText) + "b":    strings.Repeat("a", mostText) + "…",
		strings.Repeat("a", mostText-1) + "äb": strings.Repeat("a", mostText-1) + "…",
	} {
		require.Equal(t, want, clip(in))
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	raw := []byte("{\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\xff\",\"namespace\":\"\xff\xff\"},\"s\xff\":{\"container\":{\"image\":\"r.io/a/b\xff\"}}}")
	got, err := FromJSON(raw, nil)
	require.NoError(t, err)
	require.Equal(t, "Thing \uFFFD\uFFFD/a\uFFFD", got.Object.String())
	require.Equal(t, "s\uFFFD.container.image", got.References[0].Field)
	require.Equal(t, "r.io/a/b\uFFFD", got.References[0].Value)
	require.Error(t, got.References[0].Err)
}

func TestLengthIsThatOfTheDecodedText(t *testing.T) {
	long := strings.Repeat("\xff", mostText/2) // three bytes each, once decoded
	require.ErrorContains(t, readPullSpec(long).Err, "too long for a reference")
	ref, _ := streamReference("ImageStreamTag", "app:"+long, false)
	require.ErrorContains(t, ref.Err, "too long for a reference")
	require.Empty(t, ref.Tag)
}

func TestDigestsAlone(t *testing.T) {
	for _, of := range []struct {
		algorithm string
		size      int
	}{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}} {
		digest := of.algorithm + ":" + strings.Repeat("0f", of.size/2)
		require.True(t, isDigest([]byte(digest)))
		require.False(t, isDigest([]byte(digest+"0")))
		require.False(t, isDigest([]byte(digest[1:])))
		require.False(t, isDigest([]byte(strings.ToUpper(digest))))
		require.False(t, isDigest([]byte(strings.Replace(digest, "f", "F", 1))))
		require.False(t, isDigest([]byte(of.algorithm)))
	}
	require.False(t, isDigest(nil))
	require.False(t, isDigest([]byte("md5:d41d8cd98f00b204e9800998ecf8427e")))
}

func TestNamesOfStreamsTooLong(t *testing.T) {
	name := strings.Repeat("a", mostText) + ":b"
	got, err := FromJSON(fmt.Appendf(nil, `{"kind":"Build","spec":{"strategy":{"dockerStrategy":{"from":{"kind":"ImageStreamTag","name":%q}}}}}`, name), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"spec.strategy.dockerStrategy.from.name = unparsed"}, shown(got.References))
	require.Len(t, got.References[0].Value, mostText+len("…"))
}
