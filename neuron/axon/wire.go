package axon

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// Frames are too large to be copied for the sake of a generated type: the two messages
// that bring some and the one that takes some away are read and written here. Fields
// that are not known are passed over, as everywhere in protobuf.

// fields calls bytes and number for the fields of a message.
func fields(b []byte, bytes func(protowire.Number, []byte), number func(protowire.Number, uint64)) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return malformed(protowire.ParseError(n))
		}
		b = b[n:]
		switch kind {
		case protowire.BytesType:
			var v []byte
			if v, n = protowire.ConsumeBytes(b); n >= 0 {
				bytes(field, v)
			}
		case protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n >= 0 {
				number(field, v)
			}
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			return malformed(protowire.ParseError(n))
		}
		b = b[n:]
	}
	return nil
}

func malformed(err error) error {
	return refuse(codes.InvalidArgument, "not a message of tao.synapse.v1: %v: send what its .proto says", err)
}

// parse reads a small message.
func parse(body []byte, m proto.Message) error {
	if err := proto.Unmarshal(body, m); err != nil {
		return malformed(err)
	}
	return nil
}

// forwardRequest is a ForwardRequest whose frame is part of the message.
type forwardRequest struct {
	input            []byte
	encoding, output int32
}

func parseForward(body []byte) (r forwardRequest, err error) {
	err = fields(body, func(field protowire.Number, v []byte) {
		if field == 1 {
			r.input = v
		}
	}, func(field protowire.Number, v uint64) {
		switch field {
		case 2:
			r.encoding = int32(v)
		case 3:
			r.output = int32(v)
		}
	})
	return r, err
}

// parseBackward reads the two frames of a BackwardRequest.
func parseBackward(body []byte) (input, gradient []byte, err error) {
	err = fields(body, func(field protowire.Number, v []byte) {
		switch field {
		case 1:
			input = v
		case 2:
			gradient = v
		}
	}, func(protowire.Number, uint64) {})
	return input, gradient, err
}

// answerOf is a ForwardResponse or a FollowResponse, which are alike: a frame, and the
// step of training.
func answerOf(h tensor.Header, x []float32, step uint64) (synapse.Raw, error) {
	size, err := h.Bytes()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, size+answerSlack)
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	if b, err = tensor.AppendFrame(b, h, x); err != nil {
		return nil, fmt.Errorf("the answer does not fit %s: %w", h.DType, err)
	}
	return appendStep(b, step), nil
}

// answerSlack is what such a message has besides the frame, at most.
const answerSlack = 32

func appendStep(b []byte, step uint64) []byte {
	if step == 0 {
		return b
	}
	b = protowire.AppendTag(b, 2, protowire.VarintType)
	return protowire.AppendVarint(b, step)
}

// dtypeOf is how an answer is encoded.
func dtypeOf(encoding int32) (tensor.DType, error) {
	switch synapse.Encoding(encoding) {
	case synapse.Encoding_ENCODING_UNSPECIFIED, synapse.Encoding_ENCODING_F16:
		return tensor.F16, nil
	case synapse.Encoding_ENCODING_F32:
		return tensor.F32, nil
	case synapse.Encoding_ENCODING_BF16:
		return tensor.BF16, nil
	case synapse.Encoding_ENCODING_INT8:
		return tensor.Int8, nil
	}
	return 0, refuse(codes.InvalidArgument, "encoding %d: use f32 (%d), f16 (%d), bf16 (%d) or int8 (%d)", encoding,
		synapse.Encoding_ENCODING_F32, synapse.Encoding_ENCODING_F16, synapse.Encoding_ENCODING_BF16, synapse.Encoding_ENCODING_INT8)
}
