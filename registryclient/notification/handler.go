package notification

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"
)

// The defaults of Options.
const (
	DefaultMaxBytes = 4 << 20
	DefaultRemember = 10_000
	DefaultTimeout  = 30 * time.Second
)

// Options say whom to believe, and how much. Authorization or AnyoneMayTell is required.
type Options struct {
	// Authorization are the values of the header Authorization that are accepted, as in
	// "Bearer 3f9c…" or "Basic dTpw". More than one lets a secret be changed.
	Authorization []string
	// AnyoneMayTell accepts events from everybody: for where something in front
	// looks after that.
	AnyoneMayTell bool
	// MaxBytes is the largest envelope that is read; 0 is DefaultMaxBytes.
	MaxBytes int64
	// Remember is how many ids are remembered, to pass over what comes again; 0 is
	// DefaultRemember, below 0 none.
	Remember int
	// Timeout is how long receiving one event may take; 0 is DefaultTimeout. The
	// registry's own timeout, a second by default, does not end it: what it then
	// sends again is passed over.
	Timeout time.Duration
	// Unread is told of events that cannot be read, and passed over. nil: nobody is.
	Unread func(error)
	// PassedOver is told of events whose Receiver failed with an error of [Permanent]; they
	// do not come again. It may be called by several goroutines at once. nil: nobody is.
	PassedOver func(Event, error)
	// Log gets what was refused and what failed. nil is silent.
	Log *slog.Logger
}

// A Receiver takes an event. It is called by several goroutines at once where the
// registry sends so, and for one id never twice at once. When it fails, the event comes
// again, unless the error is one of [Permanent].
type Receiver func(ctx context.Context, e Event) error

// A Handler receives envelopes. Make one with New.
type Handler struct {
	receive Receiver
	o       Options
	secrets [][sha256.Size]byte
	seen    *seen
}

// New returns a handler. It fails without a receiver, and where Options do not say whom
// to believe.
func New(receive Receiver, o Options) (*Handler, error) {
	if receive == nil {
		return nil, errors.New("notification: there is no receiver")
	}
	if len(o.Authorization) == 0 && !o.AnyoneMayTell {
		return nil, errors.New("notification: neither Authorization nor AnyoneMayTell is set")
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Remember == 0 {
		o.Remember = DefaultRemember
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{receive: receive, o: o, seen: newSeen(o.Remember)}
	for _, a := range o.Authorization {
		if a == "" {
			return nil, errors.New("notification: Authorization has an empty value")
		}
		h.secrets = append(h.secrets, sha256.Sum256([]byte(a)))
	}
	return h, nil
}

// ServeHTTP receives an envelope. The answer is 200 where every event of it was received
// or passed over; 401 without the secret; 405, 413, 415 and 400 for what is no
// envelope; 503 where an event is still being received; and 500 where receiving one
// failed in a way that may pass. Nothing of the failure is told.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.authorized(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="notifications"`)
		h.refuse(w, r, http.StatusUnauthorized, nil)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(w, r, http.StatusMethodNotAllowed, nil)
		return
	}
	if !isEnvelope(r.Header.Get("Content-Type")) {
		h.refuse(w, r, http.StatusUnsupportedMediaType, nil)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.o.MaxBytes))
	if err != nil {
		status := http.StatusBadRequest
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		h.refuse(w, r, status, err)
		return
	}
	raw, err := split(body)
	if err != nil {
		h.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	// All are tried: one that fails again and again must not hold up the others.
	status := http.StatusOK
	for _, data := range raw {
		event, err := decodeEvent(data)
		if err != nil {
			h.o.Log.Warn("event passed over", "remote", r.RemoteAddr, "error", err)
			if h.o.Unread != nil {
				h.o.Unread(err)
			}
			continue
		}
		status = max(status, h.take(r.Context(), event))
	}
	w.WriteHeader(status)
}

// take receives one event, unless it was already, and returns the status for it.
func (h *Handler) take(ctx context.Context, e Event) int {
	switch h.seen.begin(e.ID) {
	case received:
		return http.StatusOK
	case underWay:
		return http.StatusServiceUnavailable
	}
	ok := false
	defer func() { h.seen.end(e.ID, ok) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.o.Timeout)
	defer cancel()
	err := h.receive(ctx, e)
	if IsPermanent(err) {
		h.o.Log.Warn("event passed over", "id", e.ID, "kind", string(e.Kind), "repository", e.Repository, "error", err)
		if h.o.PassedOver != nil {
			h.o.PassedOver(e, err)
		}
		ok = true
		return http.StatusOK
	}
	if err != nil {
		h.o.Log.Error("event not received", "id", e.ID, "kind", string(e.Kind), "repository", e.Repository, "error", err)
		return http.StatusInternalServerError
	}
	ok = true
	return http.StatusOK
}

// authorized compares in a time that does not depend on where the values differ.
func (h *Handler) authorized(r *http.Request) bool {
	if len(h.secrets) == 0 {
		return true
	}
	given := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	ok := 0
	for _, secret := range h.secrets {
		ok |= subtle.ConstantTimeCompare(given[:], secret[:])
	}
	return ok == 1
}

// isEnvelope says whether a media type may be that of an envelope.
func isEnvelope(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/vnd.docker.distribution.events.") && strings.HasSuffix(mediaType, "+json"))
}

// refuse answers a request that is not taken.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	h.o.Log.Warn("notification refused", "remote", r.RemoteAddr, "status", status, "error", err)
	http.Error(w, http.StatusText(status), status)
}
