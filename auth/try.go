package auth

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// TryOptions of [Try]. The zero value tries each candidate while the registry
// denies them, and no more.
type TryOptions struct {
	// Denied says whether the error of a call means that the registry did not
	// accept the credential, so that another may help; nil is [Denied].
	Denied func(error) bool
	// Anonymous makes one more call, with authn.Anonymous, after all candidates
	// were denied: an expired credential then does not keep a public image from
	// being pulled. Where there is no candidate the call is made in any case.
	Anonymous bool
}

// Try calls f with each candidate in turn until the answer is not a denial, and
// returns that answer. The candidate that was accepted is remembered for its
// repository: the next Try and Resolve begin with it. A credential that changes at
// its place because it was denied, as one of a helper may, is tried once more.
//
// When everything was denied the error is a [*DeniedError], which is [ErrDenied]
// and names each candidate. Other errors of f are returned as they are, and so is the
// one with which f returns when ctx has ended.
func Try[T any](ctx context.Context, r *Resolver, resource authn.Resource, o TryOptions, f func(context.Context, authn.Authenticator) (T, error)) (T, error) {
	a := &trial{resolver: r, target: targetOf(resource), denied: o.Denied}
	if a.denied == nil {
		a.denied = Denied
	}
	var result T
	call := func(ctx context.Context, authenticator authn.Authenticator) (err error) {
		result, err = f(ctx, authenticator)
		return err
	}
	if err := a.run(ctx, o.Anonymous, call); err != nil {
		var zero T
		return zero, err
	}
	return result, nil
}

// A trial is one Try.
type trial struct {
	resolver *Resolver
	target   *target
	denied   func(error) bool
	attempts []Attempt
	secrets  []Credential
}

type tryCall func(context.Context, authn.Authenticator) error

func (a *trial) run(ctx context.Context, anonymous bool, call tryCall) error {
	l, _, err := a.resolver.look(ctx, a.target)
	if err != nil {
		return err
	}
	for c, err := range l.inTurn(ctx) {
		if err != nil {
			return err
		}
		if done, err := a.attempt(ctx, c, call); done {
			return err
		}
		if c, changed := a.changed(ctx, c); changed {
			if done, err := a.attempt(ctx, c, call); done {
				return err
			}
		}
	}
	if anonymous || len(a.attempts) == 0 {
		err := call(ctx, authn.Anonymous)
		if err == nil || !a.denied(err) || ctx.Err() != nil {
			return err
		}
		a.attempts = append(a.attempts, Attempt{Err: a.safe(err)})
	}
	a.resolver.forgetWinner(a.target)
	explanation, err := a.resolver.explain(ctx, a.target, a.target.text)
	if err != nil {
		return err
	}
	return &DeniedError{Image: a.target.text, Attempts: a.attempts, Explanation: explanation}
}

// attempt makes one call. It is done where the answer is not a denial, or where nobody
// waits for another any more.
func (a *trial) attempt(ctx context.Context, c Candidate, call tryCall) (done bool, err error) {
	a.secrets = append(a.secrets, c.Credential)
	err = call(ctx, &fixedAuthenticator{c})
	if err == nil {
		a.resolver.remember(a.target, c)
		return true, nil
	}
	if !a.denied(err) || ctx.Err() != nil {
		return true, err
	}
	a.attempts = append(a.attempts, Attempt{Candidate: c, Err: a.safe(err)})
	return false, nil
}

// changed looks whether there is another credential at the candidate's place now.
// A helper is asked again.
func (a *trial) changed(ctx context.Context, c Candidate) (Candidate, bool) {
	if c.place.helper != "" {
		a.resolver.helpers.forget(c.place.helper, a.target.host)
	}
	now, found, err := a.resolver.current(ctx, a.target, c)
	if err != nil {
		return c, false // the next call will tell
	}
	return now, found && !now.Credential.Equal(c.Credential)
}

// safe keeps an error but takes the secrets that were tried out of its text.
func (a *trial) safe(err error) error { return opaqueText(err, redact(err.Error(), a.secrets...)) }

// A fixedAuthenticator gives one credential.
type fixedAuthenticator struct{ candidate Candidate }

func (a *fixedAuthenticator) Authorization() (*authn.AuthConfig, error) {
	config := a.candidate.Credential.AuthConfig()
	return &config, nil
}

// String returns the candidate without its secret.
func (a *fixedAuthenticator) String() string { return a.candidate.String() }

// GoString is String.
func (a *fixedAuthenticator) GoString() string { return a.String() }

// An Attempt is one call of [Try] that was denied.
type Attempt struct {
	// Candidate is what was tried; the zero Candidate for the anonymous call.
	Candidate Candidate
	// Err is the answer, with the secret taken out of its text. errors.Is and
	// errors.As reach the error of the call as it was.
	Err error
}

// String says what was tried and what the answer was.
func (a Attempt) String() string {
	if a.Candidate.Credential.IsZero() {
		return fmt.Sprintf("without credentials: %v", a.Err)
	}
	return fmt.Sprintf("%s: %v", a.Candidate, a.Err)
}

// A DeniedError says that no credential was accepted, and names each that was tried
// and where it is from. It is [ErrDenied], and each of the answers, by errors.Is.
type DeniedError struct {
	Image    string
	Attempts []Attempt
	// Explanation tells of every place, also of those without a candidate.
	Explanation *Explanation
}

func (e *DeniedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no credential was accepted", e.Image)
	for i, a := range e.Attempts {
		fmt.Fprintf(&b, "; %d. %s", i+1, a)
	}
	e.tellRest(&b)
	return b.String()
}

// maxTold bounds what the text of a DeniedError says beyond the attempts.
const maxTold = 8

// tellRest adds what may be why there was no better candidate.
func (e *DeniedError) tellRest(b *strings.Builder) {
	if e.Explanation == nil {
		return
	}
	told := 0
	for _, s := range e.Explanation.Steps {
		if !s.Outcome.worthTelling() {
			continue
		}
		if told++; told <= maxTold {
			fmt.Fprintf(b, "; %s", s)
		}
	}
	if told > maxTold {
		fmt.Fprintf(b, "; and %d more in the explanation", told-maxTold)
	}
}

// Unwrap returns ErrDenied and the answers.
func (e *DeniedError) Unwrap() []error {
	errs := []error{ErrDenied}
	for _, a := range e.Attempts {
		errs = append(errs, a.Err)
	}
	return errs
}
