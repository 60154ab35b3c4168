package axon

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/taonet/taonet/neuron/synapse"
)

// wire is a call without a network: what it receives is given.
type wire struct {
	ctx      context.Context
	messages []synapse.Raw
	sent     []synapse.Raw
	header   metadata.MD
}

func (w *wire) SetHeader(md metadata.MD) error  { w.header = md; return nil }
func (w *wire) SendHeader(md metadata.MD) error { w.header = md; return nil }
func (w *wire) SetTrailer(metadata.MD)          {}
func (w *wire) Context() context.Context        { return w.ctx }

func (w *wire) SendMsg(m any) error {
	w.sent = append(w.sent, *m.(*synapse.Raw))
	return nil
}

func (w *wire) RecvMsg(m any) error {
	if len(w.messages) == 0 {
		return io.EOF
	}
	*m.(*synapse.Raw), w.messages = w.messages[0], w.messages[1:]
	return nil
}

// methods in the order that the fuzzer numbers them.
var methods = [...]string{"Describe", "Forward", "Follow", "Backward", "Seen", "Generate"}

// FuzzRequest sends anything as the message, and the one after it, of any method. When
// asked, the head is as it should be, so that the message is what is tried.
func FuzzRequest(f *testing.F) {
	var log strings.Builder
	s := unserved(f, textOracle(), func(c *Config, d *Deps) {
		c.Backward, d.Learner, c.Delay, c.Idle = true, &pupil{}, 0, time.Second
		c.Rows, c.RowBurst, c.RowsPerSecond, c.CallsPerSecond, c.CallBurst = 512, 1<<29, 1<<29, 1<<29, 1<<29
		c.Nonces = 1 << 20
		d.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	var group sync.WaitGroup
	s.work(&group)
	f.Cleanup(func() { s.queue.close(); group.Wait() })
	c := &client{site: s, key: newHotkey()}
	s.subnet.register(c.key.Address(), 5)

	step := marshal(f, &synapse.FollowRequest{Kind: &synapse.FollowRequest_Step{Step: &synapse.FollowStep{Bytes: []byte{1, 2}}}})
	f.Add(uint8(1), true, []byte{}, []byte{}, []byte(marshal(f, text(f, 2, 3))), []byte{})
	f.Add(uint8(2), true, []byte{}, []byte{}, []byte(marshal(f, &synapse.FollowRequest{Kind: &synapse.FollowRequest_Open{Open: &synapse.FollowOpen{
		Sequences: 2, Contexts: [][]byte{{1, 2}, {3}},
	}}})), []byte(step))
	f.Add(uint8(3), true, []byte{}, []byte{}, []byte(marshal(f, &synapse.BackwardRequest{Input: text(f, 1, 1).Input, Gradient: gradientOf(f, 1, 256, 1)})), []byte{})
	f.Add(uint8(4), true, []byte{}, []byte{}, []byte(marshal(f, &synapse.SeenRequest{Samples: [][]byte{sha(nil)}})), []byte{})
	f.Add(uint8(5), true, []byte{}, []byte{}, []byte(marshal(f, &synapse.GenerateRequest{Prompt: []byte("a"), Most: 3})), []byte{})
	head := marshal(f, c.head("Forward"))
	f.Add(uint8(1), false, []byte(head), make([]byte, 64), []byte(marshal(f, text(f, 1, 1))), []byte{})
	f.Add(uint8(0), false, []byte{}, []byte{}, []byte{}, []byte{})

	handlers := map[string]func(*call) error{
		"Describe": s.describeCall, "Forward": s.forward, "Follow": s.follow, "Backward": s.backward, "Seen": s.seen, "Generate": s.generate,
	}
	f.Fuzz(func(t *testing.T, which uint8, honest bool, head, signature, first, second []byte) {
		method := methods[int(which)%len(methods)]
		signed := synapse.Signed{Head: head, Signature: signature}
		if honest {
			var err error
			signed, err = synapse.SignRequest(c.key, c.head(method), first)
			require.NoError(t, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ctx = metadata.NewIncomingContext(peer.NewContext(ctx, &peer.Peer{Addr: plainAddr("fuzz")}), signed.Metadata())
		w := &wire{ctx: ctx, messages: []synapse.Raw{first, second}}
		err := s.handle(method, handlers[method])(nil, w)
		require.Empty(t, log.String(), "neither a panic nor a failure of the model")
		if err == nil {
			require.NotEmpty(t, w.sent)
		} else {
			require.NotEqual(t, codes.Unknown, status.Code(err), "%v", err)
			require.NotEqual(t, codes.Internal, status.Code(err), "%v", err)
		}
		if method != "Describe" && !honest {
			require.Equal(t, codes.Unauthenticated, status.Code(err), "nobody can sign for another")
		}
		held, _ := s.memory.inUse()
		require.Zero(t, held)
	})
}
