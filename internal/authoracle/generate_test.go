package authoracle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/auth"
)

// An entry is one member of a generated document, with what the predicates ask about
// it. host and path are what the key was made of, before it was spelled.
type entry struct {
	host, path string
	spelling   string
	key        string
	value      string // how the credential is written
	json       string
	user       string
}

// A document is a generated list of entries.
type document []entry

func (d document) text() string {
	var members []string
	for _, e := range d {
		key, _ := json.Marshal(e.key) // a string
		members = append(members, string(key)+": "+e.json)
	}
	return `{"auths": {` + strings.Join(members, ", ") + `}}`
}

// legacy is the document as .dockercfg.
func (d document) legacy() string {
	return strings.TrimSuffix(strings.TrimPrefix(d.text(), `{"auths": `), "}")
}

// The hosts, and paths that begin alike. Docker Hub's names stand for one registry.
var (
	hosts = []string{"quay.io", "quay.io", "reg.example.com", "reg.example.com:5000", "docker.io", "docker.io", "docker.io", "index.docker.io", "registry-1.docker.io"}
	paths = []string{"", "", "", "org", "org", "org", "organization", "org/app", "org/app", "org/app/sub", "library", "v1", "v2x"}
)

// The spellings of a key; plain is what podman and oc write.
var spellings = []string{
	"plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain",
	"plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain", "plain",
	"https", "http", "url with /v1/", "url with /v2", "final slash", "upper case", "port 443", "/v2/ without a scheme", "wildcard", "wildcard", "no URL", "HTTPS",
}

func spell(r *rand.Rand, host, path string) (spelling, key string) {
	full := host
	if path != "" {
		full += "/" + path
	}
	spelling = spellings[r.IntN(len(spellings))]
	switch spelling {
	case "https", "http":
		return spelling, spelling + "://" + full
	case "HTTPS":
		return spelling, "HTTPS://" + full
	case "url with /v1/":
		return spelling, "https://" + host + "/v1/" + path
	case "url with /v2":
		return spelling, "https://" + host + "/v2"
	case "final slash":
		return spelling, full + "/"
	case "upper case":
		return spelling, strings.ToUpper(full[:1]) + full[1:]
	case "port 443":
		if strings.Contains(host, ":") {
			break
		}
		return spelling, strings.Replace(full, host, host+":443", 1)
	case "/v2/ without a scheme":
		return spelling, host + "/v2/" + path
	case "wildcard":
		first, rest, _ := strings.Cut(full, ".")
		return spelling, []string{"*", first[:1] + "*", "*" + first[1:]}[r.IntN(3)] + "." + rest
	case "no URL":
		return spelling, full + "%zz"
	}
	return "plain", full
}

// The ways to write a credential; auth is what everybody writes.
var values = []string{
	"auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth",
	"auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth", "auth",
	"colons", "line end", "auth and others", "same as another", "unknown members", "NUL", "NUL first", "members", "identity token", "identity token alone", "registry token",
	"no padding", "no base64", "no colon", "empty", "null", "no user",
}

func write(r *rand.Rand, user string) (value, text string) {
	auth := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	value = values[r.IntN(len(values))]
	switch value {
	case "colons":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(user+":p:w:"))
	case "line end":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(user+":pw")+"\n")
	case "auth and others":
		return value, fmt.Sprintf(`{"username": "x", "auth": %q, "password": "x"}`, auth(user+":pw"))
	case "same as another":
		return value, fmt.Sprintf(`{"auth": %q}`, auth("same:pw"))
	case "unknown members":
		return value, fmt.Sprintf(`{"email": "e", "x": [1], "auth": %q}`, auth(user+":pw"))
	case "NUL":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(user+":pw\x00\x00"))
	case "NUL first":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(user+":\x00pw"))
	case "members":
		return value, fmt.Sprintf(`{"username": %q, "password": "pw"}`, user)
	case "identity token":
		return value, fmt.Sprintf(`{"auth": %q, "identitytoken": "id-of-%s"}`, auth(user+":"), user)
	case "identity token alone":
		return value, fmt.Sprintf(`{"identitytoken": "id-of-%s"}`, user)
	case "registry token":
		return value, fmt.Sprintf(`{"registrytoken": "reg-of-%s", "auth": %q}`, user, auth(user+":pw"))
	case "no padding":
		padded := auth(user + ":pw")
		if !strings.HasSuffix(padded, "=") {
			padded = auth(user + "1:pw")
		}
		if bare := strings.TrimRight(padded, "="); bare != padded {
			return value, fmt.Sprintf(`{"auth": %q}`, bare)
		}
		return "auth", fmt.Sprintf(`{"auth": %q}`, padded)
	case "no base64":
		return value, `{"auth": "!"}`
	case "no colon":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(user))
	case "empty":
		return value, `{}`
	case "null":
		return value, `null`
	case "no user":
		return value, fmt.Sprintf(`{"auth": %q}`, auth(":pw"))
	}
	return "auth", fmt.Sprintf(`{"auth": %q}`, auth(user+":pw"))
}

// generate makes a document of up to six entries for two or three hosts, without two
// equal keys.
func generate(r *rand.Rand, name string) document {
	var d document
	seen := make(map[string]bool)
	few := []string{hosts[r.IntN(len(hosts))], hosts[r.IntN(len(hosts))], hosts[r.IntN(len(hosts))]}
	for i := range 1 + r.IntN(6) {
		e := entry{host: few[r.IntN(len(few))], path: paths[r.IntN(len(paths))], user: fmt.Sprintf("%s-%d", name, i)}
		e.spelling, e.key = spell(r, e.host, e.path)
		version := slices.Contains([]string{"https", "http", "HTTPS", "final slash"}, e.spelling)
		if e.spelling == "url with /v2" || version && e.path == "v1" {
			e.path = "" // the version of the API
		}
		e.value, e.json = write(r, e.user)
		if !seen[e.key] {
			seen[e.key] = true
			d = append(d, e)
		}
	}
	return d
}

// images are what is looked for.
var images = []string{
	"quay.io/org/app", "quay.io/org", "quay.io/organization/app", "quay.io/org/app/sub/deep", "quay.io/v1/app", "quay.io/x",
	"reg.example.com/org/app", "reg.example.com:5000/org/app", "reg.example.com:5000/organization", "other.example.com/x",
	"docker.io/library/busybox", "docker.io/org/app", "docker.io/organization/app",
}

// looked are the images of the registries that a document is for, and two others.
func (d document) looked() []string {
	var all []string
	for i, image := range images {
		for _, e := range d {
			if i < 2 || e.concerns(image) {
				all = append(all, image)
				break
			}
		}
	}
	return all
}

func hostOf(image string) string { return image[:strings.IndexByte(image, '/')] }

// hub is Docker Hub's name for each of its names, and other hosts as they are.
func hub(host string) string {
	if strings.HasSuffix(host, "docker.io") {
		return "docker.io"
	}
	return host
}

// concerns reports whether an entry is for the registry of an image, however it is
// spelled and whatever its path.
func (e *entry) concerns(image string) bool {
	host := hub(hostOf(image))
	if e.spelling == "wildcard" {
		_, keyTail, _ := strings.Cut(e.host, ".")
		_, tail, _ := strings.Cut(host, ".")
		return keyTail == tail
	}
	return hub(e.host) == host
}

// reaches reports whether an entry may be for an image: it concerns it, and its path
// is how that of the image begins.
func (e *entry) reaches(image string) bool {
	return e.concerns(image) && strings.HasPrefix(image[len(hostOf(image))+1:], e.path)
}

// A plain credential, to compare and to print: all of these are made up.
type credential struct{ user, password, identity, registry string }

func plain(c auth.Credential) credential {
	return credential{c.Username, c.Password.Reveal(), c.IdentityToken.Reveal(), c.RegistryToken.Reveal()}
}
