package yuma

import (
	"math"
	"slices"
)

// source turns bytes into a subnet and what happens to it. Its values come from
// short lists, so that stakes, weights and heights tie, and sums meet their bounds
// exactly. Where the bytes end it goes on with zeros.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) below(n int) int { return int(s.byte()) % n }
func (s *source) one(of int) bool { return s.below(of) == of-1 }

func (s *source) uint64() (v uint64) {
	for range 8 {
		v = v<<8 | uint64(s.byte())
	}
	return v
}

// of picks from a list; its last place stands for any number.
func (s *source) of(list ...uint64) uint64 {
	if k := s.below(len(list) + 1); k < len(list) {
		return list[k]
	}
	return s.uint64()
}

func (s *source) stake() uint64 {
	// Sums up to 2^64 and beyond, but no single stake above the supply's order.
	return s.of(1, 0, 1, 1, 2, 3, 0, 1<<32, 1<<32-1, 65535, 32767, 32768, 1_000_000_000, 1_000_000_000, 21e15) >> s.below(3)
}

func (s *source) value() uint16 {
	return uint16(s.of(65535, 0, 1, 1, 2, 3, 65535, 32767, 32768, 100, 100, 65534))
}

func (s *source) row(n int) (row Row) {
	density := 1 + s.below(4)
	for j := range n {
		if s.below(density) == 0 {
			row = append(row, Pack(uint16(j), s.value()))
		}
	}
	return row
}

func (s *source) height(now uint64) uint64 {
	return s.of(0, now, now-1, now-2, now+1, 1, 0, 2)
}

// subnet draws an epoch's input with up to 12 uids.
func (s *source) subnet() *Input {
	n := s.below(13)
	now := 5 + uint64(s.below(20))
	in := &Input{
		Params: Params{
			Tempo:              s.of(1, 0, now, now-1, 360),
			ActivityCutoff:     s.of(5000, 0, 1, 2, now, math.MaxUint64),
			MaxValidators:      []int{n, 128, 1, 2, 3, 0}[s.below(6)],
			MinStake:           s.of(0, 1, 2, 0) % 5000,
			Kappa:              uint16(s.of(32767, 0, 65535, 32768, 1, 16384, 21845, 43690)),
			BondsPenalty:       uint16(s.of(65535, 0, 32768, 1, 65534)),
			BondsMovingAverage: uint32(s.of(900_000, 0, 1_000_000, 975_000, 500_000) % 1_000_001),
			AlphaLow:           uint16(s.of(45875, 0, 65535, 32768)),
			AlphaHigh:          uint16(s.of(58982, 65535, 0, 32768)),
			AlphaSteepness:     int16(s.of(1000, 0, 100, 1<<16-1000, 32767, 1<<15, 4000)),
		},
		Owner: NoOwner, Height: now, LastEpoch: s.of(0, 1, now-1, now-2, math.MaxUint64), Emission: s.of(1_000_000_000, 0, 1, 2, 999_999_999, 1<<63),
	}
	flags := s.byte()
	in.Yuma3, in.LiquidAlpha, in.Upstream = flags&1 != 0, flags&2 != 0, flags&4 != 0
	if flags&8 != 0 && n > 0 {
		in.Owner = s.below(n)
	}
	for i := range n {
		in.Stake = append(in.Stake, s.stake())
		in.Permit = append(in.Permit, !s.one(4))
		in.LastUpdate = append(in.LastUpdate, s.height(now))
		in.RegisteredAt = append(in.RegisteredAt, s.height(now)/uint64(1+s.below(2)))
		in.Weights, in.Bonds = append(in.Weights, s.row(n)), append(in.Bonds, s.row(n))
		if flags&16 != 0 {
			in.CommitHeight = append(in.CommitHeight, s.of(NoCommit, now, now-1, 0, 1))
		}
		if i%3 == 0 && !s.one(4) { // most rows count
			in.LastUpdate[i], in.RegisteredAt[i] = now, 0
		}
	}
	return in
}

// next moves on to the following epoch: the bonds and permits of out, some new
// rows, stakes and neurons, perhaps other hyperparameters.
func (s *source) next(in *Input, out *Output) {
	in.Bonds, in.Permit = cloneRows(out.Bonds), slices.Clone(out.Permit)
	in.LastEpoch = in.Height
	in.Height += uint64(1 + s.below(3))
	in.Emission = out.Remainder + s.of(1_000_000_000, 0, 7)>>1
	for i := range in.Stake {
		switch s.below(6) {
		case 0:
			in.Weights[i], in.LastUpdate[i] = s.row(len(in.Stake)), in.Height
		case 1:
			in.Stake[i] = s.stake()
		case 2:
			in.RegisteredAt[i] = in.Height - uint64(s.below(3))
		case 3:
			in.LastUpdate[i] = in.Height
		}
	}
	if s.one(4) {
		flags := s.byte()
		in.Yuma3, in.LiquidAlpha = flags&1 != 0, flags&2 != 0
		in.Kappa = uint16(s.of(32767, 0, 65535, 21845))
	}
}
