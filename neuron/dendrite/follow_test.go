package dendrite

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		s, err := p.Follow(t.Context(), 3)
		require.NoError(t, err)
		require.Nil(t, s.First())
		dst := make([]float32, 3*256)
		for range 10 {
			require.NoError(t, s.Next(t.Context(), []byte("abc"), dst))
			requireSuccessors(t, []byte("abc"), dst)
		}
		require.NoError(t, s.Next(t.Context(), []byte("x"), dst[:256]), "fewer sequences")
		requireSuccessors(t, []byte("x"), dst)
		s.Restart()
		require.NoError(t, s.Next(t.Context(), []byte{1}, dst[:256]))
		requireSuccessors(t, []byte{101}, dst) // which says that it saw the restart
		require.NoError(t, s.Next(t.Context(), []byte{1}, dst[:256]))
		requireSuccessors(t, []byte{1}, dst)

		require.ErrorContains(t, s.Next(t.Context(), []byte("abcd"), make([]float32, 1024)), "the stream has 3 sequences")
		require.ErrorContains(t, s.Next(t.Context(), []byte("abc"), dst[:256]), "room for 256 numbers")
		require.NoError(t, s.Next(t.Context(), []byte("abc"), dst), "a wrong argument does not end it")
		require.Equal(t, 1, p.Stats().Streams)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.Next(t.Context(), []byte("abc"), dst), ErrClosed)
		require.Zero(t, p.Stats().Streams)
		require.Equal(t, 1, a.asked("Follow"))
		require.Equal(t, uint64(1+1+14), p.Stats().Answered)
		require.Empty(t, p.Stats().Failures)
	})
}

func TestFollowContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		s, err := p.Follow(t.Context(), 4, []byte("hello"), []byte("w"), nil)
		require.NoError(t, err)
		requireSuccessors(t, []byte("ow"), s.First())
		require.Len(t, s.First(), 512)
		require.NoError(t, s.Close())
		s, err = p.Follow(t.Context(), 1, nil)
		require.NoError(t, err)
		require.Nil(t, s.First())
		require.NoError(t, s.Close())
		_, err = p.Follow(t.Context(), 1, nil, nil)
		require.ErrorContains(t, err, "2 contexts for 1 sequences")
		_, err = p.Follow(t.Context(), 2, []byte("a"), []byte("ab"))
		require.ErrorContains(t, err, "give the longest first")

		a.set(func(a *axon) {
			a.alter = func(string, proto.Message) proto.Message { return &synapse.FollowResponse{Output: rowsOf(2, 256, 0.1)} }
		})
		_, err = p.Follow(t.Context(), 2)
		require.Equal(t, ReasonAnswer, ReasonOf(err), "a row for no context")
	})
}

func TestFollowLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text()).description.Limits = &synapse.Limits{Sequences: 4, Streams: 2, Message: 100}
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TENSOR, Classes: 3, Follows: true})
		d := n.dendrite()
		p := peer(t, d, 1)
		for _, sequences := range []int{-1, 0, 5, 1 << 30} {
			_, err := p.Follow(t.Context(), sequences)
			require.ErrorContains(t, err, "sequences, it takes 1 to 4")
		}
		_, err := p.Follow(t.Context(), 1, make([]byte, 200))
		require.ErrorContains(t, err, "it takes 0 and 100: shorten them")
		_, err = peer(t, d, 2).Follow(t.Context(), 1)
		require.ErrorIs(t, err, model.ErrUnsupported)
		one, err := p.Follow(t.Context(), 4)
		require.NoError(t, err)
		two, err := p.Follow(t.Context(), 4)
		require.NoError(t, err)
		_, err = p.Follow(t.Context(), 4)
		require.ErrorContains(t, err, "2 streams are open, it takes 2")
		require.NoError(t, one.Close())
		one, err = p.Follow(t.Context(), 4)
		require.NoError(t, err)
		require.NoError(t, errors.Join(one.Close(), two.Close()))
		require.Empty(t, p.Stats().Failures)
	})
}

// TestFollowOutlivesItsOpening: the context bounds the opening alone.
func TestFollowOutlivesItsOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		p := peer(t, n.dendrite(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := p.Follow(ctx, 1)
		require.NoError(t, err)
		cancel()
		synctest.Wait()
		time.Sleep(time.Hour)
		require.NoError(t, s.Next(t.Context(), []byte("a"), make([]float32, 256)))
		require.NoError(t, s.Close())
	})
}

func TestFaultsOfStreams(t *testing.T) {
	other := newHotkey()
	following := func(change func(*synapse.FollowResponse)) func(*axon) {
		return func(a *axon) {
			a.alter = func(_ string, m proto.Message) proto.Message {
				if r, ok := m.(*synapse.FollowResponse); ok && len(r.Output) > 0 {
					change(r)
				}
				return m
			}
		}
	}
	for _, c := range []struct {
		name    string
		opening bool // that is what fails
		spoil   func(*axon)
		reason  Reason
		text    string
	}{
		{"stalls at the opening", true, only("Follow", stall), ReasonTimeout, "no answer in time: it had 30 s"},
		{"refuses the opening", true, only("Follow", fails(status.Error(codes.NotFound, "no"))), ReasonRejected, "NotFound"},
		{"unsigned opening", true, func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) { return synapse.Signed{}, nil }
		}, ReasonSignature, "not signed"},
		{"opening signed by another", true, func(a *axon) {
			a.sign = func(request, body []byte) (synapse.Signed, error) { return synapse.SignResponse(other, request, body) }
		}, ReasonSignature, "was asked"},
		{"stalls", false, only("Step", stall), ReasonTimeout, "no answer in time"},
		{"closes", false, only("Step", func(context.Context, string) error { return errClose }), ReasonConnection, "it closed the stream before the answer"},
		{"breaks", false, only("Step", fails(status.Error(codes.Internal, "broken"))), ReasonRejected, `Internal: "broken"`},
		{"fewer rows", false, following(func(r *synapse.FollowResponse) { r.Output = rowsOf(1, 256, 0.1) }), ReasonAnswer, "[1, 256] of f16 came, [2, 256]"},
		{"no rows", false, following(func(r *synapse.FollowResponse) { r.Output = nil }), ReasonAnswer, "truncated frame"},
		{"too much", false, following(func(r *synapse.FollowResponse) { r.Output = make([]byte, 1<<20) }), ReasonSize, "more than the answer can be"},
		{"no distribution", false, following(func(r *synapse.FollowResponse) { r.Output = rowsOf(2, 256, 0) }), ReasonAnswer, "row 0 of 2"},
		{"not finite", false, following(func(r *synapse.FollowResponse) { r.Output = notFinite(rowsOf(1, 256, 0)) }), ReasonAnswer, "wrong answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				a := n.add(text())
				n.add(text())
				d := n.dendrite()
				p, honest := peer(t, d, 1), peer(t, d, 2)
				_, err := p.Card(t.Context())
				require.NoError(t, err)
				fine, err := honest.Follow(t.Context(), 2)
				require.NoError(t, err)
				defer func() { require.NoError(t, fine.Close()) }()
				dst := make([]float32, 512)
				a.set(c.spoil)
				s, err := p.Follow(t.Context(), 2)
				if !c.opening {
					require.NoError(t, err)
					err = s.Next(t.Context(), []byte("ab"), dst)
					require.ErrorIs(t, s.Next(t.Context(), []byte("ab"), dst), ErrClosed)
				}
				require.ErrorContains(t, err, c.text)
				require.ErrorContains(t, err, "peer 1 (10.0.0.1:9000), Follow: ")
				require.Equal(t, c.reason, ReasonOf(err), "%v", err)
				require.Zero(t, p.Stats().Streams)
				require.Equal(t, map[Reason]uint64{c.reason: 1}, p.Stats().Failures)
				require.NoError(t, fine.Next(t.Context(), []byte("ab"), dst))
			})
		})
	}
}

// TestStreamEndsWithItsContext: a Next that is given up ends the stream and says
// nothing about the peer; so does a Close meanwhile.
func TestStreamEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		s, err := p.Follow(t.Context(), 1)
		require.NoError(t, err)
		other, err := p.Follow(t.Context(), 1)
		require.NoError(t, err)
		a.set(only("Step", stall))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		numbers := make([]float32, 256)
		require.Equal(t, ReasonAbandoned, ReasonOf(s.Next(ctx, []byte("a"), numbers)))
		time.AfterFunc(100*time.Millisecond, func() { _ = other.Close() })
		err = other.Next(t.Context(), []byte("a"), numbers)
		require.ErrorIs(t, err, ErrClosed)
		require.Equal(t, ReasonLocal, ReasonOf(err))
		require.Empty(t, p.Stats().Failures)
		require.Equal(t, uint64(2), p.Stats().Abandoned)
	})
}

func TestGenerate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		n.add(&synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Classes: 256})
		d := n.dendrite()
		p := peer(t, d, 1)
		var got []byte
		emit := func(b []byte) error { got = append(got, b...); return nil }
		require.NoError(t, p.Generate(t.Context(), []byte("a"), 5, 0, 1, emit))
		require.Equal(t, "bcdef", string(got))
		stop := errors.New("enough")
		err := p.Generate(t.Context(), []byte("a"), 5, 0, 1, func([]byte) error { return stop })
		require.ErrorIs(t, err, stop)
		require.Equal(t, ReasonLocal, ReasonOf(err))
		require.ErrorContains(t, p.Generate(t.Context(), nil, 0, 0, 1, emit), "0 bytes, the range is 1 to 65536")
		require.ErrorContains(t, p.Generate(t.Context(), nil, 1, 3, 1, emit), "temperature 3")
		require.ErrorIs(t, peer(t, d, 2).Generate(t.Context(), nil, 1, 0, 1, emit), model.ErrUnsupported)
		require.Empty(t, p.Stats().Failures)
	})
}

func TestFaultsOfGenerate(t *testing.T) {
	answers := func(list ...*synapse.GenerateResponse) func(*axon) {
		return func(a *axon) {
			i := 0
			a.alter = func(method string, m proto.Message) proto.Message {
				if method == "Generate" && i < len(list) {
					m = list[i]
					i++
				}
				return m
			}
		}
	}
	for _, c := range []struct {
		name   string
		spoil  func(*axon)
		reason Reason
		text   string
		got    string
	}{
		{"stalls at once", only("Generate", stall), ReasonTimeout, "nothing came for 30 s", ""},
		{"stalls later", func(a *axon) {
			i := 0
			a.alter = func(method string, m proto.Message) proto.Message {
				if i++; method == "Generate" && i > 1 {
					time.Sleep(40 * time.Second)
				}
				return m
			}
		}, ReasonTimeout, "nothing came for 30 s", "bc"},
		{"too long", answers(&synapse.GenerateResponse{Text: []byte("abcdefgh")}), ReasonAnswer, "4 bytes more than were asked for", ""},
		{"much too long", answers(&synapse.GenerateResponse{Text: make([]byte, 1000)}), ReasonSize, "more than the answer can be", ""},
		{"empty", answers(&synapse.GenerateResponse{}), ReasonAnswer, "a message without text", ""},
		{"never done", answers(&synapse.GenerateResponse{Text: []byte("ab")}, &synapse.GenerateResponse{Text: []byte("cd")}), ReasonConnection, "before the text was done", "abcd"},
		{"unsigned", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) { return synapse.Signed{}, nil }
		}, ReasonSignature, "not signed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				a := n.add(text())
				p := peer(t, n.dendrite(), 1)
				_, err := p.Card(t.Context())
				require.NoError(t, err)
				a.set(c.spoil)
				var got []byte
				err = p.Generate(t.Context(), []byte("a"), 4, 0, 1, func(b []byte) error { got = append(got, b...); return nil })
				require.ErrorContains(t, err, c.text)
				require.Equal(t, c.reason, ReasonOf(err), "%v", err)
				require.Equal(t, c.got, string(got))
			})
		})
	}
}

func TestSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		samples := [][32]byte{{1}, {2}, {3}}
		r, err := p.Seen(t.Context(), samples)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, true}, r.Seen)
		about, err := r.Verify(everybody{}, chainID)
		require.NoError(t, err)
		require.Equal(t, samples, about)

		for name, tamper := range map[string]func(*Receipt){
			"seen":      func(r *Receipt) { r.Seen = []bool{true, true, true} },
			"length":    func(r *Receipt) { r.Seen = r.Seen[:2] },
			"hotkey":    func(r *Receipt) { r.Hotkey = newHotkey().Address() },
			"request":   func(r *Receipt) { r.RequestBody = append([]byte{}, r.RequestBody[:34]...) },
			"response":  func(r *Receipt) { r.ResponseBody = []byte{10, 3, 1, 1, 1} },
			"signature": func(r *Receipt) { r.Response.Signature = bytes.Repeat([]byte{1}, 64) },
			"head":      func(r *Receipt) { r.Request.Head = r.Request.Head[:10] },
			"nothing":   func(r *Receipt) { *r = Receipt{} },
		} {
			spoilt := *r
			tamper(&spoilt)
			_, err := spoilt.Verify(everybody{}, chainID)
			require.Error(t, err, name)
		}
		_, err = r.Verify(everybody{}, "another chain")
		require.ErrorContains(t, err, "the receipt is for")

		_, err = p.Seen(t.Context(), nil)
		require.ErrorContains(t, err, "0 samples, the range is 1 to 256")
		_, err = p.Seen(t.Context(), make([][32]byte, 257))
		require.ErrorContains(t, err, "257 samples")
		many, err := p.Seen(t.Context(), make([][32]byte, 256))
		require.NoError(t, err)
		require.Len(t, many.Seen, 256)
		a.set(func(a *axon) {
			a.alter = func(string, proto.Message) proto.Message { return &synapse.SeenResponse{Seen: []bool{true}} }
		})
		_, err = p.Seen(t.Context(), samples)
		require.ErrorContains(t, err, "1 entries for 3 samples")
		require.Equal(t, ReasonAnswer, ReasonOf(err))
	})
}
