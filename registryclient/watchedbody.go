package registryclient

import (
	"context"
	"io"
	"time"
)

// A watchedBody is the body of a response that must not stall, and whose end gives
// the slot of its host back.
type watchedBody struct {
	body    io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	idle    time.Duration
	release func()
	timer   *time.Timer
}

// errStalled is the cause where a body brings nothing for too long.
var errStalled error = stalled{}

type stalled struct{}

func (stalled) Error() string { return "the answer stopped in the middle" }

// Timeout makes it one, for classOf and net.Error alike.
func (stalled) Timeout() bool { return true }

// Read reads, for as long as something comes within the time.
func (b *watchedBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(b.idle, func() { b.cancel(errStalled) })
	} else {
		b.timer.Reset(b.idle)
	}
	n, err := b.body.Read(p)
	b.timer.Stop()
	if err != nil {
		b.release()
		if err != io.EOF && context.Cause(b.ctx) == errStalled {
			err = errStalled
		}
	}
	return n, err
}

// Close ends the request.
func (b *watchedBody) Close() error {
	if b.timer != nil {
		b.timer.Stop()
	}
	err := b.body.Close()
	b.cancel(nil)
	b.release()
	return err
}
