package registryclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter cuts what a header may ask for; beyond it a registry is as good as
// closed, and the sum with the present time stays in range.
const maxRetryAfter = 365 * 24 * time.Hour

// parseRetryAfter reads a Retry-After header: seconds, or a date in one of HTTP's
// three formats (RFC 9110, section 10.2.3). A date that is past asks for no wait.
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true // too many digits
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(now), 0), maxRetryAfter), true
}
