package moe

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDispatchAsksTheBestAndTheNextInTurn(t *testing.T) {
	d := &Dispatch{Top: 2, Explore: 1}
	d.SetLive([]uint32{9, 3, 5, 7, 5})
	for uid, weight := range map[uint32]float32{3: 0.1, 5: 0.4, 7: 0.3, 9: 0.2} {
		d.Note(uid, weight)
	}
	d.Note(99, 1) // nobody
	require.Equal(t, []uint32{5, 7, 3}, d.Next(nil))
	require.Equal(t, []uint32{5, 7, 9}, d.Next(nil))
	require.Equal(t, []uint32{5, 7, 3}, d.Next(nil))
}

func TestEveryLivePeerIsAskedInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &Dispatch{
			Top:     rapid.IntRange(0, 3).Draw(t, "top"),
			Explore: rapid.IntRange(1, 3).Draw(t, "explore"),
			Balance: rapid.Float32Range(0, 1).Draw(t, "balance"),
		}
		n := rapid.IntRange(1, 20).Draw(t, "peers")
		live := make([]uint32, n)
		for i := range live {
			live[i] = uint32(i * 3)
		}
		d.SetLive(live)
		within := (n + d.Explore - 1) / d.Explore
		last := map[uint32]int{}
		for turn := 1; turn < 5*within; turn++ {
			asked := d.Next(nil)
			require.Len(t, asked, min(n, d.Top+d.Explore))
			for _, uid := range asked {
				last[uid] = turn
				d.Note(uid, rapid.Float32Range(0, 1).Draw(t, "weight"))
			}
			sorted := slices.Clone(asked)
			slices.Sort(sorted)
			require.Len(t, slices.Compact(sorted), len(asked), "nobody twice")
			for _, uid := range live {
				require.LessOrEqual(t, turn-last[uid], within)
			}
		}
	})
}

func TestWhoLeavesAndComesBackWaitsBehindTheOthers(t *testing.T) {
	d := &Dispatch{Explore: 1}
	asked := map[uint32]int{}
	for turn := range 12 {
		d.SetLive([]uint32{1, 2, 3, uint32(100 + turn)}) // 100.. is one that flaps
		for _, uid := range d.Next(nil) {
			asked[uid]++
		}
	}
	require.Equal(t, map[uint32]int{1: 4, 2: 4, 3: 4}, asked)
}

func TestBalanceSharesWorkAmongEquals(t *testing.T) {
	count := func(balance float32) map[uint32]int {
		d := &Dispatch{Top: 1, Balance: balance}
		d.SetLive([]uint32{1, 2, 3})
		d.Note(1, 0.30)
		d.Note(2, 0.29)
		d.Note(3, 0.05)
		asked := map[uint32]int{}
		for range 100 {
			asked[d.Next(nil)[0]]++
		}
		return asked
	}
	require.Equal(t, map[uint32]int{1: 100}, count(0))
	shared := count(0.1)
	require.InDelta(t, 55, shared[1], 10)
	require.Equal(t, 100, shared[1]+shared[2], "one that is worse by more gets none of it")
}

func TestWeightIsAMeanThatForgets(t *testing.T) {
	d := &Dispatch{}
	d.SetLive([]uint32{1})
	d.Note(1, 0.2)
	d.Note(1, 0.4)
	require.InDelta(t, 0.3, d.Peers[0].Weight, 1e-6)
	for range 100 {
		d.Note(1, 0.9)
	}
	require.InDelta(t, 0.9, d.Peers[0].Weight, 1e-3)
}

func TestDispatchIsItsState(t *testing.T) {
	d := &Dispatch{Top: 1, Explore: 2, Balance: 0.05}
	d.SetLive([]uint32{4, 8, 15, 16, 23, 42})
	for turn := range 7 {
		for _, uid := range d.Next(nil) {
			d.Note(uid, 1/float32(int(uid)+turn))
		}
	}
	blob, err := json.Marshal(d)
	require.NoError(t, err)
	var back Dispatch
	require.NoError(t, json.Unmarshal(blob, &back))
	for range 20 {
		require.Equal(t, d.Next(nil), back.Next(nil))
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	d := &Dispatch{Top: 3, Explore: 1}
	d.SetLive([]uint32{1, 2, 3, 4, 5, 6, 7, 8})
	dst := make([]uint32, 0, 4)
	require.Zero(t, testing.AllocsPerRun(100, func() { dst = d.Next(dst[:0]) }))
}
