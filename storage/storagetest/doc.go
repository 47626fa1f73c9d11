// Package storagetest checks a storage driver against its contract, which is the
// package comment of storage. [Run] is one call from a test:
//
//	func TestConformance(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Driver {
//			d, err := mydriver.Open(t.TempDir())
//			if err != nil {
//				t.Fatal(err)
//			}
//			return d
//		}, storagetest.Options{})
//	}
//
// [Checks] gives the same checks one by one, for a program that tries out a
// deployment. A driver that cannot do something says so in [Options].Lacks, and
// the check then asks that it refuses, and does nothing. Passing over a
// precondition is a failure whatever Lacks says.
//
// The checks work below a prefix of their own, delete what they wrote, and use
// neither sleeps nor the network. They do not show what only a crash, another
// process or a cloud's own delays would show.
package storagetest
