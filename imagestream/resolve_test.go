package imagestream

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPullSpecs(t *testing.T) {
	localPolicy := func(o SetTag) SetTag {
		o.Tag.ReferencePolicy.Type = LocalTagReferencePolicy
		return o
	}
	quay := func(n int) string { return "quay.io/shop/web@" + digest(n) }
	reference := fromDocker("a", "quay.io/shop/web:1")
	reference.Tag.Reference = true
	fails := RecordImportFailure{Tag: "a", Reason: "NotFound", Message: "no such manifest"}
	for _, tc := range []struct {
		name       string
		operations []Operation
		recent     string
		newer      error
		err        error
	}{
		{"no such tag", nil, "", nil, ErrTagNotFound},
		{"pushed", []Operation{push("a", 1)}, local(1), nil, nil},
		{"imported", []Operation{fromDocker("a", "quay.io/shop/web:1"), imported("a", 1)}, quay(1), nil, nil},
		{"imported, pulled through", []Operation{localPolicy(fromDocker("a", "quay.io/shop/web:1")), imported("a", 1)}, local(1), nil, nil},
		{"never imported", []Operation{fromDocker("a", "quay.io/shop/web:1")}, "", ErrImportPending, ErrNoImage},
		{"asked for anew", []Operation{fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), fromDocker("a", "quay.io/shop/web:2")}, quay(1), ErrImportPending, nil},
		{"failed", []Operation{fromDocker("a", "quay.io/shop/web:1"), fails}, "", ErrImportFailed, ErrNoImage},
		{"asked for anew, and failed", []Operation{fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), fromDocker("a", "quay.io/shop/web:2"), fails}, quay(1), ErrImportFailed, nil},
		{"a bare reference", []Operation{reference}, "quay.io/shop/web:1", nil, nil},
		{"a bare reference has no digest to pull through", []Operation{localPolicy(reference)}, "quay.io/shop/web:1", nil, nil},
		{"follows what is missing", []Operation{alias("a", "b")}, "", ErrImportFailed, ErrNoImage},
		{"follows what is deleted", []Operation{push("b", 1), alias("a", "b"), DeleteTag{Tag: "b"}}, local(1), ErrImportFailed, nil},
		{"has a spec, and points to nothing", []Operation{SetTag{TagReference{Name: "a"}}}, "", nil, ErrNoImage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := apply(t, shop(), tc.operations...)
			spec, newer, err := s.RecentPullSpec("a", ResolveOptions{})
			require.Equal(t, tc.recent, spec)
			require.ErrorIs(t, newer, tc.newer)
			require.ErrorIs(t, err, tc.err)
			if err != nil {
				requireClass(t, err, tc.err, "tag a")
				if tc.newer != nil {
					require.ErrorIs(t, err, tc.newer)
				}
			}

			newest, err := s.NewestPullSpec("a", ResolveOptions{})
			if tc.newer == nil && tc.err == nil {
				require.NoError(t, err)
				require.Equal(t, tc.recent, newest)
				return
			}
			require.Empty(t, newest)
			require.Error(t, err)
			require.True(t, errors.Is(err, tc.newer) || errors.Is(err, tc.err))
		})
	}
}

func TestPublicPullSpecs(t *testing.T) {
	o := fromDocker("a", "quay.io/shop/web:1")
	o.Tag.ReferencePolicy.Type = LocalTagReferencePolicy
	s := apply(t, shop(), o, imported("a", 1), push("b", 2))
	s.Status.PublicDockerImageRepository = "apps.example.com/shop/web"
	spec, err := s.NewestPullSpec("a", ResolveOptions{Public: true})
	require.NoError(t, err)
	require.Equal(t, "apps.example.com/shop/web@"+digest(1), spec)
	s.Status.PublicDockerImageRepository = ""
	spec, err = s.NewestPullSpec("a", ResolveOptions{Public: true})
	require.NoError(t, err)
	require.Equal(t, local(1), spec)
	s.Status.DockerImageRepository = ""
	spec, err = s.NewestPullSpec("a", ResolveOptions{})
	require.NoError(t, err)
	require.Equal(t, "quay.io/shop/web@"+digest(1), spec, "without a registry of its own there is only the source")
}

func TestShortNames(t *testing.T) {
	s := apply(t, shop(), push("latest", 1), push("8", 2))
	s.Spec.LookupPolicy.Local = true
	closed := apply(t, New("shop", "closed"), RecordPush{"latest", digest(3), "r.io/a/b"})
	broken := errors.New("no answer")
	lookup := func(namespace, name string) (*ImageStream, error) {
		if name == "broken" {
			return nil, broken
		}
		return LookupIn(s, closed)(namespace, name)
	}
	for _, tc := range []struct {
		name string
		spec string
		err  error
	}{
		{"web", local(1), nil},
		{"web:8", local(2), nil},
		{"web@" + digest(2), local(2), nil},
		{"web:9", "", ErrTagNotFound},
		{"web@" + digest(9), "", ErrImageNotFound},
		{"closed", "", nil},
		{"none", "", nil},
		{"shop/web", "", nil},
		{"quay.io/shop/web", "", nil},
		{"Web", "", nil},
		{"broken", "", broken},
	} {
		spec, ok, err := ResolveLocalName("shop", tc.name, lookup, ResolveOptions{})
		require.ErrorIs(t, err, tc.err, tc.name)
		require.Equal(t, tc.spec, spec, tc.name)
		require.Equal(t, tc.spec != "", ok, tc.name)
	}
	_, ok, err := ResolveLocalName("elsewhere", "web", lookup, ResolveOptions{})
	require.NoError(t, err)
	require.False(t, ok)
}

func TestFindImage(t *testing.T) {
	s := apply(t, shop(), push("b", 0xab1), push("a", 0xab2), push("a", 0xab1))
	short := "sha256:" + digest(0xab1)[len("sha256:"):len("sha256:")+63]
	for _, tc := range []struct {
		prefix string
		class  error
		tag    string
	}{
		{digest(0xab1), nil, "a"}, // the newest item of it
		{digest(0xab1)[len("sha256:"):], nil, "a"},
		{digest(0xab2), nil, "a"},
		{short, ErrAmbiguousImage, ""},
		{"sha", ErrAmbiguousImage, ""},
		{"", ErrImageNotFound, ""},
		{"sha256:f", ErrImageNotFound, ""},
		{"md5:" + digest(0xab1)[len("sha256:"):], ErrImageNotFound, ""},
	} {
		item, err := s.FindImage(tc.prefix)
		require.ErrorIs(t, err, tc.class, tc.prefix)
		if err == nil {
			require.Contains(t, s.StatusTag(tc.tag).Items, *item)
		}
	}
	_, err := s.FindImage(short)
	var ambiguous *AmbiguousImageError
	require.ErrorAs(t, err, &ambiguous)
	require.Equal(t, []string{digest(0xab1), digest(0xab2)}, ambiguous.Images)
	require.Equal(t, short, ambiguous.Prefix)

	// A full name that another one starts with is not ambiguous.
	s.Status.Tags = append(s.Status.Tags, NamedTagEventList{Tag: "c", Items: []TagEvent{{Image: "short"}, {Image: "shorter"}}})
	item, err := s.FindImage("short")
	require.NoError(t, err)
	require.Equal(t, "short", item.Image)
}

// An item without a pull spec, which a program may have stored, is nothing that
// could be pulled.
func TestItemsWithoutAPullSpec(t *testing.T) {
	s := shop()
	s.Status.Tags = []NamedTagEventList{{Tag: "a", Items: []TagEvent{{Image: digest(1)}}}}
	_, _, err := s.RecentPullSpec("a", ResolveOptions{})
	requireClass(t, err, ErrNoImage, "tag a")
	_, err = s.NewestPullSpec("a", ResolveOptions{})
	requireClass(t, err, ErrNoImage, "tag a")

	// By the policy Local the stream's own repository has it.
	s.Spec.Tags = []TagReference{{Name: "a", ReferencePolicy: TagReferencePolicy{Type: LocalTagReferencePolicy}}}
	spec, err := s.NewestPullSpec("a", ResolveOptions{})
	require.NoError(t, err)
	require.Equal(t, local(1), spec)
}
