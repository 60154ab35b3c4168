package pool

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFirstStakerWithOneRaoGainsNothingByADonation(t *testing.T) {
	p, attacker, err := Pool{}.Deposit(1)
	require.NoError(t, err)
	const donation, victim = 1_000_000_000_000, 1_000_000_000
	p, err = p.Donate(donation)
	require.NoError(t, err)
	p, minted, err := p.Deposit(victim)
	require.NoError(t, err)
	_, back, _, err := p.Withdraw(minted)
	require.NoError(t, err)
	require.GreaterOrEqual(t, back, uint64(victim-1_000_001), "the victim keeps its deposit but for one share's price")
	require.Less(t, p.Value(attacker), uint64(1+donation), "the attacker loses")
}

func TestLastOneOutRecyclesTheResidue(t *testing.T) {
	p, s, err := Pool{}.Deposit(1_000_000)
	require.NoError(t, err)
	p, err = p.Donate(999)
	require.NoError(t, err)
	p, amount, residue, err := p.Withdraw(s)
	require.NoError(t, err)
	require.Equal(t, Pool{}, p)
	require.Equal(t, uint64(1_000_999), amount+residue)
}

func TestADonationToAnEmptyPoolIsRefused(t *testing.T) {
	_, err := Pool{}.Donate(5)
	require.ErrorIs(t, err, ErrNoShares)
}

func TestADepositThatMintsNothingFails(t *testing.T) {
	p, _, err := Pool{}.Deposit(1)
	require.NoError(t, err)
	p, err = p.Donate(1 << 60)
	require.NoError(t, err)
	_, _, err = p.Deposit(1)
	require.ErrorIs(t, err, ErrTooSmall)
}

// TestClaimsNeverExceedAssets plays any mix of operations by four holders.
func TestClaimsNeverExceedAssets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Pool
		held := make([]Shares, 4)
		put, taken := uint64(0), uint64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			who := rapid.IntRange(0, 3).Draw(t, "who")
			amount := rapid.Uint64Range(1, 1<<54).Draw(t, "amount")
			before := p
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				next, s, err := p.Deposit(amount)
				if err != nil {
					continue
				}
				require.LessOrEqual(t, next.Value(s), amount, "a deposit never gains")
				p = next
				held[who], err = held[who].Add(s)
				require.NoError(t, err)
				put += amount
			case 1:
				if held[who].IsZero() {
					continue
				}
				s := held[who]
				if rapid.Bool().Draw(t, "part") {
					if want, err := p.SharesFor(amount); err == nil && want.Cmp(s) < 0 && !want.IsZero() {
						s = want
					}
				}
				next, got, residue, err := p.Withdraw(s)
				require.NoError(t, err)
				p, taken = next, taken+got+residue
				held[who], err = held[who].Sub(s)
				require.NoError(t, err)
			case 2:
				next, err := p.Donate(amount)
				if err != nil {
					continue
				}
				p, put = next, put+amount
			}
			checkPool(t, before, p, held, put-taken)
		}
	})
}

func checkPool(t *rapid.T, before, p Pool, held []Shares, assets uint64) {
	require.Equal(t, assets, p.Assets)
	var sum Shares
	var claims uint64
	for _, s := range held {
		var err error
		sum, err = sum.Add(s)
		require.NoError(t, err)
		claims += p.Value(s)
	}
	require.Equal(t, sum, p.Shares)
	require.LessOrEqual(t, claims, p.Assets)
	if !before.Shares.IsZero() && !p.Shares.IsZero() {
		// (A+1)/(S+v) never falls.
		old := new(big.Int).Mul(bigOf(before.Assets+1), bigShares(p.virtual()))
		now := new(big.Int).Mul(bigOf(p.Assets+1), bigShares(before.virtual()))
		require.True(t, now.Cmp(old) >= 0, "the price of a share fell")
	}
}

func bigOf(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

func bigShares(s Shares) *big.Int {
	v := bigOf(s.Hi)
	return v.Lsh(v, 64).Or(v, bigOf(s.Lo))
}

func FuzzArithmetic(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint64(3), uint64(4), uint64(5))
	f.Add(^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0))
	f.Fuzz(func(t *testing.T, sHi, sLo, a, dHi, dLo uint64) {
		s, d := Shares{sHi, sLo}, Shares{dHi, dLo}
		if s.Cmp(d) < 0 {
			want := new(big.Int).Mul(bigShares(s), bigOf(a))
			want.Div(want, bigShares(d))
			require.Equal(t, want.Uint64(), mulDivShares(s, a, d))
		}
		if q, err := mulDiv(s, a, dLo, true); err == nil {
			num := new(big.Int).Mul(bigShares(s), bigOf(a))
			want, r := new(big.Int).DivMod(num, bigOf(dLo), new(big.Int))
			if r.Sign() > 0 {
				want.Add(want, big.NewInt(1))
			}
			require.Equal(t, want.String(), q.String())
		}
		back, err := ParseShares(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
		back, err = SharesFromBytes(s.Bytes())
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}
