package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// The bounds of a credential helper that HelperOptions does not set.
const (
	// DefaultHelperTimeout is how long a helper may take.
	DefaultHelperTimeout = 10 * time.Second
	// DefaultHelperTTL is how long an answer is used.
	DefaultHelperTTL = 5 * time.Minute
	// DefaultHelperNegativeTTL is how long a failure, or the answer that there is
	// no credential, is used.
	DefaultHelperNegativeTTL = 30 * time.Second

	maxHelperBytes = 64 << 10
)

// HelperOptions say how credential helpers are run. The zero value is right.
type HelperOptions struct {
	// Disabled keeps any helper from being started.
	Disabled bool
	// Timeout is how long a helper may take, DefaultHelperTimeout if zero. It is
	// killed then, on Unix with the programs that it started.
	Timeout time.Duration
	// TTL is how long an answer is used, DefaultHelperTTL if zero; negative uses
	// each answer once. A credential that a registry denied to Try is asked for
	// again at once.
	TTL time.Duration
	// NegativeTTL is the same for failures and for "no credential",
	// DefaultHelperNegativeTTL if zero.
	NegativeTTL time.Duration
	// Now is the clock of the TTLs, time.Now if nil.
	Now func() time.Time
}

func (o HelperOptions) withDefaults() HelperOptions {
	if o.Timeout <= 0 {
		o.Timeout = DefaultHelperTimeout
	}
	if o.TTL == 0 {
		o.TTL = DefaultHelperTTL
	}
	if o.NegativeTTL == 0 {
		o.NegativeTTL = DefaultHelperNegativeTTL
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// errNoCredential says that a helper knows none.
var errNoCredential = errors.New("no credential")

// runHelper asks docker-credential-<name> for the credential of a server. The
// error is errNoCredential, or an *Error that is ErrHelper or ErrMalformed. It
// repeats nothing that the helper printed: that may be the secret.
func runHelper(ctx context.Context, name, server string, timeout time.Duration) (Credential, error) {
	out, err := callHelper(ctx, name, "get", server, timeout)
	if err != nil {
		return Credential{}, err
	}
	c, err := parseHelperAnswer(out)
	if err != nil {
		return Credential{}, helperError(name, ErrMalformed, "its answer is not JSON with Username and Secret")
	}
	if c.IsZero() {
		return Credential{}, errNoCredential
	}
	return c, nil
}

func helperError(name string, class error, reason string) error {
	return &Error{Op: "run", Object: "helper docker-credential-" + name, Err: &problem{class, reason}}
}

// callHelper runs docker-credential-<name> with a verb, and returns what it printed.
// The errors are those of runHelper, and an *Error that is that of the context.
func callHelper(ctx context.Context, name, verb, stdin string, timeout time.Duration) ([]byte, error) {
	running, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fail := func(class error, reason string) error { return helperError(name, class, reason) }
	out := &boundedBuffer{limit: maxHelperBytes, full: cancel}
	cmd := exec.CommandContext(running, "docker-credential-"+name, verb)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout = out
	killWithChildren(cmd)
	// A child of the helper that lives on, such as an agent, may hold its output open.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case out.overflowed:
		return nil, fail(ErrTooLarge, fmt.Sprintf("it printed more than %d bytes", maxHelperBytes))
	case ctx.Err() != nil:
		return nil, &Error{Op: "run", Object: "helper docker-credential-" + name, Err: context.Cause(ctx)}
	case running.Err() != nil:
		return nil, fail(ErrHelper, fmt.Sprintf("no answer within %s", timeout))
	case errors.Is(err, exec.ErrNotFound):
		return nil, fail(ErrHelper, "the program is not in PATH")
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended well
		return out.kept.Bytes(), nil
	case notFoundAnswer(out.kept.Bytes()):
		return nil, errNoCredential
	}
	reason := "it cannot be started"
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		reason = exit.ProcessState.String()
	}
	return nil, fail(ErrHelper, reason)
}

// notFoundAnswer recognises how the helpers say that they know no credential, as
// docker-credential-helpers has it.
func notFoundAnswer(out []byte) bool {
	return strings.TrimSpace(string(out)) == "credentials not found in native keychain"
}

// parseHelperAnswer reads what a helper printed. The user name <token> marks an
// identity token: from a helper only, since in a document it is a plain user name,
// that OpenShift writes for its own registry.
func parseHelperAnswer(out []byte) (Credential, error) {
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return Credential{}, ErrMalformed
	}
	if answer.Username == "<token>" {
		return Credential{IdentityToken: NewSecretValue(answer.Secret)}, nil
	}
	if answer.Secret == "" {
		return Credential{}, nil
	}
	return NewBasic(answer.Username, answer.Secret), nil
}

// A boundedBuffer keeps so many bytes and calls full at the first one more. It does
// not embed the buffer, whose ReadFrom would go past Write.
type boundedBuffer struct {
	kept       bytes.Buffer
	limit      int
	full       func()
	overflowed bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) > b.limit {
		if !b.overflowed {
			b.overflowed = true
			b.full()
		}
		return 0, ErrTooLarge
	}
	return b.kept.Write(p)
}
