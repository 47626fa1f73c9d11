package registryclient

import (
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
	o Options
	// Of every host without TLS settings of its own.
	standard, outside *http.Transport
	dial              dialFunc
	places            places

	paces *paces

	mu    sync.Mutex
	known map[string]*host
	twins map[string]*hosts // by the host that each trusts more
}

// paces are those of each host. A host has one, however it is trusted.
type paces struct {
	mu    sync.Mutex
	known map[string]*pace
}

func (p *paces) of(host string, o HostOptions) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.known[host]
	if !ok {
		found = newPace(o)
		p.known[host] = found
	}
	return found
}

// A host is one end that requests go to.
type host struct {
	name      string
	options   HostOptions
	pace      *pace
	transport *http.Transport
	outside   *http.Transport // see transportFor
}

// dialTimeout is how long a connection may take, and how often an idle one is probed.
const dialTimeout = 30 * time.Second

func newHosts(o Options) *hosts {
	h := &hosts{o: o, known: map[string]*host{}, paces: &paces{known: map[string]*pace{}}, dial: (*net.Dialer).DialContext}
	h.standard, h.outside = h.newTransport(nil), h.newTransport(nil)
	return h
}

// trusting returns the hosts where one is trusted more, with connections of their own.
func (h *hosts) trusting(trusted string) *hosts {
	h.mu.Lock()
	defer h.mu.Unlock()
	if twin, ok := h.twins[trusted]; ok {
		return twin
	}
	o := h.o
	o.Host = func(host string) HostOptions {
		var options HostOptions
		if h.o.Host != nil {
			options = h.o.Host(host)
		}
		if host == trusted {
			options.SkipVerify = true
			options.PlainHTTP = max(options.PlainHTTP, HTTPFallback)
		}
		return options
	}
	twin := newHosts(o)
	twin.paces, twin.dial = h.paces, h.dial
	if h.twins == nil {
		h.twins = map[string]*hosts{}
	}
	h.twins[trusted] = twin
	return twin
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
		found = &host{name: name, options: o, pace: h.paces.of(name, o), transport: h.standard, outside: h.outside}
		if o.TLS != nil || o.SkipVerify {
			config := o.TLS.Clone()
			if config == nil {
				config = &tls.Config{}
			}
			config.InsecureSkipVerify = config.InsecureSkipVerify || o.SkipVerify
			found.transport, found.outside = h.newTransport(config), h.newTransport(config)
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
		t.DialContext = h.dialContext
	}
	return t
}

// closeIdle closes the connections that no request uses.
func (h *hosts) closeIdle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standard.CloseIdleConnections()
	h.outside.CloseIdleConnections()
	for _, known := range h.known {
		known.transport.CloseIdleConnections()
		known.outside.CloseIdleConnections()
	}
	for _, twin := range h.twins {
		twin.closeIdle()
	}
}
