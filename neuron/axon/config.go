package axon

import (
	"fmt"
	"time"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// Config bounds an axon. DefaultConfig has a value for everything but ChainID and
// Certificate.
type Config struct {
	// ChainID is the chain that requests must be signed for.
	ChainID string
	// Certificate is what synapse.NewCertificate made, PEM.
	Certificate []byte
	// Version of the program, for Describe.
	Version string
	// Prices per unit in rao, for Describe.
	Prices []*synapse.Price
	// Open lets everyone in who signs, registered or not.
	Open bool
	// Backward serves Backward to callers with stake or payment, if there is a Learner.
	Backward bool

	// Window is how far a head may be dated off the clock.
	Window time.Duration
	// Restart: what is dated before the start and this is refused. At least Window; 0
	// turns the rule off, which is for tests.
	Restart time.Duration
	// Handshake is the time for TLS and HTTP/2 to be set up.
	Handshake time.Duration
	// Receive is the time for a request, or a stream's opening, to come after its head.
	Receive time.Duration
	// Idle is the longest pause between two steps of a Follow.
	Idle time.Duration
	// Stall is how long a connection may leave answers unread.
	Stall time.Duration
	// Longest is the time that a call other than a stream may take.
	Longest time.Duration
	// Grace is the time that calls get to end when the axon stops.
	Grace time.Duration

	// Message is the largest request in bytes; 0 is what the model's largest needs.
	Message int
	// Rows is the most rows of a Forward.
	Rows int
	// Sequences is the most parallel sequences of a Follow.
	Sequences int
	// Memory in bytes of requests being read and served, and as much again of answers
	// that are not read. One address gets a quarter of it at most.
	Memory int64

	// Connections in all, and from one address: an IPv4 address, or a /64 of IPv6.
	Connections, ConnectionsPerAddress int
	// CallsPerConnection is how many calls a connection may have under way.
	CallsPerConnection int
	// CallsPerSecond and CallBurst of one address. A new connection counts as ten calls.
	CallsPerSecond, CallBurst int
	// RowsPerSecond and RowBurst of one caller.
	RowsPerSecond, RowBurst int
	// Addresses and Callers is of how many the rates are remembered.
	Addresses, Callers int
	// Nonces and Samples is how many of them are remembered. Past Nonces calls are
	// refused, past Samples the oldest are forgotten early.
	Nonces, Samples int

	// Workers is how many batches, or steps, run at the same time.
	Workers int
	// Queue is how many calls wait for a worker. One caller gets a quarter of it at most.
	Queue int
	// BatchRows and BatchRequests is the most that runs together. A request of more rows
	// runs alone.
	BatchRows, BatchRequests int
	// Delay is how long a request waits for others to run with; 0 does not wait.
	Delay time.Duration
	// Follows is how many streams are open in all, and of one caller.
	Follows, FollowsPerCaller int
	// Generates is how many run in all, and for one caller.
	Generates, GeneratesPerCaller int
	// GradientNorm is what the L2 norm of a gradient is clipped to.
	GradientNorm float64
}

// DefaultConfig is for a small machine on the open internet.
func DefaultConfig() Config {
	return Config{
		Window: 30 * time.Second, Restart: 30 * time.Second,
		Handshake: 10 * time.Second, Receive: 10 * time.Second, Idle: time.Minute, Stall: 30 * time.Second,
		Longest: time.Minute, Grace: 5 * time.Second,
		Rows: 16384, Sequences: 256, Memory: 1 << 30,
		Connections: 1024, ConnectionsPerAddress: 16, CallsPerConnection: 64,
		CallsPerSecond: 100, CallBurst: 400, RowsPerSecond: 16384, RowBurst: 65536,
		Addresses: 1 << 16, Callers: 1 << 13, Nonces: 1 << 20, Samples: 1 << 21,
		Workers: 2, Queue: 256, BatchRows: 4096, BatchRequests: 64, Delay: 2 * time.Millisecond,
		Follows: 64, FollowsPerCaller: 4, Generates: 8, GeneratesPerCaller: 2,
		GradientNorm: 1,
	}
}

const (
	// callRows is what a call or a step costs at least: its work aside from the model's.
	callRows = 16
	// backwardRows is what a row of Backward costs: forward once, backward twice.
	backwardRows = 3
	// connectionCalls is what a connection costs at its address.
	connectionCalls = 10
	// maxSamples is the most hashes of a Seen.
	maxSamples = 256
	// maxPrompt is the longest prompt in bytes that is always taken; a model that looks
	// back further takes its context.
	maxPrompt = 4096
	// maxGenerate is the most bytes of a Generate.
	maxGenerate = 1 << 16
	// slack is for what surrounds the frames of a request.
	slack = 1024
	// maxRequest is the largest message there can be: two frames.
	maxRequest = 2*tensor.MaxBytes + slack
)

func (c *Config) validate() error {
	if c.ChainID == "" {
		return fmt.Errorf("axon: no chain id: give the one of the chain that callers sign for")
	}
	for _, v := range []struct {
		name             string
		value, low, high int64
	}{
		{"Window", int64(c.Window), int64(time.Millisecond), int64(time.Hour)},
		{"Handshake", int64(c.Handshake), int64(time.Millisecond), int64(time.Hour)},
		{"Receive", int64(c.Receive), int64(time.Millisecond), int64(time.Hour)},
		{"Idle", int64(c.Idle), int64(time.Millisecond), int64(24 * time.Hour)},
		{"Stall", int64(c.Stall), int64(time.Millisecond), int64(time.Hour)},
		{"Longest", int64(c.Longest), int64(time.Millisecond), int64(time.Hour)},
		{"Grace", int64(c.Grace), 0, int64(time.Hour)},
		{"Delay", int64(c.Delay), 0, int64(time.Second)},
		{"Message", int64(c.Message), 0, maxRequest},
		{"Rows", int64(c.Rows), 1, tensor.MaxElements},
		{"Sequences", int64(c.Sequences), 1, 1024},
		{"Memory", c.Memory, 1 << 16, 1 << 50},
		{"Connections", int64(c.Connections), 1, 1 << 20},
		{"ConnectionsPerAddress", int64(c.ConnectionsPerAddress), 1, 1 << 20},
		{"CallsPerConnection", int64(c.CallsPerConnection), 1, 1 << 16},
		{"CallsPerSecond", int64(c.CallsPerSecond), 1, 1 << 30},
		{"CallBurst", int64(c.CallBurst), 2 * connectionCalls, 1 << 30},
		{"RowsPerSecond", int64(c.RowsPerSecond), 1, 1 << 30},
		{"RowBurst", int64(c.RowBurst), c.dearest(), 1 << 30},
		{"Addresses", int64(c.Addresses), 1, 1 << 24},
		{"Callers", int64(c.Callers), 1, 1 << 24},
		{"Nonces", int64(c.Nonces), 2, 1 << 26},
		{"Samples", int64(c.Samples), sampleSets, 1 << 26},
		{"Workers", int64(c.Workers), 1, 1 << 10},
		{"Queue", int64(c.Queue), 1, 1 << 16},
		{"BatchRows", int64(c.BatchRows), 1, tensor.MaxElements},
		{"BatchRequests", int64(c.BatchRequests), 1, 1 << 16},
		{"Follows", int64(c.Follows), 0, 1 << 16},
		{"FollowsPerCaller", int64(c.FollowsPerCaller), 0, 1 << 16},
		{"Generates", int64(c.Generates), 0, 1 << 16},
		{"GeneratesPerCaller", int64(c.GeneratesPerCaller), 0, 1 << 16},
	} {
		if v.value < v.low || v.value > v.high {
			return fmt.Errorf("axon: %s is %d, need %d to %d: correct the configuration", v.name, v.value, v.low, v.high)
		}
	}
	if c.Restart != 0 && (c.Restart < c.Window || c.Restart > time.Hour) {
		return fmt.Errorf("axon: Restart is %s, need Window, %s, to 1h: below it a request from before a restart could be answered twice", c.Restart, c.Window)
	}
	if !(c.GradientNorm > 0 && c.GradientNorm < 1e9) {
		return fmt.Errorf("axon: GradientNorm is %v, need more than 0 and less than 1e9: correct the configuration", c.GradientNorm)
	}
	return nil
}

// dearest is what the largest call costs in rows; a smaller bucket could never pay it.
func (c *Config) dearest() int64 {
	rows := max(int64(c.Rows), callRows)
	if c.Generates > 0 {
		rows = max(rows, maxPrompt)
	}
	if c.Backward {
		rows = max(rows, backwardRows*int64(c.Rows))
	}
	return rows
}
