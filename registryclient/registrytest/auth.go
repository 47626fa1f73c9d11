package registrytest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenPath is where the token service is.
const tokenPath = "/token"

// Auth says who may come in. The zero value lets everyone in.
type Auth struct {
	// Scheme is "basic" or "bearer"; empty asks for nothing.
	Scheme string
	// Users are names and passwords. They may do everything. The token service takes a
	// password for an identity token too.
	Users map[string]string
	// PublicPull lets everyone pull with a token that was given for no credential.
	PublicPull bool
	// TokenLife is how long a token is valid; 0 is for ever.
	TokenLife time.Duration
	// ExpiresIn is what a token claims, in seconds; 0 says nothing.
	ExpiresIn int
	// Realm is the URL of another token service; empty is the registry's own.
	Realm string
}

// tokens are those that were given.
type tokens struct {
	mu    sync.Mutex
	given map[string]grant
}

type grant struct {
	scopes  []string
	expires time.Time
}

// ExpireTokens makes all tokens that were given invalid.
func (s *Server) ExpireTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	s.tokens.given = nil
}

// allowed answers with 401 or 403 where the request may not come in.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request) bool {
	switch s.options.Auth.Scheme {
	case "":
		return true
	case "basic":
		if user, password, ok := r.BasicAuth(); ok && s.knows(user, password) {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registrytest"`)
	default:
		needed := neededScope(r)
		given, ok := s.grantOf(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if ok && (needed == "" || covers(given.scopes, needed)) {
			return true
		}
		s.challenge(w, r, needed)
	}
	writeError(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return false
}

func (s *Server) challenge(w http.ResponseWriter, r *http.Request, scope string) {
	realm := s.options.Auth.Realm
	if realm == "" {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		realm = scheme + "://" + r.Host + tokenPath
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service="registrytest"`, realm)
	if scope != "" {
		challenge += fmt.Sprintf(`,scope=%q`, scope)
	}
	w.Header().Set("WWW-Authenticate", challenge)
}

func (s *Server) knows(user, password string) bool {
	expected, ok := s.options.Auth.Users[user]
	return ok && expected == password
}

func (s *Server) grantOf(token string) (grant, bool) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	g, ok := s.tokens.given[token]
	if ok && !g.expires.IsZero() && time.Now().After(g.expires) {
		return grant{}, false
	}
	return g, ok
}

// serveToken gives a token for what was asked, to those who may have it.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	user, password, sent := r.BasicAuth()
	asked := r.URL.Query()["scope"]
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		user, password, sent = s.identity(r.PostFormValue("refresh_token"))
		asked = r.PostForm["scope"]
	}
	if sent && !s.knows(user, password) {
		writeError(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	var scopes []string
	for _, list := range asked {
		for scope := range strings.FieldsSeq(list) {
			if !sent {
				scope = s.publicPart(scope)
			}
			if scope != "" {
				scopes = append(scopes, scope)
			}
		}
	}
	g := grant{scopes: scopes}
	if s.options.Auth.TokenLife > 0 {
		g.expires = time.Now().Add(s.options.Auth.TokenLife)
	}
	token := rand.Text()
	s.tokens.mu.Lock()
	if s.tokens.given == nil {
		s.tokens.given = map[string]grant{}
	}
	s.tokens.given[token] = g
	s.tokens.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": s.options.Auth.ExpiresIn})
}

// identity finds whose identity token it is: here a password serves as one.
func (s *Server) identity(token string) (user, password string, sent bool) {
	for user, password := range s.options.Auth.Users {
		if token == password {
			return user, password, true
		}
	}
	return "", token, true
}

// publicPart is what of a scope is given for no credential.
func (s *Server) publicPart(scope string) string {
	kind, rest, _ := strings.Cut(scope, ":")
	i := strings.LastIndexByte(rest, ':')
	if !s.options.Auth.PublicPull || kind != "repository" || i < 0 || !slices.Contains(strings.Split(rest[i+1:], ","), "pull") {
		return ""
	}
	return kind + ":" + rest[:i] + ":pull"
}

// neededScope is what a request needs; nothing for the ping.
func neededScope(r *http.Request) string {
	path := r.URL.Path
	if path == "/v2/_catalog" {
		return "registry:catalog:*"
	}
	action := map[string]string{http.MethodGet: "pull", http.MethodHead: "pull", http.MethodDelete: "delete"}[r.Method]
	if action == "" {
		action = "push"
	}
	for _, part := range []string{"/manifests/", "/blobs/", "/tags/", "/referrers/", "/signatures/"} {
		if i := strings.LastIndex(path, part); i > 0 {
			repository := strings.TrimPrefix(strings.TrimPrefix(path[:i], "/extensions"), "/v2/")
			return "repository:" + repository + ":" + action
		}
	}
	return ""
}

// covers reports whether one of the scopes allows what is needed.
func covers(scopes []string, needed string) bool {
	i := strings.LastIndexByte(needed, ':')
	for _, scope := range scopes {
		j := strings.LastIndexByte(scope, ':')
		if j < 0 || scope[:j] != needed[:i] {
			continue
		}
		actions := strings.Split(scope[j+1:], ",")
		if slices.Contains(actions, needed[i+1:]) || slices.Contains(actions, "*") {
			return true
		}
	}
	return false
}
