package registryclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// parseRateLimit reads the rate-limit headers that registries send:
//
//   - Docker Hub: "ratelimit-limit: 100;w=21600" and "ratelimit-remaining:
//     76;w=21600", a quota and its window in seconds;
//   - the drafts of draft-ietf-httpapi-ratelimit-headers before its eighth: the
//     same names without a window, and "ratelimit-reset", seconds;
//   - GitHub and others: the same with "x-" in front, where the reset is a time in
//     seconds since 1970.
//
// It reports false where there is no remaining count.
func parseRateLimit(h http.Header, now time.Time) (RateLimit, bool) {
	for _, prefix := range []string{"Ratelimit-", "X-Ratelimit-"} {
		remaining, window, ok := quota(h.Get(prefix + "Remaining"))
		if !ok {
			continue
		}
		r := RateLimit{Limit: -1, Remaining: remaining, Window: window}
		if limit, w, ok := quota(h.Get(prefix + "Limit")); ok {
			r.Limit = limit
			r.Window = max(r.Window, w)
		}
		r.Reset = reset(h.Get(prefix+"Reset"), now)
		return r, true
	}
	return RateLimit{}, false
}

// quota reads "76;w=21600", or the first of a list of such.
func quota(value string) (count int, window time.Duration, ok bool) {
	value, _, _ = strings.Cut(value, ",")
	first, parameters, _ := strings.Cut(value, ";")
	count, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || count < 0 {
		return 0, 0, false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		key, text, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if seconds, err := strconv.ParseInt(text, 10, 64); key == "w" && err == nil && seconds > 0 {
			window = time.Duration(min(seconds, int64(maxRetryAfter/time.Second))) * time.Second
		}
	}
	return count, window, true
}

// reset reads seconds from now, or seconds since 1970 where the number is one of
// this age of the world.
func reset(value string, now time.Time) time.Duration {
	const epoch = 1_000_000_000 // in 2001
	seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	if seconds >= epoch {
		seconds -= now.Unix()
	}
	return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
}
