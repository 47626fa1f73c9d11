package distributiondriver_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("the client's body broke off")

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errBroken }

// send sends a part of an upload and returns where to send the next one.
func send(t *testing.T, method, url string, body io.Reader, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, status, response.StatusCode, "%s", text)
	return response.Header.Get("Location")
}

// status asks where to go on with an upload, and how many bytes have arrived, until
// the request before has ended and so many are there.
func status(t *testing.T, location string, least int) (next string, arrived int) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, err := http.Get(location)
		if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusNoContent {
			return false
		}
		next = response.Header.Get("Location")
		_, err = fmt.Sscanf(response.Header.Get("Range"), "0-%d", &arrived)
		return err == nil && arrived >= least
	}, 10*time.Second, 10*time.Millisecond)
	if arrived > 0 {
		arrived++ // it was the last one's position
	}
	return next, arrived
}
