package prunetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// Random returns a small cluster that holds a bit of everything, and as much of
// it shared as can be: images on common bases and in several streams, indexes
// and indexes of indexes, signatures, items that name another repository,
// reference tags, images that are missing, workloads of every kind that use
// tags and digests, limits, and sometimes lists that are missing or break off.
// A seed gives the same cluster as long as the version of this module does.
func Random(seed uint64) *Cluster {
	r := &randomCluster{
		Cluster: NewCluster(Options{Seed: seed}),
		Rand:    rand.New(rand.NewPCG(seed, 1)),
	}
	for range 1 + r.IntN(5) {
		namespace := pick(r.Rand, "dev", "test", "dev-2")
		r.repositories = append(r.repositories, r.Stream(namespace+"/"+pick(r.Rand, "app", "web", "base", "app.db")))
	}
	for range r.IntN(25) {
		r.addImage()
	}
	for range r.IntN(40) {
		r.addItem()
	}
	for range r.IntN(6) {
		r.addSignature()
	}
	for n := range r.IntN(8) {
		r.addWorkload(n)
	}
	for _, namespace := range []string{"dev", "test"} {
		if r.one(4) {
			r.Limit(namespace, r.Int64N(200_000_000))
		}
	}
	r.addGaps()
	return r.Cluster
}

type randomCluster struct {
	*Cluster
	*rand.Rand
	repositories []*Stream
	pool         []*Image
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// one is true once in n times.
func (r *randomCluster) one(n int) bool { return r.IntN(n) == 0 }

func (r *randomCluster) age() time.Duration {
	return pick(r.Rand, 0, time.Minute, 59*time.Minute, time.Hour, 2*time.Hour, 26*time.Hour, 30*24*time.Hour, 400*24*time.Hour) +
		time.Duration(r.IntN(3))*time.Second
}

func (r *randomCluster) anyImage() *Image {
	if len(r.pool) == 0 {
		r.addImage()
	}
	return pick(r.Rand, r.pool...)
}

func (r *randomCluster) addImage() {
	var i *Image
	switch n := len(r.pool); {
	case n > 1 && r.one(5):
		i = r.Index(pick(r.Rand, r.pool...), pick(r.Rand, r.pool...))
	case n > 0 && !r.one(3):
		i = r.ImageOn(pick(r.Rand, r.pool...))
	default:
		i = r.Image()
	}
	if r.one(3) {
		i.Created = r.ago(r.age())
	}
	if r.one(4) {
		i.LastPulled = r.ago(r.age())
	}
	if r.one(4) {
		i.Labels = map[string]string{"stage": pick(r.Rand, "prod", "test"), "team": "a"}
	}
	i.Imported = r.one(5)
	i.Missing = r.one(25)
	r.pool = append(r.pool, i)
}

func (r *randomCluster) addItem() {
	s := pick(r.Rand, r.repositories...)
	tag := pick(r.Rand, "latest", "latest", "stable", "v1", "v2")
	switch r.IntN(12) {
	case 0:
		s.TagFrom(tag, pick(r.Rand, r.repositories...), r.anyImage(), r.age())
	case 1:
		s.Import(tag, "quay.io/acme/"+s.name, r.anyImage(), r.age())
	case 2:
		s.Refer(tag, pick(r.Rand, "docker.io/library/busybox:1", pick(r.Rand, r.repositories...).Tag("latest"), s.Digest(r.anyImage())), r.age())
	default:
		s.Push(tag, r.anyImage(), r.age())
	}
}

func (r *randomCluster) addSignature() {
	of := r.anyImage()
	i := r.Signature(of)
	if r.one(2) {
		pick(r.Rand, r.repositories...).Push(of.SignatureTag(), i, r.age())
	}
	if r.one(2) {
		r.pool = append(r.pool, i)
	}
}

func (r *randomCluster) addWorkload(n int) {
	s := pick(r.Rand, r.repositories...)
	var spec string
	switch r.IntN(8) {
	case 0:
		spec = "quay.io/acme/app@" + r.anyImage().Digest()
	case 1:
		spec = "busybox"
	case 2, 3, 4:
		spec = s.Digest(r.anyImage())
	default:
		spec = s.Tag(pick(r.Rand, "latest", "stable", "v1", "absent"))
	}
	w := r.Workload(pick(r.Rand, inventory.WorkloadKinds()...), fmt.Sprintf("%s/w%d", s.namespace, n), spec)
	w.Created = r.ago(r.age())
	w.Phase = pick(r.Rand, "", "Pending", "Succeeded", "Failed")
}

func (r *randomCluster) addGaps() {
	if r.one(5) {
		r.NotListed(pick(r.Rand, inventory.Kinds()...))
	}
	if r.one(5) {
		r.Incomplete(pick(r.Rand, inventory.Kinds()...))
	}
	if r.one(8) {
		r.ImagesFirst()
	}
}
