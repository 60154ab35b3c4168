package axon

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// describeFor is how long a description is kept: a card's hash covers all parameters.
const describeFor = 5 * time.Second

// described is what the axon says about itself.
type described struct {
	card model.Card
	at   time.Time
	// body is a DescribeResponse.
	body synapse.Raw
}

// describe is not older than describeFor, or being made anew by somebody else; nil when
// there is no model and never was one.
func (s *Server) describe() *described {
	d := s.described.Load()
	if d != nil && s.now().Sub(d.at).Abs() < describeFor {
		return d
	}
	if d != nil && !s.describing.TryLock() {
		return d
	} else if d == nil {
		s.describing.Lock()
	}
	defer s.describing.Unlock()
	expert := s.deps.Expert()
	if expert == nil {
		return d
	}
	fresh := &described{card: expert.Card(), at: s.now()}
	body, err := proto.Marshal(s.description(fresh.card, stepOf(expert)))
	if err != nil {
		s.log.Error("the model's card cannot be sent", "error", err) // text that is not UTF-8
		return d
	}
	fresh.body = body
	s.described.Store(fresh)
	return fresh
}

func (s *Server) description(card model.Card, step uint64) *synapse.DescribeResponse {
	c := &s.config
	shape := make([]uint32, len(card.Shape))
	for i, n := range card.Shape {
		shape[i] = uint32(n)
	}
	return &synapse.DescribeResponse{
		Card: &synapse.Card{
			Modality: synapse.Modality(card.Modality), Architecture: card.Architecture, Classes: uint32(card.Classes),
			Context: uint32(card.Context), Width: uint32(card.Width), Parameters: uint64(card.Parameters), Hash: card.Hash[:],
			Shape: shape, Follows: card.Follows && c.Follows > 0, Generates: card.Generates && c.Generates > 0, Regression: card.Regression,
		},
		Limits: &synapse.Limits{
			Message: uint64(s.message), Rows: uint32(c.Rows), Sequences: uint32(c.Sequences),
			Streams: uint32(c.FollowsPerCaller), RowsPerSecond: uint32(c.RowsPerSecond),
		},
		Prices: c.Prices, Hotkey: s.receiver, Version: c.Version, Step: step, Backward: s.learns(),
	}
}

// describeCall answers without a signature and gives none: TLS says who answers.
func (s *Server) describeCall(c *call) error {
	if err := c.receive(); err != nil {
		return err
	}
	return c.send(s.describe().body)
}

// learns says whether Backward is served.
func (s *Server) learns() bool { return s.config.Backward && s.deps.Learner != nil }

// stepOf is the step of training that an expert tells, or 0.
func stepOf(e model.Expert) uint64 {
	if e, ok := e.(interface{ Step() uint64 }); ok {
		return e.Step()
	}
	return 0
}

// exampleOf is how many numbers an example has.
func exampleOf(card model.Card) int {
	n := 1
	for _, d := range card.Shape {
		n *= d
	}
	return n
}

// frameBytes is the largest frame of so many rows, which may exceed what a frame holds.
func frameBytes(rows, values int) int {
	if values > tensor.MaxPayloadBytes/4/rows {
		return tensor.MaxBytes
	}
	return tensor.HeaderBytes + 4*rows*values
}
