package imagestream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
)

const hour = time.Hour

// short writes digests as the letters of a test.
func short(report LintReport, names map[string]string) []string {
	lines := []string{}
	var pairs []string
	for digest, name := range names {
		pairs = append(pairs, digest, name)
	}
	replacer := strings.NewReplacer(pairs...)
	for _, f := range report.Findings {
		lines = append(lines, replacer.Replace(f.String()))
	}
	for _, n := range report.NotChecked {
		lines = append(lines, replacer.Replace(n.String()))
	}
	return lines
}

func TestLint(t *testing.T) {
	type fixture struct {
		*imagestreamtest.Fixture
		web  *imagestreamtest.Stream
		a, b *imagestreamtest.Image
		list *imagestreamtest.Image // of a and b
	}
	scheduled := func(t *TagReference) { t.ImportPolicy.Scheduled = true }
	mode := func(mode ImportModeType) func(*TagReference) {
		return func(t *TagReference) { t.ImportPolicy.ImportMode = mode }
	}
	policy := func(policy TagReferencePolicyType) func(*TagReference) {
		return func(t *TagReference) { t.ReferencePolicy.Type = policy }
	}
	from := func(kind, name string) func(*TagReference) {
		return func(t *TagReference) { t.From = &ObjectReference{Kind: kind, Name: name} }
	}
	for _, c := range []struct {
		name  string
		build func(f fixture)
		want  []string
	}{
		{"nothing", func(f fixture) {}, nil},
		{"a stream as it should be", func(f fixture) {
			f.web.Push("dev", f.a, 2*hour).Push("dev", f.b, hour).Import("1", "quay.io/acme/web:1", f.list, hour).
				Set("1", mode(ImportModePreserveOriginal)).Alias("stable", "1").Alias("qa", "web:dev").Refer("ref", "quay.io/acme/x:1", hour).
				Pin("pinned", f.a, hour).Set("1", scheduled)
		}, nil},

		{"a tag that is not there", func(f fixture) { f.web.Alias("a", "gone").Alias("b", "a") }, []string{
			"error dangling spec.tags[a].from.name: the tag shop/web:gone is not there: shop/web:a -> shop/web:gone",
			"error dangling spec.tags[b].from.name: the tag shop/web:gone is not there: shop/web:b -> shop/web:a -> shop/web:gone",
		}},
		{"a stream that is not there", func(f fixture) { f.web.Alias("a", "other/base:1").Alias("b", "base:1") }, []string{
			"error dangling spec.tags[a].from.name: the stream other/base is not there: shop/web:a -> other/base:1",
			"error dangling spec.tags[b].from.name: the stream shop/base is not there: shop/web:b -> shop/base:1",
		}},
		{"a tag of another stream that is not there", func(f fixture) {
			f.Stream("other/base").Push("2", f.a, hour)
			f.web.Alias("a", "other/base:1")
		}, []string{"error dangling spec.tags[a].from.name: the tag other/base:1 is not there: shop/web:a -> other/base:1"}},
		{"what dangles still points somewhere", func(f fixture) {
			f.web.Push("a", f.a, hour).Alias("a", "gone")
		}, []string{"error dangling spec.tags[a].from.name: the tag shop/web:gone is not there: shop/web:a -> shop/web:gone; the tag still points to A"}},
		{"an image that is not there", func(f fixture) {
			f.web.Push("dev", f.a, hour).Set("p", from(KindImageStreamImage, "web@sha256:0123")).Set("q", from(KindImageStreamImage, "base@sha256:0123"))
		}, []string{
			"error dangling spec.tags[p].from.name: the image sha256:0123 is in no history of shop/web",
			"error dangling spec.tags[q].from.name: the stream shop/base is not there",
		}},
		{"an image that the source forgot and the tag did not", func(f fixture) { f.web.Pin("p", f.a, hour) }, nil},
		{"the start of a digest", func(f fixture) {
			f.web.Push("dev", f.a, 2*hour).Push("dev", f.b, hour).Set("p", from(KindImageStreamImage, "web@sha256")).
				Set("q", from(KindImageStreamImage, f.a.Digest()[7:20]))
		}, []string{"error ambiguous-image spec.tags[p].from.name: sha256 is the start of 2 digests in shop/web"}},

		{"cycles", func(f fixture) { f.web.Alias("a", "b").Alias("b", "a").Alias("c", "b").Alias("self", "web:self") }, []string{
			"error alias-cycle spec.tags[a].from.name: the tag follows a cycle: shop/web:a -> shop/web:b -> shop/web:a",
			"error alias-cycle spec.tags[b].from.name: the tag follows a cycle: shop/web:a -> shop/web:b -> shop/web:a",
			"error alias-cycle spec.tags[c].from.name: the tag follows a cycle: shop/web:a -> shop/web:b -> shop/web:a",
			"error alias-cycle spec.tags[self].from.name: the tag follows a cycle: shop/web:self -> shop/web:self",
		}},
		{"a cycle of two streams", func(f fixture) {
			f.Stream("other/base").Alias("x", "shop/web:a")
			f.web.Alias("a", "other/base:x")
		}, []string{"error alias-cycle spec.tags[a].from.name: the tag follows a cycle: other/base:x -> shop/web:a -> other/base:x"}},
		{"a chain", func(f fixture) { f.web.Push("dev", f.a, hour).Alias("a", "dev").Alias("b", "a") }, []string{
			"warning alias-chain spec.tags[b].from.name: the tag follows one that follows another: shop/web:b -> shop/web:a -> shop/web:dev; the server brings only direct followers up to date",
		}},
		{"another stream", func(f fixture) {
			f.Stream("other/base").Push("1", f.a, hour)
			f.web.Alias("a", "other/base:1")
		}, []string{"warning alias-elsewhere spec.tags[a].from.name: the tag follows one of another stream: shop/web:a -> other/base:1; the server copies it once and does not follow"}},
		{"another stream of this namespace", func(f fixture) {
			f.Stream("shop/base").Push("1", f.a, hour)
			f.web.Alias("a", "base:1")
		}, []string{"warning alias-elsewhere spec.tags[a].from.name: the tag follows one of another stream: shop/web:a -> shop/base:1; the server copies it once and does not follow"}},
		{"a reference that has changed", func(f fixture) {
			f.web.Refer("ref", "quay.io/acme/x:2", hour).Refer("a", "quay.io/acme/x:1", 2*hour).Alias("a", "ref").
				Refer("b", "quay.io/acme/x:2", 2*hour).Alias("b", "ref").Set("b", func(t *TagReference) { t.Reference = false }).
				Refer("c", "quay.io/acme/x:2", 2*hour).Push("c", f.a, 3*hour).Alias("c", "ref")
		}, []string{"warning alias-stale spec.tags[a].from.name: the tag points to quay.io/acme/x:1, and shop/web:ref, which it follows, to quay.io/acme/x:2 since 2026-10-31 23:00:00"}},
		{"what it follows has changed", func(f fixture) {
			f.web.Push("dev", f.b, hour).Push("a", f.a, 2*hour).Alias("a", "dev")
		}, []string{"warning alias-stale spec.tags[a].from.name: the tag points to A, and shop/web:dev, which it follows, to B since 2026-10-31 23:00:00"}},
		{"a follower that was pushed to since", func(f fixture) { f.web.Push("dev", f.b, 2*hour).Push("a", f.a, hour).Alias("a", "dev") }, nil},
		{"two policies", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.a, hour).Set("1", policy(LocalTagReferencePolicy)).Alias("a", "1").Set("a", policy(""))
		}, []string{"info alias-policy spec.tags[a].referencePolicy.type: the tag has the reference policy Source, and shop/web:1, which it follows, has Local"}},

		{"names", func(f fixture) {
			f.web.Push("a b", f.a, hour).Push("-x", f.a, hour).Set("-x", from(KindImageStreamTag, "dev")).Push("dev", f.a, hour)
		}, []string{
			"error tag-name spec.tags[-x]: no pull spec can name the tag: a tag starts with a letter, a digit or _",
			"error tag-name status.tags[\"a b\"]: no pull spec can name the tag: a tag holds nothing but letters, digits, _ . -",
		}},
		{"tags twice", func(f fixture) {
			f.web.Push("dev", f.a, hour).Import("1", "quay.io/acme/web:1", f.b, hour).Edit(func(s *ImageStream) {
				s.Spec.Tags = append(s.Spec.Tags, s.Spec.Tags...)
				s.Status.Tags = append(s.Status.Tags, s.Status.Tags[1])
				s.Spec.Tags[0].From.Name = "not: looked at"
				s.Spec.Tags[1].From = &ObjectReference{Kind: KindDockerImage, Name: "quay.io/acme/web:1"}
			})
		}, []string{
			"error duplicate-tag spec.tags[1]: the tag is there more than once; the server keeps the last",
			"error duplicate-tag status.tags[dev]: the tag is there more than once; the server keeps the last",
		}},
		{"sources", func(f fixture) {
			f.web.Set("a", from(KindDockerImage, "quay.io/Acme/web")).Set("b", from(KindDockerImage, "foo.bar:latest")).
				Set("c", from("ConfigMap", "x")).Set("d", from(KindImageStreamTag, "x:y:z")).Set("e", from(KindImageStreamImage, "web@")).
				Edit(func(s *ImageStream) {
					s.Spec.DockerImageRepository = "quay.io/acme/web:1"
					s.Generation, s.UID, s.ResourceVersion = 0, "", ""
				})
		}, []string{
			`error source spec.dockerImageRepository: "quay.io/acme/web:1" names an image, and a repository is wanted`,
			`error source spec.tags[a].from.name: "quay.io/Acme/web": the repository name must be lower case`,
			`error source spec.tags[b].from.name: "foo.bar:latest" is read as a registry without an image`,
			`error source spec.tags[c].from.kind: want DockerImage, ImageStreamTag or ImageStreamImage, got "ConfigMap"`,
			`error source spec.tags[d].from.name: want tag or stream:tag, got "x:y:z"`,
			`error source spec.tags[e].from.name: want digest or stream@digest, got "web@"`,
		}},
		{"policies that there are not", func(f fixture) {
			f.web.Push("a", f.a, hour).Set("a", mode("Whole")).Set("a", policy("local"))
		}, []string{
			`error policy spec.tags[a].importPolicy.importMode: there is no import mode "Whole"`,
			`error policy spec.tags[a].referencePolicy.type: there is no reference policy "local"`,
		}},

		{"schedules", func(f fixture) {
			f.web.Push("p", f.a, hour).Set("p", scheduled).Import("d", "quay.io/acme/web@"+f.a.Digest(), f.a, hour).Set("d", scheduled).
				Refer("r", "quay.io/acme/web:1", hour).Set("r", scheduled).Alias("a", "p").Set("a", scheduled)
		}, []string{
			"warning idle-schedule spec.tags[a].importPolicy.scheduled: the import is scheduled and brings nothing: only a pull spec is imported, and the tag is made from ImageStreamTag p",
			`warning idle-schedule spec.tags[d].importPolicy.scheduled: the import is scheduled and brings nothing: the digest in "quay.io/acme/web@A" is of one image, which never changes`,
			"warning idle-schedule spec.tags[p].importPolicy.scheduled: the import is scheduled and brings nothing: the tag has no source",
			"warning idle-schedule spec.tags[r].importPolicy.scheduled: the import is scheduled and brings nothing: a reference is not imported",
		}},
		{"insecure", func(f fixture) {
			insecure := func(t *TagReference) { t.ImportPolicy.Insecure = true }
			f.web.Import("1", "quay.io/acme/web:1", f.a, hour).Set("1", insecure).Import("hub", "web", f.a, hour).Set("hub", insecure).
				Alias("a", "1").Set("a", insecure).
				Edit(func(s *ImageStream) { s.Annotations = map[string]string{InsecureRepositoryAnnotation: "true"} })
		}, []string{
			"warning insecure-stream metadata.annotations[openshift.io/image.insecureRepository]: every registry that the stream uses may be reached over plain HTTP or with a certificate that does not verify",
			"warning insecure-tag spec.tags[1].importPolicy.insecure: quay.io may be reached over plain HTTP or with a certificate that does not verify: what is imported may be anybody's",
			"warning insecure-tag spec.tags[hub].importPolicy.insecure: docker.io may be reached over plain HTTP or with a certificate that does not verify: what is imported may be anybody's",
		}},
		{"no repository", func(f fixture) {
			for _, tag := range []string{"1", "2", "3", "4", "5", "6", "7"} {
				f.web.Import(tag, "quay.io/acme/web:"+tag, f.a, hour).Set(tag, policy(LocalTagReferencePolicy))
			}
			f.web.Edit(func(s *ImageStream) { s.Status.DockerImageRepository = "" })
		}, []string{"warning local-policy status.dockerImageRepository: tags have the reference policy Local, and the stream has no repository; they are pulled from their sources: 1, 2, 3, 4, 5 and 2 more"}},

		{"a failed import", func(f fixture) {
			f.web.Fail("1", "quay.io/acme/web:1", "Unauthorized", "denied", hour).
				Import("2", "quay.io/acme/web:2", f.a, 2*hour).Fail("2", "quay.io/acme/web:2", "NotFound", "gone", hour).
				Import("poll", "quay.io/acme/web:3", f.a, 2*hour).Fail("poll", "quay.io/acme/web:3", "TooManyRequests", "slow down", hour).
				Edit(func(s *ImageStream) { s.Status.Tags[2].Items[0].Generation = s.Status.Tags[2].Conditions[0].Generation })
		}, []string{
			`error import-failed status.tags[1].conditions[ImportSuccess]: the last import of "quay.io/acme/web:1" failed: False: Unauthorized: denied`,
			`error import-failed status.tags[2].conditions[ImportSuccess]: the last import of "quay.io/acme/web:2" failed: False: NotFound: gone; the tag still points to A`,
			`warning import-failed status.tags[poll].conditions[ImportSuccess]: the last import of "quay.io/acme/web:3" failed: False: TooManyRequests: slow down; the tag still points to A`,
		}},
		{"conditions of another kind", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.a, 2*hour).Fail("1", "quay.io/acme/web:1", "", "", hour).
				Import("2", "quay.io/acme/web:2", f.a, 2*hour).Fail("2", "quay.io/acme/web:2", ReasonDanglingAlias, "of an alias that it was", hour).
				Import("3", "quay.io/acme/web:3", f.a, 2*hour).Fail("3", "quay.io/acme/web:3", "NotFound", "", hour).
				Edit(func(s *ImageStream) {
					s.Status.Tags[0].Conditions[0].Status = ConditionTrue
					s.Status.Tags[2].Conditions[0].Type = "Other"
					s.Status.Tags[2].Items[0].Generation = s.Status.Tags[2].Conditions[0].Generation
				})
		}, nil},
		{"a pending import", func(f fixture) {
			f.web.Pending("1", "quay.io/acme/web:1").Import("2", "quay.io/acme/web:2", f.a, hour).Pending("2", "quay.io/acme/web:3").
				Fail("3", "quay.io/acme/web:3", "NotFound", "gone", hour).Pending("3", "quay.io/acme/web:4")
		}, []string{
			`info import-pending spec.tags[1].generation: the import of "quay.io/acme/web:1" was requested (generation 3) and not answered (0)`,
			`info import-pending spec.tags[2].generation: the import of "quay.io/acme/web:3" was requested (generation 5) and not answered (4); the tag still points to A`,
			`info import-pending spec.tags[3].generation: the import of "quay.io/acme/web:4" was requested (generation 7) and not answered (6)`,
		}},
		{"tags without a source, without a spec", func(f fixture) {
			f.web.Set("empty", func(*TagReference) {}).Push("pushed", f.a, hour).Set("pushed", func(*TagReference) {}).
				Import("left", "quay.io/acme/web:1", f.a, hour).Fail("failed", "quay.io/acme/web:1", "NotFound", "gone", hour).
				Edit(func(s *ImageStream) {
					s.Spec.Tags = slices.DeleteFunc(s.Spec.Tags, func(t TagReference) bool { return t.From != nil })
				})
		}, []string{
			"info empty-tag spec.tags[empty].from: the tag has no source, and nobody has pushed to it",
			"info orphaned-history status.tags[failed]: neither a spec nor a history is left of the tag",
			"info orphaned-history status.tags[left]: the tag comes from quay.io/acme/web@A and has no spec: it is imported no more",
		}},
		{"a long history", func(f fixture) {
			for i := range 101 {
				f.web.Push("dev", f.Image(), time.Duration(i)*hour)
			}
		}, []string{"warning long-history status.tags[dev].items: the history has 101 items, and should have 100 at most"}},

		{"a manifest list that the next import takes apart", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.list, hour).Set("1", mode(ImportModeLegacy)).Import("cluster", "quay.io/acme/web:1", f.list, hour)
		}, []string{"warning preserve-original-lost spec.tags[1].importPolicy.importMode: the tag points to the manifest list LIST and has the import mode Legacy: the next import takes one image out of it"}},
		{"a manifest list that was taken apart", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.list, 3*hour).Import("1", "quay.io/acme/web:1", f.a, 2*hour).
				Import("2", "quay.io/acme/web:2", f.list, 2*hour).Import("2", "quay.io/acme/web:2", f.Image(), hour)
		}, []string{
			"warning preserve-original-lost spec.tags[1].importPolicy.importMode: the tag pointed to the manifest list LIST, and points to one image of it now, A",
			"info preserve-original-lost spec.tags[2].importPolicy.importMode: the tag pointed to the manifest list LIST, and SHA is none; either one image was taken out of a later list, or its source has no lists any more",
		}},
		{"pushes and unknown images are no imports", func(f fixture) {
			f.web.Push("1", f.list, 3*hour).Import("1", "quay.io/acme/web:1", f.Image(), 2*hour).
				Import("2", "quay.io/acme/web:2", f.Index(), 2*hour).Push("2", f.Image(), hour)
			gone := f.Image()
			gone.Missing = true
			f.web.Import("3", "quay.io/acme/web:3", f.Index(), 2*hour).Import("3", "quay.io/acme/web:3", gone, hour)
		}, nil},
		{"applied whole", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.a, hour).Import("2", "quay.io/acme/web:1", f.a, hour).Set("2", mode(ImportModePreserveOriginal)).
				Import("3", "quay.io/acme/web:1", f.a, hour).Import("4", "quay.io/acme/web:1", f.a, hour).Set("4", mode(ImportModeLegacy))
			applied, _ := json.Marshal(ImageStream{Spec: ImageStreamSpec{Tags: []TagReference{
				{Name: "1", ImportPolicy: TagImportPolicy{ImportMode: ImportModePreserveOriginal}},
				{Name: "2", ImportPolicy: TagImportPolicy{ImportMode: ImportModePreserveOriginal}}, {Name: "3"},
				{Name: "4", ImportPolicy: TagImportPolicy{ImportMode: ImportModePreserveOriginal}},
			}}})
			f.web.Edit(func(s *ImageStream) {
				s.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": string(applied)}
			})
		}, []string{
			"warning preserve-original-lost spec.tags[1].importPolicy.importMode: the tag was applied with PreserveOriginal, and has the cluster's import mode now",
			"warning preserve-original-lost spec.tags[4].importPolicy.importMode: the tag was applied with PreserveOriginal, and has the import mode Legacy now",
		}},
		{"what was applied cannot be read", func(f fixture) {
			f.web.Import("1", "quay.io/acme/web:1", f.a, hour).Edit(func(s *ImageStream) {
				s.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": `{"spec":{"tags":"PreserveOriginal"}}`}
			})
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := fixture{Fixture: imagestreamtest.New(imagestreamtest.Options{})}
			f.a, f.b = f.Image(), f.ImageFor("arm64")
			f.list = f.Index(f.a, f.b)
			f.web = f.Stream("shop/web")
			c.build(f)
			names := map[string]string{f.a.Digest(): "A", f.b.Digest(): "B", f.list.Digest(): "LIST"}
			s := f.web.Object()
			for _, list := range s.Status.Tags {
				for _, item := range list.Items {
					if _, ok := names[item.Image]; !ok && item.Image != "" {
						names[item.Image] = "SHA"
					}
				}
			}
			report := Lint(s, f.Lookup(), LintOptions{Images: f.Images()})
			require.Equal(t, append([]string{}, c.want...), short(report, names))
			for _, finding := range report.Findings {
				require.NotEmpty(t, finding.Hint)
				require.Contains(t, LintRules(), finding.Rule)
			}
			require.Equal(t, f.web.Object(), s, "Lint changed the stream")
		})
	}
}

func TestLintOfRepositories(t *testing.T) {
	for spec, want := range map[string]string{
		"": "", "quay.io/acme/web": "", "acme/web": "",
		"quay.io/Acme/web": "must be lower case", "quay.io": "a registry without a repository",
		"quay.io/acme/web:1": "names an image", "quay.io/acme/web@sha256:" + strings.Repeat("0", 64): "names an image",
	} {
		s := New("shop", "web")
		s.Spec.DockerImageRepository = spec
		report := Lint(s, nil, LintOptions{})
		if want == "" {
			require.Empty(t, report.Findings, spec)
			continue
		}
		require.Len(t, report.Findings, 1, spec)
		require.Equal(t, RuleSource, report.Findings[0].Rule)
		require.Contains(t, report.Findings[0].Message, want)
		require.ErrorIs(t, report.Findings[0].Err, ErrInvalidPullSpec)
	}
}

// A rule without a case above would not be tested.
func TestLintRulesAreStable(t *testing.T) {
	require.Equal(t, []LintRule{
		"alias-chain", "alias-cycle", "alias-elsewhere", "alias-policy", "alias-stale", "ambiguous-image", "dangling", "duplicate-tag",
		"empty-tag", "idle-schedule", "import-failed", "import-pending", "insecure-stream", "insecure-tag", "large-stream", "local-policy",
		"long-history", "orphaned-history", "policy", "preserve-original-lost", "source", "tag-name",
	}, LintRules())
}

func TestLintSaysWhatItCouldNotCheck(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web").Alias("a", "other/base:1").Alias("b", "a").Set("c", func(t *TagReference) {
		t.From = &ObjectReference{Kind: KindImageStreamImage, Name: "base@" + f.Image().Digest()}
	}).Import("d", "quay.io/acme/web:1", f.Image(), hour)
	report := Lint(web.Object(), nil, LintOptions{})
	require.Equal(t, []string{
		"warning alias-elsewhere spec.tags[a].from.name: the tag follows one of another stream: shop/web:a -> other/base:1; the server copies it once and does not follow",
		"warning alias-chain spec.tags[b].from.name: the tag follows one that follows another: shop/web:b -> shop/web:a -> other/base:1; the server brings only direct followers up to date",
		"not checked preserve-original-lost: without LintOptions.Images it is not known what was a manifest list: d",
		"not checked dangling spec.tags[a].from.name: shop/web:a -> other/base:1: there is no lookup to find that stream with",
		"not checked dangling spec.tags[b].from.name: shop/web:b -> shop/web:a -> other/base:1: there is no lookup to find that stream with",
		"not checked dangling spec.tags[c].from.name: shop/base: there is no lookup to find that stream with",
	}, short(report, nil))
	require.ErrorIs(t, report.NotChecked[1].Err, ErrNoLookup)

	refused, asked := errors.New("connection refused"), 0
	lookup := func(namespace, name string) (*ImageStream, error) { asked++; return nil, refused }
	images := func(string) (*Image, error) { return nil, refused }
	report = Lint(web.Object(), lookup, LintOptions{Images: images})
	require.Len(t, report.NotChecked, 4)
	require.Equal(t, 2, asked, "each stream once")
	for _, n := range report.NotChecked {
		require.ErrorIs(t, n.Err, refused)
		require.Contains(t, n.Message, "connection refused")
	}
	for _, finding := range report.Findings {
		require.NotEqual(t, RuleDangling, finding.Rule)
	}
}

func TestLintErrorsHaveTheirClass(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web").Push("dev", f.Image(), hour).Alias("a", "gone").Alias("b", "none:1").Alias("c", "c").
		Set("d", func(t *TagReference) { t.From = &ObjectReference{Kind: KindImageStreamImage, Name: "sha256:00"} }).
		Set("e", func(t *TagReference) { t.From = &ObjectReference{Kind: KindDockerImage, Name: ":"} })
	report := Lint(web.Object(), f.Lookup(), LintOptions{})
	require.Len(t, report.Findings, 5)
	for i, class := range []error{ErrTagNotFound, ErrStreamNotFound, ErrAliasCycle, ErrImageNotFound, ErrInvalidPullSpec} {
		require.ErrorIs(t, report.Findings[i].Err, class)
	}
	require.Equal(t, []TagName{{"shop", "web", "a"}, {"shop", "web", "gone"}}, report.Findings[0].Path)
	require.Equal(t, []TagName{{"shop", "web", "c"}}, report.Findings[2].Path)
	require.Contains(t, report.Findings[4].Hint, "write the pull spec in full")
}

// A template has no status, and nothing that only a status shows is wrong with it.
func TestLintOfATemplate(t *testing.T) {
	s := &ImageStream{ObjectMeta: ObjectMeta{Name: "web"}, Spec: ImageStreamSpec{Tags: []TagReference{
		{Name: "latest", From: &ObjectReference{Kind: KindImageStreamTag, Name: "1.0"}, ReferencePolicy: TagReferencePolicy{Type: LocalTagReferencePolicy}},
		{Name: "1.0", From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io/acme/web:1.0"}, ReferencePolicy: TagReferencePolicy{Type: LocalTagReferencePolicy}},
		{Name: "old", From: &ObjectReference{Kind: KindImageStreamImage, Name: "web@sha256:00"}},
	}}}
	report := Lint(s, nil, LintOptions{})
	require.Empty(t, report.Findings)
	require.Equal(t, []string{"not checked dangling spec.tags[old].from.name: nobody has stored the stream yet, so its images are not known"}, short(report, nil))
}

// Any trace of a server makes it one that was stored.
func TestLintKnowsWhatWasStored(t *testing.T) {
	for name, store := range map[string]func(s *ImageStream){
		"generation": func(s *ImageStream) { s.Generation = 1 }, "uid": func(s *ImageStream) { s.UID = "u" },
		"version": func(s *ImageStream) { s.ResourceVersion = "1" },
		"status": func(s *ImageStream) {
			s.Status.Tags = []NamedTagEventList{{Tag: "1", Items: []TagEvent{{Image: "sha256:00"}}}}
		},
	} {
		s := New("shop", "web")
		s.Spec.Tags = []TagReference{{Name: "1", ReferencePolicy: TagReferencePolicy{Type: LocalTagReferencePolicy}}}
		rules := func() (rules []LintRule) {
			for _, finding := range Lint(s, nil, LintOptions{}).Findings {
				rules = append(rules, finding.Rule)
			}
			return rules
		}
		require.NotContains(t, rules(), RuleLocalPolicy, name)
		store(s)
		require.Contains(t, rules(), RuleLocalPolicy, name)
	}
}

// oc follows a tag of this stream, and copies one of another.
func TestLintHintsAreCommandsThatWork(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	f.Stream("shop/base").Push("1", f.Image(), hour)
	f.Stream("other/web").Push("1", f.Image(), hour)
	web := f.Stream("shop/web").Push("1", f.Image(), hour).Alias("a", "1").Alias("b", "a").Alias("c", "base:1").Alias("d", "other/web:1")
	hints := map[string]string{}
	for _, finding := range Lint(web.Object(), f.Lookup(), LintOptions{}).Findings {
		_, hints[finding.Tag], _ = strings.Cut(finding.Hint, ": ")
	}
	require.Equal(t, map[string]string{
		"b": "oc tag --alias shop/web:1 shop/web:b", "c": "oc tag shop/base:1 shop/web:c", "d": "oc tag other/web:1 shop/web:d",
	}, hints)
}

func TestLintOfSize(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web")
	image := f.Image()
	for i := range 40 {
		for j := range 10 {
			web.Push(fmt.Sprint("t", i), image, time.Duration(j)*hour)
		}
	}
	web.Push("t7", image, hour)
	s := web.Object()
	size, err := s.EncodedSize()
	require.NoError(t, err)
	rules := func(o LintOptions) (rules []LintRule) {
		for _, finding := range Lint(s, nil, o).Findings {
			rules = append(rules, finding.Rule)
		}
		return rules
	}
	require.Empty(t, rules(LintOptions{}))
	require.Empty(t, rules(LintOptions{MaxBytes: size}))
	require.Equal(t, []LintRule{RuleLargeStream}, rules(LintOptions{MaxBytes: size - 1}))
	require.Contains(t, Lint(s, nil, LintOptions{MaxBytes: 1}).Findings[0].Message, "t7 (11 items), t0 (10 items), t1 (10 items)")
	require.Equal(t, []LintRule{RuleLongHistory}, rules(LintOptions{MaxItems: 10}))
	require.Empty(t, rules(LintOptions{MaxItems: -1, MaxBytes: -1}))
}

// Hostile streams: long chains, a cycle of everything, names without end.
func TestLintOfHugeStreams(t *testing.T) {
	const n = 20_000
	s := &ImageStream{ObjectMeta: ObjectMeta{Namespace: "shop", Name: "web"}}
	for i := range n {
		s.Spec.Tags = append(s.Spec.Tags, TagReference{
			Name: fmt.Sprintf("t%05d", i), From: &ObjectReference{Kind: KindImageStreamTag, Name: fmt.Sprintf("t%05d", i+1)},
		})
	}
	report := Lint(s, nil, LintOptions{MaxBytes: -1})
	require.Len(t, report.Findings, n)
	first := report.Findings[0]
	require.Equal(t, RuleDangling, first.Rule)
	require.Len(t, first.Path, 32)
	require.Equal(t, fmt.Sprintf("t%05d", n), first.Path[31].Tag)
	require.Contains(t, first.Message, "shop/web:t00006 -> … 19993 tags … -> shop/web:t20000")

	s.Spec.Tags[n-1].From.Name = "t00000"
	report = Lint(s, nil, LintOptions{MaxBytes: -1})
	require.Len(t, report.Findings, n)
	require.Equal(t, RuleAliasCycle, report.Findings[n-1].Rule)
	require.Less(t, len(report.Findings[0].Message), 1000)

}

// The texts of a stream are put into messages shortened. (Tag and Field hold the
// name as it is: it is what finds the tag.)
func TestLintOfHugeTexts(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	s := &ImageStream{ObjectMeta: ObjectMeta{Namespace: "shop", Name: "web", UID: "u"}, Spec: ImageStreamSpec{
		DockerImageRepository: long,
		Tags: []TagReference{
			{Name: long, From: &ObjectReference{Kind: long}, ReferencePolicy: TagReferencePolicy{Type: TagReferencePolicyType(long)}},
			{Name: long + "a", From: &ObjectReference{Kind: KindImageStreamTag, Name: long + ":x", Namespace: long}, ImportPolicy: TagImportPolicy{ImportMode: ImportModeType(long)}},
			{Name: long + "b", From: &ObjectReference{Kind: KindImageStreamTag, Name: "x"}},
			{Name: long + "c", From: &ObjectReference{Kind: KindImageStreamImage, Name: long + "@" + long}},
			{Name: long + "d", From: &ObjectReference{Kind: KindDockerImage, Name: "quay.io/acme/web"}, ReferencePolicy: TagReferencePolicy{Type: LocalTagReferencePolicy}},
			{Name: long + "e", From: &ObjectReference{Kind: KindImageStreamImage, Name: long}, ImportPolicy: TagImportPolicy{Scheduled: true}},
			{Name: long + "f", From: &ObjectReference{Kind: KindImageStreamTag, Name: "1"}},
			{Name: "1", From: &ObjectReference{Kind: KindImageStreamTag, Name: "1"}, ReferencePolicy: TagReferencePolicy{Type: TagReferencePolicyType(long)}},
		},
	}, Status: ImageStreamStatus{Tags: []NamedTagEventList{
		{Tag: long + "d", Items: []TagEvent{{Image: long}}, Conditions: []TagEventCondition{{Type: ImportSuccess, Status: ConditionFalse, Message: long}}},
		{Tag: long + "g", Items: []TagEvent{{DockerImageReference: long}}},
	}}}
	report := Lint(s, LookupIn(), LintOptions{MaxBytes: 1})
	require.Greater(t, len(report.Findings), 15)
	for _, finding := range report.Findings {
		require.Less(t, len(finding.Message), 4000, finding.Rule)
		require.Less(t, len(finding.Hint), 4000, finding.Rule)
	}
	for _, n := range report.NotChecked {
		require.Less(t, len(n.Message), 4000, n.Rule)
	}
}

// What Lint says does not depend on the order of the tags.
func TestLintIsDeterministic(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	web := f.Stream("shop/web").Alias("a", "b").Alias("b", "c").Alias("c", "a").Alias("d", "a").Alias("e", "f").Alias("f", "g").
		Alias("h", "other/base:1").Pending("p", "quay.io/acme/web:1").Push("x", f.Image(), hour).Fail("y", "web", "NotFound", "", hour)
	s := web.Object()
	want := Lint(s, f.Lookup(), LintOptions{})
	require.NotEmpty(t, want.Findings)
	for range 20 {
		slices.Reverse(s.Spec.Tags)
		s.Spec.Tags = append(s.Spec.Tags[3:], s.Spec.Tags[:3]...)
		slices.Reverse(s.Status.Tags)
		require.Equal(t, want, Lint(s, f.Lookup(), LintOptions{}))
	}
}
