package synapse

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// Raw is a message as it lies on the wire. Servers and clients that sign and verify
// send and receive it in place of the generated types.
type Raw []byte

// Codec is gRPC's "proto" for generated types that passes a *Raw through as it is.
// Use it with grpc.ForceServerCodecV2 and grpc.ForceCodecV2.
type Codec struct{}

// Name implements encoding.CodecV2.
func (Codec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch v := v.(type) {
	case *Raw:
		return mem.BufferSlice{mem.SliceBuffer(*v)}, nil
	case proto.Message:
		b, err := proto.Marshal(v)
		return mem.BufferSlice{mem.SliceBuffer(b)}, err
	}
	return nil, fmt.Errorf("synapse: %T is no message", v)
}

// Unmarshal implements encoding.CodecV2.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *Raw:
		*v = data.Materialize()
		return nil
	case proto.Message:
		return proto.Unmarshal(data.Materialize(), v)
	}
	return fmt.Errorf("synapse: %T is no message", v)
}
