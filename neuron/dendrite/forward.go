package dendrite

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// Forward writes the peer's answer for each row to dst, rows x classes: distributions,
// of a regression the values. A batch that is too large for the peer goes in several
// requests. dst is to be read only when there is no error.
func (p *Peer) Forward(ctx context.Context, in model.Input, dst []float32) error {
	return p.forward(ctx, in, dst, synapse.Output_OUTPUT_PROBABILITIES)
}

// Hidden writes the hidden state of each row to dst, rows x width of the card. dst is
// to be read only when there is no error.
func (p *Peer) Hidden(ctx context.Context, in model.Input, dst []float32) error {
	return p.forward(ctx, in, dst, synapse.Output_OUTPUT_HIDDEN)
}

func (p *Peer) forward(ctx context.Context, in model.Input, dst []float32, output synapse.Output) error {
	d, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	width, dtype := d.Card.Classes, p.d.cfg.Encoding
	if output == synapse.Output_OUTPUT_HIDDEN {
		width, dtype = d.Card.Width, p.d.cfg.HiddenEncoding
	}
	if width == 0 {
		return p.refuse(forward, fmt.Errorf("%w: it gives no hidden states", model.ErrUnsupported))
	}
	b, err := d.plan(in, width, dtype, 0, p.d.cfg.Parts)
	if err != nil {
		return p.refuse(forward, err)
	}
	if want := in.Rows() * width; len(dst) != want {
		return p.refuse(forward, fmt.Errorf("room for %d numbers, the answer has %d rows of %d", len(dst), in.Rows(), width))
	}
	distributions := output == synapse.Output_OUTPUT_PROBABILITIES && !d.Card.Regression
	for i := range b.requests() {
		part, from, to := b.part(i)
		if err := p.forwardPart(ctx, d, b, part, output, distributions, dst[from*width:to*width]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Peer) forwardPart(ctx context.Context, d *Description, b *batch, in model.Input, output synapse.Output, distributions bool, dst []float32) error {
	frame, err := b.frame(in, d.Card.Modality)
	if err != nil {
		return p.refuse(forward, err)
	}
	size, err := b.dtype.Bytes(len(dst))
	if err != nil {
		return p.refuse(forward, err)
	}
	buffer, release := p.d.floats()
	defer release()
	request := &synapse.ForwardRequest{Input: frame, Encoding: encodingOf(b.dtype), Output: output}
	_, err = p.unary(ctx, forward, request, tensor.HeaderBytes+size+slack, func(answer []byte) error {
		r := &synapse.ForwardResponse{}
		if err := proto.Unmarshal(answer, r); err != nil {
			return wrong("%w", err)
		}
		x, err := numbers(*buffer, r.Output, b.dtype, tensor.Shape{in.Rows(), b.width}, distributions)
		if err != nil {
			p.forget() // it may have another model now
			return err
		}
		*buffer = x
		return nil
	})
	if err != nil {
		return err
	}
	return p.deliver(ctx, forward, func() { copy(dst, *buffer) })
}

// numbers reads a frame of that shape and dtype into buffer. With distributions each
// row is made one or refused.
func numbers(buffer []float32, frame []byte, dtype tensor.DType, shape tensor.Shape, distributions bool) ([]float32, error) {
	h, err := tensor.ParseHeader(frame)
	if err != nil {
		return buffer, wrong("%w", err)
	}
	if h.Shape != shape || h.DType != dtype {
		return buffer, wrong("%s of %s came, %s of %s was asked for", h.Shape, h.DType, shape, dtype)
	}
	f, err := tensor.Parse(frame)
	if err != nil {
		return buffer, wrong("%w", err)
	}
	x, err := f.Floats(buffer)
	if err != nil {
		return buffer, wrong("%w", err)
	}
	if !distributions {
		return x, nil
	}
	for row := range shape[0] {
		if !moe.Normalize(x[row*shape[1] : (row+1)*shape[1]]) {
			return x, wrong("row %d of %d is no distribution: nothing in it is positive", row, shape[0])
		}
	}
	return x, nil
}

// Backward hands back gradients of this neuron's loss toward the peer's logits for in,
// rows x classes, and says whether the peer learned from them all. It fails with
// model.ErrUnsupported when the peer takes none.
func (p *Peer) Backward(ctx context.Context, in model.Input, gradient []float32) (applied bool, err error) {
	d, err := p.Describe(ctx)
	if err != nil {
		return false, err
	}
	if !d.Backward {
		return false, p.refuse(backward, fmt.Errorf("%w: it takes no gradients", model.ErrUnsupported))
	}
	b, err := d.plan(in, d.Card.Classes, tensor.F32, 4*d.Card.Classes, p.d.cfg.Parts)
	if err != nil {
		return false, p.refuse(backward, err)
	}
	if want := in.Rows() * b.width; len(gradient) != want {
		return false, p.refuse(backward, fmt.Errorf("a gradient of %d numbers, the answer has %d rows of %d", len(gradient), in.Rows(), b.width))
	}
	applied = true
	for i := range b.requests() {
		part, from, to := b.part(i)
		ok, err := p.backwardPart(ctx, d, b, part, gradient[from*b.width:to*b.width])
		if err != nil {
			return false, err
		}
		applied = applied && ok
	}
	return applied, nil
}

func (p *Peer) backwardPart(ctx context.Context, d *Description, b *batch, in model.Input, gradient []float32) (applied bool, err error) {
	frame, err := b.frame(in, d.Card.Modality)
	if err != nil {
		return false, p.refuse(backward, err)
	}
	h := tensor.Header{Modality: tensor.ModalityTensor, DType: tensor.F32, Shape: tensor.Shape{in.Rows(), b.width}}
	packed, err := tensor.AppendFrame(nil, h, gradient)
	if err != nil {
		return false, p.refuse(backward, err)
	}
	_, err = p.unary(ctx, backward, &synapse.BackwardRequest{Input: frame, Gradient: packed}, slack, func(answer []byte) error {
		r := &synapse.BackwardResponse{}
		if err := proto.Unmarshal(answer, r); err != nil {
			return wrong("%w", err)
		}
		applied = r.Applied
		return nil
	})
	return applied && err == nil, err
}
