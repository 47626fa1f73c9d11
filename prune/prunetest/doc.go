// Package prunetest helps to test what is built on package prune: it makes
// clusters up, and checks plans.
//
// A [Cluster] is made in a few lines, of images that share layers, streams with
// histories, and workloads. It comes out as an inventory to plan on
// ([Cluster.Inventory]), as typed objects ([Cluster.Images],
// [Cluster.ImageStreams]) or as a dump ([Cluster.JSON]). [Random] makes up all
// of it.
//
//	c := prunetest.NewCluster(prunetest.Options{})
//	app := c.Stream("dev/app")
//	old := app.Push("latest", c.Image(), 48*time.Hour)
//	app.Push("latest", c.ImageOn(old), 2*time.Hour)
//	c.Pod("dev/web", app.Tag("latest"))
//	plan, err := prune.New(c.Inventory(), policy, c.Now())
//
// [Check] plans and checks that the plan holds what every plan must: that
// nothing goes which something that stays needs, that less evidence never means
// more deletions, and so on ([Invariant]). Run it on your own policies, on your
// own clusters and on random ones.
package prunetest
