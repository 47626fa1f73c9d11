package imagepruner

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Duration is a time.Duration that is written as it was read: "60m" stays "60m",
// and not "1h0m0s", as long as Duration is not changed. The zero value is "0s".
type Duration struct {
	time.Duration
	text string // what was read; "" or another duration's: not to be written
}

// NewDuration returns d as a Duration.
func NewDuration(d time.Duration) *Duration { return &Duration{Duration: d} }

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) {
	if read, err := time.ParseDuration(d.text); err == nil && read == d.Duration {
		return json.Marshal(d.text)
	}
	return json.Marshal(d.Duration.String())
}

// UnmarshalJSON implements json.Unmarshaler. It reads what time.ParseDuration
// does. Numbers are errors: nobody can tell which unit they are in.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf(`want a duration such as "60m", got %s`, short(string(b)))
	}
	read, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf(`want a duration in h, m and s, such as "60m" or "720h", got %s`, quote(text))
	}
	*d = Duration{Duration: read, text: text}
	return nil
}
