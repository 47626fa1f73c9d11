package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/registrykit/registrykit/storage"
)

func readChecks() []Check {
	return []Check{
		{Name: "read/missing", Rule: "Open, Stat and Delete of what is not there are ErrNotExist.", run: readMissing},
		{Name: "read/ranges", Rule: "A range gives exactly its bytes; at the end none; beyond the end ErrInvalidRange.", run: readRanges},
		{Name: "read/info", Rule: "Commit, Stat, Open and List say the same of an object.", run: readInfo},
		{Name: "read/while-replaced", Rule: "Whoever reads an object that is replaced or deleted gets the old bytes to the end, or an error.", run: readWhileReplaced},
		{Name: "read/many-at-once", Rule: "Many may read one object at once.", run: readManyAtOnce},
	}
}

func readMissing(t *trial) error {
	for _, name := range []string{"nothing", "no/such/directory/nothing"} {
		if err := first(t.absent(name),
			is("delete", t.d.Delete(t.ctx, t.key(name), storage.DeleteOptions{}), storage.ErrNotExist)); err != nil {
			return err
		}
	}
	return nil
}

func readRanges(t *trial) error {
	data := fill(1, 10_000)
	if _, err := t.put("object", data, storage.CreateOptions{}); err != nil {
		return err
	}
	if _, err := t.put("empty", nil, storage.CreateOptions{}); err != nil {
		return err
	}
	size := int64(len(data))
	for _, r := range []storage.Range{
		{}, {Length: 1}, {Length: size}, {Length: size + 1}, {Offset: 1}, {Offset: 5, Length: 7}, {Offset: 4095, Length: 2},
		{Offset: size - 1}, {Offset: size - 1, Length: 100}, {Offset: size}, {Offset: size, Length: 5}, {Length: 1<<63 - 1}, {Offset: 3, Length: 1<<63 - 1},
	} {
		start, end, err := r.In(size)
		if err != nil {
			return err
		}
		got, err := t.get("object", r)
		if err != nil {
			return fmt.Errorf("range %+v: %w", r, err)
		}
		if !bytes.Equal(got, data[start:end]) {
			return fmt.Errorf("range %+v gives %s, should give %s", r, excerpt(got), excerpt(data[start:end]))
		}
	}
	for _, r := range []storage.Range{{Offset: size + 1}, {Offset: 1 << 62}, {Offset: -1}, {Length: -1}} {
		_, err := t.get("object", r)
		if err := is(fmt.Sprintf("range %+v", r), err, storage.ErrInvalidRange); err != nil {
			return err
		}
	}
	_, err := t.get("empty", storage.Range{Offset: 1})
	return first(t.holds("empty", nil), is("offset 1 of an empty object", err, storage.ErrInvalidRange))
}

func readInfo(t *trial) error {
	committed, err := t.put("dir/object", fill(2, 321), storage.CreateOptions{})
	if err != nil {
		return err
	}
	stat, err := t.d.Stat(t.ctx, t.key("dir/object"))
	if err != nil {
		return err
	}
	object, err := t.d.Open(t.ctx, t.key("dir/object"), storage.Range{Offset: 300})
	if err != nil {
		return err
	}
	if err := object.Body.Close(); err != nil {
		return err
	}
	infos := map[string]storage.Info{"commit": committed, "stat": stat, "open": object.Info}
	for e, err := range t.d.List(t.ctx, storage.ListOptions{Prefix: t.prefix}) {
		if err != nil {
			return err
		}
		if e.Version == "" {
			e.Version = stat.Version // which a listing may leave out
		}
		infos["list"] = e.Info
	}
	for from, info := range infos {
		if info.Key != t.key("dir/object") || info.Size != 321 || info.Version != stat.Version || !info.ModTime.Equal(stat.ModTime) {
			return fmt.Errorf("%s says %+v, stat says %+v", from, info, stat)
		}
	}
	if stat.ModTime.IsZero() {
		return errors.New("no ModTime")
	}
	return nil
}

func readWhileReplaced(t *trial) error {
	old, young := fill(3, 300_000), fill(4, 300_000)
	for _, change := range []struct {
		name string
		do   func(name string) error
	}{
		{"replaced", func(name string) error { _, err := t.put(name, young, storage.CreateOptions{}); return err }},
		{"deleted", func(name string) error { return t.d.Delete(t.ctx, t.key(name), storage.DeleteOptions{}) }},
	} {
		if _, err := t.put(change.name, old, storage.CreateOptions{}); err != nil {
			return err
		}
		object, err := t.d.Open(t.ctx, t.key(change.name), storage.Range{})
		if err != nil {
			return err
		}
		head := make([]byte, 1000)
		_, err = io.ReadFull(object.Body, head)
		if err := first(err, change.do(change.name)); err != nil {
			return errors.Join(err, object.Body.Close())
		}
		rest, err := io.ReadAll(object.Body)
		object.Body.Close()
		got := append(head, rest...)
		if err == nil && !bytes.Equal(got, old) || err != nil && !bytes.HasPrefix(old, got) {
			return fmt.Errorf("while it was %s: read %s (error %v), not what was opened", change.name, excerpt(got), err)
		}
	}
	return t.holds("replaced", young)
}

func readManyAtOnce(t *trial) error {
	data := fill(5, 200_000)
	if _, err := t.put("object", data, storage.CreateOptions{}); err != nil {
		return err
	}
	return atOnce(16, func(i int) error {
		r := storage.Range{Offset: int64(i) * 1000}
		got, err := t.get("object", r)
		if err == nil && !bytes.Equal(got, data[r.Offset:]) {
			err = fmt.Errorf("from %d on: %s", r.Offset, excerpt(got))
		}
		return err
	})
}
