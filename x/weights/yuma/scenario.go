package yuma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Scenario is a series of epochs as read from a scenario file.
type Scenario struct {
	epochs []map[string]json.RawMessage
}

// Result is one epoch of a scenario, with the field names of the reference.
type Result struct {
	StakeWeight       []uint16   `json:"stake_weight"`
	Active            []bool     `json:"active"`
	Consensus         []uint16   `json:"consensus"`
	Incentive         []uint16   `json:"incentive"`
	Dividends         []uint16   `json:"dividends"`
	ValidatorTrust    []uint16   `json:"validator_trust"`
	Rank              []uint16   `json:"rank"`
	Trust             []uint16   `json:"trust"`
	PruningScore      []uint16   `json:"pruning_score"`
	ServerEmission    []uint64   `json:"server_emission"`
	ValidatorEmission []uint64   `json:"validator_emission"`
	Emission          []uint64   `json:"emission"`
	ValidatorPermit   []bool     `json:"validator_permit"`
	Bonds             [][]Weight `json:"bonds"`
	RawBits           RawBits    `json:"raw_bits"`
	// Remainder and Recycled in rao.
	Remainder uint64 `json:"remainder"`
	Recycled  uint64 `json:"recycled"`
}

// RawBits are the Q32.32 integers behind the shares.
type RawBits struct {
	Stake          []int64 `json:"stake"`
	ActiveStake    []int64 `json:"active_stake"`
	Consensus      []int64 `json:"consensus"`
	Incentive      []int64 `json:"incentive"`
	Dividends      []int64 `json:"dividends"`
	ValidatorTrust []int64 `json:"validator_trust"`
}

// Weight is [uid, value] in JSON.
type Weight [2]uint16

// ParseScenario reads {"epochs":[INPUT,...]} or one bare INPUT. Values are checked
// when the scenario runs.
func ParseScenario(data []byte) (*Scenario, error) {
	var file map[string]json.RawMessage
	if err := strict(data, &file); err != nil {
		return nil, fmt.Errorf("the scenario is no JSON object: %w", err)
	}
	list, ok := file["epochs"]
	if !ok {
		return &Scenario{epochs: []map[string]json.RawMessage{file}}, nil
	}
	if len(file) != 1 {
		return nil, fmt.Errorf(`a scenario with "epochs" has no other field, this has %d`, len(file)-1)
	}
	s := &Scenario{}
	if err := strict(list, &s.epochs); err != nil {
		return nil, fmt.Errorf("epochs is no list of objects: %w", err)
	}
	if len(s.epochs) == 0 {
		return nil, fmt.Errorf("epochs is empty, it needs one at least")
	}
	return s, nil
}

// strict decodes one JSON value and nothing behind it.
func strict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(to); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("there is more behind it, from byte %d on", d.InputOffset())
	}
	return nil
}

// Len is the number of epochs.
func (s *Scenario) Len() int { return len(s.epochs) }

// Run computes all epochs, each on what the one before left unless it says
// otherwise. With upstream every deviation from subtensor is off. visit sees each
// input and output, which are overwritten by the next; it may be nil.
func (s *Scenario) Run(upstream bool, visit func(epoch int, in *Input, out *Output) error) ([]Result, error) {
	var (
		engine  Engine
		out     Output
		in      = defaultInput()
		results = make([]Result, 0, len(s.epochs))
	)
	in.Upstream = upstream
	for i, fields := range s.epochs {
		if i > 0 {
			in.Bonds = cloneRows(out.Bonds)
			in.Permit = slices.Clone(out.Permit)
			in.LastEpoch = in.Height
		}
		if err := apply(in, fields); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", i, err)
		}
		if err := engine.Epoch(in, &out); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", i, err)
		}
		if visit != nil {
			if err := visit(i, in, &out); err != nil {
				return nil, err
			}
		}
		results = append(results, NewResult(&out))
	}
	return results, nil
}

// defaultInput holds the reference's defaults.
func defaultInput() *Input {
	return &Input{
		Params: Params{
			Tempo: 360, ActivityCutoff: 5000, MaxValidators: 128, Kappa: 32767, BondsPenalty: 65535,
			BondsMovingAverage: 900_000, AlphaLow: 45875, AlphaHigh: 58982, AlphaSteepness: 1000,
		},
		Owner: NoOwner, Height: 1, Emission: 1_000_000_000,
	}
}

func cloneRows(rows []Row) []Row {
	c := make([]Row, len(rows))
	for i, row := range rows {
		c[i] = slices.Clone(row)
	}
	return c
}

// NewResult copies an output.
func NewResult(out *Output) Result {
	return Result{
		StakeWeight:       slices.Clone(out.StakeWeight),
		Active:            slices.Clone(out.Active),
		Consensus:         slices.Clone(out.Consensus),
		Incentive:         slices.Clone(out.Incentive),
		Dividends:         slices.Clone(out.Dividends),
		ValidatorTrust:    slices.Clone(out.ValidatorTrust),
		Rank:              slices.Clone(out.Rank),
		Trust:             slices.Clone(out.Trust),
		PruningScore:      slices.Clone(out.PruningScore),
		ServerEmission:    slices.Clone(out.Server),
		ValidatorEmission: slices.Clone(out.Validator),
		Emission:          slices.Clone(out.Emissions),
		ValidatorPermit:   slices.Clone(out.Permit),
		Bonds:             toJSON(out.Bonds),
		RawBits: RawBits{
			Stake:          slices.Clone(out.Raw.Stake),
			ActiveStake:    slices.Clone(out.Raw.ActiveStake),
			Consensus:      slices.Clone(out.Raw.Consensus),
			Incentive:      slices.Clone(out.Raw.Incentive),
			Dividends:      slices.Clone(out.Raw.Dividends),
			ValidatorTrust: slices.Clone(out.Raw.ValidatorTrust),
		},
		Remainder: out.Remainder,
		Recycled:  out.Recycled,
	}
}

func toJSON(rows []Row) [][]Weight {
	list := make([][]Weight, len(rows))
	for i, row := range rows {
		list[i] = make([]Weight, len(row))
		for k, entry := range row {
			list[i][k] = Weight{uint16(entry >> 16), uint16(entry)}
		}
	}
	return list
}

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
	"last_step_block":         number(func(in *Input) *uint64 { return &in.LastEpoch }, 0),
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

// elements decodes a list, null as nil.
func elements(raw json.RawMessage) ([]json.RawMessage, error) {
	var values []json.RawMessage
	if err := strict(raw, &values); err != nil {
		return nil, fmt.Errorf("is no list: %w", err)
	}
	return values, nil
}

func list(field func(*Input) *[]uint64) setter {
	return func(in *Input, raw json.RawMessage) error {
		values, err := elements(raw)
		if err != nil {
			return err
		}
		*field(in) = nil
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
		values, err := elements(raw)
		if err != nil {
			return err
		}
		*field(in) = nil
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
	values, err := elements(raw)
	if err != nil {
		return err
	}
	in.Permit = nil
	for uid, value := range values {
		if s := string(value); s != "true" && s != "false" {
			return fmt.Errorf("uid %d: %s is neither true nor false", uid, value)
		}
		in.Permit = append(in.Permit, string(value) == "true")
	}
	return nil
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
	values, err := elements(raw)
	if err != nil {
		return err
	}
	in.CommitHeight = nil
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

// scenarioInput is an Input in JSON, with the reference's names.
type scenarioInput struct {
	Stake              []uint64   `json:"stake"`
	Weights            [][]Weight `json:"weights"`
	Bonds              [][]Weight `json:"bonds,omitempty"`
	LastUpdate         []uint64   `json:"last_update"`
	RegisteredAt       []uint64   `json:"block_at_registration"`
	Permit             []bool     `json:"validator_permit,omitempty"`
	Height             uint64     `json:"current_block"`
	Tempo              uint64     `json:"tempo"`
	LastEpoch          uint64     `json:"last_step_block"`
	ActivityCutoff     uint64     `json:"activity_cutoff"`
	MaxValidators      int        `json:"max_allowed_validators"`
	MinStake           uint64     `json:"min_stake"`
	Kappa              uint16     `json:"kappa"`
	BondsPenalty       uint16     `json:"bonds_penalty"`
	BondsMovingAverage uint32     `json:"bonds_moving_average"`
	Yuma3              bool       `json:"yuma3"`
	LiquidAlpha        bool       `json:"liquid_alpha"`
	AlphaLow           uint16     `json:"alpha_low"`
	AlphaHigh          uint16     `json:"alpha_high"`
	AlphaSteepness     int16      `json:"alpha_sigmoid_steepness"`
	Owner              *int       `json:"owner_uid"`
	CommitHeight       []*uint64  `json:"commit_block,omitempty"`
	Emission           uint64     `json:"rao_emission"`
}

// ScenarioInput writes an input as one INPUT of a scenario file. Bonds and permits
// that are nil are left out.
func ScenarioInput(in *Input) ([]byte, error) {
	s := scenarioInput{
		Stake: in.Stake, Weights: toJSON(in.Weights), LastUpdate: in.LastUpdate,
		RegisteredAt: in.RegisteredAt, Permit: in.Permit, Height: in.Height, Tempo: in.Tempo,
		LastEpoch: in.LastEpoch, ActivityCutoff: in.ActivityCutoff, MaxValidators: in.MaxValidators,
		MinStake: in.MinStake, Kappa: in.Kappa, BondsPenalty: in.BondsPenalty,
		BondsMovingAverage: in.BondsMovingAverage, Yuma3: in.Yuma3, LiquidAlpha: in.LiquidAlpha,
		AlphaLow: in.AlphaLow, AlphaHigh: in.AlphaHigh, AlphaSteepness: in.AlphaSteepness,
		Emission: in.Emission,
	}
	if in.Bonds != nil {
		s.Bonds = toJSON(in.Bonds)
	}
	if in.Owner != NoOwner {
		s.Owner = &in.Owner
	}
	for i := range in.CommitHeight {
		var height *uint64
		if in.CommitHeight[i] != NoCommit {
			height = &in.CommitHeight[i]
		}
		s.CommitHeight = append(s.CommitHeight, height)
	}
	return json.Marshal(s)
}
