package filesystem

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/storage"
)

const (
	privateDir = storage.Reserved
	locksDir   = privateDir + "/locks"
	uploadsDir = privateDir + "/uploads"

	// stripeCount is how many locks there are; each key has one of them.
	stripeCount = 64
)

// stripes are the locks within this process, which spare its goroutines the
// waiting for the file's lock.
type stripes [stripeCount]chan struct{}

func newStripes() stripes {
	var s stripes
	for i := range s {
		s[i] = make(chan struct{}, 1)
	}
	return s
}

// lock holds others off the keys, in this process and elsewhere, until the
// returned function is called. Where the file system has no locks, those who need
// one get [storage.ErrUnsupported], and the rest go on.
func (d *Driver) lock(ctx context.Context, needed bool, keys ...string) (func(), error) {
	var numbers []int
	for _, key := range keys {
		h := fnv.New32a()
		h.Write([]byte(key))
		numbers = append(numbers, int(h.Sum32()%stripeCount))
	}
	slices.Sort(numbers) // so that two never wait for each other
	var unlocks []func()
	unlock := func() {
		for _, u := range slices.Backward(unlocks) {
			u()
		}
	}
	for _, n := range slices.Compact(numbers) {
		select {
		case d.local[n] <- struct{}{}:
			unlocks = append(unlocks, func() { <-d.local[n] })
		case <-ctx.Done():
			unlock()
			return nil, context.Cause(ctx)
		}
		f, err := d.lockFile(ctx, fmt.Sprintf("%02d", n))
		switch {
		case err == nil:
			unlocks = append(unlocks, func() { f.Close() }) // which gives the lock free
		case errors.Is(err, storage.ErrUnsupported) && !needed:
		default:
			unlock()
			return nil, err
		}
	}
	return unlock, nil
}

// lockFile opens a file of locksDir and waits for its lock.
func (d *Driver) lockFile(ctx context.Context, name string) (*os.File, error) {
	at, closeIt, err := d.openPrivateDir(locksDir)
	if err != nil {
		return nil, err
	}
	f, err := at.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	closeIt()
	if err != nil {
		return nil, plain(err)
	}
	for wait := 500 * time.Microsecond; ; wait = min(2*wait, 20*time.Millisecond) {
		err := tryLock(f, true)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, storage.ErrBusy) {
			return nil, errors.Join(err, f.Close())
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}

// openPrivateDir opens one of the driver's own directories, and makes it if it is
// not there. A link that somebody has put in its place is [storage.ErrForeign].
func (d *Driver) openPrivateDir(dir string) (*os.Root, func(), error) {
	at, closeIt, err := d.openDir(dir)
	if !errors.Is(err, storage.ErrNotExist) {
		return at, closeIt, err
	}
	at, closeIt = d.root, func() {}
	for segment := range strings.SplitSeq(dir, "/") {
		err := at.Mkdir(segment, 0o777)
		if err == nil {
			err = d.syncDir(at)
		}
		var next *os.Root
		if err == nil || errors.Is(err, fs.ErrExist) {
			next, err = openStep(at, segment)
		}
		closeIt()
		if err != nil {
			return nil, nil, fmt.Errorf("directory %s: %w", dir, plain(err))
		}
		at, closeIt = next, func() { next.Close() }
	}
	return at, closeIt, nil
}
