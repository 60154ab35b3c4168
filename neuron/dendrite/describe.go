package dendrite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

const (
	// maxDescription bounds the answer of Describe in bytes.
	maxDescription = 16 << 10
	// maxText bounds each text in it.
	maxText = 64
	// maxWidth bounds classes and hidden states.
	maxWidth  = 1 << 20
	maxPrices = 16
)

// Description is what a peer says of itself; it may lie.
type Description struct {
	Card   model.Card
	Limits Limits
	// Prices per unit in rao.
	Prices map[string]uint64
	// Version of its program, Step of training that it serves.
	Version string
	Step    uint64
	// Backward is served.
	Backward bool
}

// Limits of what a peer takes; 0 is no limit of its own.
type Limits struct {
	// Message in bytes, Rows of a Forward, Sequences of a Follow, Streams per caller,
	// RowsPerSecond in the long run.
	Message, Rows, Sequences, Streams, RowsPerSecond int
}

// Card describes the peer's model.
func (p *Peer) Card(ctx context.Context) (model.Card, error) {
	d, err := p.Describe(ctx)
	if err != nil {
		return model.Card{}, err
	}
	return d.Card, nil
}

// Describe is what the peer said of itself, at most Config.CardAge ago. It must not be
// changed.
func (p *Peer) Describe(ctx context.Context) (*Description, error) {
	if d := p.recent(); d != nil {
		return d, nil
	}
	if err := p.describing.take(ctx); err != nil {
		return nil, p.problem(describe, ReasonAbandoned, 0, err)
	}
	defer p.describing.give()
	if d := p.recent(); d != nil {
		return d, nil
	}
	var d *Description
	_, err := p.unary(ctx, describe, &synapse.DescribeRequest{}, maxDescription, func(answer []byte) (err error) {
		d, err = p.readDescription(answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.description, p.described = d, p.d.deps.Now()
	p.mu.Unlock()
	return d, nil
}

func (p *Peer) recent() *Description {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.description == nil || p.d.deps.Now().Sub(p.described) > p.d.cfg.CardAge {
		return nil
	}
	return p.description
}

// forget makes the next call ask for the description: its answer was of another shape.
func (p *Peer) forget() {
	p.mu.Lock()
	p.description = nil
	p.mu.Unlock()
}

func (p *Peer) readDescription(answer []byte) (*Description, error) {
	r := &synapse.DescribeResponse{}
	if err := proto.Unmarshal(answer, r); err != nil {
		return nil, wrong("%w", err)
	}
	if r.Hotkey != p.endpoint.Hotkey {
		return nil, wrong("it says to be %q, the record is %s's", shortened(r.Hotkey), p.endpoint.Hotkey)
	}
	card, err := readCard(r.Card)
	if err != nil {
		return nil, wrong("its card: %w", err)
	}
	if len(r.Prices) > maxPrices || !plain(r.Version) {
		return nil, wrong("%d prices (at most %d), a version of %d bytes (at most %d, all printable)", len(r.Prices), maxPrices, len(r.Version), maxText)
	}
	d := &Description{Card: card, Prices: map[string]uint64{}, Version: r.Version, Step: r.Step, Backward: r.Backward}
	for _, price := range r.Prices {
		d.Prices[price.GetUnit()] = price.GetAmount()
	}
	if l := r.Limits; l != nil {
		d.Limits = Limits{
			Message: number(l.Message), Rows: number(uint64(l.Rows)), Sequences: number(uint64(l.Sequences)),
			Streams: number(uint64(l.Streams)), RowsPerSecond: number(uint64(l.RowsPerSecond)),
		}
	}
	return d, nil
}

// readCard checks what others calculate with.
func readCard(c *synapse.Card) (model.Card, error) {
	if c == nil {
		return model.Card{}, errors.New("there is none")
	}
	card := model.Card{
		Modality: model.Modality(c.Modality), Architecture: c.Architecture, Classes: number(uint64(c.Classes)), Regression: c.Regression,
		Context: number(uint64(c.Context)), Width: number(uint64(c.Width)), Parameters: int(min(c.Parameters, math.MaxInt)),
		Follows: c.Follows, Generates: c.Generates,
	}
	switch {
	case c.Modality < synapse.Modality_MODALITY_TEXT || c.Modality > synapse.Modality_MODALITY_TENSOR:
		return card, fmt.Errorf("modality %d is not text (1), image (2) or tensor (3)", c.Modality)
	case !plain(c.Architecture):
		return card, fmt.Errorf("an architecture of %d bytes, at most %d, all printable", len(c.Architecture), maxText)
	case card.Classes < 1 || card.Classes > maxWidth || card.Width > maxWidth:
		return card, fmt.Errorf("%d classes and a width of %d, at most %d", card.Classes, card.Width, maxWidth)
	case card.Modality == model.Text && (card.Classes != model.Vocabulary || c.Regression):
		return card, fmt.Errorf("%d classes for text, it has %d", card.Classes, model.Vocabulary)
	case card.Regression && card.Classes != 1:
		return card, fmt.Errorf("%d classes for a regression, it has 1", card.Classes)
	case len(c.Hash) != 0 && len(c.Hash) != len(card.Hash):
		return card, fmt.Errorf("a hash of %d bytes, it has %d", len(c.Hash), len(card.Hash))
	case len(c.Shape) >= tensor.MaxRank:
		return card, fmt.Errorf("a shape of %d dimensions, at most %d", len(c.Shape), tensor.MaxRank-1)
	}
	copy(card.Hash[:], c.Hash)
	shape := tensor.Shape{1}
	for i, d := range c.Shape {
		card.Shape = append(card.Shape, number(uint64(d)))
		shape[i+1] = card.Shape[i]
	}
	if _, err := shape.Elements(); err != nil || shape.Rank() != len(c.Shape)+1 {
		return card, fmt.Errorf("shape %v is not one of 1 to %d values", card.Shape, tensor.MaxElements)
	}
	return card, nil
}

// number is v as an int that can be added to and multiplied by small numbers.
func number(v uint64) int { return int(min(v, math.MaxInt32)) }

func plain(s string) bool {
	return len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
