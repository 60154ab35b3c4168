package dendrite

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ErrEndpoint says that a record names no place that may be connected to.
var ErrEndpoint = errors.New("the endpoint is refused")

const (
	maxHost  = 253
	maxLabel = 63
	maxPort  = 65535
)

// Endpoint is the axon record of a live neuron. Endpoints compare with ==; one that
// differs in anything is a new record.
type Endpoint struct {
	UID uint32
	// Hotkey is the address whose signatures its answers carry.
	Hotkey string
	// Host is a DNS name or an IP address, Port 1 to 65535.
	Host string
	Port uint32
	// Fingerprint is the SHA-256 of its TLS key.
	Fingerprint [32]byte
	// Version of the wire protocol, Height of the record.
	Version uint32
	Height  uint64
}

// String is host:port, quoted when the host is not a plain one.
func (e Endpoint) String() string {
	s := net.JoinHostPort(e.Host, strconv.FormatUint(uint64(e.Port), 10))
	if q := strconv.QuoteToASCII(s); len(q) != len(s)+2 {
		return shortened(q)
	}
	return shortened(s)
}

// Validate checks what can be checked without a look-up: the host is an IP address that
// may be connected to, or a DNS name, and the port is one. It fails with ErrEndpoint.
func (e Endpoint) Validate(allowPrivate bool) error {
	if e.Port < 1 || e.Port > maxPort {
		return fmt.Errorf("%w: the port is %d, the range is 1 to %d", ErrEndpoint, e.Port, maxPort)
	}
	if e.Host == "" || len(e.Host) > maxHost {
		return fmt.Errorf("%w: the host has %d bytes, the range is 1 to %d", ErrEndpoint, len(e.Host), maxHost)
	}
	if a, err := netip.ParseAddr(e.Host); err == nil {
		if a.Is4In6() {
			return fmt.Errorf("%w: %s is an IPv4 address in the form of IPv6, use %s", ErrEndpoint, a, a.Unmap())
		}
		return checkAddress(a, allowPrivate)
	}
	return checkName(e.Host, allowPrivate)
}

// checkName takes a DNS name (RFC 1123). A name without a dot would be completed by
// this machine's search list, and one that ends in a number read as an address.
func checkName(name string, allowPrivate bool) error {
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notInLabel) {
			return fmt.Errorf("%w: %q is neither an IP address nor a DNS name", ErrEndpoint, name)
		}
	}
	last := labels[len(labels)-1]
	if last[0] >= '0' && last[0] <= '9' {
		return fmt.Errorf("%w: %q ends in a number and is no IP address; write the address in full", ErrEndpoint, name)
	}
	if len(labels) == 1 && !allowPrivate {
		return fmt.Errorf("%w: %q has no dot, only a local network has such names", ErrEndpoint, name)
	}
	return nil
}

func notInLabel(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
}

// reserved are the blocks that are not for hosts of the Internet, by the registries of
// special-purpose addresses of IANA (RFC 6890). Of IPv6 only 2000::/3 is for hosts at
// all, which leaves out loopback, unique local, link-local, site-local, multicast,
// IPv4-mapped and NAT64 addresses.
func reserved() []string {
	return []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	}
}

// checkAddress refuses an address that is not a host's, or with !allowPrivate not one
// of the Internet. a is not IPv4 in the form of IPv6.
func checkAddress(a netip.Addr, allowPrivate bool) error {
	switch {
	case a.Zone() != "":
		return fmt.Errorf("%w: %s has a zone, which means something on one machine alone", ErrEndpoint, a)
	case a.Is4In6():
		return fmt.Errorf("%w: %s is an IPv4 address in the form of IPv6", ErrEndpoint, a)
	case a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("%w: %s is not the address of one host", ErrEndpoint, a)
	case allowPrivate:
		return nil
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return notPublic(a, "outside 2000::/3")
	}
	for _, block := range reserved() {
		if netip.MustParsePrefix(block).Contains(a) {
			return notPublic(a, "in "+block)
		}
	}
	return nil
}

func notPublic(a netip.Addr, where string) error {
	return fmt.Errorf("%w: %s is %s and no host of the Internet has it; allow_private admits it in a local network", ErrEndpoint, a, where)
}
