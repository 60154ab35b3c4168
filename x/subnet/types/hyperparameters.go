package types

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Hyperparameter describes one field of Hyperparameters: the one place from which
// defaults, checks, messages and documentation come.
type Hyperparameter struct {
	Name     string
	Unit     string
	Min, Max int64
	Default  int64
	// Owner says whether a subnet's owner may set it, and OwnerMin from which value on.
	Owner    bool
	OwnerMin int64
	get      func(*Hyperparameters) int64
	set      func(*Hyperparameters, int64)
}

const (
	maxAmount = 1_000_000_000_000_000 // rao
	// MaxUids is the largest number of neurons in a subnet.
	MaxUids = 4096
	// MaxCells bounds max_validators * max_row.
	MaxCells = 1 << 18
	// MinCommitTempo is the smallest tempo with commit_reveal.
	MinCommitTempo = 5
)

func u64(name, unit string, def, lo, hi int64, owner bool, field func(*Hyperparameters) *uint64) Hyperparameter {
	return Hyperparameter{
		Name: name, Unit: unit, Default: def, Min: lo, Max: hi, Owner: owner, OwnerMin: lo,
		get: func(h *Hyperparameters) int64 { return int64(min(*field(h), math.MaxInt64)) }, // above every range
		set: func(h *Hyperparameters, v int64) { *field(h) = uint64(v) },
	}
}

func u32(name, unit string, def, lo, hi int64, owner bool, field func(*Hyperparameters) *uint32) Hyperparameter {
	return Hyperparameter{
		Name: name, Unit: unit, Default: def, Min: lo, Max: hi, Owner: owner, OwnerMin: lo,
		get: func(h *Hyperparameters) int64 { return int64(*field(h)) },
		set: func(h *Hyperparameters, v int64) { *field(h) = uint32(v) },
	}
}

func flag(name string, def int64, owner bool, field func(*Hyperparameters) *bool) Hyperparameter {
	return Hyperparameter{
		Name: name, Unit: "true or false", Default: def, Min: 0, Max: 1, Owner: owner,
		get: func(h *Hyperparameters) int64 {
			if *field(h) {
				return 1
			}
			return 0
		},
		set: func(h *Hyperparameters, v int64) { *field(h) = v != 0 },
	}
}

// HyperparameterTable lists all hyperparameters in the order of the message.
func HyperparameterTable() []Hyperparameter {
	type h = Hyperparameters
	tempo := u64("tempo", "blocks", 10, 1, 50_400, true, func(p *h) *uint64 { return &p.Tempo })
	tempo.OwnerMin = 10
	return []Hyperparameter{
		tempo,
		u32("max_uids", "neurons", 256, 1, MaxUids, false, func(p *h) *uint32 { return &p.MaxUids }),
		u32("max_validators", "permits", 64, 1, MaxUids, false, func(p *h) *uint32 { return &p.MaxValidators }),
		u32("max_row", "entries", 256, 1, MaxUids, false, func(p *h) *uint32 { return &p.MaxRow }),
		u64("immunity", "blocks", 7200, 0, 1_000_000, true, func(p *h) *uint64 { return &p.Immunity }),
		u64("activity_cutoff", "blocks", 600, 1, 1_000_000, true, func(p *h) *uint64 { return &p.ActivityCutoff }),
		u64("min_stake", "rao", 1_000_000_000, 0, maxAmount, false, func(p *h) *uint64 { return &p.MinStake }),
		u32("min_allowed_weights", "entries", 1, 0, MaxUids, true, func(p *h) *uint32 { return &p.MinAllowedWeights }),
		u32("max_weight", "1/65535", 65_535, 1, 65_535, true, func(p *h) *uint32 { return &p.MaxWeight }),
		u64("weights_rate_limit", "blocks", 1, 0, 7200, true, func(p *h) *uint64 { return &p.WeightsRateLimit }),
		u64("weights_version", "version", 0, 0, math.MaxInt64-1, true, func(p *h) *uint64 { return &p.WeightsVersion }),
		u32("kappa", "1/65535", 32_767, 0, 65_535, false, func(p *h) *uint32 { return &p.Kappa }),
		u32("bonds_moving_average", "millionths", 975_000, 0, 975_000, true, func(p *h) *uint32 { return &p.BondsMovingAverage }),
		u32("bonds_penalty", "1/65535", 65_535, 0, 65_535, true, func(p *h) *uint32 { return &p.BondsPenalty }),
		u32("yuma", "version", 3, 2, 3, true, func(p *h) *uint32 { return &p.Yuma }),
		flag("liquid_alpha", 0, true, func(p *h) *bool { return &p.LiquidAlpha }),
		u32("alpha_low", "1/65535", 45_875, 0, 65_535, true, func(p *h) *uint32 { return &p.AlphaLow }),
		u32("alpha_high", "1/65535", 58_982, 0, 65_535, true, func(p *h) *uint32 { return &p.AlphaHigh }),
		{
			Name: "alpha_steepness", Unit: "1/100", Default: 1000, Min: math.MinInt16, Max: math.MaxInt16,
			Owner: true, OwnerMin: math.MinInt16,
			get: func(p *h) int64 { return int64(p.AlphaSteepness) },
			set: func(p *h, v int64) { p.AlphaSteepness = int32(v) },
		},
		flag("commit_reveal", 0, true, func(p *h) *bool { return &p.CommitReveal }),
		u64("reveal_after", "blocks", 360, 20, 50_400, true, func(p *h) *uint64 { return &p.RevealAfter }),
		u64("burn_floor", "rao", 100_000_000, 0, maxAmount, true, func(p *h) *uint64 { return &p.BurnFloor }),
		u64("burn_ceiling", "rao", 100_000_000_000, 0, maxAmount, true, func(p *h) *uint64 { return &p.BurnCeiling }),
		u64("burn_half_life", "blocks", 360, 1, 1_000_000, true, func(p *h) *uint64 { return &p.BurnHalfLife }),
		u32("burn_bump", "millionths", 1_260_000, 1_000_000, 10_000_000, true, func(p *h) *uint32 { return &p.BurnBump }),
		flag("registration_open", 1, true, func(p *h) *bool { return &p.RegistrationOpen }),
		u64("serving_rate_limit", "blocks", 60, 0, 7200, true, func(p *h) *uint64 { return &p.ServingRateLimit }),
		u32("owner_cut", "millionths", 180_000, 0, 180_000, false, func(p *h) *uint32 { return &p.OwnerCut }),
	}
}

// DefaultHyperparameters are those of a new subnet.
func DefaultHyperparameters() Hyperparameters {
	var h Hyperparameters
	for _, p := range HyperparameterTable() {
		p.set(&h, p.Default)
	}
	return h
}

// LocalnetHyperparameters are the defaults made quick for one machine: epochs
// every two blocks, short memory, no minimum of stake.
func LocalnetHyperparameters() Hyperparameters {
	h := DefaultHyperparameters()
	h.Tempo, h.ActivityCutoff, h.Immunity, h.MinStake = 2, 10, 20, 1
	return h
}

// FindHyperparameter returns the one with this name.
func FindHyperparameter(name string) (Hyperparameter, error) {
	table := HyperparameterTable()
	names := make([]string, len(table))
	for i, p := range table {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return Hyperparameter{}, ErrInvalidHyperparameter.Wrapf("%q is none, known are %s", name, strings.Join(names, ", "))
}

// Validate checks every range and what holds between fields.
func (h Hyperparameters) Validate() error {
	for _, p := range HyperparameterTable() {
		if v := p.get(&h); v < p.Min || v > p.Max {
			return ErrInvalidHyperparameter.Wrapf("%s is %s, the range is %s..%s (%s)", p.Name, p.Text(v), p.Text(p.Min), p.Text(p.Max), p.Unit)
		}
	}
	if cells := uint64(h.MaxValidators) * uint64(h.MaxRow); cells > MaxCells {
		return ErrInvalidHyperparameter.Wrapf("max_validators %d times max_row %d is %d, the bound is %d", h.MaxValidators, h.MaxRow, cells, MaxCells)
	}
	if h.AlphaLow > h.AlphaHigh {
		return ErrInvalidHyperparameter.Wrapf("alpha_low %d is above alpha_high %d", h.AlphaLow, h.AlphaHigh)
	}
	if h.BurnFloor > h.BurnCeiling {
		return ErrInvalidHyperparameter.Wrapf("burn_floor %d rao is above burn_ceiling %d rao", h.BurnFloor, h.BurnCeiling)
	}
	if h.CommitReveal && h.Tempo < MinCommitTempo {
		return ErrInvalidHyperparameter.Wrapf("commit_reveal needs a tempo of %d blocks at least, it is %d", MinCommitTempo, h.Tempo)
	}
	if h.MinAllowedWeights > h.MaxRow {
		return ErrInvalidHyperparameter.Wrapf("min_allowed_weights %d is above max_row %d", h.MinAllowedWeights, h.MaxRow)
	}
	return nil
}

// Text is a value as a person would type it.
func (p Hyperparameter) Text(v int64) string {
	if p.Unit == "true or false" {
		return strconv.FormatBool(v != 0)
	}
	return strconv.FormatInt(v, 10)
}

// Value is the field in h as text.
func (p Hyperparameter) Value(h Hyperparameters) string { return p.Text(p.get(&h)) }

// Parse reads a value: a whole number, true or false, or an amount with its unit.
func (p Hyperparameter) Parse(text string) (int64, error) {
	fail := func() (int64, error) {
		return 0, ErrInvalidHyperparameter.Wrapf("%q is no value of %s, the range is %s..%s (%s)", text, p.Name, p.Text(p.Min), p.Text(p.Max), p.Unit)
	}
	if p.Unit == "true or false" {
		switch text {
		case "true":
			return 1, nil
		case "false":
			return 0, nil
		}
		return fail()
	}
	number := text
	if p.Unit == "rao" {
		var err error
		if number, err = inRao(text); err != nil {
			return fail()
		}
	}
	v, err := strconv.ParseInt(number, 10, 64)
	if err != nil || v < p.Min || v > p.Max {
		return fail()
	}
	return v, nil
}

// inRao turns "1.5tao" and "1500000000rao" into "1500000000".
func inRao(text string) (string, error) {
	if number, ok := strings.CutSuffix(text, "tao"); ok {
		whole, fraction, _ := strings.Cut(number, ".")
		if len(fraction) > 9 || whole == "" {
			return "", fmt.Errorf("%q has more than 9 decimals", text)
		}
		return whole + fraction + strings.Repeat("0", 9-len(fraction)), nil
	}
	return strings.TrimSuffix(text, "rao"), nil
}

// With returns h with one value changed and checked.
func (h Hyperparameters) With(p Hyperparameter, value int64) (Hyperparameters, error) {
	p.set(&h, value)
	return h, h.Validate()
}
