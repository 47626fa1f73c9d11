package auth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestHostSearchOrder puts a different user in every place that podman and docker
// look in, and takes the places away one by one.
func TestHostSearchOrder(t *testing.T) {
	home, run, config, docker := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	put := func(user string, parts ...string) string {
		path := filepath.Join(parts...)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		text := auths(e("quay.io", user))[0]
		if filepath.Base(path) == ".dockercfg" {
			text = "{" + e("quay.io", user) + "}"
		}
		write(t, path, text)
		return path
	}
	env := map[string]string{
		"HOME":               home,
		"REGISTRY_AUTH_FILE": put("registry-auth-file", t.TempDir(), "any.json"),
		"XDG_RUNTIME_DIR":    run,
		"XDG_CONFIG_HOME":    config,
		"DOCKER_CONFIG":      docker,
		"DOCKER_AUTH_CONFIG": auths(e("quay.io", "docker-auth-config"))[0],
	}
	put("runtime", run, "containers", "auth.json")
	put("config-home", config, "containers", "auth.json")
	put("home-config", home, ".config", "containers", "auth.json")
	put("docker-config", docker, "config.json")
	put("home-docker", home, ".docker", "config.json")
	put("dockercfg", home, ".dockercfg")

	r := auth.NewResolver(auth.Options{}, auth.Host(auth.HostOptions{Getenv: func(name string) string { return env[name] }, UID: "no such"}))
	check := func(want ...string) {
		t.Helper()
		require.Equal(t, strings.Join(want, " > "), chosenBy(t, r, app))
	}
	check("registry-auth-file", "runtime", "config-home", "docker-auth-config", "docker-config", "dockercfg")
	delete(env, "REGISTRY_AUTH_FILE")
	check("runtime", "config-home", "docker-auth-config", "docker-config", "dockercfg")
	delete(env, "XDG_RUNTIME_DIR")
	check("config-home", "docker-auth-config", "docker-config", "dockercfg")
	delete(env, "XDG_CONFIG_HOME")
	check("home-config", "docker-auth-config", "docker-config", "dockercfg")
	env["DOCKER_AUTH_CONFIG"] = auths(e("quay.io", "changed"))[0]
	check("home-config", "changed", "docker-config", "dockercfg")
	env["DOCKER_AUTH_CONFIG"] = "{"
	check("home-config", "docker-config", "dockercfg")
	delete(env, "DOCKER_AUTH_CONFIG")
	delete(env, "DOCKER_CONFIG")
	check("home-config", "home-docker", "dockercfg")
	env["REGISTRY_AUTH_FILE"] = filepath.Join(home, ".docker", "config.json")
	check("home-docker", "home-config", "dockercfg")
	env = nil
	check()
}

func TestHostExplainsWhereItLooked(t *testing.T) {
	env := map[string]string{"HOME": "/nonexistent/home", "XDG_RUNTIME_DIR": "/nonexistent/run"}
	e := explain(t, auth.Options{}, app, auth.Host(auth.HostOptions{Getenv: func(name string) string { return env[name] }}))
	require.Zero(t, e.PlacesRead)
	require.Equal(t, []auth.Step{
		{Source: "file /nonexistent/run/containers/auth.json", Outcome: auth.Missing},
		{Source: "file /nonexistent/home/.config/containers/auth.json", Outcome: auth.Missing},
		{Source: "file /nonexistent/home/.docker/config.json", Outcome: auth.Missing},
		{Source: "file /nonexistent/home/.dockercfg", Outcome: auth.Missing},
	}, e.Steps)
}

// TestBrokenFileHidesNoOther: containers/image stops at it, docker too.
func TestBrokenFileHidesNoOther(t *testing.T) {
	home := t.TempDir()
	for _, path := range []string{".config/containers/auth.json", ".docker/config.json"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(home, path)), 0o700))
	}
	write(t, filepath.Join(home, ".config/containers/auth.json"), `{"auths": `)
	write(t, filepath.Join(home, ".docker/config.json"), auths(`"ghcr.io": {"auth": "%"}`, e("quay.io", "d"))[0])
	r := auth.NewResolver(auth.Options{}, auth.Host(auth.HostOptions{Home: home, Getenv: func(string) string { return "" }, UID: "no such"}))
	require.Equal(t, "d", chosenBy(t, r, app))
}
