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
	conn, err := guardDial(ctx, &net.Dialer{}, network, target, false, resolved)
	if err == nil {
		conn.Close()
	}
	return err
}

// SetDial replaces how the default dialer of a client connects, its guards kept.
func SetDial(c *Client, dial func(d *net.Dialer, ctx context.Context, network, target string) (net.Conn, error)) {
	c.hosts.dial = dial
}
