package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/registrykit/registrykit/auth"
)

// maxPassword bounds what is read from standard input.
const maxPassword = 64 << 10

// login stores a credential in an auth file.
func login(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var authFile, username, password string
	var fromStdin bool
	f := flag.NewFlagSet("credentials login", flag.ContinueOnError)
	f.StringVar(&authFile, "authfile", "", "store the credential in this `file`")
	for _, name := range []string{"u", "username"} {
		f.StringVar(&username, name, "", "the user `name`")
	}
	for _, name := range []string{"p", "password"} {
		f.StringVar(&password, name, "", "the `password`, which others on this machine can see then")
	}
	f.BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	registry, err := parseRegistry(f, args, stderr, "credentials login --authfile FILE -u NAME [--password-stdin | -p PASSWORD] REGISTRY", &authFile)
	switch {
	case err != nil:
		return err
	case fromStdin && password != "":
		return errors.New("--password and --password-stdin: one of them is wanted")
	case username == "" || !fromStdin && password == "":
		return errors.New("a user name and a password are wanted: --username and --password-stdin")
	}
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(stdin, maxPassword+1))
		if err != nil {
			return err
		}
		if len(text) > maxPassword {
			return fmt.Errorf("the password is longer than %d bytes", maxPassword)
		}
		password = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	}
	if err := auth.Login(ctx, authFile, registry, auth.NewBasic(username, password), auth.DocumentOptions{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "stored the credential of %s for %s in %s\n", username, registry, authFile)
	return err
}

// logout removes a credential from an auth file.
func logout(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var authFile string
	f := flag.NewFlagSet("credentials logout", flag.ContinueOnError)
	f.StringVar(&authFile, "authfile", "", "remove the credential from this `file`")
	registry, err := parseRegistry(f, args, stderr, "credentials logout --authfile FILE REGISTRY", &authFile)
	if err != nil {
		return err
	}
	if err := auth.Logout(ctx, authFile, registry, auth.DocumentOptions{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "removed the credential for %s from %s\n", registry, authFile)
	return err
}

// parseRegistry reads the flags, of which --authfile must be there, and the registry.
func parseRegistry(f *flag.FlagSet, args []string, stderr io.Writer, usage string, authFile *string) (string, error) {
	registries, err := parse(f, args, stderr, usage)
	switch {
	case err != nil:
		return "", err
	case *authFile == "":
		return "", errors.New("--authfile is wanted")
	case len(registries) != 1:
		return "", fmt.Errorf("one registry is wanted, not %d", len(registries))
	}
	return registries[0], nil
}
