package experiment

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEconomyWeighsByKnowledge(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 7))
	e := newEconomy(100, random)
	in := e.input(40, usualKappa, random)
	permits := 0
	for i, row := range in.Weights {
		if !in.Permit[i] {
			require.Empty(t, row)
			continue
		}
		permits++
		require.Len(t, row, 40)
		most := 0
		for _, w := range row {
			require.NotEqual(t, i, w[0], "itself")
			most = max(most, w[1])
		}
		require.Equal(t, 65535, most)
	}
	require.Equal(t, usualPermits, permits)
	require.Equal(t, usualKappa, int(kappaOf(0.5)), "the chain's default is a half, rounded down")
}

func TestKappaCellCountsShares(t *testing.T) {
	e := economy{stake: []float64{1, 2, 3}, knowledge: []float64{3, 2, 1}}
	var c kappaCell
	c.add(e, yumaResult{Server: []uint64{30, 20, 0}, Validator: []uint64{10, 10, 30}})
	c.add(e, yumaResult{Server: []uint64{0, 0, 0}, Validator: []uint64{10, 10, 30}, Recycled: 49, Remainder: 1})
	require.Equal(t, []float64{0.5, 0}, c.Incentive)
	require.Equal(t, []float64{0, 0.49}, c.Recycled)
	require.Equal(t, []float64{2. / 3, 0}, c.Paid)
	require.Equal(t, []float64{1}, c.Knowledge, "nobody was paid in the second")
	require.Equal(t, []float64{-1}, c.Stake)
}

func TestKappaTablesHaveEverySetting(t *testing.T) {
	var cells []kappaCell
	for _, p := range kappaPoints(true) {
		cells = append(cells, kappaCell{kappaPoint: p, Incentive: []float64{0.5, 0.5}, Recycled: []float64{0, 0}, Paid: []float64{1, 1}, Knowledge: []float64{0.9, 1}, Stake: []float64{0, 0}})
	}
	cabals := []cabalCell{{Cabal: 0.3, Kappa: kappaOf(0.4), Honest: 0.5}, {Cabal: 0.49, Kappa: kappaOf(0.4), Taken: 0.2}, {Cabal: 0.3, Kappa: kappaOf(0.5)}, {Cabal: 0.49, Kappa: kappaOf(0.5)}}
	equals := []cabalCell{{Neurons: 50, Cabal: 0.49}, {Neurons: 51, Cabal: 0.49, Honest: 0.5}, {Neurons: 57, Cabal: 0.49, Honest: 0.5}}
	r := kappaResult(cells, cabals, equals)
	require.Len(t, r.Tables[0].Rows, 30)
	require.Equal(t, []string{"0.40", "0.50 / 0.00", "0.00 / 0.20"}, r.Tables[1].Rows[0])
	require.Equal(t, []string{"49 %", "0.00", "0.50", "0.50"}, r.Tables[2].Rows[0])
	require.Len(t, r.Tables[2].Head, 4)
	require.Contains(t, r.Findings[len(r.Findings)-1], "paid from 51 on")
	require.Contains(t, r.Findings[1], "16 neurons, the default kappa and rows of all others: incentive is 0.500")
}

// standIn is a program that answers as taod yuma run does.
func standIn(t *testing.T, script string) string {
	path := filepath.Join(t.TempDir(), "taod")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

func TestRunYumaSaysWhatIsWrong(t *testing.T) {
	ctx, inputs := context.Background(), []yumaInput{newYumaInput(2, usualKappa)}
	_, err := runYuma(ctx, "", inputs)
	require.ErrorContains(t, err, "--taod")
	_, err = runYuma(ctx, standIn(t, "echo epoch 0: no >&2; exit 1"), inputs)
	require.ErrorContains(t, err, "epoch 0: no")
	_, err = runYuma(ctx, standIn(t, "echo nonsense"), inputs)
	require.ErrorContains(t, err, "invalid character")
	_, err = runYuma(ctx, standIn(t, `echo '{"epochs":[]}'`), inputs)
	require.ErrorContains(t, err, "0 epochs for 1")
	results, err := runYuma(ctx, standIn(t, `[ "$1 $2 $3" = "yuma run -" ] && grep -q '"bonds":null' && echo '{"epochs":[{"server_emission":[1,2],"recycled":3}]}'`), inputs)
	require.NoError(t, err)
	require.Equal(t, []yumaResult{{Server: []uint64{1, 2}, Recycled: 3}}, results)
}

// With the chain's program, which TAOD names: half of the pay is for knowledge where
// rows cover everybody, and a cabal below a half gets none of it.
func TestKappaOnTheChainsEpoch(t *testing.T) {
	taod := os.Getenv("TAOD")
	if taod == "" {
		t.Skip("TAOD names no taod: the chain's epoch was not asked")
	}
	ctx := context.Background()
	whole, err := kappaPoint{16, 15, usualKappa}.measure(ctx, taod, []uint64{1, 2})
	require.NoError(t, err)
	require.InDelta(t, 0.5, whole.Incentive[0], 1e-6)
	require.Greater(t, whole.Knowledge[1], 0.8)
	short, err := kappaPoint{64, 8, usualKappa}.measure(ctx, taod, []uint64{1})
	require.NoError(t, err)
	require.Zero(t, short.Incentive[0])
	require.InDelta(t, 0.5, short.Recycled[0], 1e-6)
	equals, err := measureEquals(ctx, taod)
	require.NoError(t, err)
	for _, c := range equals {
		require.Zero(t, c.Taken)
		require.Equal(t, (1-c.Cabal)*float64(c.Neurons-1)/float64(c.Neurons) >= 0.5-1e-9, c.Honest > 0, c)
	}
}
