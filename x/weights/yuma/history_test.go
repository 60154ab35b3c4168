package yuma

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// The mechanism had two forms before the one that this package computes. Their
// published numbers check the arithmetic alone: the functions below are the old
// formulas in the package's fixed point, and nothing but these tests uses them.

// sigmoidEra is the epoch of 2023: trust is the stake behind weights above
// threshold, and consensus a sigmoid of it.
type sigmoidEra struct {
	rho    int64
	cuts   int
	alpha  int64
	active []int64
	rows   [][]int64 // W, dense, normalised
	bonds  [][]uint16

	rank, trust, consensus, incentive, dividends, emission []int64
}

func (e *sigmoidEra) run() {
	n := len(e.rows)
	for range min(e.cuts, 3) {
		e.cut()
	}
	var threshold int64 = 429496730 / int64(n+1) // 0.1 in Q32.32
	e.rank, e.trust = make([]int64, n), make([]int64, n)
	for i, row := range e.rows {
		for j, w := range row {
			e.rank[j] += mul(w, e.active[i])
			if w > threshold {
				e.trust[j] += e.active[i]
			}
		}
	}
	normalize(e.rank)
	e.consensus, e.incentive = make([]int64, n), make([]int64, n)
	for j := range n {
		e.consensus[j] = ratio(one, one+exp(mulSigned(-e.rho<<32, e.trust[j]-prop(32767))))
		e.incentive[j] = mul(e.rank[j], e.consensus[j])
	}
	normalize(e.incentive)
	e.moveBonds()
	e.emission = make([]int64, n)
	for j := range n {
		e.emission[j] = e.incentive[j] + e.dividends[j]
	}
	normalize(e.emission)
}

// cut lowers weights to the stake-weighted mean of their column.
func (e *sigmoidEra) cut() {
	share := e.increments()
	for j := range e.rows {
		var mean int64
		for i := range e.rows {
			mean += mul(share[i][j], e.rows[i][j])
		}
		for i := range e.rows {
			e.rows[i][j] = min(e.rows[i][j], mean)
		}
	}
}

// increments are W times stake, normalised by columns.
func (e *sigmoidEra) increments() [][]int64 {
	m := make([][]int64, len(e.rows))
	for i, row := range e.rows {
		m[i] = make([]int64, len(row))
		for j, w := range row {
			m[i][j] = mul(w, e.active[i])
		}
	}
	normalizeDense(m)
	return m
}

func normalizeDense(m [][]int64) {
	for j := range m {
		var sum int64
		for i := range m {
			sum += m[i][j]
		}
		for i := range m {
			m[i][j] = ratio(m[i][j], sum)
		}
	}
}

func (e *sigmoidEra) moveBonds() {
	n := len(e.rows)
	grown, old := e.increments(), make([][]int64, n)
	for i := range n {
		old[i] = make([]int64, n)
		for j, q := range e.bonds[i] {
			old[i][j] = prop(uint32(q))
		}
	}
	normalizeDense(old)
	for i := range n {
		for j := range n {
			grown[i][j] = mul(e.alpha, grown[i][j]) + mul(one-e.alpha, old[i][j])
		}
	}
	normalizeDense(grown)
	e.dividends = make([]int64, n)
	for i := range n {
		e.bonds[i] = make([]uint16, n)
		for j, x := range grown[i] {
			e.bonds[i][j] = toU16(x)
			e.dividends[i] += mul(x, e.incentive[j])
		}
	}
	normalize(e.dividends)
}

type eraShares struct {
	Rank, Trust, Consensus, Incentive, Dividends uint16
	Emission                                     uint64
}

func (e *sigmoidEra) shares(i int) eraShares {
	return eraShares{
		toU16(e.rank[i]), toU16(e.trust[i]), toU16(e.consensus[i]), toU16(e.incentive[i]),
		toU16(e.dividends[i]), part(e.emission[i], 1_000_000_000),
	}
}

// newEra has validators of equal stake weigh all others equally; the rest of the
// rows is empty.
func newEra(n, validators int, rho int64) *sigmoidEra {
	e := &sigmoidEra{rho: rho, alpha: 429496730, active: make([]int64, n), bonds: make([][]uint16, n)}
	for i := range n {
		row := make([]int64, n)
		if i < validators {
			e.active[i] = ratio(1, int64(validators))
			for j := validators; j < n; j++ {
				row[j] = ratio(1, int64(n-validators))
			}
		}
		e.rows = append(e.rows, row)
	}
	return e
}

func TestArithmeticOfTheSigmoidEra(t *testing.T) {
	var doc struct {
		Graph struct {
			N, Validators, Epochs int
			Rho                   int64
			Cuts                  int       `json:"weight_cuts"`
			Validator             eraShares `json:"validators_expected"`
			Server                eraShares `json:"servers_expected"`
			Bond                  uint16
		} `json:"test_512_graph"`
		Sparse struct {
			N, Validators     int
			Rho               int64
			Validator, Server eraShares
		} `json:"test_16384_graph_sparse"`
		Active map[string]json.RawMessage `json:"test_active_stake"`
	}
	readJSON(t, "history/sigmoid_era.json", &doc)

	g := doc.Graph
	e := newEra(g.N, g.Validators, g.Rho)
	e.cuts = g.Cuts
	for range g.Epochs {
		e.run()
	}
	require.Equal(t, g.Validator, e.shares(0))
	require.Equal(t, g.Server, e.shares(g.N-1))
	require.Equal(t, g.Bond, e.bonds[0][g.N-1])

	// 16384 uids are one validator and one server, repeated.
	s := doc.Sparse
	sigma := func(trust int64) int64 { return ratio(one, one+exp(mulSigned(-s.Rho<<32, trust-prop(32767)))) }
	require.Equal(t, s.Validator.Consensus, toU16(sigma(0)))
	require.Equal(t, s.Server.Consensus, toU16(sigma(int64(s.Validators)*ratio(1, int64(s.Validators)))))
	servers := int64(s.N - s.Validators)
	require.Equal(t, s.Server.Incentive, toU16(ratio(1, servers)))
	require.Equal(t, s.Validator.Dividends, toU16(ratio(1, int64(s.Validators))))

	// Two validators and two servers; the second validator falls silent twice.
	pair := newEra(4, 2, 10)
	pair.run()
	for _, step := range []string{"step2", "step3"} {
		var want struct {
			Dividends, Bonds []uint16
			Emission         []uint64
		}
		require.NoError(t, json.Unmarshal(doc.Active[step], &want))
		pair.active = []int64{one, 0, 0, 0}
		if step == "step3" {
			pair.active = []int64{half, half, 0, 0}
		}
		pair.run()
		for i := range 2 {
			got := pair.shares(i)
			require.Equal(t, want.Dividends[i], got.Dividends, "%s: uid %d", step, i)
			require.Equal(t, want.Bonds[i], pair.bonds[i][2], "%s: uid %d", step, i)
			require.Equal(t, want.Emission[i], got.Emission, "%s: uid %d", step, i)
		}
	}
}

// TestArithmeticOfTheWhitePaper replays the simulation of 2021: a minority that
// pays itself falls behind, as consensus is a sigmoid of stake.
func TestArithmeticOfTheWhitePaper(t *testing.T) {
	var doc struct {
		Asserted  []decimal `json:"expected_minority_share_after_block"`
		Reference []decimal `json:"reference_first_100"`
		Stake     []decimal
		Tau       decimal
		Rho       int64
	}
	readJSON(t, "history/whitepaper_cabal.json", &doc)
	require.Len(t, doc.Reference, 100)
	stake := bitsOf(doc.Stake)
	for block, want := range doc.Reference {
		total := stake[0] + stake[1]
		incentive := make([]int64, 2)
		for i, s := range stake {
			x := mulSigned(doc.Rho<<32, div(s, total)-half)
			incentive[i] = mul(s, ratio(one, one+exp(-x)))
		}
		sum := incentive[0] + incentive[1]
		for i := range stake {
			stake[i] += mul(mul(doc.Tau.bits, total), div(incentive[i], sum))
		}
		// 2^-24: Q32.32 has nine digits, of which a hundred blocks cost one or two.
		require.InDelta(t, want.bits, div(stake[1], stake[0]+stake[1]), 1<<8, "block %d", block)
		if block < len(doc.Asserted) {
			require.InDelta(t, doc.Asserted[block].bits, want.bits, 1)
		}
	}
	require.Negative(t, new(big.Int).Sub(integer(doc.Reference[99].bits), integer(doc.Reference[0].bits)).Sign())
}
