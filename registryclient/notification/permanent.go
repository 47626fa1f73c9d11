package notification

// Permanent marks an error of a [Receiver] as one that stays, however often the event
// comes: what it names cannot be. The handler then passes the event over for good, see
// [Options.PassedOver]. Of nil it is nil. The text and the chain are those of err.
//
// A failure that may pass, as of a disk, a network or a context, must not be marked: the
// event would be lost.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }

func (e *permanentError) Unwrap() error { return e.err }

// IsPermanent says whether an error is, or wraps, one of Permanent. Of several errors in
// one, as of errors.Join, all have to be: in doubt the event comes again.
func IsPermanent(err error) bool {
	switch e := err.(type) {
	case *permanentError:
		return true
	case interface{ Unwrap() error }:
		return IsPermanent(e.Unwrap())
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		for _, one := range all {
			if !IsPermanent(one) {
				return false
			}
		}
		return len(all) > 0
	}
	return false
}
