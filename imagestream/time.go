package imagestream

import (
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// Time is an instant as Kubernetes writes it: in JSON, RFC 3339 in UTC, whole
// seconds (a fraction is cut off); the zero Time is null. It reads any offset
// and fraction, and is in UTC afterwards.
type Time struct {
	time.Time
}

// NewTime returns t as a Time.
func NewTime(t time.Time) Time { return Time{t} }

// MarshalJSON implements [encoding/json.Marshaler]. It fails for years that
// RFC 3339 cannot hold, those before 0 and after 9999.
func (t Time) MarshalJSON() ([]byte, error) {
	b, err := t.appendJSON(make([]byte, 0, len(time.RFC3339)))
	return b, asWriteError("Time", err)
}

// UnmarshalJSON implements [encoding/json.Unmarshaler]. null gives the zero
// Time. It fails with an [*Error] for anything but an instant in RFC 3339.
func (t *Time) UnmarshalJSON(data []byte) error {
	var read Time
	r := rawjson.NewReader(data)
	read.readJSON(r)
	if err := r.Err(); err != nil {
		return asReadError("Time", err)
	}
	*t = read
	return nil
}

func (t *Time) appendJSON(b []byte) ([]byte, error) {
	if t.IsZero() {
		return append(b, "null"...), nil
	}
	u := t.UTC()
	if !writable(u) {
		return b, fmt.Errorf("the year %d does not fit into RFC 3339", u.Year())
	}
	b = append(b, '"')
	b = u.AppendFormat(b, time.RFC3339)
	return append(b, '"'), nil
}

func (t *Time) readJSON(r *rawjson.Reader) {
	if r.Kind() == 'n' {
		r.Skip()
		t.Time = time.Time{}
		return
	}
	text := r.Bytes()
	if r.Err() != nil {
		return
	}
	read, err := parseTime(text)
	if err != nil {
		r.Fail(err)
		return
	}
	t.Time = read
}

func parseTime(text []byte) (time.Time, error) {
	var t time.Time
	// UnmarshalText takes most instants without memory of its own; Parse also
	// takes those that are a little off, as the API server does.
	if t.UnmarshalText(text) != nil {
		var err error
		if t, err = time.Parse(time.RFC3339, string(text)); err != nil {
			return time.Time{}, fmt.Errorf("want an instant in RFC 3339, got %s", quoteShort(string(text)))
		}
	}
	if t = t.UTC(); !writable(t) {
		return time.Time{}, errors.New("the instant is out of the range of RFC 3339 in UTC")
	}
	return t, nil
}

func writable(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }
