package registrytest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Checks lists the checks, in groups: what works everywhere, what real registries do
// differently, what passes by itself, what is an error and which, and what a client
// must not be talked into.
func Checks() []Check {
	return slices.Concat(plainChecks(), oddChecks(), passingChecks(), errorChecks(), hostileChecks())
}

func users() map[string]string { return map[string]string{User: Password} }

func plainChecks() []Check {
	basic := Options{Auth: Auth{Scheme: "basic", Users: users()}}
	bearer := Options{Auth: Auth{Scheme: "bearer", Users: users()}}
	return []Check{
		{Name: "lists all pages of tags", Options: Options{PageSize: 2}, lacks: needsTags, try: try((*scene).listTags)},
		{Name: "gets a manifest by tag", lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "gets a manifest by digest", lacks: needsManifest, try: try((*scene).getByDigest)},
		{Name: "reads a blob", lacks: needsBlob, try: try((*scene).readBlob)},
		{Name: "deletes a tag and nothing else", lacks: needsDelete, try: try((*scene).deleteTag)},
		{Name: "lists referrers", lacks: needsReferrers, try: try((*scene).listReferrers)},
		{Name: "logs in with basic authentication", Options: basic, lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "logs in with a token", Options: bearer, lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "lists tags with a token", Options: bearer, lacks: needsTags, try: try((*scene).listTags)},
		{Name: "deletes a tag with a token", Options: bearer, lacks: needsDelete, try: try((*scene).deleteTag)},
		{Name: "gets a new token for one that expired", Options: bearer, lacks: needsManifest, try: func(ctx context.Context, s *scene) error {
			if err := s.getByTag(ctx); err != nil {
				return err
			}
			s.server.ExpireTokens()
			return s.getByTag(ctx)
		}},
	}
}

func oddChecks() []Check {
	return []Check{
		{Name: "reads an index without a media type", Faults: []Fault{WithoutMediaType().For(http.MethodGet, "/manifests/")}, lacks: needsManifest, try: try((*scene).getByDigest)},
		{Name: "finds referrers without the API", Options: Options{NoReferrers: true}, lacks: needsReferrers, try: try((*scene).listReferrers)},
		{Name: "follows a redirect to storage, without the credential", Options: Options{Auth: Auth{Scheme: "basic", Users: users()}}, lacks: needsBlob, try: func(ctx context.Context, s *scene) error {
			s.toElsewhere(RedirectTo, http.MethodGet, "/blobs/")
			return errors.Join(s.readBlob(ctx), s.stayedHome())
		}},
	}
}

func passingChecks() []Check {
	once := func(f Fault) []Fault { return []Fault{f.Once(1)} }
	soon := time.Now().UTC().Add(-time.Second).Format(http.TimeFormat)
	return []Check{
		{Name: "waits for a 429 in JSON", Faults: once(TooManyRequests("application/json", "0")), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "waits for a 429 in HTML", Faults: once(TooManyRequests("text/html", "0")), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "waits for a 429 in plain text", Faults: once(TooManyRequests("text/plain", "0")), lacks: needsTags, try: try((*scene).listTags)},
		{Name: "waits for a 429 with a date", Faults: once(TooManyRequests("", soon)), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "waits for a 503", Faults: once(Overloaded("application/json", "0")), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "waits for a 503 in HTML", Faults: once(Overloaded("text/html", "0")), lacks: needsBlob, try: try((*scene).readBlob)},
		{Name: "tries again after a 500", Faults: once(ErrorCode(http.StatusInternalServerError, "UNKNOWN", "")), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "tries again after a broken pipe", Faults: once(BrokenPipe()), lacks: needsManifest, try: try((*scene).getByTag)},
		{Name: "reads a truncated blob to its end", Faults: once(Truncated(700)), lacks: needsBlob, try: try((*scene).readBlob)},
		{Name: "reads a slow blob", Faults: []Fault{Slow(500, 5*time.Millisecond)}, lacks: needsBlob, try: try((*scene).readBlob)},
	}
}

func errorChecks() []Check {
	fails := func(name string, f Fault, class string) Check {
		return Check{Name: name, Faults: []Fault{f}, lacks: needsManifest, try: refuse((*scene).getByTag, class)}
	}
	ping := WebPage()
	ping.Match = Ping
	bearer := Options{Auth: Auth{Scheme: "bearer", Users: map[string]string{User: "another password"}}}
	return []Check{
		fails("a manifest that is not there", ErrorCode(http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown"), NotFound),
		fails("401", ErrorCode(http.StatusUnauthorized, "UNAUTHORIZED", "authentication required"), Unauthorized),
		fails("403", ErrorCode(http.StatusForbidden, "DENIED", "requested access to the resource is denied"), Denied),
		fails("a limit, in JSON", TooManyRequests("application/json", ""), RateLimited),
		fails("a limit, in HTML", TooManyRequests("text/html", ""), RateLimited),
		fails("a limit, in plain text", TooManyRequests("text/plain", ""), RateLimited),
		fails("500", ErrorCode(http.StatusInternalServerError, "UNKNOWN", "disk full"), Unavailable),
		fails("a web page in place of a registry", ping, NotRegistry),
		{Name: "a password that is wrong", Options: bearer, lacks: needsManifest, try: refuse((*scene).getByTag, Unauthorized)},
		{Name: "a tag deletion that does nothing", Faults: []Fault{IgnoredDelete()}, lacks: needsDelete, try: refuse(func(s *scene, ctx context.Context) error {
			return s.DeleteTag(ctx, s.repository+":v7")
		}, Unsupported)},
		{Name: "a tag deletion that takes the manifest along", Faults: []Fault{TagTakesManifest()}, lacks: needsDelete, try: refuse(func(s *scene, ctx context.Context) error {
			return s.DeleteTag(ctx, s.repository+":v7")
		}, Unsupported)},
	}
}

func hostileChecks() []Check {
	login := Options{Auth: Auth{Scheme: "basic", Users: users()}}
	elsewhere := func(fault func(string) Fault, part string, f func(*scene, context.Context) error) func(context.Context, *scene) error {
		return func(ctx context.Context, s *scene) error {
			s.toElsewhere(fault, http.MethodGet, part)
			return errors.Join(refuse(f, Integrity)(ctx, s), s.neverWent())
		}
	}
	linkTo := func(root string) Fault { return LinkTo(root + "/v2/team/app/tags/list") }
	metadata := RedirectTo("http://169.254.169.254")
	return []Check{
		{Name: "a manifest of another digest", Faults: []Fault{WrongContent()}, lacks: needsManifest, try: refuse((*scene).getByDigest, Integrity)},
		{Name: "a blob of another digest", Faults: []Fault{WrongContent()}, lacks: needsBlob, try: refuse((*scene).readBlob, Integrity)},
		{Name: "a manifest without end", Faults: []Fault{Endless("application/vnd.oci.image.index.v1+json")}, lacks: needsManifest, try: refuse((*scene).getByTag, Integrity)},
		{Name: "a listing without end", Faults: []Fault{Endless("application/json")}, lacks: needsTags, try: refuse((*scene).listTags, Integrity)},
		{Name: "a Link to another host", Options: login, lacks: needsTags, try: elsewhere(linkTo, "/tags/", (*scene).listTags)},
		{Name: "a Link to the same page", Faults: []Fault{LinkTo("/v2/team/app/tags/list")}, lacks: needsTags, try: refuse((*scene).listTags, Integrity)},
		{Name: "a redirect to a link-local address", Options: login, Faults: []Fault{metadata}, lacks: needsBlob, try: refuse((*scene).readBlob, Integrity)},
		{Name: "a redirect of a manifest, without the credential", Options: login, lacks: needsManifest, try: func(ctx context.Context, s *scene) error {
			s.toElsewhere(RedirectTo, http.MethodGet, "/manifests/")
			return errors.Join(s.getByDigest(ctx), s.stayedHome())
		}},
	}
}

// try is a check that what is tried works.
func try(f func(*scene, context.Context) error) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error { return f(s, ctx) }
}

// refuse is a check that it gets an error of a class.
func refuse(f func(*scene, context.Context) error, class string) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error { return s.refuses(f(s, ctx), class) }
}
