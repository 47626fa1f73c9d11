package imagestream

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseTags(t *testing.T) {
	tags := []string{"stable", "1.9", "latest", "2.0.0-rc.1", "1.10", "20240101", "1.10-alpine", artifactTag + ".sig", "1.9"}
	for _, tc := range []struct {
		name    string
		options ChooseOptions
		chosen  []string
		left    []LeftOutTag
	}{
		{
			name:   "everything",
			chosen: []string{"latest", "2.0.0-rc.1", "1.10", "1.10-alpine", "1.9", "20240101", "stable"},
			left: []LeftOutTag{
				{"1.9", LeftOutDuplicate, ""},
				{artifactTag + ".sig", LeftOutArtifact, ""},
			},
		},
		{
			name:    "a limit",
			options: ChooseOptions{Limit: 3},
			chosen:  []string{"latest", "2.0.0-rc.1", "1.10"},
			left: []LeftOutTag{
				{"1.10-alpine", LeftOutLimit, "3"},
				{"1.9", LeftOutLimit, "3"},
				{"1.9", LeftOutDuplicate, ""},
				{"20240101", LeftOutLimit, "3"},
				{"stable", LeftOutLimit, "3"},
				{artifactTag + ".sig", LeftOutArtifact, ""},
			},
		},
		{
			name:    "a limit, pre-releases last, artifacts too",
			options: ChooseOptions{Order: TagOrder{PreReleasesLast: true}, Limit: 100, KeepArtifacts: true},
			chosen:  []string{"latest", "1.10", "1.10-alpine", "1.9", "2.0.0-rc.1", "20240101", "stable", artifactTag + ".sig"},
			left:    []LeftOutTag{{"1.9", LeftOutDuplicate, ""}},
		},
		{
			name:    "a negative limit is none",
			options: ChooseOptions{Limit: -1, Include: []string{"1.*"}},
			chosen:  []string{"1.10", "1.10-alpine", "1.9"},
			left: []LeftOutTag{
				{"latest", LeftOutNotIncluded, ""},
				{"2.0.0-rc.1", LeftOutNotIncluded, ""},
				{"1.9", LeftOutDuplicate, ""},
				{"20240101", LeftOutNotIncluded, ""},
				{"stable", LeftOutNotIncluded, ""},
				{artifactTag + ".sig", LeftOutArtifact, ""},
			},
		},
		{
			name:    "patterns of both kinds",
			options: ChooseOptions{Include: []string{"latest", `/^\d+\.\d+/`}, Exclude: []string{"/alp/", "*-rc.?"}},
			chosen:  []string{"latest", "1.10", "1.9"},
			left: []LeftOutTag{
				{"2.0.0-rc.1", LeftOutExcluded, "*-rc.?"},
				{"1.10-alpine", LeftOutExcluded, "/alp/"},
				{"1.9", LeftOutDuplicate, ""},
				{"20240101", LeftOutNotIncluded, ""},
				{"stable", LeftOutNotIncluded, ""},
				{artifactTag + ".sig", LeftOutArtifact, ""},
			},
		},
		{
			name:    "a range",
			options: ChooseOptions{Versions: ">=1.10", SkipPreReleases: true},
			chosen:  []string{"1.10", "1.10-alpine"},
			left: []LeftOutTag{
				{"latest", LeftOutNotAVersion, ""},
				{"2.0.0-rc.1", LeftOutPreRelease, ""},
				{"1.9", LeftOutOutsideRange, ">=1.10"},
				{"1.9", LeftOutDuplicate, ""},
				{"20240101", LeftOutNotAVersion, ""},
				{"stable", LeftOutNotAVersion, ""},
				{artifactTag + ".sig", LeftOutArtifact, ""},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := slices.Clone(tags)
			got, err := ChooseTags(tags, tc.options)
			require.NoError(t, err)
			require.Equal(t, TagChoice{Chosen: tc.chosen, LeftOut: tc.left}, got)
			require.Equal(t, before, tags)
		})
	}
}

func TestChooseTagsOfHostileNames(t *testing.T) {
	long := strings.Repeat("9", 129)
	got, err := ChooseTags([]string{"", "a/b", ".hidden", "-1", "ok", long, "a\x00b", "é", "", strings.Repeat("9", 128)}, ChooseOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{strings.Repeat("9", 128), "ok"}, got.Chosen)
	reasons := map[LeftOutReason]int{}
	for _, l := range got.LeftOut {
		reasons[l.Reason]++
		if l.Reason == LeftOutInvalidName {
			require.NotEmpty(t, l.By)
		}
	}
	require.Equal(t, map[LeftOutReason]int{LeftOutEmpty: 1, LeftOutDuplicate: 1, LeftOutInvalidName: 6}, reasons)
}

func TestChooseNothing(t *testing.T) {
	got, err := ChooseTags(nil, ChooseOptions{Limit: 50})
	require.NoError(t, err)
	require.Equal(t, TagChoice{}, got)
}

func TestLeftOutTagSaysWhy(t *testing.T) {
	for want, l := range map[string]LeftOutTag{
		`"1.9": listed before`:                        {"1.9", LeftOutDuplicate, ""},
		`"1.9": beyond the limit: 50`:                 {"1.9", LeftOutLimit, "50"},
		`"1.9": excluded by a pattern: 1.?`:           {"1.9", LeftOutExcluded, "1.?"},
		`"1.9": outside of the version range: >=2 <3`: {"1.9", LeftOutOutsideRange, ">=2 <3"},
	} {
		require.Equal(t, want, l.String())
	}
}

func TestVersionRange(t *testing.T) {
	for _, tc := range []struct {
		versions string
		in, out  string // with spaces between them
	}{
		{">=1.20 <2", "1.20 v1.20.0 1.21.3-alpine 1.20-1697 1.99 1.999.9.9 1", "1.19.9 2 2.0.0 2.0.0-rc.1 1.20.0-rc.1 1.20-beta1 0.5"},
		{">=1.20, <2", "1.20 1.99", "2 1.19"},
		{"\t>= 1.20\t< 2 ", "1.20 1.99", "2 1.19"},
		{"1.2", "1.2 1.2.3 1.2.3.4 v1.2-alpine 1.2.0-rc.1", "1.20 1.3 1 2"},
		{"=1.2", "1.2 1.2.3", "1.20 1.3 1"},
		{"==v1.2", "1.2 1.2.3", "1.20 1.3 1"},
		{"1.2.x", "1.2 1.2.3", "1.20 1.3 1"},
		{"1.2.*", "1.2 1.2.3", "1.20 1.3 1"},
		{">2", "3 3.0.0 2024.1", "2 2.9 1 2.0.0-rc.1"},
		{"<=2", "2 2.9.9 1 2.0.0-rc.1", "3 3.0.0"},
		{"<2.5", "2.4 2.4.9 1", "2.5 2.5.1 2 2.5.0-rc.1"},
		{">=3.5 <4", "3 3.5 3.9.1", "4 3.4 3.5.0-rc.1 4.0.0-rc.1"},
		{">=2", "2 2.0.0 2.0.1-rc.1 3.0.0-rc.1", "2.0.0-rc.1 2-rc1 1"},
		{"~1.2.3", "1.2.3 1.2.9 1.2", "1.2.2 1.3.0 2"},
		{"~1.2", "1.2.0 1.2.9 1.2", "1.1 1.3.0 1 2"},
		{"~1", "1 1.9", "2 0.9"},
		{"^1.2.3", "1.2.3 1.9.0 1 1.2", "1.2.2 2.0.0 2"},
		{"^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 1.0.0"},
		{"^0.0.3", "0.0.3", "0.0.4 0.1.0 0.0.2"},
		{"^0", "0 0.1", "1"},
		{"1.2 || >=3 <4", "1.2.7 3.1", "1.3 2 4"},
		{"<18446744073709551617", "18446744073709551616.1 3", "18446744073709551617.0"},
		{">=8", "8u292 8.5-1697 2023", "20240101 latest stable 1697 104523 7u80"},
	} {
		t.Run(tc.versions, func(t *testing.T) {
			in, out := strings.Fields(tc.in), strings.Fields(tc.out)
			got, err := ChooseTags(append(slices.Clone(in), out...), ChooseOptions{Versions: tc.versions})
			require.NoError(t, err)
			require.ElementsMatch(t, in, got.Chosen)
		})
	}
}

func TestChooseOptionsThatAreWrong(t *testing.T) {
	for field, options := range map[string]ChooseOptions{
		"include[1]": {Include: []string{"1.*", "[1-"}},
		"include[0]": {Include: []string{""}},
		"exclude[0]": {Exclude: []string{"/(/"}},
		"exclude[1]": {Exclude: []string{"a", "v1/*"}},
		"exclude[2]": {Exclude: []string{"a", "//", "/"}},
		"versions":   {Versions: ">="},
	} {
		requireChoiceError(t, field, options)
	}
	for _, versions := range []string{
		">=x", "latest", "1.2-rc1", ">=1.2-rc.1", "1..2", "1.2.", "||", "1 ||", "=>1", "<>1", "~>1.2", "!1", "1 >", "1.x.2",
		strings.Repeat("1 ", maxVersionRange),
	} {
		requireChoiceError(t, "versions", ChooseOptions{Versions: versions})
	}
}

func requireChoiceError(t *testing.T, field string, options ChooseOptions) {
	t.Helper()
	got, err := ChooseTags([]string{"latest"}, options)
	require.ErrorIs(t, err, ErrInvalidChoice, "%+v", options)
	var e *Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, field, e.Field)
	require.Less(t, len(err.Error()), 1000)
	require.Equal(t, TagChoice{}, got)
}

func FuzzChooseTags(f *testing.F) {
	f.Add("latest 1.2 1.2 v3 20240101 ", "1.*", "/rc/", ">=1.2 <2 || ^3", 2, true)
	f.Add("\xff 1.2-rc1\x00 -", "[", "/", "~", -1, false)
	f.Add("9.4-1697 9.4", "", "*", "", 0, false)
	f.Fuzz(func(t *testing.T, text, include, exclude, versions string, limit int, flag bool) {
		tags := strings.Split(text, " ")
		options := ChooseOptions{
			Order: TagOrder{PreReleasesLast: flag}, Limit: limit, Versions: versions, SkipPreReleases: flag, KeepArtifacts: !flag,
		}
		if include != "" {
			options.Include = []string{include}
		}
		if exclude != "" {
			options.Exclude = []string{exclude}
		}
		got, err := ChooseTags(tags, options)
		if err != nil {
			if !errors.Is(err, ErrInvalidChoice) {
				t.Fatal(err)
			}
			return
		}
		requireChoice(t, tags, options, got)

		random := rand.New(rand.NewPCG(1, uint64(len(text))))
		random.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
		again, err := ChooseTags(tags, options)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// requireChoice: each tag is in one of the two lists, as often as it was given;
// both are in order; no tag is chosen twice, nor more than the limit.
func requireChoice(t *testing.T, tags []string, options ChooseOptions, got TagChoice) {
	t.Helper()
	all := slices.Clone(got.Chosen)
	var left []string
	for _, l := range got.LeftOut {
		left = append(left, l.Tag)
		require.NotEmpty(t, l.Reason)
		if l.Reason == LeftOutLimit {
			require.Len(t, got.Chosen, options.Limit)
			require.Negative(t, options.Order.Compare(got.Chosen[options.Limit-1], l.Tag))
		}
	}
	all = append(all, left...)
	require.ElementsMatch(t, tags, all)
	require.True(t, slices.IsSortedFunc(left, options.Order.Compare))
	require.True(t, slices.IsSortedFunc(got.Chosen, options.Order.Compare))
	require.Equal(t, len(got.Chosen), len(slices.Compact(slices.Clone(got.Chosen))))
	for _, tag := range got.Chosen {
		require.True(t, ValidTag(tag))
	}
}

func BenchmarkChooseTags(b *testing.B) {
	tags := manyTags(10_000)
	options := ChooseOptions{
		Limit: DefaultImportLimit, Include: []string{"*.*", `/^20\d{6}$/`}, Exclude: []string{"*-alpine*"}, Versions: ">=1.2 <11 || ^0.9.1",
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ChooseTags(tags, options); err != nil {
			b.Fatal(err)
		}
	}
}
