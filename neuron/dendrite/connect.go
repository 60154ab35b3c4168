package dendrite

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"

	"github.com/taonet/taonet/neuron/synapse"
)

const (
	// maxHeaders bounds the metadata of an answer in bytes.
	maxHeaders = 16 << 10
	// idle is after how long without a call a connection is closed.
	idle = 10 * time.Minute
)

// link is a connection and the calls that use it. gRPC connects again by itself as
// long as one that could not be made is there; here the circuit says when, so the last
// call that uses such a connection drops it.
type link struct {
	*grpc.ClientConn
	calls int
}

// connection is the one that the peer has, or a new one that the first call opens.
// Whoever gets it calls release.
func (p *Peer) connection(ctx context.Context) (*link, error) {
	if err := p.setup.take(ctx); err != nil {
		return nil, err
	}
	defer p.setup.give()
	p.mu.Lock()
	l, addresses := p.link, p.addresses
	if l != nil {
		l.calls++
	}
	p.mu.Unlock()
	if l != nil {
		return l, nil
	}
	if addresses == nil {
		var err error
		if addresses, err = p.find(ctx); err != nil {
			return nil, err
		}
	}
	conn, err := p.connect(addresses)
	if err != nil {
		return nil, &fault{ReasonConnection, err}
	}
	return p.keep(conn, addresses)
}

// release ends a call's use of a connection.
func (p *Peer) release(l *link) {
	p.mu.Lock()
	l.calls--
	state := l.GetState()
	drop := p.link == l && (state == connectivity.TransientFailure || state == connectivity.Connecting && l.calls == 0)
	if drop {
		p.link = nil
	}
	p.mu.Unlock()
	if drop {
		_ = l.Close() // it says only that it was closed before
	}
}

// find resolves the record.
func (p *Peer) find(ctx context.Context) ([]netip.Addr, error) {
	addresses, err := resolve(ctx, p.d.deps.Resolver, p.endpoint, p.d.cfg.AllowPrivate, p.d.cfg.ConnectTimeout)
	switch {
	case errors.Is(err, ErrEndpoint):
		p.block(ReasonAddress, err)
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &fault{ReasonAddress, err}
	}
	return addresses, nil
}

// connect makes a connection that is opened by the first call.
func (p *Peer) connect(addresses []netip.Addr) (*grpc.ClientConn, error) {
	pause := backoff.Config{BaseDelay: p.d.cfg.BackoffBase, Multiplier: 2, Jitter: 0.2, MaxDelay: p.d.cfg.BackoffCeiling}
	return grpc.NewClient("passthrough:///neuron",
		grpc.WithTransportCredentials(credentials.NewTLS(p.tls())),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.dial(ctx, addresses) }),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pause, MinConnectTimeout: p.d.cfg.ConnectTimeout}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(synapse.Codec{})),
		grpc.WithMaxHeaderListSize(maxHeaders), grpc.WithIdleTimeout(idle),
		grpc.WithNoProxy(), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(), grpc.WithDisableHealthCheck(),
		grpc.WithUserAgent("neuron"))
}

// tls is synapse.ClientTLS that remembers a wrong key.
func (p *Peer) tls() *tls.Config {
	config := synapse.ClientTLS(p.endpoint.Fingerprint)
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		err := verify(state)
		if errors.Is(err, synapse.ErrFingerprint) {
			p.block(ReasonFingerprint, err)
		}
		return err
	}
	return config
}

// keep makes conn the peer's, unless it was closed meanwhile.
func (p *Peer) keep(conn *grpc.ClientConn, addresses []netip.Addr) (*link, error) {
	l := &link{ClientConn: conn, calls: 1}
	p.mu.Lock()
	gone := p.ctx.Err() != nil
	if !gone {
		p.link, p.addresses = l, addresses
	}
	p.mu.Unlock()
	if gone {
		_ = conn.Close() // nobody has it
		return nil, ErrGone
	}
	return l, nil
}
