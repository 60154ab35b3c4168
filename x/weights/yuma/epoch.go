package yuma

import (
	"fmt"
	"math"
	"math/bits"
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
	// Upstream switches off every deviation from subtensor that the README lists.
	Upstream bool
}

// Input is all that one epoch of one subnet depends on. Slices are in uid order
// and of one length, the number of uids.
type Input struct {
	Params
	Stake        []uint64 // rao
	Weights      []Row    // u16, zero and absent mean the same
	Bonds        []Row    // u16, as the last epoch left them
	LastUpdate   []uint64 // height of the row
	RegisteredAt []uint64 // height of registration; MaxUint64 for a vacant uid
	CommitHeight []uint64 // oldest height a row was committed at, NoCommit for none; nil means none at all
	Permit       []bool   // permits of the last epoch
	Owner        int      // uid of the subnet owner's neuron, NoOwner for none
	Height       uint64   // height of this epoch
	LastEpoch    uint64   // height of the last epoch, 0 for none
	Emission     uint64   // rao to pay
}

// Output is what an epoch decided. Its slices are reused when it is passed again.
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
	// PaidByStake says that no column had consensus: only the validators' half was
	// paid, by active stake.
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
	permit   []bool
	keys     []uint64 // scratch of topK

	// W in rows: entries off[i] to off[i+1].
	off []int
	col []uint16
	w   []int64

	cons           []int64 // C
	prerank, rank  []int64
	incentive      []int64
	dividends      []int64
	vtrust         []int64
	trust, combine []int64

	med median

	// E in rows: entries eOff[i] to eOff[i+1].
	eOff   []int
	eCol   []uint16
	e      []int64
	colSum []int64
	colMax []int64
	recent []bool // bond columns to drop
	bonds  []uint32
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
	e.loadWeights(in)
	e.consensus(in)
	e.ranks()
	if in.Yuma3 {
		e.bonds3(in)
		e.dividends3()
	} else {
		e.bonds2(in)
		e.dividends2()
	}
	e.storeBonds(in, out)
	e.pay(in, out)
	e.publish(out)
	return nil
}

// validate checks the shape of the input.
func (in *Input) validate() error {
	n := len(in.Stake)
	if n >= u16max {
		return fmt.Errorf("%d uids, the bound is %d", n, u16max-1)
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
		{"registered_at", len(in.RegisteredAt)}, {"permit", len(in.Permit)}, {"commit_height", commits},
	} {
		if field.length != n {
			return fmt.Errorf("%s has %d entries, stake has %d", field.name, field.length, n)
		}
	}
	if in.Owner != NoOwner && (in.Owner < 0 || in.Owner >= n) {
		return fmt.Errorf("owner is uid %d, there are %d", in.Owner, n)
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
	last := -1
	for _, entry := range r {
		uid := int(entry >> 16)
		if uid <= last {
			return fmt.Errorf("uid %d comes after uid %d, uids must rise", uid, last)
		}
		last = uid
	}
	if last >= n {
		return fmt.Errorf("uid %d is unknown, there are %d", last, n)
	}
	return nil
}

// reset sizes the workspace.
func (e *Engine) reset(in *Input) {
	n := len(in.Stake)
	e.n = n
	for _, v := range []*[]int64{
		&e.stake, &e.active, &e.cons, &e.prerank, &e.rank, &e.incentive,
		&e.dividends, &e.vtrust, &e.trust, &e.combine, &e.colSum, &e.colMax,
	} {
		*v = zeroed(*v, n)
	}
	e.inactive, e.permit, e.recent = zeroed(e.inactive, n), zeroed(e.permit, n), zeroed(e.recent, n)
	e.off, e.eOff = zeroed(e.off, n+1), zeroed(e.eOff, n+1)
	weights, bonds := 0, 0
	for i := range n {
		weights += len(in.Weights[i])
		bonds += len(in.Bonds[i])
	}
	e.col, e.w = sized(e.col, weights), sized(e.w, weights)
	e.eCol, e.e = sized(e.eCol, weights+bonds), sized(e.e, weights+bonds)
}

// sized returns s with length n, its contents undefined.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// zeroed returns s with length n, all zero.
func zeroed[T any](s []T, n int) []T {
	s = sized(s, n)
	clear(s)
	return s
}

// stakes computes S: stakes below the minimum count nothing, the rest is
// normalised in Q64.64 and floored to Q32.32, which is floor(T*2^32 / sum T).
func (e *Engine) stakes(in *Input) {
	var high, low uint64
	for i, t := range in.Stake {
		if counts(in, i) {
			var carry uint64
			low, carry = bits.Add64(low, t, 0)
			high += carry
		}
	}
	// A sum beyond 64 bits is scaled down together with the stakes' numerators:
	// floor(T*2^32 / sum) is found by long division.
	for i, t := range in.Stake {
		if counts(in, i) {
			e.stake[i] = share(t, high, low)
		}
	}
}

func counts(in *Input, uid int) bool { return in.Stake[uid] >= in.MinStake || uid == in.Owner }

// share is floor(t*2^32 / (high:low)), 0 when the sum is 0. t is part of the sum.
func share(t, high, low uint64) int64 {
	if high == 0 {
		if low == 0 {
			return 0
		}
		q1, r := bits.Div64(0, t, low) // 1 when t is all of it
		q2, _ := bits.Div64(r>>32, r<<32, low)
		return int64(q1<<32 | q2)
	}
	var q uint64
	rHigh, rLow := uint64(0), t // t < sum
	for range 32 {
		rHigh, rLow = rHigh<<1|rLow>>63, rLow<<1
		q <<= 1
		if rHigh > high || (rHigh == high && rLow >= low) {
			var borrow uint64
			rLow, borrow = bits.Sub64(rLow, low, 0)
			rHigh, _ = bits.Sub64(rHigh, high, borrow)
			q++
		}
	}
	return int64(q)
}

// permits computes activity, the permits in force, A, and the next permits.
func (e *Engine) permits(in *Input, out *Output) {
	out.Active, out.Permit = sized(out.Active, e.n), sized(out.Permit, e.n)
	copy(e.permit, in.Permit)
	e.keys = topK(e.stake, in.MaxValidators, out.Permit, e.keys)
	if in.Owner != NoOwner {
		e.permit[in.Owner] = true
		out.Permit[in.Owner] = true
	}
	for i, u := range in.LastUpdate {
		e.inactive[i] = addSat(u, in.ActivityCutoff) < in.Height
		out.Active[i] = !e.inactive[i]
		if !e.inactive[i] && e.permit[i] {
			e.active[i] = e.stake[i]
		}
	}
	normalize(e.active)
}

// addSat is a+b, at most MaxUint64.
func addSat(a, b uint64) uint64 {
	if sum, carry := bits.Add64(a, b, 0); carry == 0 {
		return sum
	}
	return math.MaxUint64
}

// topK marks the k largest non-zero entries of v (each below 2^47) in out; of
// equal ones the higher index wins.
func topK(v []int64, k int, out []bool, scratch []uint64) []uint64 {
	for i, x := range v {
		out[i] = x != 0
	}
	drop := len(v) - max(k, 0)
	if drop <= 0 {
		return scratch
	}
	scratch = scratch[:0]
	for i, x := range v {
		scratch = append(scratch, uint64(x)<<16|uint64(i))
	}
	slices.Sort(scratch)
	for _, key := range scratch[:drop] {
		out[key&0xffff] = false
	}
	return scratch
}

// TopKNonZero is who holds a permit before the first epoch: the k neurons with
// the most stake, none without stake. owner may be NoOwner.
func TopKNonZero(stake []uint64, minStake uint64, k, owner int) []bool {
	e := Engine{stake: make([]int64, len(stake))}
	e.stakes(&Input{Params: Params{MinStake: minStake}, Stake: stake, Owner: owner})
	permits := make([]bool, len(stake))
	topK(e.stake, k, permits, nil)
	if owner >= 0 && owner < len(permits) {
		permits[owner] = true
	}
	return permits
}

// loadWeights masks and normalises the rows: only permitted ones, no diagonal
// but the owner's, no weight written before its target was registered.
func (e *Engine) loadWeights(in *Input) {
	at := 0
	for i, row := range in.Weights {
		e.off[i] = at
		if !e.permit[i] {
			continue
		}
		updated, committed := in.LastUpdate[i], uint64(NoCommit)
		if in.CommitHeight != nil {
			committed = in.CommitHeight[i]
		}
		var sum uint64
		start := at
		for _, entry := range row {
			j, v := int(entry>>16), uint64(entry&0xffff)
			if v == 0 && !in.Upstream {
				continue
			}
			if r := in.RegisteredAt[j]; updated <= r || committed < r || (i == j && i != in.Owner) {
				continue
			}
			e.col[at], e.w[at] = uint16(j), int64(v)
			sum += v
			at++
		}
		if sum > 0 {
			for k := start; k < at; k++ {
				e.w[k] = int64(uint64(e.w[k]) << 32 / sum)
			}
		}
	}
	e.off[e.n] = at
}
