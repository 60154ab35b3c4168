package axon

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"google.golang.org/grpc/peer"
)

const (
	// patience is how many calls may be refused for their rate before the connection is
	// closed; a call that is not makes up for some that were.
	patience = 1024
	makesUp  = 8
)

// gate is a listener that closes connections beyond the bounds at once: in a queue
// before Accept they would shut out the others.
type gate struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host := hostOf(raw.RemoteAddr())
		if c := g.server.enter(raw, host); c != nil {
			return c, nil
		}
		_ = raw.Close()
	}
}

// enter is nil when there is no place for the connection.
func (s *Server) enter(raw net.Conn, host string) *conn {
	if _, ok := s.addresses.take(host, connectionCalls, s.now(), 0); !ok || !s.connections.take(host, 1) {
		return nil
	}
	c := &conn{Conn: raw, server: s, host: host}
	s.mu.Lock()
	s.open[c] = struct{}{}
	n := len(s.open)
	s.mu.Unlock()
	s.meter.Connected(n)
	return c
}

// leave is called once for each connection.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	delete(s.open, c)
	n := len(s.open)
	s.mu.Unlock()
	s.connections.give(c.host, 1)
	s.meter.Connected(n)
}

// hostOf is what rates are counted by: an IPv4 address, a /64 of IPv6, or the whole
// address of another network.
func hostOf(a net.Addr) string {
	parsed, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return a.String()
	}
	ip := parsed.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// progress is how many bytes a connection must read of its answers, or all of them, to
// count as moving.
const progress = 64 << 10

// conn is a connection and the answers that it has not read yet. They are the way to
// make a server keep memory: ask for much, and read nothing. gRPC writes an answer only
// as far as the caller's windows allow, so what was handed to it and not written is what
// the caller does not read.
type conn struct {
	net.Conn
	server  *Server
	host    string
	closing sync.Once

	mu sync.Mutex
	// refused counts calls that came too fast.
	refused int
	// owed is bytes of answers that are being computed, unread of those handed to gRPC
	// and not known to be written. Whatever is written counts as answers, so a busy
	// connection shows too little; one that stalls shows what it holds. What gRPC drops
	// of an answer, for the caller cancelled, stays unread until other bytes are written.
	owed, unread int64
	// read is what has been taken off unread in all; mark what it was when the
	// connection last moved.
	read, mark int64
	marked     time.Time
	gone       bool
}

// RemoteAddr implements net.Conn. gRPC hands it to every call as its peer.
func (c *conn) RemoteAddr() net.Addr { return remote{c.Conn.RemoteAddr(), c} }

type remote struct {
	net.Addr
	conn *conn
}

// connOf is the connection of a call, nil when it has none of ours.
func connOf(ctx context.Context) *conn {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	r, ok := p.Addr.(remote)
	if !ok {
		return nil
	}
	return r.conn
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.forget(int64(n))
	return n, err
}

// forget takes bytes off what is unread.
func (c *conn) forget(n int64) {
	c.mu.Lock()
	n = min(n, c.unread)
	c.unread -= n
	c.read += n
	c.mu.Unlock()
	c.server.answers.give(c.host, n)
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.mu.Lock()
		unread := c.unread
		c.unread, c.gone = 0, true
		c.mu.Unlock()
		c.server.answers.give(c.host, unread)
		c.server.leave(c)
	})
	return c.Conn.Close()
}

// behaves is told of a call that came at its rate, floods of one that came too fast.
func (c *conn) behaves() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = max(0, c.refused-makesUp)
}

func (c *conn) floods() {
	c.mu.Lock()
	c.refused++
	enough := c.refused >= patience
	c.mu.Unlock()
	if enough {
		_ = c.Close()
	}
}

// owe sets memory aside for an answer; false says that too much is unread.
func (c *conn) owe(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if most := c.server.unreadPerConnection; c.owed+c.unread > 0 && c.owed+c.unread+n > most {
		return false
	}
	if !c.server.answers.take(c.host, n) {
		return false
	}
	c.owed += n
	return true
}

// settle ends what owe began. It comes before the answer is handed to gRPC, which may
// write it at once; sent is its size, 0 if there is none.
func (c *conn) settle(owed, sent int64) {
	c.mu.Lock()
	c.owed -= owed
	keep := min(sent, owed)
	if c.gone {
		keep = 0
	}
	c.unread += keep
	c.mu.Unlock()
	c.server.answers.give(c.host, owed-keep)
}

// stalled says that answers have been unread for that long without moving.
func (c *conn) stalled(now time.Time, long time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread == 0 || c.read-c.mark >= progress || c.marked.IsZero() {
		c.mark, c.marked = c.read, now
	}
	return now.Sub(c.marked) > long
}

// watch closes stalled connections until the axon stops.
func (s *Server) watch() {
	tick := time.NewTicker(max(s.config.Stall/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.stopped:
			return
		case now := <-tick.C:
			for _, c := range s.stalled(now) {
				s.log.Debug("a connection leaves its answers unread", "address", c.host)
				_ = c.Close()
			}
		}
	}
}

func (s *Server) stalled(now time.Time) (list []*conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if c.stalled(now, s.config.Stall) {
			list = append(list, c)
		}
	}
	return list
}
