package dendrite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// maxAddresses is how many addresses of a name are tried.
const maxAddresses = 4

// resolve returns the addresses of a record that may be connected to. It fails with
// ErrEndpoint when there are addresses and none may.
func resolve(ctx context.Context, r Resolver, e Endpoint, allowPrivate bool, limit time.Duration) ([]netip.Addr, error) {
	if err := e.Validate(allowPrivate); err != nil {
		return nil, err
	}
	if a, err := netip.ParseAddr(e.Host); err == nil {
		return []netip.Addr{a}, nil
	}
	name := e.Host
	if !allowPrivate && !strings.HasSuffix(name, ".") {
		name += "." // no search list
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found, err := r.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, fmt.Errorf("its name %s was not found: %w", e.Host, err)
	}
	return admitted(found, allowPrivate)
}

// admitted keeps the first addresses that may be connected to.
func admitted(found []netip.Addr, allowPrivate bool) ([]netip.Addr, error) {
	if len(found) == 0 {
		return nil, errors.New("its name has no address")
	}
	var kept []netip.Addr
	var refused error
	for _, a := range found {
		a = a.Unmap() // net.Resolver gives IPv4 in either form
		if err := checkAddress(a, allowPrivate); err != nil {
			refused = err
			continue
		}
		if len(kept) < maxAddresses {
			kept = append(kept, a)
		}
	}
	if len(kept) == 0 {
		return nil, refused
	}
	return kept, nil
}

// dial connects to the first of the peer's addresses that can be, and counts what
// travels there.
func (p *Peer) dial(ctx context.Context, addresses []netip.Addr) (net.Conn, error) {
	p.mu.Lock()
	errs := p.blocked
	p.mu.Unlock()
	if errs != nil {
		return nil, errs
	}
	for _, a := range addresses {
		conn, err := p.d.deps.Dial(ctx, "tcp", netip.AddrPortFrom(a, uint16(p.endpoint.Port)).String())
		if err == nil {
			return &counted{conn, p}, nil
		}
		errs = errors.Join(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errs
}

// counted is a connection that counts its bytes, those of TLS included.
type counted struct {
	net.Conn
	p *Peer
}

// Read implements net.Conn.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.p.bytesIn.Add(uint64(n))
	return n, err
}

// Write implements net.Conn.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.p.bytesOut.Add(uint64(n))
	return n, err
}
