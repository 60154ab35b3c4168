package axon

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

func numbered(i int) key {
	return keyOf(binary.LittleEndian.AppendUint64(nil, uint64(i)))
}

// A nonce is remembered for a span at least, whatever happens in between, and there are
// never more than the bound.
func TestGenerationsRememberForASpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const span = 10 * time.Second
		now := time.Unix(1000, 0)
		g := newGenerations(2, 20, span, now)
		claimed := map[int]time.Time{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 6000).Draw(t, "ms")) * time.Millisecond)
			i := rapid.IntRange(0, 30).Draw(t, "key")
			fresh, full := g.claim(numbered(i), now)
			if at, ok := claimed[i]; ok && now.Sub(at) < span {
				require.False(t, fresh, "known for %s", now.Sub(at))
			}
			if !fresh {
				require.Less(t, now.Sub(claimed[i]), 2*span, "known for too long")
			} else if full == 0 {
				claimed[i] = now
			} else {
				require.LessOrEqual(t, full, span)
			}
			require.LessOrEqual(t, g.size(), 20)
		}
	})
}

func TestAFullSetSaysWhenThereIsRoom(t *testing.T) {
	now := time.Unix(1000, 0)
	g := newGenerations(2, 8, time.Minute, now)
	for i := range 4 {
		fresh, full := g.claim(numbered(i), now)
		require.True(t, fresh)
		require.Zero(t, full)
	}
	now = now.Add(20 * time.Second)
	_, full := g.claim(numbered(4), now)
	require.Equal(t, 40*time.Second, full)
	_, full = g.claim(numbered(4), now.Add(full))
	require.Zero(t, full)
	fresh, _ := g.claim(numbered(0), now.Add(40*time.Second))
	require.False(t, fresh)
}

func TestSamplesMakeRoom(t *testing.T) {
	now := time.Unix(1000, 0)
	g := newGenerations(sampleSets, 50, sampleSpan, now)
	for i := range 1000 {
		g.note(numbered(i), now)
		require.LessOrEqual(t, g.size(), 50)
	}
	require.True(t, g.has(numbered(999), now))
	require.True(t, g.has(numbered(960), now))
	require.False(t, g.has(numbered(900), now))
	require.False(t, g.has(numbered(999), now.Add(time.Hour)))
	g.note(numbered(1), now.Add(time.Hour))
	require.True(t, g.has(numbered(1), now.Add(time.Hour)))
}

func TestAQuotaLendsNoMoreThanItHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQuota(20, 8)
		held, total := map[string]int64{}, int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			who := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "who")
			n := rapid.Int64Range(0, 9).Draw(t, "n")
			if rapid.Bool().Draw(t, "take") {
				ok := q.take(who, n)
				require.Equal(t, total+n <= 20 && held[who]+n <= 8, ok)
				if ok {
					held[who], total = held[who]+n, total+n
				}
			} else {
				n = min(n, held[who])
				q.give(who, n)
				held[who], total = held[who]-n, total-n
			}
		}
		for who, n := range held {
			q.give(who, n)
		}
		n, holders := q.inUse()
		require.Zero(t, n)
		require.Zero(t, holders)
	})
}

func TestBucketsFillAndForget(t *testing.T) {
	now := time.Unix(1000, 0)
	b, err := newBuckets(10, 20, 3)
	require.NoError(t, err)
	_, ok := b.take("a", 20, now, 0)
	require.True(t, ok)
	wait, ok := b.take("a", 5, now, 0)
	require.False(t, ok)
	require.Equal(t, 500*time.Millisecond, wait)
	_, ok = b.take("a", 5, now.Add(wait), 0)
	require.True(t, ok, "the delay that was named is right")
	wait, ok = b.take("a", 10, now.Add(wait), 2*time.Second)
	require.True(t, ok)
	require.Equal(t, time.Second, wait)
	_, ok = b.take("a", 21, now.Add(time.Hour), time.Hour)
	require.False(t, ok, "more than the burst")
	for _, name := range []string{"b", "c", "d", "e"} {
		_, ok = b.take(name, 20, now, 0)
		require.True(t, ok)
		require.LessOrEqual(t, b.size(), 3)
	}
}

type plainAddr string

func (plainAddr) Network() string  { return "memory" }
func (a plainAddr) String() string { return string(a) }

func TestAddressesThatShareARate(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7:99": "192.0.2.7", "[::ffff:192.0.2.7]:99": "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:99": "2001:db8:1:2::/64", "[fe80::1%eth0]:99": "fe80::/64",
		"bufconn": "bufconn",
	} {
		require.Equal(t, want, hostOf(plainAddr(in)))
	}
	var _ net.Addr = plainAddr("")
}

// The reader of requests by hand agrees with protobuf.
func TestRequestsAreReadAsProtobufReadsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SliceOfN(rapid.Byte(), 0, 40)
		body := bytes.Draw(t, "raw")
		if rapid.Bool().Draw(t, "whole") {
			var err error
			body, err = proto.Marshal(&synapse.ForwardRequest{
				Input: bytes.Draw(t, "input"), Encoding: synapse.Encoding(rapid.Int32().Draw(t, "encoding")), Output: synapse.Output(rapid.Int32().Draw(t, "output")),
			})
			require.NoError(t, err)
		}
		var want synapse.ForwardRequest
		wrong := proto.Unmarshal(body, &want)
		got, err := parseForward(body)
		require.Equal(t, wrong == nil, err == nil, "%v, %v", wrong, err)
		if err == nil {
			require.Equal(t, string(want.Input), string(got.input))
			require.EqualValues(t, want.Encoding, got.encoding)
			require.EqualValues(t, want.Output, got.output)
		}
		var back synapse.BackwardRequest
		wrong = proto.Unmarshal(body, &back)
		input, gradient, err := parseBackward(body)
		require.Equal(t, wrong == nil, err == nil)
		if err == nil {
			require.Equal(t, string(back.Input), string(input))
			require.Equal(t, string(back.Gradient), string(gradient))
		}
	})
}

func TestAnswersAreReadAsProtobufReadsThem(t *testing.T) {
	h := tensor.Header{Modality: tensor.ModalityText, DType: tensor.F16, Shape: tensor.Shape{1, 3}}
	for _, step := range []uint64{0, 1, 1 << 63} {
		body, err := answerOf(h, []float32{1, 2, 3}, step)
		require.NoError(t, err)
		size, err := h.Bytes()
		require.NoError(t, err)
		require.LessOrEqual(t, len(body), size+answerSlack)
		var r synapse.ForwardResponse
		require.NoError(t, proto.Unmarshal(body, &r))
		require.Equal(t, step, r.Step)
		var f synapse.FollowResponse
		require.NoError(t, proto.Unmarshal(body, &f))
		require.Equal(t, r.Output, f.Output)
		require.Equal(t, step, f.Step)
		x, err := floats(r.Output)
		require.NoError(t, err)
		require.Equal(t, []float32{1, 2, 3}, x)
	}
}
