package neuron

import (
	"context"
	"crypto/sha256"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/train"
	"github.com/taonet/taonet/neuron/wallet"
)

const testChain = "tao-test"

// door serves an expert at an axon of its own and returns its record.
func door(t testing.TB, uid uint32, expert model.Expert, edit func(*axon.Config)) dendrite.Endpoint {
	t.Helper()
	hotkey := wallet.NewHotkey()
	certificate, err := synapse.NewCertificate()
	require.NoError(t, err)
	cfg := axon.DefaultConfig()
	cfg.ChainID, cfg.Certificate, cfg.Open, cfg.Restart, cfg.Delay, cfg.Grace = testChain, certificate, true, 0, 0, time.Second
	if edit != nil {
		edit(&cfg)
	}
	s, err := axon.New(cfg, axon.Deps{
		Expert: func() model.Expert { return expert }, Signer: hotkey, Verifier: wallet.Verifier{}, Registry: &subnet{},
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
	})
	return dendrite.Endpoint{
		UID: uid, Hotkey: hotkey.Address(), Host: "127.0.0.1", Port: uint32(listener.Addr().(*net.TCPAddr).Port),
		Version: synapseVersion, Fingerprint: s.Fingerprint(),
	}
}

// asking is a neuron's view of some doors.
func asking(t testing.TB, deadline time.Duration, list ...dendrite.Endpoint) *peers {
	t.Helper()
	d := dendrite.New(dendrite.Config{
		ChainID: testChain, AllowPrivate: true, Encoding: tensor.F32, TimeoutFloor: min(time.Second, deadline), TimeoutCeiling: deadline,
	}, dendrite.Deps{Signer: wallet.NewHotkey(), Verifier: wallet.Verifier{}})
	t.Cleanup(d.Close)
	d.SetPeers(list)
	return newPeers(d, deadline, model.Vocabulary)
}

func mlp(t testing.TB, seed uint64) *model.Served {
	t.Helper()
	s, err := model.NewServed(model.NewMLP(model.MLPConfig{Context: 8, Embedding: 8, Hidden: 32}, seed), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// nowhere is a record at which nobody listens.
func nowhere(t testing.TB, uid uint32) dendrite.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return dendrite.Endpoint{
		UID: uid, Hotkey: wallet.NewHotkey().Address(), Host: "127.0.0.1", Port: uint32(l.Addr().(*net.TCPAddr).Port), Version: synapseVersion,
	}
}

// slow answers after a while.
type slow struct {
	model.Expert
	delay time.Duration
}

func (s slow) Forward(ctx context.Context, in model.Input, dst []float32) error {
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.Expert.Forward(ctx, in, dst)
}

// A batch goes on without those that are gone or late, and every answer is its peer's.
func TestPeersForward(t *testing.T) {
	one, two := mlp(t, 1), mlp(t, 2)
	p := asking(t, 2*time.Second, door(t, 1, one, nil), door(t, 2, two, nil), door(t, 5, slow{one, time.Minute}, nil), nowhere(t, 7))
	require.Equal(t, []uint32{1, 2, 5, 7}, p.Live())
	in := model.Input{Count: 2, Length: 6, Tokens: []byte("abcdefghijkl")}
	want := map[uint32][]float32{1: make([]float32, 12*model.Vocabulary), 2: make([]float32, 12*model.Vocabulary)}
	require.NoError(t, one.Forward(t.Context(), in, want[1]))
	require.NoError(t, two.Forward(t.Context(), in, want[2]))

	began := time.Now()
	a := p.Forward(t.Context(), []uint32{2, 7, 1}, in) // two of three are enough
	require.Len(t, a.Rows, 3)
	require.InDeltaSlice(t, want[2], a.Rows[0], 1e-6)
	require.Nil(t, a.Rows[1])
	require.InDeltaSlice(t, want[1], a.Rows[2], 1e-6)
	a.Release()
	require.NotContains(t, p.Live(), uint32(7), "it rests after failing")
	require.Less(t, time.Since(began), 2*time.Second)

	// Nobody is waited for beyond the deadline, and a peer that is not there is missing.
	began = time.Now()
	a = p.Forward(t.Context(), []uint32{5, 99}, in)
	require.Nil(t, a.Rows[0])
	require.Nil(t, a.Rows[1])
	a.Release()
	require.Less(t, time.Since(began), 10*time.Second)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Nil(t, p.Forward(ctx, []uint32{1}, in).Rows[0])
}

// A stream over the wire answers as a follower of the model itself, from a context on,
// and after beginning anew. Contexts longer than what a peer takes are cut to what its
// model looks back on.
func TestPeersFollow(t *testing.T) {
	m := mlp(t, 3)
	p := asking(t, 5*time.Second, door(t, 4, m, func(c *axon.Config) { c.Rows = 64 }), nowhere(t, 6))
	const sequences = 4
	text := []byte("the quick brown fox jumps over the lazy dog, and the dog sleeps on")
	contexts := make([][]byte, sequences)
	local, err := m.Follow(sequences)
	require.NoError(t, err)
	want := make([]float32, sequences*model.Vocabulary)
	for i := range contexts {
		contexts[i] = text[i : i+40] // 160 bytes: more than the 64 rows that it takes
	}
	column := make([]byte, sequences)
	for at := range 40 {
		for i := range column {
			column[i] = contexts[i][at]
		}
		require.NoError(t, local.Next(t.Context(), column, want))
	}
	s, err := p.Follow(t.Context(), 4, sequences, contexts)
	require.NoError(t, err)
	have := make([]float32, sequences*model.Vocabulary)
	walk := func(restart bool, bytes []byte) {
		t.Helper()
		if restart {
			local.Restart()
		}
		require.NoError(t, s.Next(t.Context(), bytes, restart, have[:len(bytes)*model.Vocabulary]))
		require.NoError(t, local.Next(t.Context(), bytes, want[:len(bytes)*model.Vocabulary]))
		require.InDeltaSlice(t, want[:len(bytes)*model.Vocabulary], have[:len(bytes)*model.Vocabulary], 1e-5)
	}
	for at := range 12 {
		walk(false, text[at:at+sequences])
	}
	walk(true, text[:sequences])
	for at := range 12 {
		walk(false, text[at:at+2]) // the last lap is narrower
	}
	require.NoError(t, s.Close())
	require.NoError(t, local.Close())

	_, err = p.Follow(t.Context(), 6, 1, nil)
	require.Error(t, err)
	_, err = p.Follow(t.Context(), 99, 1, nil)
	require.ErrorIs(t, err, dendrite.ErrGone)
	_, err = p.Follow(t.Context(), 6, 1, contexts[:1])
	require.Error(t, err)
}

func TestTails(t *testing.T) {
	contexts := [][]byte{[]byte("abcdef"), []byte("ghijkl")}
	require.Equal(t, [][]byte{[]byte("ef"), []byte("kl")}, tails(contexts, 2, 0))
	require.Equal(t, [][]byte{[]byte("def"), []byte("jkl")}, tails(contexts, 0, 7))
	require.Equal(t, contexts, tails(contexts, 100, 100))
	require.Equal(t, contexts, tails(contexts, 0, 0))
	require.Nil(t, tails(contexts, 5, 1))
	require.Nil(t, tails([][]byte{nil, nil}, 5, 5))
}

// A peer that stalls in a walk costs the deadline, once.
func TestPeersStall(t *testing.T) {
	p := asking(t, 300*time.Millisecond, door(t, 1, stalling{mlp(t, 1)}, nil))
	s, err := p.Follow(t.Context(), 1, 1, nil)
	require.NoError(t, err)
	began := time.Now()
	require.Error(t, s.Next(t.Context(), []byte("a"), false, make([]float32, model.Vocabulary)))
	require.Less(t, time.Since(began), 5*time.Second)
	require.Error(t, s.Next(t.Context(), []byte("a"), false, make([]float32, model.Vocabulary)), "it is over")
	require.NoError(t, s.Close())
}

type stalling struct{ model.Expert }

type stalled struct{ model.Follower }

func (s stalling) Follow(n int) (model.Follower, error) {
	f, err := s.Expert.Follow(n)
	return stalled{f}, err
}

func (s stalled) Next(ctx context.Context, _ []byte, _ []float32) error {
	<-ctx.Done()
	return ctx.Err()
}

// Receipts say what a peer was asked, and are verified.
func TestPeersSeen(t *testing.T) {
	p := asking(t, 5*time.Second, door(t, 1, mlp(t, 1), nil))
	var _ train.Witness = p
	in := model.Input{Count: 1, Length: 9, Tokens: []byte("a canary!")}
	known, other := score.Hash(sha256.Sum256(in.Tokens)), score.Hash(sha256.Sum256([]byte("another")))
	seen, err := p.Seen(t.Context(), 1, []score.Hash{known})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, seen)
	a := p.Forward(t.Context(), []uint32{1}, in)
	require.NotNil(t, a.Rows[0])
	a.Release()
	seen, err = p.Seen(t.Context(), 1, []score.Hash{other, known})
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, seen)
	_, err = p.Seen(t.Context(), 99, []score.Hash{known})
	require.ErrorIs(t, err, dendrite.ErrGone)
}
