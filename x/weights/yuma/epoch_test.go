package yuma

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// chain runs up to four epochs of the subnet that data describes, comparing each
// with the naive one.
func chain(t require.TestingT, engine *Engine, out *Output, data []byte, adjust func(*Input)) {
	s := &source{data: data}
	in := s.subnet()
	if adjust != nil {
		adjust(in)
	}
	for epoch := range 1 + s.below(4) {
		if epoch > 0 {
			s.next(in, out)
		}
		require.NoError(t, engine.Epoch(in, out), "epoch %d", epoch)
		requireEqual(t, naiveEpoch(in).output(), out, epoch)
		requireSums(t, in, out)
	}
}

// requireEqual compares to the bit.
func requireEqual(t require.TestingT, want, got *Output, epoch int) {
	for i, row := range got.Bonds {
		require.Equal(t, fmt.Sprint(want.Bonds[i]), fmt.Sprint(row), "epoch %d: bonds of uid %d", epoch, i)
	}
	same := *got
	same.Bonds = want.Bonds
	require.Equal(t, fmt.Sprintf("%+v", *want), fmt.Sprintf("%+v", same), "epoch %d", epoch)
}

// requireSums checks that every rao is somewhere and every share is part of one.
func requireSums(t require.TestingT, in *Input, out *Output) {
	sum := new(big.Int)
	add := func(x uint64) { sum.Add(sum, new(big.Int).SetUint64(x)) }
	n := uint64(len(in.Stake))
	for i := range n {
		add(out.Server[i])
		add(out.Validator[i])
	}
	add(out.Remainder)
	add(out.Recycled)
	require.Equal(t, new(big.Int).SetUint64(in.Emission).String(), sum.String(), "paid + remainder + recycled")
	for name, shares := range map[string][]int64{
		"stake": out.Raw.Stake, "active stake": out.Raw.ActiveStake, "incentive": out.Raw.Incentive, "dividends": out.Raw.Dividends,
	} {
		var whole int64
		for i, x := range shares {
			require.GreaterOrEqual(t, x, int64(0), "%s of uid %d", name, i)
			whole += x
		}
		// Each is floored, by less than a unit.
		if whole != 0 {
			require.LessOrEqual(t, whole, int64(one), name)
			require.Greater(t, whole+int64(n), int64(one), name)
		}
	}
	for i, x := range out.Raw.ValidatorTrust {
		require.True(t, 0 <= x && x <= one, "validator trust %d of uid %d", x, i)
	}
}

// regimes are the ways an epoch can be computed.
var regimes = map[string]Params{
	"yuma2": {}, "yuma3": {Yuma3: true}, "liquid": {Yuma3: true, LiquidAlpha: true},
}

func TestEpochEqualsTheNaiveOne(t *testing.T) {
	for name, params := range regimes {
		for _, upstream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/upstream=%t", name, upstream), func(t *testing.T) {
				// One engine for all, so that what an epoch leaves behind shows.
				engine, out := &Engine{}, &Output{}
				adjust := func(in *Input) {
					in.Yuma3, in.LiquidAlpha, in.Upstream = params.Yuma3, params.LiquidAlpha, upstream
				}
				rapid.Check(t, func(t *rapid.T) {
					chain(t, engine, out, randomBytes(t), adjust)
				})
			})
		}
	}
}

// randomBytes draws bytes that shrink: few at first, then an endless supply from a
// seed.
func randomBytes(t *rapid.T) []byte {
	data := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")
	seed := rapid.Uint64().Draw(t, "seed")
	for k := uint64(0); seed != 0 && k < 200; k++ {
		x := (seed + k) * 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		data = binary.LittleEndian.AppendUint64(data, x^x>>27)
	}
	return data
}

// TestAColumnOfManyBondsSaturates has more full bonds in uid 0 than Q32.32 can add
// up, and one validator that still weighs it.
func TestAColumnOfManyBondsSaturates(t *testing.T) {
	const n = 40_000
	in := defaultInput()
	in.Height, in.LastEpoch = 100, 90
	in.Stake, in.Weights, in.Bonds = make([]uint64, n), make([]Row, n), make([]Row, n)
	in.LastUpdate, in.RegisteredAt, in.Permit = make([]uint64, n), make([]uint64, n), make([]bool, n)
	for i := range n {
		in.Stake[i], in.LastUpdate[i], in.Bonds[i] = 1, 95, Row{Pack(0, u16max)}
	}
	in.Permit[1], in.Weights[1], in.MaxValidators = true, Row{Pack(0, 1)}, n
	out := run(t, in)

	alpha, keep := smoothing(in)
	sum := saturate(shift(integer(n*u16max), 32))
	require.Equal(t, greatest, sum)
	old := times(integer(keep), over(shift(integer(u16max), 32), sum))
	holder := plus(integer(alpha), old)
	total := new(big.Int).Add(new(big.Int).Mul(integer(n-1), old), holder)
	most := over(holder, total)
	require.Equal(t, Row{Pack(0, intoU16(over(over(old, total), most)))}, out.Bonds[2])
	require.Equal(t, Row{Pack(0, u16max)}, out.Bonds[1])
}

// FuzzEpoch compares the epochs of any subnet with the naive ones, to the bit.
func FuzzEpoch(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{4, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{6, 3, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 2, 0, 3, 0, 1, 2, 3, 0, 7, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	for seed := byte(1); seed < 24; seed++ { // every regime, owner and commits
		data := []byte{3 + seed%10, seed, 0, 0, seed % 3, 0, seed, seed % 5, 0, 0, 0, seed % 6, 0, 0, seed}
		for k := range 900 {
			data = append(data, byte(k*k*int(seed)>>3)+byte(k))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		chain(t, &Engine{}, &Output{}, data, nil)
	})
}
