package dendrite

import (
	"fmt"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// batch is an input that was checked against a card, and how it is asked about.
type batch struct {
	in      model.Input
	rows    int // of one sequence or example
	values  int // of one example; 0 for text
	shape   tensor.Shape
	width   int // of a row of the answer
	dtype   tensor.DType
	per     int // sequences or examples in a request
	inBytes int // of one sequence or example in a request
}

// plan checks an input and splits it as the limits demand. extra is what a row of the
// request has besides the input, in bytes.
func (d *Description) plan(in model.Input, width int, dtype tensor.DType, extra, parts int) (*batch, error) {
	b := &batch{in: in, rows: 1, width: width, dtype: dtype}
	if err := b.measure(d.Card); err != nil {
		return nil, err
	}
	row, err := dtype.Bytes(width)
	if err != nil {
		return nil, err
	}
	b.per = min(in.Count,
		tensor.MaxElements/max(b.rows, b.values), tensor.MaxPayloadBytes/b.inBytes,
		tensor.MaxElements/(b.rows*width), tensor.MaxPayloadBytes/(b.rows*row))
	b.inBytes += extra * b.rows
	if l := d.Limits.Message; l > 0 {
		b.per = min(b.per, max(l-slack, 0)/b.inBytes)
	}
	if l := d.Limits.Rows; l > 0 {
		b.per = min(b.per, l/b.rows)
	}
	if b.per < 1 {
		return nil, fmt.Errorf("one of %d is %d rows and %d bytes of a request, it takes %d rows and %d bytes: send shorter sequences",
			in.Count, b.rows, b.inBytes, d.Limits.Rows, d.Limits.Message)
	}
	if n := b.requests(); n > parts {
		return nil, fmt.Errorf("it takes %d of %d at a time, which makes %d requests, at most %d are sent: send a smaller batch", b.per, in.Count, n, parts)
	}
	return b, nil
}

// measure finds what one sequence or example is.
func (b *batch) measure(card model.Card) error {
	in := b.in
	if in.Count < 1 || in.Count > tensor.MaxElements || in.Length < 0 {
		return fmt.Errorf("%d sequences or examples of length %d: give 1 to %d", in.Count, in.Length, tensor.MaxElements)
	}
	if card.Modality == model.Text {
		if n := len(in.Tokens); in.Length < 1 || n%in.Count != 0 || n/in.Count != in.Length || len(in.Values) > 0 {
			return fmt.Errorf("%d bytes for %d sequences of %d, and %d values: its model is for text, give it exactly those bytes", n, in.Count, in.Length, len(in.Values))
		}
		b.rows, b.inBytes = in.Length, in.Length
		return nil
	}
	b.values = 1
	for i, d := range card.Shape {
		b.values, b.shape[i+1] = b.values*d, d
	}
	if len(card.Shape) == 0 {
		b.values = len(in.Values) / in.Count
		b.shape[1] = b.values
	}
	if n := len(in.Values); b.values < 1 || n%in.Count != 0 || n/in.Count != b.values || in.Length != 0 || len(in.Tokens) > 0 {
		return fmt.Errorf("%d values for %d examples of %v, length %d, and %d bytes of text: give it exactly the values", n, in.Count, card.Shape, in.Length, len(in.Tokens))
	}
	b.inBytes = 4 * b.values
	return nil
}

func (b *batch) requests() int { return (b.in.Count + b.per - 1) / b.per }

// part is the i-th request's input and the rows of the whole answer that it gives.
func (b *batch) part(i int) (in model.Input, from, to int) {
	first := i * b.per
	last := min(first+b.per, b.in.Count)
	in = model.Input{Count: last - first, Length: b.in.Length}
	if b.values == 0 {
		in.Tokens = b.in.Tokens[first*b.rows : last*b.rows]
	} else {
		in.Values = b.in.Values[first*b.values : last*b.values]
	}
	return in, first * b.rows, last * b.rows
}

// frame packs a part: bytes of text, or f32 values, whose bits the server hashes.
func (b *batch) frame(in model.Input, modality model.Modality) ([]byte, error) {
	if b.values == 0 {
		return tensor.AppendTokens(nil, in.Count, in.Length, in.Tokens)
	}
	shape := b.shape
	shape[0] = in.Count
	return tensor.AppendFrame(nil, tensor.Header{Modality: tensor.Modality(modality), DType: tensor.F32, Shape: shape}, in.Values)
}

// encodingOf is a dtype's name in the protocol; their numbers are the same.
func encodingOf(d tensor.DType) synapse.Encoding { return synapse.Encoding(d) }
