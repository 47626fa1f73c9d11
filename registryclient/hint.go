package registryclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// hint says what a person can do about an error.
func hint(e *Error) string {
	host := e.Endpoint
	if host == "" {
		host = "the registry"
	}
	switch e.Class {
	case NotFound:
		return notFoundHint(e)
	case Unauthorized:
		return fmt.Sprintf("Check the credential for %s, or log in there; a registry may also say this of what does not exist", host)
	case Denied:
		return fmt.Sprintf("The credential is valid but may not do this: ask for the right at %s", host)
	case RateLimited:
		return rateLimitedHint(e, host)
	case TLS:
		return tlsHint(e, host)
	case DNS:
		return fmt.Sprintf("Check the name %s and the name server of this machine", host)
	case Refused:
		return fmt.Sprintf("Nothing listens at %s: check the port, and whether the registry runs", host)
	case Timeout:
		return timeoutHint(e, host)
	case NotRegistry:
		return fmt.Sprintf("Something answers at %s, but no registry: check the host and port, and what is in front of it", host)
	case PlainHTTP:
		return fmt.Sprintf("%s speaks plain HTTP: allow that for this host (HostOptions.PlainHTTP) if the network is trusted", host)
	case Integrity:
		return fmt.Sprintf("Nothing of the answer was used. If it happens again, what is at %s, or between, cannot be trusted", host)
	case Conflict:
		return "Look at what is there now, and decide anew"
	case Unsupported:
		switch {
		case errors.Is(e.Err, ErrManifestGone):
			return "Push the image again if something else needs it, under its other tags too; delete no more tags at " + host
		case errors.Is(e.Err, errTakesManifests):
			return "Delete manifests that no tag needs in place of tags"
		}
		return fmt.Sprintf("%s does not offer this; its configuration may forbid it", host)
	case Unavailable:
		return fmt.Sprintf("%s has trouble of its own: try again later", host)
	case Invalid:
		return "The registry takes the request for malformed: check the name and the content"
	case Blocked:
		return "Ask for another mirror, or change the mirror policy"
	}
	return ""
}

func notFoundHint(e *Error) string {
	switch e.Code {
	case "NAME_UNKNOWN":
		return "Check the name of the repository"
	case "BLOB_UNKNOWN":
		return "The blob is gone, though a manifest may still name it"
	}
	return "Check the name; some registries say this of what the credential may not see"
}

func rateLimitedHint(e *Error, host string) string {
	if e.RateLimit != nil && e.RateLimit.RetryAfter > 0 {
		return fmt.Sprintf("Try again in %s", e.RateLimit.RetryAfter.Round(time.Second))
	}
	if e.RateLimit != nil && e.RateLimit.Reset > 0 {
		return fmt.Sprintf("Try again in %s", e.RateLimit.Reset.Round(time.Second))
	}
	return fmt.Sprintf("Ask %s less often, log in for a higher limit, or use a mirror", host)
}

func tlsHint(e *Error, host string) string {
	text := ""
	if e.Err != nil {
		text = e.Err.Error()
	}
	switch {
	case strings.Contains(text, "unknown authority"):
		return fmt.Sprintf("The certificate of %s is of an authority that is not known here: add it to HostOptions.TLS.RootCAs", host)
	case strings.Contains(text, "expired"):
		return fmt.Sprintf("The certificate of %s has expired, or this machine's clock is wrong", host)
	case strings.Contains(text, "valid for"), strings.Contains(text, "not "+host):
		return fmt.Sprintf("The certificate is not for %s: use the name that it is for", host)
	case e.StatusCode != 0:
		return fmt.Sprintf("%s speaks HTTPS and was asked in plain HTTP: do not set HostOptions.PlainHTTP for it", host)
	}
	return fmt.Sprintf("Check the certificate of %s, and that it speaks TLS", host)
}

func timeoutHint(e *Error, host string) string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return "Allow more time, or see what takes it in the attempts"
	}
	return fmt.Sprintf("%s does not answer in time: check the network and any firewall between", host)
}
