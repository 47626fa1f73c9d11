package auth

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// HostOptions say whose files [Host] looks for. The zero value is right: it is
// this process, its user and its environment.
type HostOptions struct {
	// Getenv returns a variable of the environment; nil is os.Getenv.
	Getenv func(string) string
	// Home is the user's home directory; empty is $HOME or what the system says.
	Home string
	// UID is the user's ID for /run/containers/<uid>/auth.json; empty is that of
	// the process.
	UID string
}

// Host returns a source of everything that podman, skopeo, buildah, docker and oc
// would use on this host, the first to hold on a tie:
//
//   - $REGISTRY_AUTH_FILE
//   - $XDG_RUNTIME_DIR/containers/auth.json, or without that variable, on Linux,
//     /run/containers/<uid>/auth.json
//   - $XDG_CONFIG_HOME/containers/auth.json, with ~/.config for the variable
//   - $DOCKER_AUTH_CONFIG, which holds a document
//   - $DOCKER_CONFIG/config.json, with ~/.docker for the variable
//   - ~/.dockercfg
//
// podman reads $REGISTRY_AUTH_FILE alone where it is set; here it is first. The
// environment is read at each use, so are the files that have changed. Their
// credHelpers and credsStore are used.
func Host(o HostOptions) Source {
	return Source{loader: &hostLoader{options: o, files: make(map[string]*fileLoader)}, tier: tierHost}
}

// A hostLoader looks in all places of the host.
type hostLoader struct {
	options HostOptions

	turn     turnstile
	files    map[string]*fileLoader // by path
	env      environmentLoader
	parts    []*snapshot // what snapshot was made of
	snapshot *snapshot
}

func (l *hostLoader) String() string { return "host files" }

func (l *hostLoader) load(ctx context.Context) (*snapshot, error) {
	if err := l.turn.enter(ctx); err != nil {
		return nil, err
	}
	defer l.turn.leave()
	var parts []*snapshot
	for _, where := range l.options.places() {
		part := l.env.load(where.text)
		if where.variable == "" {
			file := l.files[where.path]
			if file == nil {
				file = newFileLoader("file "+where.path, where.path, DocumentOptions{})
				l.files[where.path] = file
			}
			var err error
			if part, err = file.load(ctx); err != nil {
				return nil, err
			}
		}
		parts = append(parts, part)
	}
	if same(parts, l.parts) {
		return l.snapshot, nil
	}
	var places []*place
	for _, part := range parts {
		places = append(places, part.places...)
	}
	l.parts, l.snapshot = parts, newSnapshot(places)
	return l.snapshot, nil
}

func same(a, b []*snapshot) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A hostPlace is a file, or a variable that holds a document.
type hostPlace struct {
	path     string
	variable string
	text     string
}

const dockerAuthConfig = "DOCKER_AUTH_CONFIG"

// places lists where to look, each once.
func (o HostOptions) places() []hostPlace {
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	home := o.Home
	if home == "" {
		home = getenv("HOME")
	}
	if home == "" && o.Getenv == nil {
		home, _ = os.UserHomeDir() // then there are no files of the user
	}
	uid := o.UID
	if uid == "" {
		uid = strconv.Itoa(os.Getuid())
	}
	var places []hostPlace
	file := func(parts ...string) {
		path := filepath.Join(parts...)
		if parts[0] == "" {
			return
		}
		for _, p := range places {
			if p.path == path {
				return
			}
		}
		places = append(places, hostPlace{path: path})
	}
	or := func(value string, parts ...string) string {
		if value != "" || parts[0] == "" {
			return value
		}
		return filepath.Join(parts...)
	}

	file(getenv("REGISTRY_AUTH_FILE"))
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		file(dir, "containers", "auth.json")
	} else if runtime.GOOS == "linux" {
		file("/run/containers", uid, "auth.json")
	}
	file(or(getenv("XDG_CONFIG_HOME"), home, ".config"), "containers", "auth.json")
	if text := getenv(dockerAuthConfig); strings.TrimSpace(text) != "" {
		places = append(places, hostPlace{variable: dockerAuthConfig, text: text})
	}
	file(or(getenv("DOCKER_CONFIG"), home, ".docker"), "config.json")
	file(home, ".dockercfg")
	return places
}

// An environmentLoader parses the document of a variable when it has changed.
type environmentLoader struct {
	text     SecretValue
	snapshot *snapshot
}

func (l *environmentLoader) load(text string) *snapshot {
	if text == "" {
		return nil
	}
	if l.snapshot != nil && l.text.Equal(NewSecretValue(text)) {
		return l.snapshot
	}
	p := &place{name: "variable " + dockerAuthConfig} // docker reads auths alone there
	if p.doc, p.err = parseDocument([]byte(text), FormatConfig); p.err != nil {
		p.outcome, p.err = Malformed, &Error{Op: "parse", Object: p.name, Err: p.err}
	}
	l.text, l.snapshot = NewSecretValue(text), newSnapshot([]*place{p})
	return l.snapshot
}
