package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxAuthFile is more than any auth file has.
const maxAuthFile = 16 << 20

// checkAuthFile says why credentials cannot be read from a file that the command line
// names: the auth package passes over a file that is not there, as podman's may not be.
// No name and an empty file are right.
func checkAuthFile(path string) error {
	if path == "" || path == os.DevNull {
		return nil
	}
	info, err := os.Stat(path) // opening what is no file might block
	if err != nil {
		return fmt.Errorf("--authfile: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("--authfile %s: it is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--authfile: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxAuthFile+1))
	if err != nil {
		return fmt.Errorf("--authfile: %w", err)
	}
	if len(data) > maxAuthFile {
		return fmt.Errorf("--authfile %s: it has more than %d bytes", path, maxAuthFile)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	var document map[string]json.RawMessage // a .dockercfg has hosts at its top
	if err := json.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("--authfile %s: it is no JSON object", path) // the cause may quote a secret
	}
	var auths map[string]json.RawMessage
	if text, ok := document["auths"]; ok && json.Unmarshal(text, &auths) != nil {
		return fmt.Errorf("--authfile %s: auths is no JSON object", path)
	}
	return nil
}
