package types

import (
	"math"

	"github.com/taonet/taonet/x/emission/schedule"
)

const million = 1_000_000

// MaxBase bounds Params.Base, in rao: one tao a block.
const MaxBase = 1_000_000_000

// DefaultParams are those of blocks of one second.
func DefaultParams() Params {
	return Params{Base: schedule.DefaultBase, ValidatorShare: 100_000}
}

// Validate checks every range.
func (p Params) Validate() error {
	if p.Base > MaxBase {
		return ErrInvalidParams.Wrapf("base is %d rao, the bound is %d", p.Base, MaxBase)
	}
	if sum := uint64(p.ValidatorShare) + uint64(p.TreasuryShare); sum > million {
		return ErrInvalidParams.Wrapf("validator_share %d and treasury_share %d are %d millionths together, the bound is %d",
			p.ValidatorShare, p.TreasuryShare, sum, million)
	}
	return nil
}

// DefaultGenesis is an economy without Tao.
func DefaultGenesis() *GenesisState { return &GenesisState{Params: DefaultParams()} }

// PotSum is what all pots hold together, in rao.
func (gs GenesisState) PotSum() (sum uint64) {
	for _, pot := range gs.Pots {
		sum += pot.Amount
	}
	return sum
}

// Validate checks all that the state machine assumes. That the supply is within
// the cap and the module's account holds the pots is checked against bank when
// the state is loaded.
func (gs GenesisState) Validate() error {
	if err := gs.Params.Validate(); err != nil {
		return err
	}
	last, sum := uint64(0), uint64(0)
	for _, pot := range gs.Pots {
		if pot.Subnet <= last {
			return ErrInvalidGenesis.Wrapf("the pot of subnet %d comes after that of %d, subnets must rise from 1", pot.Subnet, last)
		}
		last = pot.Subnet
		if pot.Amount > schedule.Cap || sum+pot.Amount > schedule.Cap {
			return ErrInvalidGenesis.Wrapf("the pots up to subnet %d hold more than the cap of %d rao", pot.Subnet, uint64(schedule.Cap))
		}
		sum += pot.Amount
	}
	if err := ValidateWeights(gs.Weights); err != nil {
		return err
	}
	return gs.Ledger.validate(sum)
}

// validate checks minted = paid + owed + recycled + pots. Recycled Tao is minted
// again, so the counters may pass the cap; they may not overflow.
func (l Ledger) validate(pots uint64) error {
	rest := l.Minted
	for _, part := range []struct {
		name   string
		amount uint64
	}{{"paid", l.Paid}, {"owed", l.Owed}, {"recycled", l.Recycled}, {"pots", pots}} {
		if part.amount > rest {
			return ErrInvalidGenesis.Wrapf("%s is %d rao, only %d of the %d minted are left for it", part.name, part.amount, rest, l.Minted)
		}
		rest -= part.amount
	}
	if rest != 0 {
		return ErrInvalidGenesis.Wrapf("minted is %d rao, paid %d, owed %d, recycled %d, pots %d: %d are missing",
			l.Minted, l.Paid, l.Owed, l.Recycled, pots, rest)
	}
	return nil
}

// MaxWeight of a subnet keeps the sum over all subnets in 64 bits.
const MaxWeight = 1 << 48

// ValidateWeights checks order and bounds.
func ValidateWeights(weights []SubnetWeight) error {
	last, sum := uint64(0), uint64(0)
	for _, w := range weights {
		if w.Subnet <= last {
			return ErrInvalidWeights.Wrapf("the weight of subnet %d comes after that of %d, subnets must rise from 1", w.Subnet, last)
		}
		if w.Weight > MaxWeight {
			return ErrInvalidWeights.Wrapf("the weight of subnet %d is %d, the bound is %d", w.Subnet, w.Weight, uint64(MaxWeight))
		}
		if w.Weight > math.MaxUint64-sum { // the split adds them up
			return ErrInvalidWeights.Wrapf("the weight of subnet %d, %d, takes the sum beyond 64 bits", w.Subnet, w.Weight)
		}
		sum += w.Weight
		last = w.Subnet
	}
	return nil
}
