package remote

import (
	"context"
	"fmt"
	"math"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/tensor"
)

const (
	// rowsAtOnce is the most rows of one request; a larger batch takes several.
	rowsAtOnce = 2048
	// valuesAtOnce bounds the frames of one request in either direction.
	valuesAtOnce = 1 << 21
	// Tolerance is how far the sum of a distribution may be from 1.
	Tolerance = 0.01
)

// volume is the number of values of one example.
func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// pieces calls do with parts of a batch that one request can carry, and the first row
// of each.
func pieces(card model.Card, in model.Input, do func(part model.Input, row int) error) error {
	rows := max(1, min(rowsAtOnce, valuesAtOnce/card.Classes))
	if card.Modality == model.Text {
		each := max(1, rows/in.Length)
		for at := 0; at < in.Count; at += each {
			n := min(each, in.Count-at)
			part := model.Input{Count: n, Length: in.Length, Tokens: in.Tokens[at*in.Length:][:n*in.Length]}
			if err := do(part, at*in.Length); err != nil {
				return err
			}
		}
		return nil
	}
	dim := volume(card.Shape)
	each := max(1, min(rows, valuesAtOnce/dim))
	for at := 0; at < in.Count; at += each {
		n := min(each, in.Count-at)
		if err := do(model.Input{Count: n, Values: in.Values[at*dim:][:n*dim]}, at); err != nil {
			return err
		}
	}
	return nil
}

// frame is an input as it is sent.
func frame(card model.Card, in model.Input) ([]byte, error) {
	switch card.Modality {
	case model.Text:
		return tensor.AppendTokens(nil, in.Count, in.Length, in.Tokens)
	case model.Image:
		shape := tensor.Shape{in.Count, card.Shape[0], card.Shape[1], 1}
		if len(card.Shape) == 3 {
			shape[3] = card.Shape[2]
		}
		return tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityImage, DType: tensor.F32, Shape: shape}, in.Values)
	}
	shape := tensor.Shape{in.Count, volume(card.Shape)}
	return tensor.AppendFrame(nil, tensor.Header{Modality: tensor.ModalityTensor, DType: tensor.F32, Shape: shape}, in.Values)
}

// answer reads rows of an answer into dst and makes sure that they are what a model
// answers.
func answer(output []byte, dst []float32, rows int, card model.Card) error {
	f, err := tensor.Parse(output)
	if err != nil {
		return err
	}
	if got, want := f.Header().Shape, (tensor.Shape{rows, card.Classes}); got != want {
		return fmt.Errorf("a frame of shape %v, asked for was %v: [rows, classes]", got, want)
	}
	if _, err := f.Floats(dst); err != nil {
		return err
	}
	if card.Regression {
		return nil
	}
	return distributions(dst, card.Classes)
}

// distributions divides every row by its sum, which is 1 already but for rounding.
func distributions(p []float32, classes int) error {
	for at := 0; at < len(p); at += classes {
		row, sum := p[at:at+classes], 0.0
		for i, v := range row {
			if v < 0 {
				return fmt.Errorf("row %d gives class %d the probability %v: answer softmax(logits), not logits", at/classes, i, v)
			}
			sum += float64(v)
		}
		if math.Abs(sum-1) > Tolerance {
			return fmt.Errorf("row %d sums to %v, a distribution sums to 1 within %v: answer softmax(logits)", at/classes, sum, Tolerance)
		}
		for i := range row {
			row[i] = float32(float64(row[i]) / sum)
		}
	}
	return nil
}

// Forward implements model.Expert.
func (m *Model) Forward(ctx context.Context, in model.Input, dst []float32) error {
	card, err := m.ready(ctx)
	if err != nil {
		return err
	}
	if err := card.Check(in); err != nil {
		return err
	}
	if err := model.CheckRoom(dst, in.Rows(), card.Classes); err != nil {
		return err
	}
	return pieces(card, in, func(part model.Input, row int) error {
		input, err := frame(card, part)
		if err != nil {
			return err
		}
		ctx, stop := context.WithTimeout(ctx, m.answer)
		defer stop()
		response, err := m.client.Forward(ctx, &ForwardRequest{Input: input})
		if err != nil {
			return m.explain("Forward", err)
		}
		if err := answer(response.Output, dst[row*card.Classes:][:part.Rows()*card.Classes], part.Rows(), card); err != nil {
			return m.wrong("Forward", err)
		}
		return nil
	})
}

// Hidden implements model.Expert: tao.model.v1 does not carry hidden states.
func (m *Model) Hidden(context.Context, model.Input, []float32) error {
	return fmt.Errorf("%w: a model in another process does not give its hidden state", model.ErrUnsupported)
}
