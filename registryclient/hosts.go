package registryclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// hosts holds what is known of each host that was asked: its settings, its pace and
// its connections. It is shared by a client and those that it gave rise to; no
// credential is in it.
type hosts struct {
	o        Options
	standard *http.Transport // of every host without TLS settings of its own

	mu    sync.Mutex
	known map[string]*host
}

// A host is one end that requests go to.
type host struct {
	name      string
	options   HostOptions
	pace      *pace
	transport *http.Transport
}

func newHosts(o Options) *hosts {
	h := &hosts{o: o, known: map[string]*host{}}
	h.standard = h.newTransport(nil)
	return h
}

// options returns the settings of a host.
func (h *hosts) options(name string) HostOptions {
	var o HostOptions
	if h.o.Host != nil {
		o = h.o.Host(name)
	}
	if o.PlainHTTP == HTTPSOnly && isLoopback(name) {
		o.PlainHTTP = HTTPFallback
	}
	return o
}

// get returns the host of a URL. A URL without encryption, where its host may not
// be asked so, is an error that is PlainHTTP: a redirect led there.
func (h *hosts) get(u *url.URL) (*host, error) {
	name := hostKey(u)
	h.mu.Lock()
	defer h.mu.Unlock()
	found, ok := h.known[name]
	if !ok {
		o := h.options(name)
		found = &host{name: name, options: o, pace: newPace(o), transport: h.standard}
		if o.TLS != nil || o.SkipVerify {
			config := o.TLS.Clone()
			if config == nil {
				config = &tls.Config{}
			}
			config.InsecureSkipVerify = config.InsecureSkipVerify || o.SkipVerify
			found.transport = h.newTransport(config)
		}
		h.known[name] = found
	}
	if u.Scheme != "https" && found.options.PlainHTTP == HTTPSOnly {
		return nil, &Error{Class: PlainHTTP, Endpoint: name, Err: fmt.Errorf("%s may not be asked over %s", name, clean(u.Scheme, 20))}
	}
	return found, nil
}

func (h *hosts) newTransport(config *tls.Config) *http.Transport {
	t := &http.Transport{
		Proxy:                 h.o.Proxy,
		DialContext:           h.o.DialContext,
		TLSClientConfig:       config,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          200,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ResponseHeaderTimeout: h.o.HeaderTimeout,
		// The bytes must be those that the digest is for.
		DisableCompression: true,
	}
	if t.Proxy == nil {
		t.Proxy = http.ProxyFromEnvironment
	}
	if t.DialContext == nil {
		dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return guardDial(ctx, dialer, network, address, (*net.Dialer).DialContext)
		}
	}
	return t
}

// closeIdle closes the connections that no request uses.
func (h *hosts) closeIdle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standard.CloseIdleConnections()
	for _, known := range h.known {
		known.transport.CloseIdleConnections()
	}
}
