package registrylayout

import (
	"context"
	"iter"
	"path"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// Repositories gives the names of all repositories: those with a link, a tag or an
// upload. A repository comes before those whose names go on from its own, and its
// neighbours come in the order of their bytes. It costs one listing for each
// directory of the names, and reads no file. At the first error "" comes with it,
// and then nothing more.
func (l *Layout) Repositories(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		l.repositoriesIn(ctx, repositoriesDir, yield)
	}
}

// repositoriesIn reports whether to go on.
func (l *Layout) repositoriesIn(ctx context.Context, dir string, yield func(string, error) bool) bool {
	var below []string
	isRepository := false
	for e, err := range l.store.List(ctx, storage.ListOptions{Prefix: dir, Shallow: true, KeysOnly: true}) {
		if err != nil {
			yield("", err)
			return false
		}
		name := strings.TrimPrefix(e.Key, dir)
		switch {
		case !e.Dir:
		case !strings.HasPrefix(name, "_"):
			below = append(below, e.Key)
		case dir != repositoriesDir && (name == "_layers/" || name == "_manifests/" || name == "_uploads/"):
			isRepository = true
		}
	}
	if isRepository && !yield(strings.TrimSuffix(strings.TrimPrefix(dir, repositoriesDir), "/"), nil) {
		return false
	}
	for _, sub := range below {
		if !l.repositoriesIn(ctx, sub, yield) {
			return false
		}
	}
	return true
}

// Tags gives the tags of a repository, in the order of their bytes, those among
// them that have only an index, as an untagging leaves them that was cut short. It
// reads no file. [ErrName].
func (l *Layout) Tags(ctx context.Context, repository string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := checkDirectory(repository); err != nil {
			yield("", err)
			return
		}
		dir := repositoriesDir + repository + "/_manifests/tags/"
		for e, err := range l.store.List(ctx, storage.ListOptions{Prefix: dir, Shallow: true, KeysOnly: true}) {
			tag := path.Base(e.Key)
			if err == nil && (!e.Dir || CheckTag(tag) != nil) {
				continue
			}
			if err != nil {
				tag = ""
			}
			if !yield(tag, err) || err != nil {
				return
			}
		}
	}
}
