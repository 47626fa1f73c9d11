package notification_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/registrykit/registrykit/registryclient/notification"
	"github.com/stretchr/testify/require"
)

// TestPermanentFailuresArePassedOver: answered with 500, they would come for ever.
func TestPermanentFailuresArePassedOver(t *testing.T) {
	var got, passed []string
	var log bytes.Buffer
	h := newHandler(t, func(_ context.Context, e notification.Event) error {
		got = append(got, e.ID)
		if e.ID == "2" {
			return fmt.Errorf("keep: %w", notification.Permanent(io.ErrUnexpectedEOF))
		}
		return nil
	}, notification.Options{
		Log: slog.New(slog.NewTextHandler(&log, nil)),
		PassedOver: func(e notification.Event, err error) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			passed = append(passed, e.ID)
		},
	})
	for range 2 {
		require.Equal(t, 200, post(h, envelope(event("1"), event("2"), event("3")), nil))
	}
	require.Equal(t, []string{"1", "2", "3"}, got, "and it is remembered")
	require.Equal(t, []string{"2"}, passed)
	require.Contains(t, log.String(), "event passed over")
	h = newHandler(t, func(context.Context, notification.Event) error { return notification.Permanent(io.EOF) }, notification.Options{})
	require.Equal(t, 200, post(h, envelope(event("1")), nil), "nobody asked to be told")
}

// TestDoubtIsNoPermanentFailure: one failure of several that may pass makes the event
// come again.
func TestDoubtIsNoPermanentFailure(t *testing.T) {
	stays, passes := notification.Permanent(io.EOF), errors.New("the disk is full")
	for _, err := range []error{stays, fmt.Errorf("x: %w", stays), errors.Join(stays, stays)} {
		require.True(t, notification.IsPermanent(err), err)
	}
	for _, err := range []error{nil, notification.Permanent(nil), passes, errors.Join(stays, passes), fmt.Errorf("%w: %w", passes, stays)} {
		require.False(t, notification.IsPermanent(err), err)
		failing := newHandler(t, func(context.Context, notification.Event) error { return err }, notification.Options{})
		want := 500
		if err == nil {
			want = 200
		}
		require.Equal(t, want, post(failing, envelope(event("1")), nil))
	}
}
