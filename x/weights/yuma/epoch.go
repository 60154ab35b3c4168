package yuma

import (
	"fmt"
	"math"
	"slices"
)

// Row is one neuron's weights or bonds: uid<<16 | value, in ascending order of
// uid, none twice, every uid below 65535.
type Row []uint32

// Pack makes an entry of a Row.
func Pack(uid, value uint16) uint32 { return uint32(uid)<<16 | uint32(value) }

// NoCommit is the commit height of a neuron without one.
const NoCommit = math.MaxUint64

// NoOwner is the uid of the owner of a subnet that has none.
const NoOwner = -1

// Params are the hyperparameters of a subnet that the epoch reads.
type Params struct {
	Tempo               uint64 // blocks between epochs
	ActivityCutoff      uint64 // blocks after which a row is too old to count
	MaxValidators       int    // number of permits
	MinStake            uint64 // rao; less counts as nothing
	Kappa               uint16 // share of stake whose opinion is consensus, in 1/65535
	BondsPenalty        uint16 // how much of the clipping bonds feel, in 1/65535
	BondsMovingAverage  uint32 // how much of a bond stays, in millionths
	Yuma3, LiquidAlpha  bool
	AlphaLow, AlphaHigh uint16 // in 1/65535
	AlphaSteepness      int16  // in 1/100
	// Upstream switches off every deviation from subtensor's epoch that the README
	// lists; what a replaced uid leaves behind is the caller's to clear.
	Upstream bool
}

// Input is all that one epoch of one subnet depends on. Slices are in uid order
// and of one length, the number of uids.
type Input struct {
	Params
	Stake        []uint64 // rao
	Weights      []Row    // u16, zero and absent mean the same
	Bonds        []Row    // u16, as the last epoch left them; no memory of the Output of the same Engine
	LastUpdate   []uint64 // height of the row
	RegisteredAt []uint64 // height of registration; MaxUint64 for a vacant uid
	CommitHeight []uint64 // oldest height a row was committed at, NoCommit for none; nil means none at all
	Permit       []bool   // permits of the last epoch
	Owner        int      // uid of the subnet owner's neuron, NoOwner for none
	Height       uint64   // height of this epoch
	LastEpoch    uint64   // height of the last epoch, 0 for none
	Emission     uint64   // rao to pay
}

// Output is what an epoch decided. Its slices are reused when it is passed again;
// the rows of Bonds are memory of the Engine and last until its next epoch.
type Output struct {
	// Shares of one, in 1/65535.
	StakeWeight, Consensus, Incentive, Dividends, ValidatorTrust, Rank, Trust, PruningScore []uint16
	Active, Permit                                                                          []bool
	// Server and Validator are what each uid earned, in rao. Emissions is the sum
	// as subtensor rounds it.
	Server, Validator, Emissions []uint64
	Bonds                        []Row
	// Raw are the Q32.32 integers behind the shares.
	Raw struct {
		Stake, ActiveStake, Consensus, Incentive, Dividends, ValidatorTrust []int64
	}
	// Remainder is what flooring left over and Recycled what nobody earned, in rao:
	// sum(Server) + sum(Validator) + Remainder + Recycled == Emission.
	Remainder, Recycled uint64
	// PaidByStake says that nobody earned anything, as when no column has consensus:
	// only the validators' half was paid, by active stake.
	PaidByStake bool
}

// Engine computes epochs. It keeps its memory from one to the next, so that in
// the steady state nothing is allocated. The zero value is ready; it is not safe
// for concurrent use.
type Engine struct {
	n        int
	stake    []int64 // S, Q32.32
	active   []int64 // A
	inactive []bool
	permit   []bool   // in force
	keys     []uint64 // scratch of topK

	// W in rows: cells off[i] to off[i+1]-2, then the cell that ends the row.
	off   []int
	cells []cell
	cols  []column
	med   median

	incentive, dividends, vtrust, combine []int64

	// E in rows: cells bondOff[i] to bondOff[i+1]-1.
	bondOff   []int
	bondCells []cell
	bonds     []uint32 // E as it is stored

	endedRow []uint32 // scratch of merge: a row of bonds and its end
	pairs    []pair
	curve    sigmoid
}

// Epoch computes one epoch of in into out. It fails, and leaves out undefined,
// when in contradicts itself; the error names the field and the uid.
func (e *Engine) Epoch(in *Input, out *Output) error {
	if err := in.validate(); err != nil {
		return err
	}
	e.reset(in)
	e.stakes(in)
	e.permits(in, out)
	e.med.use = e.med.shares(e.active)
	e.loadWeights(in)
	e.consensus(in)
	e.ranks()
	e.markRecent(in)
	switch {
	case !in.Yuma3:
		e.bonds2(in, out)
		e.dividends2()
	case in.LiquidAlpha && e.hasConsensus():
		e.bondsLiquid(in, out)
		e.dividends3()
	default:
		e.bonds3(in, out)
		e.dividends3()
	}
	e.pay(in, out)
	e.publish(out)
	return nil
}

// validate checks the shape of the input.
func (in *Input) validate() error {
	n := len(in.Stake)
	if n >= u16max {
		return fmt.Errorf("stake has %d uids, the bound is %d", n, u16max-1)
	}
	commits := n
	if in.CommitHeight != nil {
		commits = len(in.CommitHeight)
	}
	for _, field := range [...]struct {
		name   string
		length int
	}{
		{"weights", len(in.Weights)}, {"bonds", len(in.Bonds)}, {"last_update", len(in.LastUpdate)},
		{"block_at_registration", len(in.RegisteredAt)}, {"validator_permit", len(in.Permit)}, {"commit_block", commits},
	} {
		if field.length != n {
			return fmt.Errorf("%s has %d entries, stake has %d: uid %d is only in one of them", field.name, field.length, n, min(field.length, n))
		}
	}
	if in.Owner != NoOwner && (in.Owner < 0 || in.Owner >= n) {
		return fmt.Errorf("owner_uid: uid %d is unknown, there are %d", in.Owner, n)
	}
	if in.BondsMovingAverage > 1_000_000 {
		return fmt.Errorf("bonds_moving_average is %d, the bound is 1000000", in.BondsMovingAverage)
	}
	for i := range n {
		if err := in.Weights[i].validate(n); err != nil {
			return fmt.Errorf("weights of uid %d: %w", i, err)
		}
		if err := in.Bonds[i].validate(n); err != nil {
			return fmt.Errorf("bonds of uid %d: %w", i, err)
		}
	}
	return nil
}

func (r Row) validate(n int) error {
	if len(r) == 0 {
		return nil
	}
	last := r[0]
	for _, entry := range r[1:] {
		if entry>>16 <= last>>16 {
			return fmt.Errorf("uid %d comes after uid %d, uids must rise", entry>>16, last>>16)
		}
		last = entry
	}
	if int(last>>16) >= n {
		return fmt.Errorf("uid %d is unknown, there are %d", last>>16, n)
	}
	return nil
}

// reset sizes the workspace.
func (e *Engine) reset(in *Input) {
	n := len(in.Stake)
	e.n = n
	for _, v := range []*[]int64{
		&e.stake, &e.active, &e.incentive, &e.dividends, &e.vtrust, &e.combine,
	} {
		*v = zeroed(*v, n)
	}
	e.inactive, e.permit = zeroed(e.inactive, n), zeroed(e.permit, n)
	e.cols, e.med.cols = zeroed(e.cols, n), zeroed(e.med.cols, n)
	e.off, e.bondOff = sized(e.off, n+1), sized(e.bondOff, n+1)
	weights, bonds, longest := 0, 0, 0
	for i := range n {
		w, b := len(in.Weights[i]), len(in.Bonds[i])
		weights, bonds, longest = weights+w, bonds+b, max(longest, w+b)
	}
	e.cells = sized(e.cells, weights+n)
	e.bondCells, e.bonds = sized(e.bondCells, weights+bonds), sized(e.bonds, weights+bonds)
	e.pairs = sized(e.pairs, longest+1)
}

// sized returns s with length n, its contents undefined. It is never nil: JSON
// would show null.
func sized[T any](s []T, n int) []T {
	if s == nil {
		s = []T{}
	}
	return slices.Grow(s[:0], n)[:n]
}

// zeroed returns s with length n, all zero.
func zeroed[T any](s []T, n int) []T {
	s = sized(s, n)
	clear(s)
	return s
}
