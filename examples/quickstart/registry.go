package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd" // for the configuration below
	"github.com/distribution/distribution/v3/registry/handlers"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/sirupsen/logrus"
	"golang.org/x/crypto/bcrypt"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/filesystem"
)

// user is who may enter the registry.
const user = "builder"

// A registry is distribution's, on a volume, open to this machine alone.
type registry struct {
	host   string
	store  *storage.Store
	app    *handlers.App
	server *http.Server
	stop   context.CancelFunc
	served chan struct{}
}

// startRegistry starts one below a directory and logs in: the password that it made up
// is in authFile then, as after `podman login`.
func startRegistry(ctx context.Context, dir, authFile string) (*registry, error) {
	password := rand.Text()
	htpasswd, err := writeHtpasswd(dir, password)
	if err != nil {
		return nil, err
	}
	store, err := openVolume(filepath.Join(dir, "volume"))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	r := &registry{host: listener.Addr().String(), store: store, served: make(chan struct{})}
	ctx, r.stop = context.WithCancel(ctx)
	logrus.SetOutput(io.Discard) // the registry's log
	r.app = handlers.NewApp(ctx, configurationOf(store, htpasswd))
	r.server = &http.Server{Handler: r.app, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		defer close(r.served)
		_ = r.server.Serve(listener) // ends with Close
	}()
	if err := auth.Login(ctx, authFile, r.host, auth.NewBasic(user, password), auth.DocumentOptions{}); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// close stops the registry and waits until it has stopped.
func (r *registry) close() {
	_ = r.server.Close()
	<-r.served
	r.stop()
	_ = r.app.Shutdown()
	_ = r.store.Close()
}

func openVolume(dir string) (*storage.Store, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	driver, err := filesystem.Open(dir, filesystem.Options{NoSync: true}) // it lives for seconds
	if err != nil {
		return nil, err
	}
	return storage.New(driver, storage.Options{}), nil
}

func writeHtpasswd(dir, password string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "htpasswd")
	return file, os.WriteFile(file, fmt.Appendf(nil, "%s:%s\n", user, hash), 0o600)
}

// configurationOf is what stands in a registry's config.yml. It has no cache of blob
// descriptors: what is deleted behind the registry's back must not be in one.
func configurationOf(store *storage.Store, htpasswd string) *configuration.Configuration {
	kind := strings.ToLower("quickstart" + rand.Text())
	factory.Register(kind, distributiondriver.Factory(func(context.Context, map[string]any) (storagedriver.StorageDriver, error) {
		return distributiondriver.New(store, distributiondriver.Options{}), nil
	}))
	c := &configuration.Configuration{
		Storage: configuration.Storage{
			kind:          configuration.Parameters{},
			"delete":      configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
		},
		Auth: configuration.Auth{"htpasswd": configuration.Parameters{"realm": "quickstart", "path": htpasswd}},
	}
	c.Catalog.MaxEntries = 1000
	c.HTTP.Secret = rand.Text()
	return c
}
