package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoginAndLogout(t *testing.T) {
	bare(t)
	path := filepath.Join(t.TempDir(), "new", "auth.json")
	status, stdout, stderr := program(t, "pw 1\n", "login", "--authfile", path, "-u", "org+bot", "--password-stdin", "https://quay.io/")
	require.Equal(t, found, status, stderr)
	require.Equal(t, "stored the credential of org+bot for https://quay.io/ in "+path+"\n", stdout)
	status, _, stderr = program(t, "", "login", "quay.io/org", "--username=u2", "--password=p:2", "--authfile="+path)
	require.Equal(t, found, status, stderr)

	status, stdout, _ = program(t, "", "--no-host", "--show-secrets", "-o", "json", "--authfile", path, "quay.io/org/app")
	require.Equal(t, found, status)
	o, users := decoded(t, stdout)
	require.Equal(t, "u2 org+bot", users)
	require.Equal(t, "p:2", o.Candidates[0].Password)
	require.Equal(t, "pw 1", o.Candidates[1].Password)

	status, stdout, stderr = program(t, "", "logout", "--authfile", path, "quay.io/org")
	require.Equal(t, found, status, stderr)
	require.Equal(t, "removed the credential for quay.io/org from "+path+"\n", stdout)
	status, _, stderr = program(t, "", "logout", "--authfile", path, "quay.io/org")
	require.Equal(t, failed, status)
	require.Contains(t, stderr, "not found: no credential for quay.io/org")
	_, stdout, _ = program(t, "", "--no-host", "-o", "json", "--authfile", path, "quay.io/org/app")
	_, users = decoded(t, stdout)
	require.Equal(t, "org+bot", users)
}

func TestLoginStatus(t *testing.T) {
	broken := file(t, `{"auths": `)
	for name, c := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":               {[]string{"login", "-h"}, found, "usage: credentials login --authfile FILE"},
		"help to log out":    {[]string{"logout", "--help"}, found, "usage: credentials logout --authfile FILE"},
		"no file":            {[]string{"login", "-u", "u", "-p", "hunter2", "quay.io"}, failed, "--authfile is wanted"},
		"no file to log out": {[]string{"logout", "quay.io"}, failed, "--authfile is wanted"},
		"no user":            {[]string{"login", "--authfile", broken, "-p", "hunter2", "quay.io"}, failed, "a user name and a password"},
		"no password":        {[]string{"login", "--authfile", broken, "-u", "u", "quay.io"}, failed, "a user name and a password"},
		"two passwords":      {[]string{"login", "--authfile", broken, "-u", "u", "-p", "hunter2", "--password-stdin", "quay.io"}, failed, "one of them"},
		"an empty password":  {[]string{"login", "--authfile", broken, "-u", "u", "--password-stdin", "quay.io"}, failed, "without a password"},
		"no registry":        {[]string{"login", "--authfile", broken, "-u", "u", "-p", "hunter2"}, failed, "one registry is wanted, not 0"},
		"two registries":     {[]string{"logout", "--authfile", broken, "a.io", "b.io"}, failed, "one registry is wanted, not 2"},
		"a bad registry":     {[]string{"login", "--authfile", broken, "-u", "u", "-p", "hunter2", "quay.io/app:v1"}, failed, "without tag and digest"},
		"a broken file":      {[]string{"login", "--authfile", broken, "-u", "u", "-p", "hunter2", "quay.io"}, failed, "not JSON"},
		"no such flag":       {[]string{"logout", "--all"}, failed, "flag provided but not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := program(t, "", c.args...)
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, stderr, c.stderr)
			require.NotContains(t, stdout+stderr, "hunter2")
		})
	}
	text, err := os.ReadFile(broken)
	require.NoError(t, err)
	require.Equal(t, `{"auths": `, string(text))
	status, _, stderr := program(t, strings.Repeat("x", maxPassword+1), "login", "--authfile", broken, "-u", "u", "--password-stdin", "quay.io")
	require.Equal(t, failed, status)
	require.Contains(t, stderr, "longer than 65536 bytes")
}
