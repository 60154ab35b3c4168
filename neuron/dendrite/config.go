package dendrite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// Config of a Dendrite. What is zero takes its default.
type Config struct {
	// ChainID goes into every signature, and Subnet: where this neuron is one, 0 for none.
	ChainID string
	Subnet  uint64
	// AllowPrivate lets records name loopback and private addresses: local networks.
	AllowPrivate bool
	// Encoding of probabilities on the wire, f16 by default; HiddenEncoding of hidden
	// states, whose range is not known, bf16 by default.
	Encoding, HiddenEncoding tensor.DType
	// Concurrency bounds the calls under way in all (64), PerPeer those to one peer (4).
	// Others wait. An open stream counts while a message of it is under way.
	Concurrency, PerPeer int
	// TimeoutFloor (1 s) and TimeoutCeiling (30 s) bound what follows from latencies.
	TimeoutFloor, TimeoutCeiling time.Duration
	// ConnectTimeout bounds a look-up of a name, and a connection with its handshake (5 s).
	ConnectTimeout time.Duration
	// BackoffBase (500 ms) and BackoffCeiling (5 min) bound the pause after failures.
	BackoffBase, BackoffCeiling time.Duration
	// OpenAfter is how many failures in a row open the circuit (5).
	OpenAfter int
	// Grace is the part of the time until enough have answered for which Ask goes on
	// waiting for the others, 0.25 by default, negative for none.
	Grace float64
	// CardAge is for how long a peer's description is believed (5 min).
	CardAge time.Duration
	// Parts is the most requests that one batch is split into (16).
	Parts int
}

// Resolver looks names up; net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Event is an exchange that ended: a call, or one message of a stream and its answer.
type Event struct {
	UID    uint32
	Method string
	// Reason is ReasonNone for an answer.
	Reason  Reason
	Latency time.Duration
}

// Deps is what a Dendrite needs from outside. Signer and Verifier must be there.
type Deps struct {
	Signer   synapse.Signer
	Verifier synapse.Verifier
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Log takes what an operator should know; nothing is logged by default.
	Log *slog.Logger
	// Resolver is net.DefaultResolver by default.
	Resolver Resolver
	// Dial connects to an address that was checked; by default over TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Observe is told of every exchange, from many goroutines. It must be quick.
	Observe func(Event)
}

// Validate says which value is out of range. Zero is the default, and always right.
func (c Config) Validate() error {
	var errs []error
	number := func(name string, v, most int) {
		if v < 0 || v > most {
			errs = append(errs, fmt.Errorf("dendrite: %s is %d, the range is 1 to %d, or 0 for the default", name, v, most))
		}
	}
	span := func(name string, v, most time.Duration) {
		if v < 0 || v > most {
			errs = append(errs, fmt.Errorf("dendrite: %s is %s, the range is up to %s, or 0 for the default", name, v, most))
		}
	}
	number("concurrency", c.Concurrency, 1<<16)
	number("per_peer", c.PerPeer, 1<<16)
	number("open_after", c.OpenAfter, 1<<16)
	number("parts", c.Parts, 1<<16)
	span("timeout_floor", c.TimeoutFloor, time.Hour)
	span("timeout_ceiling", c.TimeoutCeiling, time.Hour)
	span("connect_timeout", c.ConnectTimeout, time.Hour)
	span("backoff_base", c.BackoffBase, 24*time.Hour)
	span("backoff_ceiling", c.BackoffCeiling, 24*time.Hour)
	span("card_age", c.CardAge, 24*time.Hour)
	if c.Encoding > tensor.Int8 || c.HiddenEncoding > tensor.Int8 {
		errs = append(errs, fmt.Errorf("dendrite: encodings %s and %s: use f32, f16, bf16 or int8", c.Encoding, c.HiddenEncoding))
	}
	if !(c.Grace <= 10) {
		errs = append(errs, fmt.Errorf("dendrite: grace is %g, the range is up to 10, 0 for the default, negative for none", c.Grace))
	}
	full := c.withDefaults()
	if full.TimeoutFloor > full.TimeoutCeiling {
		errs = append(errs, fmt.Errorf("dendrite: timeout_floor %s is above timeout_ceiling %s", full.TimeoutFloor, full.TimeoutCeiling))
	}
	if full.BackoffBase > full.BackoffCeiling {
		errs = append(errs, fmt.Errorf("dendrite: backoff_base %s is above backoff_ceiling %s", full.BackoffBase, full.BackoffCeiling))
	}
	return errors.Join(errs...)
}

// withDefaults also makes the default of what Validate refuses for its sign.
func (c Config) withDefaults() Config {
	orNumber(&c.Concurrency, 64)
	orNumber(&c.PerPeer, 4)
	orNumber(&c.OpenAfter, 5)
	orNumber(&c.Parts, 16)
	orNumber(&c.TimeoutFloor, time.Second)
	orNumber(&c.TimeoutCeiling, 30*time.Second)
	orNumber(&c.ConnectTimeout, 5*time.Second)
	orNumber(&c.BackoffBase, 500*time.Millisecond)
	orNumber(&c.BackoffCeiling, 5*time.Minute)
	orNumber(&c.CardAge, 5*time.Minute)
	if c.Grace == 0 {
		c.Grace = 0.25
	}
	if c.Encoding == 0 {
		c.Encoding = tensor.F16
	}
	if c.HiddenEncoding == 0 {
		c.HiddenEncoding = tensor.BF16
	}
	return c
}

func orNumber[T int | time.Duration](v *T, byDefault T) {
	if *v <= 0 {
		*v = byDefault
	}
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Resolver == nil {
		d.Resolver = net.DefaultResolver
	}
	if d.Dial == nil {
		d.Dial = (&net.Dialer{}).DialContext
	}
	if d.Observe == nil {
		d.Observe = func(Event) {}
	}
	return d
}
