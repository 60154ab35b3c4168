package dendrite

import (
	"time"

	"github.com/taonet/taonet/neuron/model"
)

// counts of exchanges: calls, and messages of streams.
type counts struct {
	asked, answered, abandoned, busy uint64
	failures                         [reasons]uint64
	lastError                        string
	lastAnswer                       time.Time
}

// Stats is what is known of a peer at one moment.
type Stats struct {
	Endpoint Endpoint
	// Addresses that its host was resolved to, empty before the first call.
	Addresses []string
	// Circuit, the failures in a row behind it, and when it is asked again.
	Circuit     State
	Consecutive int
	NextTry     time.Time
	// Asked = Answered + Abandoned + Busy + all Failures + those under way. A message
	// of a stream with its answer counts as one.
	Asked, Answered, Abandoned, Busy uint64
	// Failures by reason, those that occurred.
	Failures map[Reason]uint64
	// LastError is a sentence, LastAnswer the time of the last success.
	LastError  string
	LastAnswer time.Time
	// BytesIn and BytesOut on the wire, TLS included.
	BytesIn, BytesOut uint64
	// Streams that are open.
	Streams int
	// Methods that have latencies.
	Methods []MethodStats
	// Card is the last description's, nil when there is none.
	Card *model.Card
}

// MethodStats are quantiles of the last 64 latencies, and the time-out that follows.
type MethodStats struct {
	Method            string
	Samples           int
	P50, P95, Timeout time.Duration
}

// Stats is a snapshot.
func (p *Peer) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &p.counts
	s := Stats{
		Endpoint: p.endpoint, Circuit: p.circuit.state(p.d.deps.Now(), p.d.cfg.OpenAfter),
		Consecutive: p.circuit.failures, NextTry: p.circuit.until,
		Asked: c.asked, Answered: c.answered, Abandoned: c.abandoned, Busy: c.busy,
		Failures: map[Reason]uint64{}, LastError: c.lastError, LastAnswer: c.lastAnswer,
		BytesIn: p.bytesIn.Load(), BytesOut: p.bytesOut.Load(), Streams: int(p.streams.Load()),
	}
	if p.blocked != nil {
		s.Circuit, s.LastError = Refused, p.blocked.Error()
	}
	for _, a := range p.addresses {
		s.Addresses = append(s.Addresses, a.String())
	}
	for reason, n := range c.failures {
		if n > 0 {
			s.Failures[Reason(reason)] = n
		}
	}
	for m := range methods {
		l := &p.latencies[m]
		if l.samples() == 0 {
			continue
		}
		p50, p95 := l.quantiles()
		s.Methods = append(s.Methods, MethodStats{
			Method: m.String(), Samples: l.samples(), P50: p50, P95: p95,
			Timeout: l.timeout(p.d.cfg.TimeoutFloor, p.d.cfg.TimeoutCeiling),
		})
	}
	if p.description != nil {
		card := p.description.Card
		s.Card = &card
	}
	return s
}
