package registryclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"
)

// What the dialer refuses: a name may not lead where an address may not.
var (
	errLinkLocal = fmt.Errorf("%w: the host is at a link-local address", Integrity)
	errPrivate   = fmt.Errorf("%w: a public registry leads to a host at a private address (see HostOptions.PrivateRedirects)", Integrity)
)

// dialFunc is (*net.Dialer).DialContext.
type dialFunc func(d *net.Dialer, ctx context.Context, network, target string) (net.Conn, error)

// guardDial wraps a dialer's control: what is dialled is known only there, after the
// name was resolved. Link-local addresses, where clouds serve the credentials of their
// machines, are never dialled; private ones are not where outside says so.
func guardDial(ctx context.Context, dialer *net.Dialer, network, target string, outside bool, dial dialFunc) (net.Conn, error) {
	guarded := *dialer
	guarded.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(resolved)
		if err != nil {
			return err
		}
		switch ip := embedded(to.Addr().Unmap().WithZone("")); {
		case linkLocal(ip):
			return errLinkLocal
		case outside && private(ip):
			return errPrivate
		}
		return nil
	}
	conn, err := dial(&guarded, ctx, network, target)
	for _, refusal := range []error{errLinkLocal, errPrivate} {
		if errors.Is(err, refusal) {
			return nil, refusal
		}
	}
	return conn, err
}

// places are where hosts were found to be, by name.
type places struct {
	mu    sync.Mutex
	found map[string]bool // whether every connection went to a private address
}

// note notes where a connection to a target went.
func (p *places) note(target string, conn net.Conn) {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return
	}
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	here := err == nil && private(embedded(to.Addr().Unmap().WithZone("")))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		p.found = map[string]bool{}
	}
	before, known := p.found[strings.ToLower(host)]
	p.found[strings.ToLower(host)] = here && (before || !known)
}

// private reports whether a host was found at private addresses alone.
func (p *places) private(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found[strings.ToLower(host)]
}

// originKey has in the context of a request the host of the registry that it is made
// for, as hostKey names it.
type originKey struct{}

// targetKey has in the context of a request whose connection must not go to a private
// address the host and port that it is for. A proxy is another, which the registry did
// not choose.
type targetKey struct{}

// transportFor returns what to send a request with. Where a public registry leads
// elsewhere, by a redirect, its token service or where it takes uploads, that has
// connections of its own, which are not to private addresses.
func (h *hosts) transportFor(to *host, req *http.Request) (http.RoundTripper, *http.Request) {
	origin, ok := req.Context().Value(originKey{}).(string)
	if !ok || origin == hostKey(req.URL) || isPrivate(hostname(origin)) || h.places.private(hostname(origin)) || h.options(origin).PrivateRedirects {
		return to.transport, req
	}
	return to.outside, req.WithContext(context.WithValue(req.Context(), targetKey{}, hostPort(req.URL)))
}

// dialContext is the default dialer.
func (h *hosts) dialContext(ctx context.Context, network, target string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}
	to, outside := ctx.Value(targetKey{}).(string)
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	outside = outside && (to == strings.ToLower(host)+":"+port || !isASCII(to))
	conn, err := guardDial(ctx, dialer, network, target, outside, h.dial)
	if err == nil {
		h.places.note(target, conn)
	}
	return conn, err
}

// isASCII says whether net/http dials a name as it is written. Of another it makes one
// that is ASCII, by IDNA, which may even be an address.
func isASCII(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf })
}
