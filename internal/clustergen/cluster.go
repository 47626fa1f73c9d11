package clustergen

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	registry   = "image-registry.openshift-image-registry.svc:5000/"
	namespaces = 200
	perTag     = 5
	unlisted   = 2
	perStream  = 2*perTag + unlisted
	perBase    = 50 // images
)

// A cluster writes its objects one by one. Each stream is drawn anew from the
// seed and its own number whenever it is needed, so that none is remembered.
type cluster struct {
	Options
	p     printer
	drawn stream
}

// A stream is one stream of a cluster, with the images that belong to it.
type stream struct {
	number          int
	namespace, name string
	age             int // in minutes, as all ages
	tags            []tag
	images          []image
	uses            []use
}

type tag struct {
	name  string
	items []item
}

type item struct {
	image int // of the stream's images
	age   int
}

type image struct {
	number int // in the cluster
	age    int
}

// A use is a workload that names an image of the stream, by its tag where that
// is set.
type use struct {
	pod   bool
	tag   string
	image int // of the stream's images
}

func (c *cluster) streams() int { return (c.Images + perStream - 1) / perStream }

// stream draws a stream. It is good until the next one is drawn.
func (c *cluster) stream(number int) *stream {
	r := rand.New(rand.NewPCG(c.Seed, uint64(number)))
	s := &c.drawn
	*s = stream{
		number:    number,
		namespace: "team-" + strconv.Itoa(number%namespaces),
		name:      "app-" + strconv.Itoa(number),
		age:       pick(r, 30, 90000),
		tags:      s.tags[:0], images: s.images[:0], uses: s.uses[:0],
	}
	left := min(perStream, c.Images-number*perStream)
	add := func(age int) int {
		s.images = append(s.images, image{number: number*perStream + len(s.images), age: age})
		return len(s.images) - 1
	}
	for _, name := range []string{"latest", "stable"} {
		t := tag{name: name}
		age := pick(r, 5, 30, 90, 600, 4000)
		for range min(perTag, left-len(s.images)) {
			i := add(age + 1)
			t.items = append(t.items, item{image: i, age: age})
			if r.IntN(12) == 0 {
				s.uses = append(s.uses, use{pod: r.IntN(2) == 0, image: i})
			}
			age += pick(r, 20, 100, 1440, 10000)
		}
		if len(t.items) > 0 {
			s.tags = append(s.tags, t)
		}
	}
	for range left - len(s.images) {
		add(pick(r, 10, 200, 9000))
	}
	if last := s.tags[len(s.tags)-1]; r.IntN(10) < 3 {
		s.uses = append(s.uses, use{pod: r.IntN(2) == 0, tag: last.name, image: last.items[0].image})
	}
	return s
}

func pick(r *rand.Rand, ages ...int) int { return ages[r.IntN(len(ages))] }

func ago(minutes int) time.Time { return Now().Add(-time.Duration(minutes) * time.Minute) }

// A family keeps the digests of different things apart.
type family uint64

const (
	imageDigest family = iota + 1
	configDigest
	baseLayer
	ownLayer
	imageUID
	streamUID
	podUID
)

// digest makes up a digest. It is not the hash of anything: nobody can look
// behind it, and it takes no time.
func (c *cluster) digest(f family, a, b int) string {
	sum := c.sum(f, a, b)
	text := make([]byte, 0, 7+64)
	return string(hex.AppendEncode(append(text, "sha256:"...), sum[:]))
}

func (c *cluster) uid(f family, a int) string {
	sum := c.sum(f, a, 0)
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

func (c *cluster) sum(f family, a, b int) (sum [32]byte) {
	state := c.Seed
	for _, n := range []uint64{uint64(f), uint64(a), uint64(b)} {
		state = scramble(state ^ n)
	}
	for i := 0; i < len(sum); i += 8 {
		state = scramble(state)
		binary.LittleEndian.PutUint64(sum[i:], state)
	}
	return sum
}

// scramble is one step of the splitmix64 generator.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
