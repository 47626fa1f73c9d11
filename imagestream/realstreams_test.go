package imagestream_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/registrykit/registrykit/imagestream"
)

var updateRealStreams = flag.Bool("update", false, "write testdata/real-streams.txt anew")

// TestRealStreams lints, orders, imports and resolves the streams that OpenShift
// installs, and writes what comes of it in a form to be read in a review.
func TestRealStreams(t *testing.T) {
	files, err := filepath.Glob("testdata/imagestreams/*.json")
	require.NoError(t, err)
	require.Len(t, files, 50)
	var out bytes.Buffer
	out.WriteString(realStreamsHead)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		s := new(ImageStream)
		require.NoError(t, json.Unmarshal(data, s), file)
		writeRealStream(t, &out, s)
	}
	const golden = "testdata/real-streams.txt"
	if *updateRealStreams {
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), "look at what changed, then run: go test ./imagestream -run TestRealStreams -update")
}

const realStreamsHead = `The image streams of testdata/imagestreams as this package sees them: each tag in
the order in which tags are imported, what its name is taken for, where it comes
from, and what it pulls once everything was imported. "own" is the stream's own
repository in the integrated registry; digests are made up from the pull spec and
cut short, so tags of one image there have one digest. Below are what Lint says of
the stream as it is in the file, then as it is when it was imported, and what the
server counts of it against a quota.

`

// imported applies the stream as a cluster would, and imports all of it.
func imported(t *testing.T, template *ImageStream, registry string) *ImageStream {
	t.Helper()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	template = template.Clone()
	template.Namespace = "openshift"
	template.Status.DockerImageRepository = registry + "/openshift/" + template.Name
	s, _, err := Apply(template, FollowAliases{}, now)
	require.NoError(t, err, template.Name)
	for p := range s.PendingImports() {
		ref, err := ParsePullSpec(p.From)
		require.NoError(t, err)
		image := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(ref.DockerClientDefaults().Exact())))
		now = now.Add(time.Second)
		s, _, err = Apply(s, RecordImport{Tag: p.Tag, Image: image, DockerImageReference: ref.AsRepository().String() + "@" + image}, now)
		require.NoError(t, err)
	}
	return s
}

func writeRealStream(t *testing.T, out *bytes.Buffer, template *ImageStream) {
	const registry = "registry.example.com"
	s := imported(t, template, registry)
	fmt.Fprintf(out, "%s\n", s.Name)

	var names []string
	for _, tag := range s.Spec.Tags {
		names = append(names, tag.Name)
	}
	choice, err := ChooseTags(names, ChooseOptions{Limit: DefaultImportLimit})
	require.NoError(t, err)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, tag := range choice.Chosen {
		spec, err := s.NewestPullSpec(tag, ResolveOptions{})
		require.NoError(t, err)
		repository, digest, _ := strings.Cut(spec, "@sha256:")
		repository = strings.Replace(repository, registry+"/openshift/"+s.Name, "own", 1)
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s@%.8s\n", tag, KindOfTag(tag), sourceOfRealTag(s, tag), repository, digest)
	}
	require.NoError(t, table.Flush())
	for _, left := range choice.LeftOut {
		fmt.Fprintf(out, "  left out: %s\n", left)
	}
	writeReport(out, "as it is: ", Lint(template, nil, LintOptions{}))
	writeReport(out, "imported: ", Lint(s, nil, LintOptions{Images: func(string) (*Image, error) { return nil, ErrImageNotFound }}))
	usage := s.Usage()
	fmt.Fprintf(out, "  usage: %d images, %d image-tags of %d tags", len(usage.Images), len(usage.References), len(s.Spec.Tags))
	if usage.Uncounted != nil {
		fmt.Fprintf(out, "; not counted: %s", strings.Join(usage.Uncounted, ", "))
	}
	out.WriteString("\n\n")
}

func sourceOfRealTag(s *ImageStream, tag string) string {
	t := s.SpecTag(tag)
	source := t.From.Name
	if t.From.Kind == KindImageStreamTag {
		path, _ := FollowTag(s, tag, nil)
		source = "-> " + path[len(path)-1].Tag
	}
	if t.ImportPolicy.Scheduled {
		source += " (scheduled)"
	}
	return source
}

func writeReport(out *bytes.Buffer, prefix string, report LintReport) {
	for _, f := range report.Findings {
		fmt.Fprintf(out, "  %s%s; %s\n", prefix, f, f.Hint)
	}
	for _, n := range report.NotChecked {
		fmt.Fprintf(out, "  %s%s\n", prefix, n)
	}
}
