package train_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/score"
)

// A peer that answers as another is tried before its turn comes, and once it is
// convicted the one that it lived on has its score to itself again.
func TestRelayTakesNothingFromItsSourceForLong(t *testing.T) {
	texts := domains(t)
	seen := map[score.Hash]bool{}
	base := specialist(t, 1, texts[1])
	witness := func(h score.Hash) bool { return seen[h] }
	peers := []neurontest.Peer{
		{UID: 1, Expert: base.Expert, Witness: witness}, {UID: 9, Expert: recorder{base.Expert, seen}, Witness: witness},
	}
	for uid := range uint32(6) { // others, so that its turn would come late
		peers = append(peers, neurontest.Peer{UID: 2 + uid, Expert: serve(t, small(uint64(uid)+20))})
	}
	cfg := measuring()
	j := judge(t, cfg, serve(t, small(1)), neurontest.NewNetwork(1, peers...), func([]byte) error { return nil }, texts[0], take(t, texts[1], 30_000))
	convicted := false
	for i := range 5 {
		r, err := j.Round(context.Background(), int64(i))
		require.NoError(t, err)
		convicted = convicted || slices.Contains(r.Relays, 9)
		source, relay := r.Values[slices.Index(r.Peers, 1)], r.Values[slices.Index(r.Peers, 9)]
		whole := max(0, source.Phi-2*source.SE)
		require.Positive(t, whole, "round %d", i)
		require.Equal(t, source.Phi, relay.Phi, "they are one player")
		if convicted {
			require.InDelta(t, whole, source.Counted, 1e-12, "round %d", i)
			require.Zero(t, relay.Counted)
		} else {
			require.InDelta(t, whole/2, source.Counted, 1e-12, "round %d", i)
		}
		require.Equal(t, i >= 1, convicted, "in the first round each of the two that are alike got a sample of its own")
	}
	require.Zero(t, j.Score(9))
}
