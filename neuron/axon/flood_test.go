package axon

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/synapse"
)

func TestSlowPeersAreCutOff(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Handshake, c.Receive = 50*time.Millisecond, 50*time.Millisecond })
	closed := func(conn net.Conn) {
		t.Helper()
		require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
		_, err := io.Copy(io.Discard, conn)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	silent, err := net.Dial("tcp", s.address)
	require.NoError(t, err)
	closed(silent)

	noPreface, err := tls.Dial("tcp", s.address, synapse.ClientTLS(s.Fingerprint()))
	require.NoError(t, err)
	closed(noPreface)

	c := s.neuron(5)
	for _, method := range []string{"Forward", "Follow", "Seen", "Generate", "Describe"} {
		ctx, _ := c.signed(within(t), c.head(method), nil)
		f, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+method)
		require.NoError(t, err)
		requireCode(t, codes.DeadlineExceeded, f.RecvMsg(new(synapse.Raw)), "50ms")
	}
	_, err = c.forward(within(t), 1, 1)
	require.NoError(t, err)
}

func TestNoMessageAtAll(t *testing.T) {
	c := serve(t, textOracle(), nil).neuron(5)
	ctx, _ := c.signed(within(t), c.head("Forward"), nil)
	f, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+"Forward")
	require.NoError(t, err)
	require.NoError(t, f.CloseSend())
	requireCode(t, codes.InvalidArgument, f.RecvMsg(new(synapse.Raw)), "no message came")
}

func TestConnectionsAreCounted(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Connections, c.ConnectionsPerAddress = 3, 2 })
	alive := func(from string) (*tls.Conn, error) {
		d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
		conn, err := tls.DialWithDialer(d, "tcp", s.address, synapse.ClientTLS(s.Fingerprint()))
		if err == nil { // one that nobody knows any more is closed by the garbage collector
			t.Cleanup(func() { _ = conn.Close() })
		}
		return conn, err
	}
	first, err := alive("127.0.0.1")
	require.NoError(t, err)
	_, err = alive("127.0.0.1")
	require.NoError(t, err)
	_, err = alive("127.0.0.1")
	require.Error(t, err, "two of one address")
	_, err = alive("127.0.0.2")
	require.NoError(t, err)
	_, err = alive("127.0.0.3")
	require.Error(t, err, "three in all")
	require.NoError(t, first.Close())
	eventually(t, "the place is free", func() bool { n, _ := s.connections.inUse(); return n == 2 })
	_, err = alive("127.0.0.1")
	require.NoError(t, err)
}

func TestConnectionsCostCalls(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.CallsPerSecond, c.CallBurst = 1, 2*connectionCalls })
	for i := range 3 {
		conn, err := tls.Dial("tcp", s.address, synapse.ClientTLS(s.Fingerprint()))
		require.Equal(t, i == 2, err != nil, i)
		if err == nil {
			require.NoError(t, conn.Close())
		}
	}
}

// flood sends with 16 goroutines, as fast as they can, and counts the codes.
func flood(calls int, ask func() error) map[codes.Code]int {
	var mu sync.Mutex
	counts := map[codes.Code]int{}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range calls / 16 {
				code := status.Code(ask())
				mu.Lock()
				counts[code]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return counts
}

func TestAnHonestCallerIsServedInAFlood(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) {
		c.Nonces, c.Samples, c.Addresses, c.Callers, c.Generates = 4096, 4096, 64, 64, 0
		c.CallsPerSecond, c.CallBurst, c.Rows, c.RowBurst, c.RowsPerSecond = 10, 60, 256, 1024, 64
	})
	honest, unsigned, greedy := s.neuron(5), s.dial("127.0.0.2"), s.dial("127.0.0.3")
	s.subnet.register(greedy.key.Address(), 1)
	body, began := marshal(t, text(t, 1, 64)), time.Now()
	var group sync.WaitGroup
	var first, second map[codes.Code]int
	group.Go(func() {
		first = flood(1600, func() error { return unsigned.Invoke(within(t), prefix+"Forward", &body, new(synapse.Raw)) })
	})
	group.Go(func() {
		second = flood(320, func() error { _, err := greedy.forward(within(t), 1, 64); return err })
	})
	for range 40 {
		_, err := honest.forward(within(t), 1, 16)
		require.NoError(t, err)
	}
	group.Wait()
	t.Logf("unsigned %v, greedy %v", first, second)
	seconds := int(time.Since(began).Seconds()) + 1
	require.Zero(t, first[codes.OK])
	require.LessOrEqual(t, first[codes.Unauthenticated], s.config.CallBurst+s.config.CallsPerSecond*seconds)
	require.Positive(t, first[codes.ResourceExhausted])
	require.LessOrEqual(t, second[codes.OK], 1024/64+seconds)
	require.Positive(t, second[codes.ResourceExhausted])
	require.LessOrEqual(t, s.nonces.size(), s.config.Nonces)
	require.LessOrEqual(t, s.samples.size(), s.config.Samples)
	require.LessOrEqual(t, s.addresses.size(), 3)
	require.LessOrEqual(t, s.callers.size(), 2)
}

func TestAFloodingConnectionIsClosed(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.CallsPerSecond, c.CallBurst = 1, 2*connectionCalls })
	c := s.dial("127.0.0.2")
	calls := 0
	for ; status.Code(c.Invoke(within(t), prefix+"Forward", new(synapse.Raw), new(synapse.Raw))) != codes.Unavailable; calls++ {
		require.Less(t, calls, 3*patience)
	}
	require.Greater(t, calls, patience-1)
	eventually(t, "it is closed", func() bool { n, _ := s.connections.inUse(); return n == 0 })
}

// unread asks for an answer of 1 MiB and reads nothing of it.
func (c *client) unread() {
	body := marshal(c.site.t, text(c.site.t, 16, 64))
	ctx, _ := c.signed(within(c.site.t), c.head("Forward"), body)
	f, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, prefix+"Forward")
	require.NoError(c.site.t, err)
	before := c.site.nonces.size()
	require.NoError(c.site.t, f.SendMsg(&body))
	require.NoError(c.site.t, f.CloseSend())
	eventually(c.site.t, "an answer or a refusal", func() bool {
		held, _ := c.site.memory.inUse()
		return held == 0 && c.site.nonces.size() > before
	})
}

// narrow is a client with the smallest windows there are.
func (s *site) narrow() *client {
	c := s.dial("127.0.0.1", grpc.WithStaticStreamWindowSize(64<<10), grpc.WithStaticConnWindowSize(64<<10))
	s.subnet.register(c.key.Address(), 5)
	return c
}

// Who asks for much and reads nothing is refused more.
func TestAnswersThatNobodyReads(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) {
		c.Memory, c.Stall, c.RowsPerSecond, c.RowBurst = 16<<20, time.Minute, 1<<20, 1<<20
	})
	c := s.narrow()
	for range 8 {
		c.unread()
	}
	answered := len(s.oracle.passes())
	require.Contains(t, []int{3, 4}, answered, "4 MiB are a quarter; of the first answer 64 KiB were written")
	held, _ := s.answers.inUse()
	require.LessOrEqual(t, held, s.config.Memory/4)
	require.Greater(t, held, int64(2<<20))
	now := time.Now()
	require.Empty(t, s.stalled(now))
	require.Empty(t, s.stalled(now.Add(s.config.Stall)))
	require.Len(t, s.stalled(now.Add(s.config.Stall+1)), 1)
	require.NoError(t, c.Close())
	eventually(t, "all is given back", func() bool { n, _ := s.answers.inUse(); return n == 0 })
}

func TestAConnectionThatStallsIsClosed(t *testing.T) {
	s := serve(t, textOracle(), func(c *Config, _ *Deps) { c.Stall = 50 * time.Millisecond })
	s.narrow().unread()
	eventually(t, "it is closed", func() bool { n, _ := s.connections.inUse(); return n == 0 })
	held, _ := s.answers.inUse()
	require.Zero(t, held)
}

// One that reads slowly but reads stays.
func TestAConnectionThatMovesStays(t *testing.T) {
	s := unserved(t, textOracle(), nil)
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	c := s.enter(near, "slow")
	require.True(t, c.owe(1<<20))
	require.False(t, c.stalled(time.Unix(0, 0), time.Second), "nothing was sent yet")
	c.settle(1<<20, 1<<20)
	for i := range 8 {
		require.False(t, c.stalled(time.Unix(int64(i), 0), time.Second))
		_, err := c.Write(make([]byte, progress))
		require.NoError(t, err)
	}
	_, err := c.Write(make([]byte, 17)) // a ping is no progress
	require.NoError(t, err)
	require.False(t, c.stalled(time.Unix(8, 0), time.Second))
	require.True(t, c.stalled(time.Unix(10, 0), time.Second))
	held, _ := s.answers.inUse()
	require.EqualValues(t, 1<<20-8*progress-17, held)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	held, _ = s.answers.inUse()
	require.Zero(t, held)
	require.NoError(t, far.Close())
}
