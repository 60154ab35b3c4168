package axon

import (
	"encoding/binary"
	"math"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// asked is a Forward whose header was looked at and nothing else.
type asked struct {
	input []byte
	card  model.Card
	shape shape
	// count of sequences or examples, and the rows of the answer.
	count, rows int
	// answer is the header of what comes back; bytes its size.
	answer tensor.Header
	bytes  int
}

// forward answers Forward.
func (s *Server) forward(c *call) error {
	var a asked
	err := c.admit(func(body []byte) (rows int, err error) {
		a, err = s.readForward(body)
		return a.rows, err
	})
	if err != nil {
		return err
	}
	in, err := a.decode()
	if err != nil {
		return err
	}
	s.remember(in)
	r, err := c.room(a.bytes + answerSlack)
	if err != nil {
		return err
	}
	defer r.release()
	o := s.queue.do(&job{ctx: c.ctx, caller: c.budget, rank: c.rank(), in: in, shape: a.shape})
	if o.release != nil {
		defer o.release()
	}
	if err := s.verdict(o, a.long()); err != nil {
		return err
	}
	body, err := answerOf(a.answer, o.answer, o.step)
	if err != nil {
		return s.failed(err)
	}
	return r.send(body)
}

// long says that the texts are longer than the model is known to read at once.
func (a *asked) long() bool { return a.card.Modality == model.Text && a.shape.length > a.card.Context }

// readForward checks all but the numbers of a ForwardRequest.
func (s *Server) readForward(body []byte) (asked, error) {
	r, err := parseForward(body)
	if err != nil {
		return asked{}, err
	}
	a, err := s.readInput(r.input)
	if err != nil {
		return a, err
	}
	switch synapse.Output(r.output) {
	case synapse.Output_OUTPUT_UNSPECIFIED, synapse.Output_OUTPUT_PROBABILITIES:
		a.shape.cols = a.card.Classes
	case synapse.Output_OUTPUT_HIDDEN:
		if a.card.Width == 0 {
			return a, errUnsupported("gives no hidden states", "ask for probabilities")
		}
		a.shape.hidden, a.shape.cols = true, a.card.Width
	default:
		return a, refuse(codes.InvalidArgument, "output %d: ask for probabilities (%d) or hidden states (%d)", r.output, synapse.Output_OUTPUT_PROBABILITIES, synapse.Output_OUTPUT_HIDDEN)
	}
	a.answer = tensor.Header{Modality: tensor.Modality(a.card.Modality), Shape: tensor.Shape{a.rows, a.shape.cols}}
	if a.answer.DType, err = dtypeOf(r.encoding); err != nil {
		return a, err
	}
	if a.bytes, err = a.answer.Bytes(); err != nil {
		return a, refuse(codes.InvalidArgument, "the answer would be too large: %v", err)
	}
	return a, nil
}

// readInput checks the header of an input against the model.
func (s *Server) readInput(frame []byte) (asked, error) {
	a := asked{input: frame, card: s.describe().card}
	h, err := tensor.ParseHeader(frame)
	if err != nil {
		return a, refuse(codes.InvalidArgument, "input: %v", err)
	}
	if uint8(h.Modality) != uint8(a.card.Modality) {
		return a, refuse(codes.InvalidArgument, "input: modality %s, this neuron's model takes %s: ask another neuron", h.Modality, tensor.Modality(a.card.Modality))
	}
	a.count, a.rows = h.Shape[0], h.Shape[0]
	if a.card.Modality == model.Text {
		if h.DType != tensor.U8 {
			return a, refuse(codes.InvalidArgument, "input: text of dtype %s: send u8, a byte for each position", h.DType)
		}
		a.shape.length = h.Shape[1]
		a.rows *= h.Shape[1] // MaxElements at most
	} else {
		want := tensor.Shape{h.Shape[0]}
		if n := copy(want[1:], a.card.Shape); n < len(a.card.Shape) || h.Shape != want || n == 0 {
			return a, refuse(codes.InvalidArgument, "input: shape %s, an example of this neuron's model has %v: send [examples, then those]", h.Shape, a.card.Shape)
		}
		a.shape.values = exampleOf(a.card)
	}
	if a.rows > s.config.Rows {
		return a, refuse(codes.InvalidArgument, "input: %d rows, at most %d are taken: send fewer at a time", a.rows, s.config.Rows)
	}
	return a, nil
}

// decode reads the numbers. Text stays part of the message.
func (a *asked) decode() (model.Input, error) {
	in := model.Input{Count: a.count, Length: a.shape.length}
	f, err := tensor.Parse(a.input)
	if err == nil && a.card.Modality == model.Text {
		in.Tokens, err = f.Tokens()
	} else if err == nil {
		in.Values, err = f.Floats(nil)
	}
	if err != nil {
		return in, refuse(codes.InvalidArgument, "input: %v", err)
	}
	return in, nil
}

// remember notes every sample, for Seen.
func (s *Server) remember(in model.Input) {
	now := s.now()
	if in.Length > 0 {
		for at := 0; at < len(in.Tokens); at += in.Length {
			s.samples.note(keyOf(in.Tokens[at:at+in.Length]), now)
		}
		return
	}
	each := len(in.Values) / in.Count
	b := make([]byte, 0, 4*each)
	for at := 0; at < len(in.Values); at += each {
		b = b[:0]
		for _, v := range in.Values[at : at+each] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		s.samples.note(keyOf(b), now)
	}
}
