package registryclient

import (
	"context"
	"net"
)

// GuardedDial dials as the default dialer would if the name target resolved to an
// address.
func GuardedDial(ctx context.Context, network, address, target string) error {
	resolved := func(d *net.Dialer, ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, address)
	}
	conn, err := guardDial(ctx, &net.Dialer{}, network, target, resolved)
	if err == nil {
		conn.Close()
	}
	return err
}
