package remote

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

// Follow implements model.Expert.
func (m *Model) Follow(sequences int) (model.Follower, error) {
	return m.follow(context.Background(), sequences)
}

// follow opens a stream; ctx is for the opening alone.
func (m *Model) follow(ctx context.Context, sequences int) (*follower, error) {
	card, err := m.ready(ctx)
	if err != nil {
		return nil, err
	}
	if !card.Follows {
		return nil, fmt.Errorf("%w: the model at %s does not follow text", model.ErrUnsupported, m.address)
	}
	if sequences < 1 || sequences > model.MaxSequences {
		return nil, fmt.Errorf("%d sequences to follow, 1 to %d are possible: open several followers", sequences, model.MaxSequences)
	}
	f := &follower{model: m, card: card, sequences: sequences}
	streaming, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	open := &FollowRequest{Kind: &FollowRequest_Open{Open: &synapse.FollowOpen{
		Sequences: uint32(sequences), Encoding: synapse.Encoding_ENCODING_F32,
	}}}
	output, err := f.within(ctx, func() ([]byte, error) {
		stream, err := m.client.Follow(streaming)
		if err != nil {
			return nil, err
		}
		f.stream = stream
		return f.turn(open)
	})
	if err == nil && len(output) > 0 {
		err = m.wrong("Follow", fmt.Errorf("%d bytes in answer to the opening: it is empty, as no contexts were given", len(output)))
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return f, nil
}

type follower struct {
	model     *Model
	card      model.Card
	sequences int
	cancel    context.CancelFunc
	stream    grpc.BidiStreamingClient[FollowRequest, FollowResponse]
	restart   bool
	// over is why the stream ended.
	over error
}

// turn sends a request and waits for its answer.
func (f *follower) turn(request *FollowRequest) ([]byte, error) {
	// The reason for a failure to send stands in what is received.
	if err := f.stream.Send(request); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	response, err := f.stream.Recv()
	if err != nil {
		return nil, err
	}
	return response.Output, nil
}

// within ends the stream when an answer does not come in time.
func (f *follower) within(ctx context.Context, turn func() ([]byte, error)) ([]byte, error) {
	limited, stop := context.WithTimeout(ctx, f.model.answer)
	defer stop()
	detach := context.AfterFunc(limited, f.cancel)
	defer detach()
	output, err := turn()
	switch {
	case err == nil:
		return output, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		err = status.FromContextError(limited.Err()).Err() // not the cancellation that it causes
	case errors.Is(err, io.EOF):
		return nil, f.model.wrong("Follow", errors.New("the stream ended without an answer"))
	}
	return nil, f.model.explain("Follow", err)
}

// Next implements model.Follower. After an error from the process it is of no use any
// more, and every call repeats the error.
func (f *follower) Next(ctx context.Context, bytes []byte, dst []float32) error {
	if f.over != nil {
		return f.over
	}
	if len(bytes) < 1 || len(bytes) > f.sequences {
		return fmt.Errorf("bytes for %d sequences, followed are 1 to %d", len(bytes), f.sequences)
	}
	if err := model.CheckRoom(dst, len(bytes), f.card.Classes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	step := &synapse.FollowStep{Bytes: bytes, Restart: f.restart}
	output, err := f.within(ctx, func() ([]byte, error) {
		return f.turn(&FollowRequest{Kind: &FollowRequest_Step{Step: step}})
	})
	if err == nil {
		if err = answer(output, dst, len(bytes), f.card); err != nil {
			err = f.model.wrong("Follow", err)
		}
	}
	if err != nil {
		f.over = fmt.Errorf("the follower ended: %w", err)
		f.cancel()
		return err
	}
	f.restart = false
	return nil
}

// Restart implements model.Follower.
func (f *follower) Restart() { f.restart = true }

// Close implements model.Follower.
func (f *follower) Close() error {
	f.cancel()
	if f.over == nil {
		f.over = model.ErrClosed
	}
	return nil
}

// Generate implements model.Expert: the neuron draws from what the process foretells.
func (m *Model) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	if err := model.CheckGenerate(most, temperature); err != nil {
		return err
	}
	f, err := m.follow(ctx, 1)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return model.Generate(ctx, f, f.card.Context, prompt, most, temperature, seed, emit)
}
