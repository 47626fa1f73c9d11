package storagetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/registrykit/registrykit/storage"
)

func resumeChecks() []Check {
	return []Check{
		{Name: "resume/goes-on", Needs: Resume, Rule: "A suspended upload goes on with all its bytes, and is not seen before Commit.", run: resumeGoesOn},
		{Name: "resume/listed", Needs: Resume, Rule: "Uploads gives what has not ended, and Discard takes it away.", run: resumeListed},
		{Name: "resume/refused", Needs: Resume, Rule: "What was committed, aborted, of another key or not resumable is ErrNotExist; what is held is ErrBusy.", run: resumeRefused},
	}
}

func resumeGoesOn(t *trial) error {
	data := fill(1, 90_000)
	u, err := t.start("dir/object", data[:30_000], storage.CreateOptions{Resumable: true})
	if err != nil {
		return err
	}
	id := u.ID()
	if id == "" {
		return errors.New("a resumable upload has no ID")
	}
	for from := 30_000; ; from += 30_000 {
		if err := first(u.Suspend(t.ctx), u.Abort(t.ctx), t.absent("dir/object")); err != nil {
			return err
		}
		_, err := u.Write([]byte("late"))
		if err := is("write after suspend", err, storage.ErrEnded); err != nil {
			return err
		}
		u, err = storage.Resume(t.ctx, t.d, t.key("dir/object"), id, storage.CreateOptions{
			IfAbsent: from == 60_000 && !slices.Contains(t.lacks, IfAbsent),
		})
		if err != nil {
			return fmt.Errorf("resume: %w", err)
		}
		defer u.Abort(t.ctx)
		if u.Size() != int64(from) || u.ID() != id {
			return fmt.Errorf("resumed with %d bytes as %q, should be %d as %q", u.Size(), u.ID(), from, id)
		}
		if from == len(data) {
			break
		}
		if _, err := u.Write(data[from : from+30_000]); err != nil {
			return err
		}
	}
	_, err = u.Commit(t.ctx)
	return first(err, t.holds("dir/object", data))
}

func (t *trial) uploads(prefix string) ([]storage.UploadInfo, error) {
	var all []storage.UploadInfo
	for u, err := range storage.Uploads(t.ctx, t.d, t.key(prefix)) {
		if err != nil {
			return nil, fmt.Errorf("uploads: %w", err)
		}
		all = append(all, u)
	}
	return all, nil
}

func resumeListed(t *trial) error {
	for _, name := range []string{"a/one", "b/two"} {
		u, err := t.start(name, []byte(name), storage.CreateOptions{Resumable: true})
		if err != nil {
			return err
		}
		if err := u.Suspend(t.ctx); err != nil {
			return err
		}
	}
	all, err := t.uploads("")
	if err != nil {
		return err
	}
	if len(all) != 2 {
		return fmt.Errorf("%d uploads, should be 2: %+v", len(all), all)
	}
	some, err := t.uploads("b/")
	if err != nil {
		return err
	}
	if len(some) != 1 || some[0].Key != t.key("b/two") || !some[0].Resumable || some[0].Active || some[0].Written.IsZero() || some[0].Size > 5 {
		return fmt.Errorf("the upload of b/two is given as %+v", some)
	}
	if err := storage.Discard(t.ctx, t.d, some[0].Key, some[0].ID); err != nil {
		return fmt.Errorf("discard: %w", err)
	}
	_, err = storage.Resume(t.ctx, t.d, some[0].Key, some[0].ID, storage.CreateOptions{})
	if err := first(is("resume after discard", err, storage.ErrNotExist),
		is("discard again", storage.Discard(t.ctx, t.d, some[0].Key, some[0].ID), storage.ErrNotExist)); err != nil {
		return err
	}
	all, err = t.uploads("")
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%d uploads after one of two was discarded", len(all))
	}
	return err
}

func resumeRefused(t *trial) error {
	resume := func(name, id string) error {
		u, err := storage.Resume(t.ctx, t.d, t.key(name), id, storage.CreateOptions{})
		if err == nil {
			u.Abort(t.ctx)
		}
		return err
	}
	plain, err := t.start("plain", []byte("x"), storage.CreateOptions{})
	if err != nil {
		return err
	}
	if err := first(is("suspend of what is not resumable", plain.Suspend(t.ctx), storage.ErrUnsupported), plain.Abort(t.ctx)); err != nil {
		return err
	}
	u, err := t.start("object", []byte("text"), storage.CreateOptions{Resumable: true})
	if err != nil {
		return err
	}
	if err := u.Suspend(t.ctx); err != nil {
		return err
	}
	id := u.ID()
	for _, wrong := range [][2]string{{"other", id}, {"object", id + "0"}, {"object", "../" + id}, {"object", ""}} {
		if err := is(fmt.Sprintf("resume of %q", wrong), resume(wrong[0], wrong[1]), storage.ErrNotExist); err != nil {
			return err
		}
	}
	again, err := storage.Resume(t.ctx, t.d, t.key("object"), id, storage.CreateOptions{})
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	defer again.Abort(t.ctx)
	if err := first(is("resume of what is held", resume("object", id), storage.ErrBusy),
		is("discard of what is held", storage.Discard(t.ctx, t.d, t.key("object"), id), storage.ErrBusy)); err != nil {
		return err
	}
	if _, err := again.Commit(t.ctx); err != nil {
		return err
	}
	if err := is("resume after commit", resume("object", id), storage.ErrNotExist); err != nil {
		return err
	}
	u, err = t.start("aborted", []byte("text"), storage.CreateOptions{Resumable: true})
	if err != nil {
		return err
	}
	id = u.ID()
	return first(u.Abort(t.ctx), is("resume after abort", resume("aborted", id), storage.ErrNotExist), t.holds("object", []byte("text")))
}
