package auth

import (
	"context"
	"errors"
	"strings"
)

// Secrets returns a source of pull secrets by their names, as a pod's
// imagePullSecrets names them. One that does not exist holds nothing, one that is
// no pull secret either; explanations say so. They are read by the rules of
// Kubernetes, in the order of the names.
func Secrets(reader SecretReader, namespace string, names ...string) Source {
	return secretSource("secrets "+namespace+"/"+strings.Join(names, ","), tierSecrets, reader,
		func(ctx context.Context, all []fetched) ([]fetched, error) {
			return fetchNamed(ctx, all, reader, namespace, names), nil
		})
}

// ServiceAccount returns a source of the pull secrets that a ServiceAccount names
// in imagePullSecrets.
func ServiceAccount(accounts ServiceAccountReader, reader SecretReader, namespace, name string) Source {
	title := "service account " + namespace + "/" + name
	return secretSource(title, tierSecrets, nil,
		func(ctx context.Context, all []fetched) ([]fetched, error) {
			names, err := accounts.ImagePullSecrets(ctx, namespace, name)
			if err != nil {
				return nil, err
			}
			return fetchNamed(ctx, all, reader, namespace, names), nil
		})
}

// NamespaceSecrets returns a source of all pull secrets of a namespace, less those
// annotated with [ExcludeSecretAnnotation]: the rule by which OpenShift imports
// images, for the namespace openshift too.
func NamespaceSecrets(lister SecretLister, namespace string) Source {
	return secretSource("secrets of namespace "+namespace, tierSecrets, lister,
		func(ctx context.Context, all []fetched) ([]fetched, error) {
			secrets, err := lister.Secrets(ctx, namespace)
			if err != nil {
				return nil, err
			}
			for _, s := range secrets {
				if s != nil && s.isPullSecret() {
					all = append(all, fetched{name: secretName{s.Namespace, s.Name}, secret: s, annotated: true})
				}
			}
			return all, nil
		})
}

// ClusterPullSecret returns a source of the Secret openshift-config/pull-secret,
// which OpenShift writes to [KubeletConfigPath] on every node. So it ranks with
// [Node], behind other Secrets.
func ClusterPullSecret(reader SecretReader) Source {
	return secretSource("cluster pull secret", tierNode, reader,
		func(ctx context.Context, all []fetched) ([]fetched, error) {
			return fetchNamed(ctx, all, reader, "openshift-config", []string{"pull-secret"}), nil
		})
}

// A fetched Secret, or why it was not.
type fetched struct {
	name      secretName
	secret    *PullSecret
	err       error
	annotated bool // ExcludeSecretAnnotation holds
}

func fetchNamed(ctx context.Context, all []fetched, reader SecretReader, namespace string, names []string) []fetched {
	for _, name := range names {
		secret, err := reader.Secret(ctx, namespace, name)
		if err == nil && secret == nil {
			err = ErrNotFound
		}
		all = append(all, fetched{name: secretName{namespace, name}, secret: secret, err: err})
	}
	return all
}

func secretSource(title string, t tier, versioned any, fetch func(context.Context, []fetched) ([]fetched, error)) Source {
	l := &secretLoader{title: title, fetch: fetch}
	l.versioned, _ = versioned.(Versioned)
	return Source{loader: l, tier: t}
}

// A secretLoader reads Secrets, and parses those that changed.
type secretLoader struct {
	title     string
	versioned Versioned // nil where the reader is not
	// fetch appends what there is now.
	fetch func(context.Context, []fetched) ([]fetched, error)

	turn     turnstile
	buffer   []fetched // of fetch, to be used again
	version  uint64
	last     []loadedSecret
	snapshot *snapshot
	trouble  *snapshot // what is served while the list fails with troubleText
	text     string
}

// A loadedSecret is a Secret with the place that it made.
type loadedSecret struct {
	fetched
	place *place // nil where the Secret is left out
	// good is the last document that was sound.
	good *document
}

func (l *secretLoader) String() string { return l.title }

func (l *secretLoader) load(ctx context.Context) (*snapshot, error) {
	if err := l.turn.enter(ctx); err != nil {
		return nil, err
	}
	defer l.turn.leave()
	var version uint64
	if l.versioned != nil {
		version = l.versioned.Version()
		if l.snapshot != nil && version == l.version {
			return l.snapshot, nil
		}
	}
	all, err := l.fetch(ctx, l.buffer[:0])
	l.buffer = all
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return l.failed(err), nil
	}
	if l.snapshot == nil || !l.unchanged(all) {
		l.replace(all)
	}
	l.version = version
	return l.snapshot, nil
}

// failed serves what was last fetched, with a place that says what is wrong.
func (l *secretLoader) failed(err error) *snapshot {
	if l.trouble == nil || l.text != err.Error() {
		l.trouble, l.text = l.withTrouble(err), err.Error()
	}
	return l.trouble
}

func (l *secretLoader) withTrouble(err error) *snapshot {
	trouble := &place{name: l.title, outcome: Unreadable, err: &Error{Op: "list", Object: l.title, Err: opaque(err)}}
	if errors.Is(err, ErrNotFound) {
		trouble.outcome, trouble.err = Missing, nil
		return newSnapshot([]*place{trouble})
	}
	places := []*place{trouble}
	for _, s := range l.last {
		if s.place != nil {
			old := *s.place
			if old.doc != nil && old.outcome == found {
				old.outcome, old.err = Stale, trouble.err
			}
			places = append(places, &old)
		}
	}
	return newSnapshot(places)
}

// unchanged compares without allocating, for it runs at each use.
func (l *secretLoader) unchanged(all []fetched) bool {
	if len(all) != len(l.last) {
		return false
	}
	for i := range all {
		a, b := &all[i], &l.last[i].fetched
		switch {
		case a.name != b.name:
			return false
		case a.err != nil || b.err != nil:
			if !errors.Is(a.err, ErrNotFound) || !errors.Is(b.err, ErrNotFound) {
				return false
			}
		case a.secret != b.secret && !a.secret.sameAs(b.secret):
			return false
		}
	}
	return true
}

// replace makes a new snapshot, of old places where a Secret did not change.
func (l *secretLoader) replace(all []fetched) {
	old := make(map[secretName]*loadedSecret, len(l.last))
	for i := range l.last {
		old[l.last[i].name] = &l.last[i]
	}
	next := make([]loadedSecret, 0, len(all))
	places := make([]*place, 0, len(all))
	for _, f := range all {
		loaded := f.load(old[f.name])
		next = append(next, loaded)
		if loaded.place != nil {
			places = append(places, loaded.place)
		}
	}
	l.last, l.snapshot, l.trouble = next, newSnapshot(places), nil
}

// secretTitle is what errors and explanations call a Secret. One that was read
// from a file may have no namespace.
func secretTitle(namespace, name string) string {
	if namespace == "" {
		return "secret " + name
	}
	return "secret " + namespace + "/" + name
}

// load turns a Secret into a place. old is what it was before, or nil.
func (f fetched) load(old *loadedSecret) loadedSecret {
	title := secretTitle(f.name.namespace, f.name.name)
	loaded := loadedSecret{fetched: f, place: &place{name: title, kubernetes: true}}
	p := loaded.place
	if old != nil {
		loaded.good = old.good
		if f.err == nil && old.err == nil && f.secret.sameAs(old.secret) {
			loaded.place = old.place
			return loaded
		}
	}
	switch {
	case errors.Is(f.err, ErrNotFound):
		p.outcome, loaded.good = Missing, nil
		return loaded
	case f.err != nil:
		p.outcome, p.err = Unreadable, &Error{Op: "read", Object: title, Err: opaque(f.err)}
	case f.annotated && f.secret.Annotations[ExcludeSecretAnnotation] == "true":
		p.outcome, loaded.good = Excluded, nil
		return loaded
	default:
		data, format, err := f.secret.document()
		if err != nil {
			p.outcome, p.err, loaded.good = WrongType, &Error{Op: "read", Object: title, Err: err}, nil
			return loaded
		}
		if p.doc, err = parseDocument(data, format); err == nil {
			loaded.good = p.doc
			return loaded
		}
		p.outcome, p.err = Malformed, &Error{Op: "parse", Object: title, Err: err}
	}
	if loaded.good != nil {
		p.doc, p.outcome = loaded.good, Stale
	}
	return loaded
}
