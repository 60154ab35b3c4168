package dendrite

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEndpoints(t *testing.T) {
	const (
		public  = iota // anywhere
		private        // with allow_private alone
		never
	)
	for _, c := range []struct {
		host string
		port uint32
		want int
	}{
		{"1.1.1.1", 1, public},
		{"1.1.1.1", 65535, public},
		{"1.1.1.1", 0, never},
		{"1.1.1.1", 65536, never},
		{"1.1.1.1", 1<<32 - 1, never},
		{"2606:4700:4700::1111", 443, public},
		{"neuron.example.org", 9000, public},
		{"a-1.b2.xn--p1ai", 9000, public},
		{strings.Repeat("a", 63) + ".org", 1, public},
		{strings.Repeat("a", 64) + ".org", 1, never},
		{strings.Repeat("a.", 126) + "a", 1, public},
		{strings.Repeat("a.", 126) + "aa", 1, never},
		{"", 1, never},

		{"127.0.0.1", 1, private}, {"127.255.255.254", 1, private}, {"::1", 1, private},
		{"10.0.0.1", 1, private}, {"172.16.0.1", 1, private}, {"172.31.255.255", 1, private}, {"192.168.1.1", 1, private},
		{"172.15.0.1", 1, public}, {"172.32.0.1", 1, public},
		{"100.64.0.1", 1, private}, {"100.127.255.255", 1, private}, {"100.63.0.1", 1, public}, {"100.128.0.1", 1, public},
		{"169.254.169.254", 1, private}, {"fe80::1", 1, private}, {"fec0::1", 1, private},
		{"fc00::1", 1, private}, {"fdff::1", 1, private},
		{"192.0.2.1", 1, private}, {"198.51.100.7", 1, private}, {"203.0.113.9", 1, private},
		{"2001:db8::1", 1, private}, {"3fff::1", 1, private},
		{"192.0.0.1", 1, private}, {"192.88.99.1", 1, private}, {"198.18.0.1", 1, private}, {"198.19.255.255", 1, private}, {"198.20.0.1", 1, public},
		{"0.1.2.3", 1, private}, {"240.0.0.1", 1, private}, {"255.255.255.254", 1, private},
		{"2002:7f00:1::1", 1, private}, {"2001::1", 1, private}, {"64:ff9b::7f00:1", 1, private}, {"::7f00:1", 1, private},
		{"1000::1", 1, private}, {"4000::1", 1, private},

		{"0.0.0.0", 1, never}, {"::", 1, never}, {"255.255.255.255", 1, never},
		{"224.0.0.1", 1, never}, {"239.255.255.255", 1, never}, {"ff02::1", 1, never},
		{"::ffff:127.0.0.1", 1, never}, {"::ffff:1.1.1.1", 1, never}, {"::ffff:a00:1", 1, never},
		{"fe80::1%eth0", 1, never}, {"1.1.1.1%eth0", 1, never},
		{"[::1]", 1, never}, {"1.1.1.1:80", 1, never},

		{"localhost", 1, private}, {"neuron-1", 1, private},
		{"127.1", 1, never}, {"2130706433", 1, never}, {"0x7f000001", 1, never}, {"0177.0.0.1", 1, never}, {"a.0x7f", 1, never},
		{"-a.org", 1, never}, {"a-.org", 1, never}, {"a..org", 1, never}, {".org", 1, never}, {"a.org.", 1, never},
		{"a b.org", 1, never}, {"a_b.org", 1, never}, {"a/b.org", 1, never}, {"user@a.org", 1, never},
		{"a.org\n", 1, never}, {"a.org\x00", 1, never}, {"ä.org", 1, never}, {"unix:/tmp/s", 1, never}, {"dns:///a.org", 1, never},
	} {
		e := Endpoint{Host: c.host, Port: c.port}
		for allow, want := range map[bool]bool{false: c.want == public, true: c.want != never} {
			err := e.Validate(allow)
			if want {
				require.NoError(t, err, "%q", c.host)
				continue
			}
			require.ErrorIs(t, err, ErrEndpoint, "%q, allow_private %t", c.host, allow)
			require.NotContains(t, err.Error(), "\n")
		}
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, host := range []string{"1.1.1.1", "::1", "::ffff:10.0.0.1", "a.org", "fe80::1%eth0", "0x7f.1", "2001:db8::1", "", "a\nb"} {
		f.Add(host, uint32(9000), true)
		f.Add(host, uint32(70000), false)
	}
	f.Fuzz(func(t *testing.T, host string, port uint32, allow bool) {
		e := Endpoint{Host: host, Port: port}
		text := e.String()
		for i := range len(text) {
			require.True(t, text[i] >= ' ' && text[i] < 0x7f || strings.HasSuffix(text, "…"), "%q", text)
		}
		if err := e.Validate(allow); err != nil {
			require.ErrorIs(t, err, ErrEndpoint)
			return
		}
		require.NoError(t, e.Validate(true), "who is admitted to the Internet is admitted to a local network")
		found, err := resolve(context.Background(), lookup(func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no") }), e, allow, time.Second)
		if err != nil {
			require.ErrorContains(t, err, "was not found", "a name, and names alone are looked up")
			return
		}
		require.Len(t, found, 1)
		a := found[0]
		require.False(t, a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Zone() != "")
		if !allow {
			require.True(t, a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast(), a)
		}
	})
}

// lookup is a resolver.
type lookup func(ctx context.Context, host string) ([]netip.Addr, error)

func (l lookup) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	return l(ctx, host)
}

func stallingLookup(ctx context.Context, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

func countDials(dial dialer, n *int) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		*n++
		return dial(ctx, network, address)
	}
}

// TestNamesAreResolvedOnce: a name that means another host later does not lead there.
func TestNamesAreResolvedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		n.listeners["1.2.3.4:9000"] = n.listeners["10.0.0.1:9000"]
		n.endpoints[0].Host = "neuron.example.org"
		lookups, now := 0, "1.2.3.4"
		var dialled []string
		d := n.dendrite(func(c *Config, deps *Deps) {
			c.AllowPrivate = false
			deps.Resolver = lookup(func(_ context.Context, host string) ([]netip.Addr, error) {
				require.Equal(t, "neuron.example.org.", host, "no search list")
				lookups++
				return []netip.Addr{netip.AddrFrom16(netip.MustParseAddr(now).As16())}, nil
			})
			deps.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				dialled = append(dialled, address)
				return n.dial(ctx, network, address)
			}
		})
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 1), "a"))
		now = "127.0.0.1"
		time.Sleep(idle + time.Second)
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 1), "a"))
		require.Equal(t, 1, lookups)
		require.Equal(t, []string{"1.2.3.4:9000", "1.2.3.4:9000"}, dialled)

		n.endpoints[0].Height++
		d.SetPeers(n.endpoints)
		err := forwardText(t.Context(), t, peer(t, d, 1), "a")
		require.ErrorIs(t, err, ErrEndpoint)
		require.ErrorContains(t, err, "127.0.0.1 is in 127.0.0.0/8")
		require.ErrorContains(t, err, "it is not asked until its record changes")
		require.Equal(t, ReasonAddress, ReasonOf(err))
		time.Sleep(24 * time.Hour)
		require.ErrorIs(t, forwardText(t.Context(), t, peer(t, d, 1), "a"), ErrEndpoint)
		require.Equal(t, 2, lookups, "a new record is looked up, once")
		require.Len(t, dialled, 2)
	})
}

func TestAdmittedAddresses(t *testing.T) {
	parse := func(list string) (addresses []netip.Addr) {
		for _, s := range strings.Fields(list) {
			addresses = append(addresses, netip.MustParseAddr(s))
		}
		return addresses
	}
	got, err := admitted(parse("127.0.0.1 ::1 1.1.1.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 2606:4700::1"), false)
	require.NoError(t, err)
	require.Equal(t, parse("1.1.1.1 8.8.8.8 2606:4700::1"), got, "those that may be connected to")
	got, err = admitted(parse("1.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4 1.0.0.5"), false)
	require.NoError(t, err)
	require.Len(t, got, maxAddresses)
	_, err = admitted(parse("::ffff:127.0.0.1"), false)
	require.ErrorIs(t, err, ErrEndpoint)
	_, err = admitted(nil, false)
	require.ErrorContains(t, err, "no address")
}

// TestLookupFails is a failure like any other: a name may come back.
func TestLookupFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		n.endpoints[0].Host = "neuron.example.org"
		resolver := stallingLookup
		d := n.dendrite(func(_ *Config, deps *Deps) {
			deps.Resolver = lookup(func(ctx context.Context, host string) ([]netip.Addr, error) { return resolver(ctx, host) })
		})
		p := peer(t, d, 1)
		began := time.Now()
		err := forwardText(t.Context(), t, p, "a")
		require.Equal(t, 5*time.Second, time.Since(began))
		require.ErrorContains(t, err, "its name neuron.example.org was not found")
		require.Equal(t, ReasonAddress, ReasonOf(err))
		resolver = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("10.0.0.1")}, nil
		}
		time.Sleep(time.Until(p.Stats().NextTry))
		require.NoError(t, forwardText(t.Context(), t, p, "a"), "the second address answers")
		require.Equal(t, []string{"10.0.0.9", "10.0.0.1"}, p.Stats().Addresses)
	})
}
