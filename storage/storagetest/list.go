package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

func listChecks() []Check {
	return []Check{
		{Name: "list/order", Rule: "Keys come in ascending order of the bytes of the whole key.", run: listOrder},
		{Name: "list/prefix-after-shallow", Rule: "Every prefix, start and level gives exactly what belongs to it.", run: listMatrix},
		{Name: "list/nothing", Rule: "No objects is no error.", run: listNothing},
		{Name: "list/many", Rule: "A directory of more than a thousand objects is listed whole, from any key on.", run: listMany},
		{Name: "list/delete-while", Rule: "Deleting what was just given is allowed and costs no entry.", run: listDeleteWhile},
		{Name: "list/create-while", Rule: "Creating is allowed; what was there before is given once.", run: listCreateWhile},
	}
}

// trickyKeys sort differently by whole key than by directory: the slash is
// greater than a dot or a dash and less than a digit or a letter.
var trickyKeys = []string{
	"a!b", "a-b", "a-b/c", "a.b", "a.b/c.d", "a.b/c/d", "a/b", "a/b.c", "a/b/c", "a0", "ab", "ab/c", "a/c", "b", "B", "é", "z/z/z",
	"a/b-c", "aa/a",
}

// tricky returns the keys above that can be together: "a/b" and "a/b/c" need not.
func tricky() []string {
	return slices.DeleteFunc(slices.Clone(trickyKeys), func(key string) bool {
		return slices.ContainsFunc(trickyKeys, func(other string) bool { return strings.HasPrefix(other, key+"/") })
	})
}

func listOrder(t *trial) error {
	want := tricky()
	if err := t.puts(want...); err != nil {
		return err
	}
	slices.Sort(want)
	got, err := t.keys(storage.ListOptions{})
	return first(err, same("list", got, want))
}

func listMatrix(t *trial) error {
	all := tricky()
	if err := t.puts(all...); err != nil {
		return err
	}
	slices.Sort(all)
	prefixes := []string{""}
	afters := []string{"", "zz", "a", "a/", "a/b/c\xff"}
	for _, key := range all {
		for i := range key {
			prefixes = append(prefixes, key[:i])
		}
		afters = append(afters, key, key+"/", key+"0")
	}
	slices.Sort(prefixes)
	for _, prefix := range slices.Compact(prefixes) {
		for _, after := range afters {
			for _, shallow := range []bool{false, true} {
				o := storage.ListOptions{Prefix: prefix, After: after, Shallow: shallow, KeysOnly: len(after)%2 == 0}
				got, err := t.keys(o)
				if err := first(err, same(fmt.Sprintf("%+v", o), got, expected(all, o))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// expected lists keys that are sorted, the plain way.
func expected(all []string, o storage.ListOptions) []string {
	var keys []string
	for _, key := range all {
		rest, ok := strings.CutPrefix(key, o.Prefix)
		if !ok {
			continue
		}
		if i := strings.IndexByte(rest, '/'); o.Shallow && i >= 0 {
			key = key[:len(o.Prefix)+i+1]
		}
		if key > o.After && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func listNothing(t *trial) error {
	for _, o := range []storage.ListOptions{{}, {Shallow: true}, {Prefix: "no/such/"}, {Prefix: "no/such", Shallow: true}} {
		keys, err := t.keys(o)
		if err := first(err, same(fmt.Sprintf("%+v", o), keys, nil)); err != nil {
			return err
		}
	}
	return nil
}

func listMany(t *trial) error {
	var want []string
	for i := range 1100 {
		want = append(want, fmt.Sprintf("dir/%04d", i))
	}
	err := atOnce(8, func(i int) error {
		for j := i; j < len(want); j += 8 {
			if err := t.puts(want[j]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, from := range []int{0, 1, 999, 1000, 1001, 1100} {
		o := storage.ListOptions{Prefix: "dir/"}
		if from > 0 {
			o.After = want[from-1]
		}
		got, err := t.keys(o)
		if err := first(err, same(fmt.Sprintf("from %d on", from), got, want[from:])); err != nil {
			return err
		}
	}
	got, err := t.keys(storage.ListOptions{Shallow: true})
	return first(err, same("directories", got, []string{"dir/"}))
}

func listDeleteWhile(t *trial) error {
	names := []string{"a/1", "a/2", "b/1", "b/2/3", "c", "d"}
	if err := t.puts(names...); err != nil {
		return err
	}
	var got []string
	for e, err := range t.d.List(t.ctx, storage.ListOptions{Prefix: t.prefix}) {
		if err != nil {
			return err
		}
		got = append(got, strings.TrimPrefix(e.Key, t.prefix))
		if err := t.d.Delete(t.ctx, e.Key, storage.DeleteOptions{}); err != nil {
			return fmt.Errorf("delete while listing: %w", err)
		}
	}
	left, err := t.keys(storage.ListOptions{})
	return first(same("list", got, names), err, same("left", left, nil))
}

func listCreateWhile(t *trial) error {
	names := []string{"a/1", "b/1", "c/1", "d"}
	if err := t.puts(names...); err != nil {
		return err
	}
	var got []string
	for e, err := range t.d.List(t.ctx, storage.ListOptions{Prefix: t.prefix}) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(e.Key, t.prefix)
		if strings.HasSuffix(name, "-new") {
			continue
		}
		got = append(got, name)
		// One behind the place that is reached, one right after it, one far on.
		if err := t.puts("a/0-"+strings.ReplaceAll(name, "/", "")+"-new", name+"-new", "z/"+name+"-new"); err != nil {
			return fmt.Errorf("create while listing: %w", err)
		}
	}
	return same("what was there before", got, names)
}
