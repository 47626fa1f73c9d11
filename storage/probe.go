package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// Capabilities are what a driver was seen to do. What it says of itself is not
// asked: several S3 servers take a conditional deletion and delete regardless.
type Capabilities struct {
	// IfAbsent: of several uploads that commit with IfAbsent, one wins.
	IfAbsent bool
	// ReplaceIfVersion: a commit with IfVersion replaces only that version.
	ReplaceIfVersion bool
	// DeleteIfVersion: a deletion with IfVersion deletes only that version.
	DeleteIfVersion bool
	// VersionChanges: writing the same bytes again gives another version, so
	// that IfVersion tells an object from one that was put back.
	VersionChanges bool
	// Move: the driver has the role [Mover], or a wrapper plays it.
	Move bool
	// Resume: the driver has the role [Resumer].
	Resume bool
	// Ignored names the preconditions that the driver takes and passes over:
	// "IfAbsent", "ReplaceIfVersion", "DeleteIfVersion". The Store refuses
	// them.
	Ignored []string
}

// Capabilities tries out what the driver does, the first time, under
// Options.ProbePrefix, and remembers it; an error is not remembered. It takes
// some twenty to forty small calls. Preconditions ask for it on their own, unless
// Options.Trust is set.
// [ErrReadOnly], and whatever else the driver returns.
func (s *Store) Capabilities(ctx context.Context) (Capabilities, error) {
	s.probing.Lock()
	defer s.probing.Unlock()
	if s.probed == nil {
		c, err := Probe(ctx, s.driver, s.options.ProbePrefix)
		if err != nil {
			return Capabilities{}, at("probe", s.options.ProbePrefix, err)
		}
		s.probed = &c
	}
	c := *s.probed
	c.Ignored = append([]string(nil), c.Ignored...)
	return c, nil
}

// need refuses what the driver does not do.
func (s *Store) need(ctx context.Context, what func(Capabilities) bool) error {
	if s.options.Trust {
		return nil
	}
	c, err := s.Capabilities(ctx)
	if err != nil {
		return err
	}
	if !what(c) {
		return fmt.Errorf("precondition: %w", ErrUnsupported)
	}
	return nil
}

// Probe tries out what d does, with small objects below the prefix, which are
// deleted at the end; what one leaves that is killed, [Store.CleanProbes] takes away. The
// error is that of a call that should have succeeded.
func Probe(ctx context.Context, d Driver, prefix string) (Capabilities, error) {
	p := &prober{d: d, dir: prefix + "/" + rand.Text() + "/"}
	err := CheckKey(p.dir + "x")
	for _, step := range []func(context.Context) error{
		p.ifAbsent, p.versionChanges, p.replaceIfVersion, p.deleteIfVersion, p.move, p.resume,
	} {
		if err != nil {
			break
		}
		err = step(ctx)
	}
	for _, key := range p.written {
		gone := d.Delete(context.WithoutCancel(ctx), key, DeleteOptions{})
		if gone != nil && !errors.Is(gone, ErrNotExist) {
			err = errors.Join(err, at("delete", key, gone))
		}
	}
	return p.found, err
}

type prober struct {
	d       Driver
	dir     string
	written []string
	found   Capabilities
}

// key returns a key of this probe and has it deleted at the end.
func (p *prober) key(name string) string {
	p.written = append(p.written, p.dir+name)
	return p.dir + name
}

func (p *prober) write(ctx context.Context, key, text string, o CreateOptions) (Info, error) {
	u, err := p.start(ctx, key, text, o)
	if err != nil {
		return Info{}, err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	info, err := u.Commit(ctx)
	return info, at("commit", key, err)
}

func (p *prober) start(ctx context.Context, key, text string, o CreateOptions) (Upload, error) {
	u, err := p.d.Create(ctx, key, o)
	if err != nil {
		return nil, at("create", key, err)
	}
	if _, err := u.Write([]byte(text)); err != nil {
		return nil, errors.Join(at("write", key, err), u.Abort(context.WithoutCancel(ctx)))
	}
	return u, nil
}

// holds says whether the object has this text.
func (p *prober) holds(ctx context.Context, key, text string) (bool, error) {
	object, err := p.d.Open(ctx, key, Range{})
	if errors.Is(err, ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, at("open", key, err)
	}
	defer object.Body.Close()
	var data bytes.Buffer
	_, err = data.ReadFrom(object.Body)
	return data.String() == text, at("read", key, err)
}

// ifAbsent has two uploads open at once, so that a driver which looks only at
// Create has two winners.
func (p *prober) ifAbsent(ctx context.Context) error {
	key := p.key(probeAbsent)
	var texts = [2]string{"first", "second"}
	winners := 0
	var uploads [2]Upload
	for i, text := range texts {
		u, err := p.start(ctx, key, text, CreateOptions{IfAbsent: true})
		if errors.Is(err, ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		defer u.Abort(context.WithoutCancel(ctx))
		uploads[i] = u
	}
	for _, u := range uploads {
		switch _, err := u.Commit(ctx); {
		case err == nil:
			winners++
		case errors.Is(err, ErrUnsupported):
			return nil
		case !errors.Is(err, ErrExist):
			return at("commit", key, err)
		}
	}
	kept, err := p.holds(ctx, key, texts[0])
	p.judge("IfAbsent", &p.found.IfAbsent, winners == 1 && kept)
	return err
}

// judge notes a precondition that was taken.
func (p *prober) judge(name string, field *bool, kept bool) {
	*field = kept
	if !kept {
		p.found.Ignored = append(p.found.Ignored, name)
	}
}

func (p *prober) versionChanges(ctx context.Context) error {
	key := p.key(probeSame)
	first, err := p.write(ctx, key, "same", CreateOptions{})
	if err != nil {
		return err
	}
	second, err := p.write(ctx, key, "same", CreateOptions{})
	p.found.VersionChanges = first.Version != "" && second.Version != "" && first.Version != second.Version
	return err
}

func (p *prober) replaceIfVersion(ctx context.Context) error {
	key := p.key(probeReplace)
	first, err := p.write(ctx, key, "first", CreateOptions{})
	if err != nil || first.Version == "" {
		return err
	}
	second, err := p.write(ctx, key, "second", CreateOptions{IfVersion: first.Version})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = p.write(ctx, key, "third", CreateOptions{IfVersion: first.Version})
	if err != nil && !errors.Is(err, ErrPrecondition) {
		return err
	}
	refused := err != nil
	kept, err := p.holds(ctx, key, "second")
	p.judge("ReplaceIfVersion", &p.found.ReplaceIfVersion, refused && kept && second.Version != first.Version)
	return err
}

func (p *prober) deleteIfVersion(ctx context.Context) error {
	key := p.key(probeDelete)
	first, err := p.write(ctx, key, "first", CreateOptions{})
	if err != nil || first.Version == "" {
		return err
	}
	second, err := p.write(ctx, key, "second", CreateOptions{})
	if err != nil {
		return err
	}
	err = p.d.Delete(ctx, key, DeleteOptions{IfVersion: first.Version})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrPrecondition) {
		return at("delete", key, err)
	}
	refused := err != nil
	kept, err := p.holds(ctx, key, "second")
	if err != nil {
		return err
	}
	if !refused || !kept {
		p.judge("DeleteIfVersion", &p.found.DeleteIfVersion, false)
		return nil
	}
	if err := p.d.Delete(ctx, key, DeleteOptions{IfVersion: second.Version}); err != nil {
		return at("delete", key, err)
	}
	kept, err = p.holds(ctx, key, "second")
	p.judge("DeleteIfVersion", &p.found.DeleteIfVersion, !kept)
	return err
}

func (p *prober) move(ctx context.Context) error {
	from, to := p.key(probeFrom), p.key(probeTo)
	m, ok := p.d.(Mover)
	if !ok {
		return nil
	}
	if _, err := p.write(ctx, from, "moved", CreateOptions{}); err != nil {
		return err
	}
	_, err := m.Move(ctx, from, to, MoveOptions{})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	if err != nil {
		return at("move", from, err)
	}
	p.found.Move, err = p.holds(ctx, to, "moved")
	return err
}

func (p *prober) resume(ctx context.Context) error {
	key := p.key(probeResume)
	u, err := p.start(ctx, key, "half", CreateOptions{Resumable: true})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	id := u.ID()
	if err := u.Suspend(ctx); err != nil {
		if errors.Is(err, ErrUnsupported) {
			return nil
		}
		return at("suspend", key, err)
	}
	again, err := Resume(ctx, p.d, key, id, CreateOptions{})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	if err != nil {
		return at("resume", key, err)
	}
	p.found.Resume = again.Size() == int64(len("half"))
	return at("abort", key, again.Abort(ctx))
}
