package s3_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/s3"
	"github.com/stretchr/testify/require"
)

// TestABucketThatGoes: an object is missing while the bucket is there; once that has
// gone, everything fails, and nothing is missing.
func TestABucketThatGoes(t *testing.T) {
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isObject := r.URL.Path == "/"+bucket+"/object"
		if !isObject && !gone.Load() || r.Method == http.MethodPut {
			return
		}
		w.WriteHeader(http.StatusNotFound)
		code := "NoSuchKey"
		if gone.Load() {
			code = "NoSuchBucket"
		}
		io.WriteString(w, "<Error><Code>"+code+"</Code></Error>") // to HEAD it is not sent
	}))
	defer server.Close()
	d := s3.New(newClient(t, server.URL), bucket, s3.Options{})
	tries := map[string]func() error{
		"stat":   func() error { _, err := d.Stat(t.Context(), "object"); return err },
		"open":   func() error { _, err := d.Open(t.Context(), "object", storage.Range{}); return err },
		"delete": func() error { return d.Delete(t.Context(), "object", storage.DeleteOptions{}) },
	}
	for name, try := range tries {
		require.ErrorIs(t, try(), storage.ErrNotExist, name)
	}
	gone.Store(true)
	for name, try := range tries {
		err := try()
		require.Error(t, err, name)
		require.NotErrorIs(t, err, storage.ErrNotExist, name)
	}
	listed := 0
	for _, err := range d.List(t.Context(), storage.ListOptions{}) {
		listed++
		require.Error(t, err)
		require.NotErrorIs(t, err, storage.ErrNotExist)
	}
	require.Equal(t, 1, listed)
}

// TestNoContentLength: an object whose size is not said is not one of no bytes.
func TestNoContentLength(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.(http.Flusher).Flush() // so it goes in chunks
			io.WriteString(w, "text")
		}
	}))
	defer server.Close()
	d := s3.New(newClient(t, server.URL), bucket, s3.Options{})
	_, err := d.Stat(t.Context(), "object")
	require.ErrorContains(t, err, "Content-Length")
	_, err = d.Open(t.Context(), "object", storage.Range{})
	require.ErrorContains(t, err, "Content-Length")
}
