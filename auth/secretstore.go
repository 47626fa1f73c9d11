package auth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// A SecretStore holds Secrets that were fetched already. It is a [SecretReader] and
// a [SecretLister]. A controller may feed it from its watch with Put and Delete;
// whoever fetched a list once gives that to [NewSecretStore]. It keeps their order,
// and is safe for concurrent use.
type SecretStore struct {
	version atomic.Uint64
	mu      sync.RWMutex
	secrets []*PullSecret
	byName  map[secretName]*PullSecret
}

type secretName struct{ namespace, name string }

// NewSecretStore returns a store of the Secrets, which it keeps and which must not
// be changed any more. Of two with the same name the later one holds.
func NewSecretStore(secrets ...*PullSecret) *SecretStore {
	s := &SecretStore{byName: make(map[secretName]*PullSecret, len(secrets))}
	for _, secret := range secrets {
		s.put(secret)
	}
	return s
}

// Put adds a Secret or replaces the one of the same name, in its place.
func (s *SecretStore) Put(secret *PullSecret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(secret)
	s.version.Add(1)
}

func (s *SecretStore) put(secret *PullSecret) {
	name := secretName{secret.Namespace, secret.Name}
	if old := s.byName[name]; old != nil {
		s.secrets[slices.Index(s.secrets, old)] = secret
	} else {
		s.secrets = append(s.secrets, secret)
	}
	s.byName[name] = secret
}

// Delete takes a Secret out. It does nothing where there is none.
func (s *SecretStore) Delete(namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := secretName{namespace, name}
	if old := s.byName[key]; old != nil {
		delete(s.byName, key)
		s.secrets = slices.DeleteFunc(s.secrets, func(p *PullSecret) bool { return p == old })
		s.version.Add(1)
	}
}

// Secret returns a Secret by its name. The error is [ErrNotFound].
func (s *SecretStore) Secret(_ context.Context, namespace, name string) (*PullSecret, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if secret := s.byName[secretName{namespace, name}]; secret != nil {
		return secret, nil
	}
	return nil, fmt.Errorf("secret %s/%s: %w", namespace, name, ErrNotFound)
}

// Secrets returns the Secrets of a namespace.
func (s *SecretStore) Secrets(_ context.Context, namespace string) ([]*PullSecret, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var secrets []*PullSecret
	for _, secret := range s.secrets {
		if secret.Namespace == namespace {
			secrets = append(secrets, secret)
		}
	}
	return secrets, nil
}

// Version counts the changes.
func (s *SecretStore) Version() uint64 { return s.version.Load() }
