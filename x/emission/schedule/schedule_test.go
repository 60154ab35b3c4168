package schedule

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEqualsTheReference(t *testing.T) {
	data, err := os.ReadFile("testdata/block_emission_reference.json")
	require.NoError(t, err)
	var doc struct {
		Supply uint64 `json:"supply"`
		Base   uint64 `json:"base"`
		Cases  []struct {
			Issuance uint64 `json:"issuance"`
			Emission uint64 `json:"emission"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(data, &doc))
	require.NotEmpty(t, doc.Cases)
	for _, c := range doc.Cases {
		want := c.Emission
		if c.Issuance < doc.Supply {
			want = min(want, doc.Supply-c.Issuance)
		}
		require.Equal(t, want, PerBlock(c.Issuance, doc.Supply, doc.Base), "at issuance %d", c.Issuance)
	}
}

func TestHalvesExactlyAtEveryThreshold(t *testing.T) {
	issuance := uint64(0)
	for k := uint(0); ; k++ {
		require.Equal(t, k, Halvings(issuance, Cap), "at %d", issuance)
		next := NextHalving(issuance, Cap)
		if next == 0 {
			break
		}
		require.Equal(t, uint64(Cap)-uint64(Cap)>>(k+1), next)
		require.Equal(t, k, Halvings(next-1, Cap), "one rao before %d", next)
		require.Greater(t, Halvings(next, Cap), k, "at %d", next)
		issuance = next
	}
	require.Greater(t, issuance, uint64(Cap-4))
	require.Zero(t, PerBlock(Cap, Cap, DefaultBase))
}

func TestTheWholeEmissionNeverPassesTheCap(t *testing.T) {
	issuance := uint64(0)
	for issuance < Cap {
		e := PerBlock(issuance, Cap, 1_000_000_000_000)
		if e == 0 {
			break
		}
		issuance += e
	}
	require.LessOrEqual(t, issuance, uint64(Cap))
	require.Greater(t, issuance, uint64(Cap)-1<<24)
}

func TestRecycledTaoCanBeEarnedAgain(t *testing.T) {
	require.Equal(t, uint64(DefaultBase>>1), PerBlock(Cap/2, Cap, DefaultBase))
	require.Equal(t, uint64(DefaultBase), PerBlock(Cap/2-1, Cap, DefaultBase))
}

func TestProportionalLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Uint64().Draw(t, "amount")
		weights := rapid.SliceOfN(rapid.Uint64Max(1<<40), 0, 40).Draw(t, "weights")
		parts, rest := Proportional(amount, weights)
		sum, all := rest, uint64(0)
		for i, p := range parts {
			sum += p
			all += weights[i]
			require.False(t, weights[i] == 0 && p != 0)
		}
		require.Equal(t, amount, sum)
		if all > 0 {
			require.Less(t, rest, uint64(max(len(weights), 1)))
		}
	})
}

func TestShareFloors(t *testing.T) {
	require.Equal(t, uint64(0), Share(9, 100_000))
	require.Equal(t, uint64(1), Share(10, 100_000))
	require.Equal(t, ^uint64(0), Share(^uint64(0), 1_000_000))
}
