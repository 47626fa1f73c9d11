package auth

import "context"

// HoldLock calls f while it holds the lock of an auth file.
func HoldLock(path string, f func()) error {
	unlock, err := lockFile(context.Background(), besides(path, "login-lock"))
	if err != nil {
		return err
	}
	defer unlock()
	f()
	return nil
}
