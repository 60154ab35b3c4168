package dendrite

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/synapse"
)

// slack is what a message has besides its frame, in bytes: tags, lengths, a step.
const slack = 256

// exchange is a signed request and its signed answer as they lay on the wire.
type exchange struct {
	request, response synapse.Signed
	body, answer      synapse.Raw
}

// sign signs a request to this peer.
func (p *Peer) sign(m method, body []byte) (synapse.Signed, error) {
	s, err := synapse.SignRequest(p.d.deps.Signer, &synapse.Head{
		ChainId: p.d.cfg.ChainID, Method: m.full(), Receiver: p.endpoint.Hotkey,
		Time: p.d.deps.Now().UnixMilli(), Subnet: p.d.cfg.Subnet,
	}, body)
	if err != nil {
		return s, local("signing the request: %w", err)
	}
	return s, nil
}

// outgoing adds a signature to what metadata the caller's context has: a voucher.
func outgoing(ctx context.Context, md metadata.MD, s synapse.Signed) context.Context {
	return metadata.NewOutgoingContext(ctx, metadata.Join(md, s.Metadata()))
}

// unary calls a method with one answer of at most that many bytes. accept reads the
// answer, whose signature was verified; what it returns counts against the peer.
func (p *Peer) unary(ctx context.Context, m method, request proto.Message, most int, accept func(answer []byte) error) (*exchange, error) {
	x := &exchange{}
	var err error
	if x.body, err = proto.Marshal(request); err != nil {
		return nil, p.refuse(m, err)
	}
	err = p.call(ctx, m, 0, func(ctx context.Context, conn *grpc.ClientConn, _ *attempt) error {
		if x.request, err = p.sign(m, x.body); err != nil {
			return err
		}
		md, _ := metadata.FromOutgoingContext(ctx)
		var header, trailer metadata.MD
		err := conn.Invoke(outgoing(ctx, md, x.request), m.full(), &x.body, &x.answer,
			grpc.Header(&header), grpc.Trailer(&trailer), grpc.MaxCallRecvMsgSize(most))
		if err != nil {
			return err
		}
		x.response, err = synapse.FromMetadata(metadata.Join(header, trailer))
		if m == describe && errors.Is(err, synapse.ErrUnsigned) {
			return accept(x.answer) // the protocol asks for no signature, TLS says who answers
		}
		if err != nil {
			return &fault{ReasonSignature, err}
		}
		if err := p.checked(x.response, x.request.Head, x.answer); err != nil {
			return err
		}
		return accept(x.answer)
	})
	return x, err
}

// open begins a stream of ctx with its first message and returns the answer to that,
// whose signature was verified.
func (p *Peer) open(ctx context.Context, conn *grpc.ClientConn, m method, md metadata.MD, request proto.Message, most int) (grpc.ClientStream, []byte, error) {
	marshalled, err := proto.Marshal(request)
	if err != nil {
		return nil, nil, local("%w", err)
	}
	body := synapse.Raw(marshalled)
	signed, err := p.sign(m, body)
	if err != nil {
		return nil, nil, err
	}
	stream, err := conn.NewStream(outgoing(ctx, md, signed), descriptor(m), m.full(), grpc.MaxCallRecvMsgSize(most))
	if err != nil {
		return nil, nil, err
	}
	if err := stream.SendMsg(&body); err != nil && !errors.Is(err, io.EOF) { // io.EOF: RecvMsg has the status
		return nil, nil, err
	}
	if m == generate {
		_ = stream.CloseSend() // always nil
	}
	var answer synapse.Raw
	if err := receive(stream, &answer); err != nil {
		return nil, nil, err
	}
	header, err := stream.Header()
	if err != nil {
		return nil, nil, err
	}
	response, err := synapse.FromMetadata(header)
	if err != nil {
		return nil, nil, &fault{ReasonSignature, err}
	}
	return stream, answer, p.checked(response, signed.Head, answer)
}

// descriptor of a method with streams.
func descriptor(m method) *grpc.StreamDesc {
	return &grpc.StreamDesc{StreamName: m.String(), ServerStreams: true, ClientStreams: m == follow}
}

// receive reads a message; a stream that ended without one has broken.
func receive(stream grpc.ClientStream, message any) error {
	err := stream.RecvMsg(message)
	if errors.Is(err, io.EOF) {
		return &fault{ReasonConnection, errors.New("it closed the stream before the answer")}
	}
	return err
}
