package yuma

import (
	"encoding/json"
	"slices"
)

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
	if s.Stake == nil {
		s.Stake = []uint64{} // null would mean that nothing is known
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
