package registryclient

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 10

// checkRedirect is the CheckRedirect of every http.Client here. Where a redirect
// may lead is for guardRedirect, which go-containerregistry's clients meet as well.
func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("%w: more than %d redirects", Integrity, maxRedirects)
	}
	return nil
}

// before returns the request whose redirect made this one, or nil.
func before(req *http.Request) *http.Request {
	if req.Response == nil {
		return nil
	}
	return req.Response.Request
}

// crossesHosts reports whether the request was redirected from another host, so
// that no credential must go with it. net/http itself lets credentials go to
// subdomains.
func crossesHosts(req *http.Request) bool {
	from := before(req)
	return from != nil && (from.URL.Scheme != req.URL.Scheme || hostPort(from.URL) != hostPort(req.URL))
}

// leftHost reports whether any redirect on the way to the request was to another host,
// which then has chosen what is asked for: also where it led back.
func leftHost(req *http.Request) bool {
	for ; req != nil; req = before(req) {
		if crossesHosts(req) {
			return true
		}
	}
	return false
}

// guardRedirect refuses redirects that make this machine ask on behalf of someone
// else: to link-local addresses, where clouds serve the credentials of their
// machines; from a public registry into a private network; and of a token request
// with the credential in its body.
func (h *hosts) guardRedirect(req *http.Request) error {
	if !crossesHosts(req) {
		return nil
	}
	if req.URL.User != nil {
		return fmt.Errorf("%w: a redirect to %s with a user name in it", Integrity, urlText(req.URL))
	}
	if isTokenRequest(req.Context()) && req.Body != nil && req.Body != http.NoBody {
		return fmt.Errorf("%w: the token service redirects the credential to %s", Integrity, req.URL.Host)
	}
	to := req.URL.Hostname()
	switch {
	case isLinkLocal(to):
		return fmt.Errorf("%w: a redirect to %s, a link-local address or a cloud's for credentials", Integrity, to)
	case isPrivate(to):
		first := req
		for before(first) != nil {
			first = before(first)
		}
		from := first.URL.Hostname()
		if isPrivate(from) || h.places.private(from) || strings.EqualFold(from, to) || h.options(hostKey(first.URL)).PrivateRedirects {
			return nil
		}
		return fmt.Errorf("%w: a redirect from %s to the private address %s (see HostOptions.PrivateRedirects)", Integrity, from, to)
	}
	return nil
}

// metadataV6 are where clouds serve the credentials of a machine or pod over IPv6: AWS,
// its EKS, and Google.
var metadataV6 = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd00:ec2::23"), netip.MustParseAddr("fd20:ce::254"),
}

// isLinkLocal reports whether a host is an address that is link-local, or one at which a
// cloud serves credentials all the same, in any notation that a resolver takes.
func isLinkLocal(host string) bool {
	ip, ok := address(host)
	return ok && linkLocal(ip)
}

func linkLocal(ip netip.Addr) bool {
	return ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() || slices.Contains(metadataV6, ip)
}

// isPrivate reports whether a host is an address of this machine or of a private
// network, or localhost.
func isPrivate(host string) bool {
	if isLoopback(host) {
		return true
	}
	ip, ok := address(host)
	return ok && private(ip)
}

// sharedSpace is what carriers and clouds use behind their translation of addresses
// (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func private(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || sharedSpace.Contains(ip)
}

// address reads an IP address as the C library does: 169.254.169.254 is also
// 2852039166 and 0xa9fea9fe, for which a resolver may not be asked.
func address(host string) (netip.Addr, bool) {
	host = strings.TrimSuffix(host, ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return embedded(ip.Unmap().WithZone("")), true
	}
	return looseIPv4(host)
}

// The prefixes of IPv6 under which addresses of IPv4 are reached, by where those are: NAT64
// (RFC 6052), the same within a network (RFC 8215), 6to4 (RFC 3056) and the compatible
// addresses of RFC 4291.
var embeddings = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 12},
}

// embedded returns the IPv4 address within an IPv6 address that has one.
func embedded(ip netip.Addr) netip.Addr {
	if !ip.Is6() || ip.IsUnspecified() || ip.IsLoopback() {
		return ip
	}
	b := ip.As16()
	for _, e := range embeddings {
		if e.prefix.Contains(ip) {
			return netip.AddrFrom4([4]byte(b[e.at : e.at+4]))
		}
	}
	return ip
}

// hostKey is how a host is named in HostOptions and errors: in lower case, without
// the port that HTTPS has anyway.
func hostKey(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Host), ":443")
}

// looseIPv4 reads an address of one to four numbers, decimal, octal or hexadecimal,
// the last of which fills the bytes that are left.
func looseIPv4(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 33)
		last := i == len(parts)-1
		if err != nil || strings.Contains(part, "_") || !last && n > 255 || last && n >= 1<<(8*(4-i)) {
			return netip.Addr{}, false
		}
		if last {
			whole = whole<<(8*(4-i)) | n
		} else {
			whole = whole<<8 | n
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}
