package arena

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/train"
)

func served(t *testing.T, seed uint64) *model.Served {
	t.Helper()
	s, err := model.NewServed(model.NewMLP(model.MLPConfig{Context: window, Embedding: 4, Hidden: 16}, seed), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// walked follows two sequences, again from the start after a few bytes, and returns all
// that was answered.
func walked(t *testing.T, e model.Expert) (all []float32) {
	t.Helper()
	f, err := e.Follow(2)
	require.NoError(t, err)
	dst := make([]float32, 2*model.Vocabulary)
	for i, b := range []byte("a text that is longer than what the model looks back") {
		if i == 30 {
			f.Restart()
		}
		require.NoError(t, f.Next(context.Background(), []byte{b, b + 1}, dst))
		all = append(all, dst...)
	}
	require.NoError(t, f.Close())
	return all
}

func asked(t *testing.T, e model.Expert, text string) []float32 {
	t.Helper()
	dst := make([]float32, len(text)*model.Vocabulary)
	require.NoError(t, e.Forward(context.Background(), model.Input{Count: 1, Length: len(text), Tokens: []byte(text)}, dst))
	return dst
}

// streamless is a network whose peers open no stream for this caller.
type streamless struct{ train.Network }

func (streamless) Follow(context.Context, uint32, int, [][]byte) (train.Stream, error) {
	return nil, model.ErrUnsupported
}

func TestRelayAnswersAsItsSource(t *testing.T) {
	source, own := served(t, 1), served(t, 2)
	network := neurontest.NewNetwork(1, neurontest.Peer{UID: 3, Expert: served(t, 3)}, neurontest.Peer{UID: 7, Expert: source})
	for name, n := range map[string]train.Network{"streams": network, "windows": streamless{network}} {
		relay := Relay.expert(1, other{uid: func() uint32 { return 7 }})(own, n)
		require.Equal(t, asked(t, source, "some text"), asked(t, relay, "some text"), name)
		require.InDeltaSlice(t, walked(t, source), walked(t, relay), 1e-6, name)
		require.Equal(t, own.Card(), relay.Card(), name)
	}
	gone := Relay.expert(1, other{uid: func() uint32 { return 9 }})(own, network)
	dst := make([]float32, model.Vocabulary)
	require.ErrorIs(t, gone.Forward(context.Background(), model.Input{Count: 1, Length: 1, Tokens: []byte("a")}, dst), errNobody)
}

func TestCopierHasTheModelOfAnother(t *testing.T) {
	source, own := served(t, 1), served(t, 2)
	copier := Copier.expert(1, other{expert: func() model.Expert { return source }})(own, train.Alone{})
	require.Equal(t, asked(t, source, "some text"), asked(t, copier, "some text"))
	require.Equal(t, walked(t, source), walked(t, copier))
	require.Equal(t, source.Card(), copier.Card())
}

func TestGuessersAnswerDistributions(t *testing.T) {
	own := served(t, 2)
	for _, r := range []Role{Noise, Weak, Peeker, Liar} {
		e := r.expert(4, other{})(own, train.Alone{})
		for _, rows := range [][]float32{asked(t, e, "some text"), walked(t, e)} {
			for len(rows) > 0 {
				sum := float32(0)
				for _, p := range rows[:model.Vocabulary] {
					require.GreaterOrEqual(t, p, float32(0))
					sum += p
				}
				require.InDelta(t, 1, sum, 1e-3, r)
				rows = rows[model.Vocabulary:]
			}
		}
	}
	require.Nil(t, Honest.expert(1, other{}), "its own model")
	require.Nil(t, Offline.expert(1, other{}))
}

func TestPeekerKnowsWhatTheRequestHolds(t *testing.T) {
	text := "peek"
	rows := asked(t, Peeker.expert(4, other{})(served(t, 2), train.Alone{}), text)
	for i := range len(text) - 1 {
		require.Greater(t, rows[i*model.Vocabulary+int(text[i+1])], float32(0.98))
	}
	last := rows[(len(text)-1)*model.Vocabulary:]
	for _, p := range last {
		require.Less(t, p, float32(0.5), "nothing follows the last byte")
	}
}

func TestRolesHaveNames(t *testing.T) {
	for _, r := range []Role{Honest, Noise, Weak, Peeker, Relay, Copier, Liar, Offline} {
		parsed, err := ParseRole(string(r))
		require.NoError(t, err)
		require.Equal(t, r, parsed)
		require.Equal(t, r == Honest, r.IsHonest())
	}
	_, err := ParseRole("spy")
	require.ErrorContains(t, err, `"spy"`)
}

func TestACopierComesAfterItsOriginal(t *testing.T) {
	var said bytes.Buffer
	say := func(format string, _ ...any) { said.WriteString(format) }
	for _, members := range [][]Member{
		{{Name: "copier", Role: Copier, Of: 0}}, {{Name: "copier", Role: Copier, Of: 1}, {Name: "original", Role: Honest}}, {{Name: "relay", Role: Relay, Of: 5}},
	} {
		_, err := Start(t.Context(), Config{Home: t.TempDir(), Taod: "/nowhere", Members: members, Say: say})
		require.ErrorContains(t, err, "comes after")
	}
	require.Zero(t, said.Len(), "nothing was begun")
	_, err := Start(t.Context(), Config{Home: t.TempDir(), Taod: "/nowhere", Members: []Member{{Name: "a", Role: Honest}}, Say: say})
	require.ErrorContains(t, err, "/nowhere")
}

func TestFreeOffset(t *testing.T) {
	offset, err := FreeOffset(3)
	require.NoError(t, err)
	require.True(t, isFree(grpcPort+offset))
	require.GreaterOrEqual(t, offset, 2000)
}
