package dendrite

import (
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/test/bufconn"
)

// TestServersThatAreNone connect, and then do something else than TLS.
func TestServersThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(net.Conn)
		took  time.Duration
	}{
		{"silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, 5 * time.Second},
		{"closes", func(c net.Conn) { _ = c.Close() }, 0},
		{"talks", func(c net.Conn) {
			_, _ = c.Write([]byte("220 smtp.example.org ESMTP\r\n"))
			_, _ = io.Copy(io.Discard, c)
		}, 0},
		{"floods", func(c net.Conn) {
			for block := make([]byte, 1<<14); ; {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.add(text())
				n.add(text())
				l := bufconn.Listen(1 << 12)
				n.listeners["10.0.0.1:9000"] = l
				t.Cleanup(func() { require.NoError(t, l.Close()) })
				go func() {
					for {
						conn, err := l.Accept()
						if err != nil {
							return
						}
						go func() { c.serve(conn); _ = conn.Close() }()
					}
				}()
				d := n.dendrite()
				began := time.Now()
				err := forwardText(t.Context(), t, peer(t, d, 1), "a")
				require.Equal(t, ReasonConnection, ReasonOf(err), "%v", err)
				require.Equal(t, c.took, time.Since(began))
				require.NoError(t, forwardText(t.Context(), t, peer(t, d, 2), "a"))
				require.NotEqual(t, Refused, peer(t, d, 1).Stats().Circuit)
			})
		})
	}
}

// TestOverTCP runs outside of a bubble, through the kernel, and leaves nothing behind.
func TestOverTCP(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("calls", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := netip.MustParseAddrPort(l.Addr().String()).Port()
		_, e := serve(t, l, text())
		e.UID, e.Host, e.Port = 1, "127.0.0.1", uint32(port)
		wrong := e
		wrong.UID, wrong.Fingerprint = 2, [32]byte{1}
		nobody := e
		nobody.UID, nobody.Host = 3, "127.0.0.2"
		n := newNetwork(t)
		n.endpoints = []Endpoint{e, wrong, nobody}
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Dial = nil })
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 1), "hello"))
		s, err := peer(t, d, 1).Follow(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, s.Next(t.Context(), []byte("a"), make([]float32, 256)))
		require.NoError(t, s.Close())
		require.Equal(t, ReasonFingerprint, ReasonOf(forwardText(t.Context(), t, peer(t, d, 2), "a")))
		require.Equal(t, ReasonConnection, ReasonOf(forwardText(t.Context(), t, peer(t, d, 3), "a")))

		public := n.dendrite(func(c *Config, deps *Deps) { deps.Dial, c.AllowPrivate = nil, false })
		require.ErrorIs(t, forwardText(t.Context(), t, peer(t, public, 1), "a"), ErrEndpoint)
		require.Equal(t, Refused, public.Stats()[0].Circuit)
	})
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, 5*time.Millisecond,
		"%d goroutines at the start", before)
}
