package dendrite

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

// output makes an axon answer Forward with a frame.
func output(frame func(good []byte) []byte) func(*axon) {
	return func(a *axon) {
		a.alter = func(method string, answer proto.Message) proto.Message {
			if r, ok := answer.(*synapse.ForwardResponse); ok {
				return &synapse.ForwardResponse{Output: frame(r.Output)}
			}
			return answer
		}
	}
}

// rowsOf is a frame whose numbers are all one value.
func rowsOf(rows, classes int, value float32) []byte {
	x := make([]float32, rows*classes)
	for i := range x {
		x[i] = value
	}
	return frameOf(x, classes, synapse.Encoding_ENCODING_F16)
}

// stall waits for the caller to hang up.
func stall(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func only(method string, do func(context.Context, string) error) func(*axon) {
	return func(a *axon) {
		a.before = func(ctx context.Context, m string) error {
			if m != method {
				return nil
			}
			return do(ctx, m)
		}
	}
}

func fails(err error) func(context.Context, string) error {
	return func(context.Context, string) error { return err }
}

// TestFaultsCostThatPeerAlone has one peer go wrong in every way while another is
// asked beside it.
func TestFaultsCostThatPeerAlone(t *testing.T) {
	other := newHotkey()
	for _, c := range []struct {
		name   string
		spoil  func(*axon)
		reason Reason
		text   string
	}{
		{"stalls", only("Forward", stall), ReasonTimeout, "no answer in time: it had 30 s"},
		{"stalls at the card", only("Describe", stall), ReasonTimeout, "Describe: no answer in time"},
		{"refuses", only("Forward", fails(status.Error(codes.PermissionDenied, "go\naway"))), ReasonRejected, `it answered with PermissionDenied: "go\naway"`},
		{"exhausted for ever", only("Forward", fails(status.Error(codes.ResourceExhausted, "full"))), ReasonRejected, "does not say for how long"},
		{"an error without a code", only("Forward", fails(errors.New("oops"))), ReasonRejected, `it answered with Unknown: "oops"`},
		{"garbage", output(func([]byte) []byte { return []byte("garbage") }), ReasonAnswer, "truncated frame"},
		{"nothing", output(func([]byte) []byte { return nil }), ReasonAnswer, "truncated frame"},
		{"a flipped bit", output(func(f []byte) []byte { f[len(f)-3] ^= 1; return f }), ReasonAnswer, "checksum mismatch"},
		{"fewer classes", output(func([]byte) []byte { return rowsOf(1, 255, 0.1) }), ReasonAnswer, "[1, 255] of f16 came, [1, 256] of f16 was asked for"},
		{"another dtype", output(func([]byte) []byte {
			return frameOf(make([]float32, 256), 256, synapse.Encoding_ENCODING_INT8)
		}), ReasonAnswer, "[1, 256] of int8 came"},
		{"not finite", output(func([]byte) []byte { return notFinite(rowsOf(1, 256, 0)) }), ReasonAnswer, "element 0 of the f16 payload is NaN"},
		{"nothing positive", output(func([]byte) []byte { return rowsOf(1, 256, -1) }), ReasonAnswer, "row 0 of 1 is no distribution"},
		{"all zero", output(func([]byte) []byte { return rowsOf(1, 256, 0) }), ReasonAnswer, "row 0 of 1 is no distribution"},
		{"too much", output(func([]byte) []byte { return make([]byte, 1<<20) }), ReasonSize, "more than the answer can be"},
		{"no message", func(a *axon) {
			a.alter = func(m string, good proto.Message) proto.Message {
				if m == "Forward" {
					return &synapse.Head{Nonce: []byte{1}, Time: -1, Body: []byte("x")}
				}
				return good
			}
		}, ReasonAnswer, "wrong answer"},
		{"unsigned", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) { return synapse.Signed{}, nil }
		}, ReasonSignature, "not signed"},
		{"signed by another", func(a *axon) {
			a.sign = func(request, body []byte) (synapse.Signed, error) { return synapse.SignResponse(other, request, body) }
		}, ReasonSignature, "belongs to something else"},
		{"an answer to another request", func(a *axon) {
			a.sign = func(_, body []byte) (synapse.Signed, error) {
				return synapse.SignResponse(a.key, []byte("another"), body)
			}
		}, ReasonSignature, "it answers request"},
		{"another body", func(a *axon) {
			a.sign = func(request, _ []byte) (synapse.Signed, error) {
				return synapse.SignResponse(a.key, request, []byte("another"))
			}
		}, ReasonSignature, "the signed hash is of another message"},
		{"a wrong signature", func(a *axon) {
			a.sign = func(request, body []byte) (synapse.Signed, error) {
				s, err := synapse.SignResponse(a.key, request, body)
				s.Signature[5] ^= 1
				return s, err
			}
		}, ReasonSignature, "wrong signature"},
		{"a head that is none", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) {
				return synapse.Signed{Head: []byte{255, 1, 2}, Signature: []byte("s")}, nil
			}
		}, ReasonSignature, "malformed head"},
		{"a head that writes to terminals", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) {
				head, err := proto.Marshal(&synapse.ResponseHead{Receiver: "\x1b[2J\nroot logged in" + strings.Repeat("x", 800)})
				return synapse.Signed{Head: head, Signature: []byte("s")}, err
			}
		}, ReasonSignature, "·[2J·root logged in"},
		{"a head without end", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) {
				return synapse.Signed{Head: make([]byte, 4*synapse.MaxHead), Signature: []byte("s")}, nil
			}
		}, ReasonSignature, "malformed head"},
		{"metadata without end", func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) {
				return synapse.Signed{Head: make([]byte, 2*maxHeaders), Signature: []byte("s")}, nil
			}
		}, ReasonRejected, "it answered with Internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.add(text()).set(c.spoil)
				n.add(text())
				d := n.dendrite()
				err := forwardText(t.Context(), t, peer(t, d, 1), "a")
				require.ErrorContains(t, err, c.text)
				require.Equal(t, c.reason, ReasonOf(err), "%v", err)
				require.ErrorContains(t, err, "peer 1 (10.0.0.1:9000)")
				require.Regexp(t, `next try in 0\.[345] s$`, err.Error())
				require.NotContains(t, err.Error(), "\n")
				require.Less(t, len(err.Error()), 600)
				require.NoError(t, forwardText(t.Context(), t, peer(t, d, 2), "a"))
				s := peer(t, d, 1).Stats()
				require.Equal(t, map[Reason]uint64{c.reason: 1}, s.Failures)
				require.Equal(t, 1, s.Consecutive)
				require.Equal(t, err.Error(), s.LastError)
				require.Zero(t, peer(t, d, 2).Stats().Consecutive)
			})
		})
	}
}

// notFinite writes a NaN into a frame of f16 zeros, and its checksum: the CRC of a
// payload is linear, so a frame of another value with the same difference gives it.
func notFinite(frame []byte) []byte {
	value := func(bits uint16) []byte {
		f := append([]byte(nil), frame...)
		f[tensor.HeaderBytes], f[tensor.HeaderBytes+1] = byte(bits), byte(bits>>8)
		return f
	}
	sum := func(bits uint16) []byte { // of a frame whose first number has these bits
		x := make([]float32, 256)
		x[0] = float16(bits)
		return frameOf(x, 256, synapse.Encoding_ENCODING_F16)[20:24]
	}
	f := value(0x7e00)
	one, two, zero := sum(0x7800), sum(0x0600), sum(0)
	for i := range 4 {
		f[20+i] = one[i] ^ two[i] ^ zero[i] // 0x7800 ^ 0x0600 = 0x7e00
	}
	return f
}

func float16(bits uint16) float32 {
	exponent, mantissa := int(bits>>10&31), float64(bits&1023)
	if exponent == 0 {
		return float32(math.Ldexp(mantissa, -24))
	}
	return float32(math.Ldexp(1024+mantissa, exponent-25))
}

func TestHostileDescriptions(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(*synapse.DescribeResponse)
	}{
		{"no card", "its card: there is none", func(r *synapse.DescribeResponse) { r.Card = nil }},
		{"another hotkey", "it says to be", func(r *synapse.DescribeResponse) { r.Hotkey = "tao1other" }},
		{"modality", "modality 9", func(r *synapse.DescribeResponse) { r.Card.Modality = 9 }},
		{"classes of text", "7 classes for text, it has 256", func(r *synapse.DescribeResponse) { r.Card.Classes = 7 }},
		{"no classes", "0 classes", func(r *synapse.DescribeResponse) { r.Card.Classes = 0 }},
		{"width", "a width of 2147483647", func(r *synapse.DescribeResponse) { r.Card.Width = math.MaxUint32 }},
		{"hash", "a hash of 3 bytes", func(r *synapse.DescribeResponse) { r.Card.Hash = []byte{1, 2, 3} }},
		{"shape", "a shape of 4 dimensions", func(r *synapse.DescribeResponse) { r.Card.Shape = []uint32{1, 1, 1, 1} }},
		{"large shape", "is not one of 1 to", func(r *synapse.DescribeResponse) { r.Card.Shape = []uint32{1 << 20, 1 << 20, 1 << 30} }},
		{"empty shape", "is not one of 1 to", func(r *synapse.DescribeResponse) { r.Card.Shape = []uint32{3, 0, 2} }},
		{"architecture", "an architecture of 5 bytes", func(r *synapse.DescribeResponse) { r.Card.Architecture = "a\x1b[2J" }},
		{"regression of text", "classes for text", func(r *synapse.DescribeResponse) { r.Card.Regression = true }},
		{"prices", "17 prices", func(r *synapse.DescribeResponse) { r.Prices = make([]*synapse.Price, 17) }},
		{"version", "a version of 65 bytes", func(r *synapse.DescribeResponse) {
			r.Version = "00000000001111111111222222222233333333334444444444555555555566666"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				c.spoil(n.add(text()).description)
				_, err := peer(t, n.dendrite(), 1).Card(t.Context())
				require.ErrorContains(t, err, c.want)
				require.Equal(t, ReasonAnswer, ReasonOf(err))
			})
		})
	}
}

func FuzzDescription(f *testing.F) {
	n := &Peer{endpoint: Endpoint{Hotkey: "h"}}
	good, err := proto.Marshal(&synapse.DescribeResponse{Card: text(), Hotkey: "h", Limits: &synapse.Limits{Rows: 3, Message: math.MaxUint64}})
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte{10, 2, 8, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := n.readDescription(b)
		if err != nil {
			require.ErrorIs(t, err, ErrAnswer)
			return
		}
		require.NotZero(t, d.Card.Classes)
		require.LessOrEqual(t, d.Card.Classes, maxWidth)
		require.GreaterOrEqual(t, d.Limits.Message, 0)
		require.Less(t, len(d.Card.Shape), tensor.MaxRank)
	})
}

func TestBusyIsWaitedForAndNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		d := n.dendrite()
		p := peer(t, d, 1)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		for _, c := range []struct{ said, waited time.Duration }{
			{8 * time.Second, 8 * time.Second},
			{-time.Second, 500 * time.Millisecond}, // at least the base
			{1000 * time.Hour, 5 * time.Minute},    // at most the ceiling
			{90 * time.Second, 90 * time.Second},
		} {
			s, err := status.New(codes.ResourceExhausted, "the queue is full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(c.said)})
			require.NoError(t, err)
			a.set(only("Forward", fails(s.Err())))
			err = forwardText(t.Context(), t, p, "a")
			require.Equal(t, ReasonBusy, ReasonOf(err))
			require.ErrorContains(t, err, `it is busy: "the queue is full"; next try in `+seconds(c.waited))
			require.False(t, p.Ready())
			asked := a.asked("Forward")
			time.Sleep(c.waited - time.Millisecond)
			err = forwardText(t.Context(), t, p, "a")
			require.Equal(t, ReasonWaiting, ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, "not asked: it is busy and said for how long")
			require.Equal(t, asked, a.asked("Forward"))
			time.Sleep(time.Millisecond)
			a.set(func(a *axon) { a.before = nil })
			require.True(t, p.Ready())
			require.NoError(t, forwardText(t.Context(), t, p, "a"))
		}
		s := p.Stats()
		require.Empty(t, s.Failures)
		require.Equal(t, uint64(4), s.Busy)
		require.Zero(t, s.Consecutive)
	})
}

// TestOtherPauses: whatever the code, a time to come again is a pause and no failure.
func TestOtherPauses(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.Unauthenticated} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			s, err := status.New(code, "just started").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(30 * time.Second)})
			require.NoError(t, err)
			n.add(text()).set(only("Forward", fails(s.Err())))
			p := peer(t, n.dendrite(), 1)
			err = forwardText(t.Context(), t, p, "a")
			require.Equal(t, ReasonBusy, ReasonOf(err))
			require.ErrorContains(t, err, "next try in 30 s")
			require.Empty(t, p.Stats().Failures)
		})
	}
}

// TestDescribeMayBeUnsigned, but what is signed must be right.
func TestDescribeMayBeUnsigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text()).set(func(a *axon) {
			a.sign = func(_, _ []byte) (synapse.Signed, error) { return synapse.Signed{}, nil }
		})
		n.add(text()).set(func(a *axon) {
			a.sign = func(_, body []byte) (synapse.Signed, error) { return synapse.SignResponse(a.key, nil, body) }
		})
		d := n.dendrite()
		_, err := peer(t, d, 1).Card(t.Context())
		require.NoError(t, err)
		_, err = peer(t, d, 2).Card(t.Context())
		require.Equal(t, ReasonSignature, ReasonOf(err))
	})
}

// TestModelChanges has a peer whose description was right once.
func TestModelChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		p := peer(t, n.dendrite(), 1)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		a.set(output(func([]byte) []byte { return rowsOf(1, 3, 0.1) }))
		require.Equal(t, ReasonAnswer, ReasonOf(forwardText(t.Context(), t, p, "a")))
		time.Sleep(time.Second)
		a.set(func(a *axon) { a.alter = nil })
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		require.Equal(t, 2, a.asked("Describe"), "it was asked again what it is")
		time.Sleep(6 * time.Minute)
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		require.Equal(t, 3, a.asked("Describe"), "and when that was long ago")
	})
}
