package types

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const tao = 1_000_000_000

// DefaultParams are those of blocks of one second.
func DefaultParams() Params {
	return Params{
		MaxSubnets: 32, CreationFloor: 100 * tao, CreationDecay: 1_209_600, DissolveNotice: 7200,
		VoteInterval: 360, OwnerInterval: 360, WeightsInterval: 10,
	}
}

// Validate checks every range.
func (p Params) Validate() error {
	for _, c := range []struct {
		name        string
		v, min, max uint64
	}{
		{"max_subnets", uint64(p.MaxSubnets), 1, MostSubnets},
		{"creation_floor", p.CreationFloor, 0, maxAmount},
		{"creation_decay", p.CreationDecay, 1, 1_000_000_000},
		{"dissolve_notice", p.DissolveNotice, 0, 1_000_000},
		{"vote_interval", p.VoteInterval, 0, 1_000_000},
		{"owner_interval", p.OwnerInterval, 0, 1_000_000},
		{"weights_interval", p.WeightsInterval, 1, 10_000},
	} {
		if c.v < c.min || c.v > c.max {
			return ErrInvalidParams.Wrapf("%s is %d, the range is %d..%d", c.name, c.v, c.min, c.max)
		}
	}
	return nil
}

// DefaultGenesis has subnet 1, which nobody owns.
func DefaultGenesis() *GenesisState { return NewGenesis(DefaultHyperparameters()) }

// NewGenesis has subnet 1 with the given hyperparameters.
func NewGenesis(h Hyperparameters) *GenesisState {
	return &GenesisState{
		Params: DefaultParams(),
		Subnets: []Subnet{{
			Id: FirstSubnet, Name: "text", Description: "Byte-level language models that teach each other",
			Modality: MODALITY_TEXT, Hyperparameters: h,
		}},
		NextId: 2,
	}
}

// ValidateText checks name and description.
func ValidateText(name, description string) error {
	if err := printable("name", name, 1, MaxName); err != nil {
		return err
	}
	if strings.TrimSpace(name) != name {
		return ErrInvalidText.Wrapf("the name %q begins or ends with a space", name)
	}
	return printable("description", description, 0, MaxDescription)
}

func printable(field, text string, least, most int) error {
	if len(text) < least || len(text) > most {
		return ErrInvalidText.Wrapf("%s has %d bytes, the range is %d..%d", field, len(text), least, most)
	}
	if !utf8.ValidString(text) {
		return ErrInvalidText.Wrapf("%s is no UTF-8", field)
	}
	for i, r := range text {
		if !unicode.IsPrint(r) {
			return ErrInvalidText.Wrapf("%s has the character %U at byte %d, only printable ones are allowed", field, r, i)
		}
	}
	return nil
}

// ValidateVote checks the shape of a vote.
func ValidateVote(subnets, weights []uint64) error {
	if len(subnets) != len(weights) {
		return ErrInvalidVote.Wrapf("%d subnets and %d weights, there must be as many", len(subnets), len(weights))
	}
	if len(subnets) > MaxVotes {
		return ErrInvalidVote.Wrapf("%d subnets, the bound is %d", len(subnets), MaxVotes)
	}
	for i, w := range weights {
		if w == 0 || w > 65535 {
			return ErrInvalidVote.Wrapf("the weight for subnet %d is %d, the range is 1..65535", subnets[i], w)
		}
		if slices.Contains(subnets[:i], subnets[i]) {
			return ErrInvalidVote.Wrapf("subnet %d comes twice", subnets[i])
		}
	}
	return nil
}

// Validate checks all that the state machine assumes. Locks are checked against
// bank when the state is loaded.
func (gs GenesisState) Validate() error {
	if err := gs.Params.Validate(); err != nil {
		return err
	}
	if err := gs.validateSubnets(); err != nil {
		return err
	}
	return gs.validateVotes()
}

func (gs GenesisState) validateSubnets() error {
	if len(gs.Subnets) == 0 || gs.Subnets[0].Id != FirstSubnet {
		return ErrInvalidGenesis.Wrapf("there is no subnet %d", FirstSubnet)
	}
	if len(gs.Subnets) > MostSubnets { // max_subnets may have been lowered since
		return ErrInvalidGenesis.Wrapf("%d subnets, the bound is %d", len(gs.Subnets), MostSubnets)
	}
	last, names := uint64(0), make(map[string]uint64)
	for _, s := range gs.Subnets {
		if s.Id <= last {
			return ErrInvalidGenesis.Wrapf("subnet %d comes after subnet %d, ids must rise from 1", s.Id, last)
		}
		last = s.Id
		if err := s.validate(); err != nil {
			return ErrInvalidGenesis.Wrapf("subnet %d: %s", s.Id, err)
		}
		if other, taken := names[s.Name]; taken {
			return ErrInvalidGenesis.Wrapf("subnets %d and %d are both named %q", other, s.Id, s.Name)
		}
		names[s.Name] = s.Id
	}
	if gs.NextId <= last || gs.NextId > math.MaxInt64 {
		return ErrInvalidGenesis.Wrapf("next_id is %d, it must be above the largest id %d and below 2^63", gs.NextId, last)
	}
	return nil
}

func (s Subnet) validate() error {
	if err := ValidateText(s.Name, s.Description); err != nil {
		return err
	}
	if s.Modality < MODALITY_TEXT || s.Modality > MODALITY_TENSOR {
		return ErrInvalidModality.Wrapf("%d, the range is %d..%d", s.Modality, MODALITY_TEXT, MODALITY_TENSOR)
	}
	for _, account := range []struct{ field, address string }{{"owner", s.Owner}, {"offered_to", s.OfferedTo}} {
		if account.address == "" {
			continue
		}
		if _, err := Canonical(account.address); err != nil {
			return ErrInvalidAddress.Wrapf("%s %q: %s", account.field, account.address, err)
		}
	}
	if s.Id == FirstSubnet && s.DissolvesAt != 0 {
		return ErrDissolving.Wrapf("dissolves_at is %d, subnet %d never dissolves: it must be 0", s.DissolvesAt, FirstSubnet)
	}
	if s.Id == FirstSubnet && s.Lock != 0 {
		return ErrInvalidAmount.Wrapf("%d rao are locked for subnet %d, which never dissolves: they would never come back", s.Lock, FirstSubnet)
	}
	if s.Lock > maxAmount*21 {
		return ErrInvalidAmount.Wrapf("lock is %d rao", s.Lock)
	}
	if s.Owner == "" && s.OfferedTo != "" {
		return ErrInvalidAddress.Wrapf("it is offered to %s and belongs to nobody", s.OfferedTo)
	}
	if s.Owner == "" && s.Lock != 0 {
		return ErrInvalidAmount.Wrapf("%d rao are locked for a subnet without an owner", s.Lock)
	}
	if s.Pending != nil {
		if err := s.Pending.Validate(); err != nil {
			return err
		}
	}
	return s.Hyperparameters.Validate()
}

func (gs GenesisState) validateVotes() error {
	var last []byte
	for _, v := range gs.Votes {
		hotkey, err := Canonical(v.Hotkey)
		if err != nil {
			return ErrInvalidGenesis.Wrapf("vote of %q: %s", v.Hotkey, err)
		}
		if bytes.Compare(hotkey, last) <= 0 {
			return ErrInvalidGenesis.Wrapf("the vote of %s is out of order or comes twice", v.Hotkey)
		}
		last = hotkey
		if err := ValidateVote(v.Subnets, v.Weights); err != nil {
			return ErrInvalidGenesis.Wrapf("vote of %s: %s", v.Hotkey, err)
		}
		if !slices.IsSorted(v.Subnets) {
			return ErrInvalidGenesis.Wrapf("vote of %s: subnets must rise", v.Hotkey)
		}
	}
	return nil
}

// LockSum is what all owners locked together, in rao.
func (gs GenesisState) LockSum() (sum uint64) {
	for _, s := range gs.Subnets {
		sum += s.Lock
	}
	return sum
}
