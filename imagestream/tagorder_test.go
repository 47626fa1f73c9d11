package imagestream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const artifactTag = "sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// orders are lists that are in order, as an administrator expects them.
var orders = map[string][]string{
	"everything at once": {
		"latest",
		"9.4", "9.4-1697", "9.4-1600", "9.3",
		"20240102", "20240101", "2023-12-31",
		"104523", "104522",
		"nightly", "stable",
		artifactTag + ".sig",
	},
	"semver": {
		"2.0.0", "2.0.0-rc.1", "1.10.0", "1.9.9", "1.9.1", "1.0.0", "0.9.0",
	},
	"the example of semver.org": {
		"1.0.0", "1.0.0-rc.1", "1.0.0-beta.11", "1.0.0-beta.2", "1.0.0-beta",
		"1.0.0-alpha.beta", "1.0.0-alpha.1", "1.0.0-alpha",
	},
	"pre-releases without dots": {
		"1.30.0", "v1.30.0-rc10", "v1.30.0-rc2", "v1.30.0-beta3", "v1.30.0-beta0", "v1.29.8",
	},
	"pre-releases that are written together": {
		"3.13.0", "3.13.0rc2", "3.13.0rc1", "3.13.0b4", "3.13.0a10", "3.13.0a9", "3.12.7",
	},
	"pre-releases of a line are of its first version": {
		"5.1", "5.1.1", "5.1.0", "5.1-rc1", "5.0.9",
	},
	"with v and without": {
		"v5.10", "5.9", "v5.8", "5.7",
	},
	"one number": {
		"latest", "22", "20", "18", "9",
	},
	"a moving tag before what it moves over": {
		"3", "3.12", "3.12.4", "3.12.3", "3.11", "3.11.9", "2", "2.7",
	},
	"three and four numbers": {
		"11.0.20.1", "11.0.20", "11.0.19.7", "11.0.19", "10.0.17763.4377", "10.0.17763.973",
	},
	"builds": {
		"8.5", "8.5-1697.1698", "8.5-1697", "8.5-1697-source", "8.5-1600", "8.4", "8.4-212",
	},
	"builds and their rebuilds": {
		"1.14", "1.14-12.1655226794", "1.14-12.1648023544", "1.14-12", "1.14-3", "1.13-8",
	},
	"variants": {
		"3.12", "3.12-alpine", "3.12-alpine3.20", "3.12-alpine3.19", "3.12-slim", "3.12.1", "3.12.1-alpine", "3.9", "3.9-alpine",
	},
	"variants of node": {
		"22-minimal-ubi10", "22-minimal-ubi9", "22-ubi10", "22-ubi10-minimal", "22-ubi9", "20-minimal-ubi9", "20-ubi8",
	},
	"variants with a revision": {
		"8.0.36-debian-12-r10", "8.0.36-debian-12-r9", "8.0.35-debian-11-r2",
	},
	"builds before variants before pre-releases": {
		"1.2.3", "1.2.3-4", "1.2.3-alpine", "1.2.3-rc.1",
	},
	"updates of Java": {
		"8u292", "8u282-jdk", "8u92", "7u80",
	},
	"calendar, with dots": {
		"2024.10", "2024.10.2", "2024.9.1", "2024.01", "2023.12", "2023.12.31",
	},
	"calendar after versions, when a project changed to it": {
		"2024.1.0", "2020.12.0", "0.118.5", "0.117.0",
	},
	"years": {
		"2023", "2023.4.20240528.0", "2023.3.20240312.0", "2022", "2",
	},
	"dates": {
		"2024-02", "20240131.2", "20240131.1", "2024-01-31", "20240131", "20240131-4f0c1d2e", "2024_01_30", "v20240129-0a1b2c3d", "19991231",
	},
	"dates with times": {
		"20240131235959", "20240131T2358Z", "202401312357", "20240131-0600", "20240131-0559", "2024013101", "20240131",
	},
	"nightly builds of OpenShift": {
		"4.18.0", "4.18.0-0.nightly-2024-11-15-123456", "4.18.0-0.nightly-2024-11-14-060000", "4.17.3",
	},
	"names with numbers": {
		"openjdk-17-ubi8", "openjdk-11-el8", "openjdk-11-el7", "openjdk-8-ubi8", "release-1.10", "release-1.9", "release-candidate",
	},
	"names whatever their case": {
		"Alpha", "beta", "Gamma", "gamma",
	},
	"leading zeros": {
		"05.2", "5.1", "005.0",
	},
	"more digits than any integer has": {
		"1.184467440737095516160", "1.18446744073709551616", "1.18446744073709551615", "1.9", "9" + strings.Repeat("9", 40), "9" + strings.Repeat("9", 39),
	},
}

func TestOrder(t *testing.T) {
	for name, want := range orders {
		t.Run(name, func(t *testing.T) { requireOrder(t, TagOrder{}, want) })
	}
}

// requireOrder compares all pairs, and sorts what was shuffled.
func requireOrder(t *testing.T, o TagOrder, want []string) {
	t.Helper()
	for i, a := range want {
		for j, b := range want {
			c := o.Compare(a, b)
			require.Equal(t, i < j, c < 0, "%q before %q", a, b)
			require.Equal(t, i == j, c == 0, "%q and %q", a, b)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		got := slices.Clone(want)
		random.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		o.Sort(got)
		require.Equal(t, want, got)
	}
}

func TestOrderWithPreReleasesLast(t *testing.T) {
	requireOrder(t, TagOrder{PreReleasesLast: true}, []string{
		"latest", "1.2.0", "1.1", "1.1.0", "2.0.0-rc.2", "2.0.0-beta.1", "1.2.0-rc.1", "20240101", "stable",
	})
}

func TestOrderWithDatesFirst(t *testing.T) {
	requireOrder(t, TagOrder{DatesFirst: true}, []string{
		"latest", "20240102", "20240101", "9.4", "9.4-rc1", "104523", "stable",
	})
	requireOrder(t, TagOrder{DatesFirst: true, PreReleasesLast: true}, []string{
		"latest", "20240101", "9.4", "9.3", "9.4-rc1", "stable",
	})
}

// What OpenShift's PrioritizeTags sends behind every two- and three-part
// version, among the names in the order of the alphabet, or puts before what is
// newer. Each list is in order here, and was not there.
func TestPrioritizeTagsWeakSpots(t *testing.T) {
	for name, want := range map[string][]string{
		"a build is no minor version of its own":       {"9.0.1", "8.5", "8.5-1697", "8.5-200"},
		"a pre-release of a minor version, with a dot": {"5.1", "5.1-rc.1", "5.0.3"},
		"four numbers":                    {"1.2.3.10", "1.2.3.9", "1.2.3", "1.2.2"},
		"one number":                      {"10", "9", "5.1.2"},
		"one number with v":               {"v10", "v9", "5.1.2"},
		"dates, the newest first":         {"5.1", "20240102", "20240101", "nightly"},
		"a leading zero":                  {"24.04", "23.10", "22.04"},
		"patches behind their own minor":  {"5.2", "5.2.1", "5.1", "5.1.3"},
		"calendar versions, newest first": {"2024.10", "2024.9", "2024.01.3", "2023.12"},
	} {
		t.Run(name, func(t *testing.T) { requireOrder(t, TagOrder{}, want) })
	}
}

func TestNewestSurvivesTheLimitOfAnImport(t *testing.T) {
	// Of 3,000 tags 50 are imported. Upstream imports none of these, as all
	// are "other" tags, and the alphabet puts the oldest first.
	var tags []string
	for i := range 3000 {
		tags = append(tags, fmt.Sprintf("1.2.%d.%d", i/100, i%100))
	}
	choice, err := ChooseTags(tags, ChooseOptions{Limit: DefaultImportLimit})
	require.NoError(t, err)
	require.Len(t, choice.Chosen, 50)
	require.Equal(t, "1.2.29.99", choice.Chosen[0])
	require.Equal(t, "1.2.29.50", choice.Chosen[49])

	// Nightly builds do not displace the releases.
	tags = []string{"latest", "9.4", "9.3"}
	for day := range 28 {
		for month := range 12 {
			tags = append(tags, fmt.Sprintf("2024%02d%02d", month+1, day+1))
		}
	}
	choice, err = ChooseTags(tags, ChooseOptions{Limit: DefaultImportLimit})
	require.NoError(t, err)
	require.Equal(t, []string{"latest", "9.4", "9.3", "20241228", "20241227"}, choice.Chosen[:5])
}

func TestKindOfTag(t *testing.T) {
	for tag, want := range map[string]TagKind{
		"latest": TagLatest, "Latest": TagText, "latest-dev": TagText,
		"1": TagVersion, "v1": TagVersion, "V1.2": TagVersion, "1.2.3.4.5": TagVersion, "0": TagVersion,
		"999": TagVersion, "1000": TagNumber, "2024": TagVersion, "1989": TagNumber, "2100": TagNumber, "002024": TagVersion,
		"3815.2.0": TagVersion, "1697-ubi8": TagNumber, "1697-rc1": TagNumber,
		"1.x": TagVersion, "1.2.": TagVersion, "1.0.0.Final": TagVersion, "8u292": TagVersion, "1.0.2u": TagVersion,
		"3rd-party": TagText, "2to3": TagText, "64bit": TagText, "v": TagText, "version": TagText, "": TagText, "-1": TagText,
		"1,2": TagText, "1.2~rc1": TagText, "1.2é": TagText,
		"1.2-rc1": TagPreRelease, "1.2rc1": TagPreRelease, "1-rc": TagPreRelease, "1.2-SNAPSHOT": TagPreRelease, "1.2-alpine-beta.3": TagPreRelease,
		"4.14.0-ec.3": TagPreRelease, "4.6.0-fc.1": TagPreRelease, "v4.14.0-EC.3-x86_64": TagPreRelease, "1.2-ec2": TagVersion, "1.2-ec": TagVersion, "1.2-fc.d": TagVersion,
		"6.0.0-M1": TagPreRelease, "1.0b2": TagPreRelease, "1.2-a1b2c3d": TagVersion, "1.2-b": TagVersion, "1.2-m1000": TagVersion, "1.2-ab1": TagVersion,
		"1.2-5-g1a2b3c4": TagVersion, "22-ea-jdk": TagPreRelease, "1.22-dev": TagPreRelease,
		"20240101": TagDate, "v20240101": TagDate, "20240101a": TagDate, "20241301": TagNumber, "20240132": TagNumber, "20240100": TagNumber,
		"2024010123": TagDate, "202401012359": TagDate, "202401012460": TagNumber, "20240101235961": TagNumber, "202401011": TagNumber,
		"20240101T12": TagDate, "20240101T9999": TagDate, "20240101T0102": TagDate, "20240101t010203Z": TagDate,
		"2024-01": TagDate, "2024-1": TagVersion, "2024-13": TagVersion, "2024-01-15": TagDate, "2024-01-15-1200": TagDate,
		"2024_01_15": TagDate, "2024-01_15": TagDate, "2024-01-alpine": TagDate, "2024-011": TagVersion, "2024.01.15": TagVersion, "1655226794": TagNumber,
		"1e10ab7": TagText, "deadbeef1": TagText, "12345678": TagNumber, "0a1b2c": TagVersion,
		artifactTag: TagArtifact, artifactTag + ".sig": TagArtifact, artifactTag + ".att": TagArtifact, "sha256-beef": TagText, "sha256-beef.sig": TagText,
	} {
		require.Equal(t, string(want), string(KindOfTag(tag)), "%q", tag)
	}
}

// tagPieces make many tags that are alike, which is where an order goes wrong.
var tagPieces = []string{
	"", "v", "0", "00", "1", "01", "2", "10", "99", "2024", "20240101", "20240102", "0101", "18446744073709551616",
	".", "-", "_", "rc", "rc1", "alpha", "b", "a1", "M2", "alpine", "ubi9", "ubi10", "latest", "x", "RC", "é", "\xff", "sha256-", "dev", "T1200", "deadbee1",
}

func randomTag(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(6) {
		b.WriteString(tagPieces[random.IntN(len(tagPieces))])
	}
	return b.String()
}

func TestOrderIsTotal(t *testing.T) {
	orders := []TagOrder{{}, {PreReleasesLast: true}, {DatesFirst: true}, {PreReleasesLast: true, DatesFirst: true}}
	random := rand.New(rand.NewPCG(3, 4))
	for range 30_000 {
		a, b, c := randomTag(random), randomTag(random), randomTag(random)
		requireTotal(t, orders[random.IntN(len(orders))], a, b, c)
	}
}

func requireTotal(t *testing.T, o TagOrder, a, b, c string) {
	ab, ba, bc, ac := o.Compare(a, b), o.Compare(b, a), o.Compare(b, c), o.Compare(a, c)
	if ab != -ba || (ab == 0) != (a == b) {
		t.Fatalf("%q and %q: %d, the other way %d", a, b, ab, ba)
	}
	if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 {
		t.Fatalf("%q, %q, %q: %d and %d, but %d", a, b, c, ab, bc, ac)
	}
}

func TestSortDoesNotDependOnTheOrderBefore(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		tags := make([]string, 200)
		for i := range tags {
			tags[i] = randomTag(random)
		}
		want := slices.Clone(tags)
		TagOrder{}.Sort(want)
		for range 5 {
			random.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
			got := slices.Clone(tags)
			TagOrder{}.Sort(got)
			require.Equal(t, want, got)
		}
		require.True(t, slices.IsSortedFunc(want, TagOrder{}.Compare))
	}
}

func FuzzTagOrder(f *testing.F) {
	for _, list := range orders {
		for i := range len(list) - 2 {
			f.Add(list[i], list[i+1], list[i+2], false)
		}
	}
	f.Add("1.2.3-a1", "1.2.3-a1b", "1.2.3-a1b2", true)
	f.Add("", "\xff", "é", false)
	f.Fuzz(func(t *testing.T, a, b, c string, options bool) {
		o := TagOrder{PreReleasesLast: options, DatesFirst: options}
		requireTotal(t, o, a, b, c)
		requireTotal(t, o, b, a, c)
		requireTotal(t, o, a, c, b)
	})
}

// The 50 real streams: their tags in order, latest first, and in each of them no
// version before a newer one.
func TestOrderOfRealStreams(t *testing.T) {
	for file, data := range realStreams(t) {
		var s ImageStream
		require.NoError(t, json.Unmarshal(data, &s))
		var tags []string
		for _, tag := range s.Spec.Tags {
			tags = append(tags, tag.Name)
		}
		TagOrder{}.Sort(tags)
		if i := slices.Index(tags, "latest"); i >= 0 {
			require.Zero(t, i, file)
		}
		for i := range len(tags) - 1 {
			a, b := newTagKey(tags[i]), newTagKey(tags[i+1])
			if a.kind == TagVersion && b.kind == TagVersion {
				require.LessOrEqual(t, compareNumbers(&a, &b), 0, "%s: %s before %s", file, tags[i], tags[i+1])
			}
		}
		if want, ok := ordersOfRealStreams[s.Name]; ok {
			require.Equal(t, want, tags)
		}
	}
}

// ordersOfRealStreams were read by a person.
var ordersOfRealStreams = map[string][]string{
	"java":           {"latest", "11", "8", "openjdk-17-ubi8", "openjdk-11-el7", "openjdk-11-ubi8", "openjdk-8-el7", "openjdk-8-ubi8"},
	"dotnet":         {"latest", "10.0", "10.0-ubi9", "9.0", "9.0-ubi8", "8.0", "8.0-ubi8"},
	"nginx":          {"latest", "1.26-ubi10", "1.26-ubi9", "1.24-ubi9", "1.24-ubi8", "1.22-ubi9", "1.22-ubi8", "1.20-ubi9"},
	"postgresql":     {"latest", "15-el9", "15-el8", "13-el9", "13-el8", "13-el7", "12", "12-el8", "12-el7", "10", "10-el8", "10-el7"},
	"redis":          {"latest", "7-el9", "6-el9", "6-el8", "6-el7"},
	"jenkins":        {"latest", "2", "ocp-upgrade-redeploy", "scheduled-upgrade-redeploy", "user-maintained-upgrade-redeploy"},
	"ubi8-openjdk-8": {"1.18", "1.17", "1.16", "1.15", "1.14", "1.13", "1.12", "1.11", "1.10", "1.3"},
	"python": {"latest", "3.12-minimal-ubi10", "3.12-minimal-ubi9", "3.12-ubi9", "3.12-ubi8",
		"3.11-ubi9", "3.11-ubi8", "3.9-ubi9", "3.9-ubi8", "3.6-ubi8"},
}

func BenchmarkTagOrder(b *testing.B) {
	tags := manyTags(10_000)
	b.ReportAllocs()
	for b.Loop() {
		TagOrder{}.Sort(slices.Clone(tags))
	}
}

// manyTags are tags as a large repository has them, in a fixed random order.
func manyTags(n int) []string {
	random := rand.New(rand.NewPCG(7, 8))
	tags := make([]string, n)
	for i := range tags {
		major, minor, patch := random.IntN(12), random.IntN(40), random.IntN(100)
		switch i % 8 {
		case 0:
			tags[i] = fmt.Sprintf("%d.%d", major, minor)
		case 1, 2:
			tags[i] = fmt.Sprintf("v%d.%d.%d", major, minor, patch)
		case 3:
			tags[i] = fmt.Sprintf("%d.%d-%d.%d", major, minor, random.IntN(2000), 1_600_000_000+i)
		case 4:
			tags[i] = fmt.Sprintf("%d.%d.%d-alpine3.%d", major, minor, patch, random.IntN(20))
		case 5:
			tags[i] = fmt.Sprintf("%d.%d.%d-rc.%d", major, minor, patch, random.IntN(9))
		case 6:
			tags[i] = fmt.Sprintf("20%02d%02d%02d", random.IntN(25), 1+random.IntN(12), 1+random.IntN(28))
		case 7:
			tags[i] = fmt.Sprintf("main-%07x", random.Uint32())
		}
	}
	return tags
}
