package yuma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// apply sets the fields that an epoch gives; the others stay.
func apply(in *Input, fields map[string]json.RawMessage) error {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names) // so that errors do not depend on chance
	for _, name := range names {
		set, ok := scenarioFields[name]
		if !ok {
			return fmt.Errorf("unknown field %q, known are %s", name, strings.Join(fieldNames(), ", "))
		}
		if err := set(in, fields[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return in.fill()
}

// fill completes per-uid fields that were never given.
func (in *Input) fill() error {
	n := len(in.Stake)
	if in.Stake == nil {
		return fmt.Errorf("stake is missing, it says how many uids there are")
	}
	if in.Weights == nil {
		in.Weights = make([]Row, n)
	}
	if in.Bonds == nil {
		in.Bonds = make([]Row, n)
	}
	if in.LastUpdate == nil {
		in.LastUpdate = make([]uint64, n)
	}
	if in.RegisteredAt == nil {
		in.RegisteredAt = make([]uint64, n)
	}
	if in.Permit == nil {
		in.Permit = make([]bool, n)
	}
	return in.validate()
}

func fieldNames() []string {
	names := make([]string, 0, len(scenarioFields))
	for name := range scenarioFields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type setter func(in *Input, raw json.RawMessage) error

// scenarioFields are the fields of EpochInput in the reference.
var scenarioFields = map[string]setter{
	"stake":                   list(func(in *Input) *[]uint64 { return &in.Stake }),
	"weights":                 rows(func(in *Input) *[]Row { return &in.Weights }),
	"bonds":                   rows(func(in *Input) *[]Row { return &in.Bonds }),
	"last_update":             list(func(in *Input) *[]uint64 { return &in.LastUpdate }),
	"block_at_registration":   list(func(in *Input) *[]uint64 { return &in.RegisteredAt }),
	"validator_permit":        permits,
	"current_block":           number(func(in *Input) *uint64 { return &in.Height }, 0),
	"tempo":                   number(func(in *Input) *uint64 { return &in.Tempo }, 0),
	"last_step_block":         lastStep,
	"activity_cutoff":         number(func(in *Input) *uint64 { return &in.ActivityCutoff }, 0),
	"max_allowed_validators":  number(func(in *Input) *int { return &in.MaxValidators }, u16max),
	"min_stake":               number(func(in *Input) *uint64 { return &in.MinStake }, 0),
	"kappa":                   number(func(in *Input) *uint16 { return &in.Kappa }, u16max),
	"bonds_penalty":           number(func(in *Input) *uint16 { return &in.BondsPenalty }, u16max),
	"bonds_moving_average":    number(func(in *Input) *uint32 { return &in.BondsMovingAverage }, 1_000_000),
	"yuma3":                   boolean(func(in *Input) *bool { return &in.Yuma3 }),
	"liquid_alpha":            boolean(func(in *Input) *bool { return &in.LiquidAlpha }),
	"alpha_low":               number(func(in *Input) *uint16 { return &in.AlphaLow }, u16max),
	"alpha_high":              number(func(in *Input) *uint16 { return &in.AlphaHigh }, u16max),
	"alpha_sigmoid_steepness": steepness,
	"owner_uid":               owner,
	"commit_block":            commits,
	"rao_emission":            number(func(in *Input) *uint64 { return &in.Emission }, 0),
	"dense":                   only("false"),
	"stake_f64":               only("null"),
}

// only refuses every value of a field but one.
func only(value string) setter {
	return func(_ *Input, raw json.RawMessage) error {
		if string(bytes.TrimSpace(raw)) != value {
			return fmt.Errorf("%s is not supported, only %s", raw, value)
		}
		return nil
	}
}

// whole decodes an integer of 0..most; most 0 means 2^64-1.
func whole(raw json.RawMessage, most uint64) (uint64, error) {
	if most == 0 {
		most = math.MaxUint64
	}
	var v uint64
	if err := strict(raw, &v); err != nil || string(raw) == "null" || v > most {
		return 0, fmt.Errorf("%s is no whole number of 0..%d", raw, most)
	}
	return v, nil
}

func number[T ~int | ~uint16 | ~uint32 | ~uint64](field func(*Input) *T, most uint64) setter {
	return func(in *Input, raw json.RawMessage) error {
		v, err := whole(raw, most)
		*field(in) = T(v)
		return err
	}
}

func boolean(field func(*Input) *bool) setter {
	return func(in *Input, raw json.RawMessage) error {
		switch string(raw) {
		case "true", "false":
			*field(in) = string(raw) == "true"
			return nil
		}
		return fmt.Errorf("%s is neither true nor false", raw)
	}
}

// perUID decodes the list of a field by uid. null takes back what was given before.
func perUID(raw json.RawMessage) ([]json.RawMessage, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	return elements(raw)
}

// empty is a list of no entries for an empty list, and none for null.
func empty[T any](values []json.RawMessage) []T {
	if values == nil {
		return nil
	}
	return make([]T, 0, len(values))
}

func list(field func(*Input) *[]uint64) setter {
	return func(in *Input, raw json.RawMessage) error {
		values, err := perUID(raw)
		if err != nil {
			return err
		}
		*field(in) = empty[uint64](values)
		for uid, value := range values {
			v, err := whole(value, 0)
			if err != nil {
				return fmt.Errorf("uid %d: %w", uid, err)
			}
			*field(in) = append(*field(in), v)
		}
		return nil
	}
}

func rows(field func(*Input) *[]Row) setter {
	return func(in *Input, raw json.RawMessage) error {
		values, err := perUID(raw)
		if err != nil {
			return err
		}
		*field(in) = empty[Row](values)
		for uid, value := range values {
			row, err := parseRow(value)
			if err != nil {
				return fmt.Errorf("uid %d: %w", uid, err)
			}
			*field(in) = append(*field(in), row)
		}
		return nil
	}
}

// parseRow reads [[uid, value], ...] in any order.
func parseRow(raw json.RawMessage) (Row, error) {
	values, err := elements(raw)
	if err != nil {
		return nil, err
	}
	row := make(Row, 0, len(values))
	for _, value := range values {
		pair, err := elements(value)
		if err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("%s is no pair [uid, value]", value)
		}
		uid, err := whole(pair[0], u16max-1)
		if err != nil {
			return nil, err
		}
		v, err := whole(pair[1], u16max)
		if err != nil {
			return nil, fmt.Errorf("toward uid %d: %w", uid, err)
		}
		row = append(row, Pack(uint16(uid), uint16(v)))
	}
	slices.Sort(row)
	for k := 1; k < len(row); k++ {
		if row[k]>>16 == row[k-1]>>16 {
			return nil, fmt.Errorf("uid %d comes twice", row[k]>>16)
		}
	}
	return row, nil
}

func permits(in *Input, raw json.RawMessage) error {
	values, err := perUID(raw)
	if err != nil {
		return err
	}
	in.Permit = empty[bool](values)
	for uid, value := range values {
		if s := string(value); s != "true" && s != "false" {
			return fmt.Errorf("uid %d: %s is neither true nor false", uid, value)
		}
		in.Permit = append(in.Permit, string(value) == "true")
	}
	return nil
}

// lastStep reads the height of the last epoch, null for none.
func lastStep(in *Input, raw json.RawMessage) (err error) {
	in.LastEpoch = 0
	if string(raw) != "null" {
		in.LastEpoch, err = whole(raw, 0)
	}
	return err
}

func steepness(in *Input, raw json.RawMessage) error {
	if err := strict(raw, &in.AlphaSteepness); err != nil || string(raw) == "null" {
		return fmt.Errorf("%s is no whole number of %d..%d", raw, math.MinInt16, math.MaxInt16)
	}
	return nil
}

func owner(in *Input, raw json.RawMessage) error {
	if string(raw) == "null" {
		in.Owner = NoOwner
		return nil
	}
	uid, err := whole(raw, u16max-1)
	in.Owner = int(uid)
	return err
}

func commits(in *Input, raw json.RawMessage) error {
	values, err := perUID(raw)
	if err != nil {
		return err
	}
	in.CommitHeight = empty[uint64](values)
	for uid, value := range values {
		height := uint64(NoCommit)
		if string(value) != "null" {
			if height, err = whole(value, 0); err != nil {
				return fmt.Errorf("uid %d: %w", uid, err)
			}
		}
		in.CommitHeight = append(in.CommitHeight, height)
	}
	return nil
}
