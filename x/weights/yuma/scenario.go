package yuma

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Scenario is a series of epochs as read from a scenario file.
type Scenario struct {
	epochs []map[string]json.RawMessage
}

// ParseScenario reads {"epochs":[INPUT,...]} or one bare INPUT. Values are checked
// when the scenario runs.
func ParseScenario(data []byte) (*Scenario, error) {
	file, err := object(data)
	if err != nil {
		return nil, fmt.Errorf("the scenario: %w", err)
	}
	list, ok := file["epochs"]
	if !ok {
		return &Scenario{epochs: []map[string]json.RawMessage{file}}, nil
	}
	if len(file) != 1 {
		return nil, fmt.Errorf(`a scenario with "epochs" has no other field, this has %d`, len(file)-1)
	}
	epochs, err := elements(list)
	if err != nil {
		return nil, fmt.Errorf("epochs: %w", err)
	}
	if len(epochs) == 0 {
		return nil, errors.New("epochs is empty, it needs one at least")
	}
	s := &Scenario{}
	for i, epoch := range epochs {
		fields, err := object(epoch)
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", i, err)
		}
		s.epochs = append(s.epochs, fields)
	}
	return s, nil
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
		registered := slices.Clone(in.RegisteredAt)
		if i > 0 {
			in.Bonds = cloneRows(out.Bonds)
			in.Permit = slices.Clone(out.Permit)
			in.LastEpoch = in.Height
		}
		if err := apply(in, fields); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", i, err)
		}
		if i > 0 && !upstream {
			in.forgetReplaced(registered, fields)
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

// forgetReplaced clears what the chain clears when it gives a uid to another
// neuron: the permit, what it holds and what others hold in it. Whatever the epoch
// itself gives stays.
func (in *Input) forgetReplaced(registered []uint64, given map[string]json.RawMessage) {
	for uid := range min(len(registered), len(in.RegisteredAt)) {
		if in.RegisteredAt[uid] == registered[uid] {
			continue
		}
		if _, ok := given["validator_permit"]; !ok {
			in.Permit[uid] = false
		}
		if _, ok := given["bonds"]; ok {
			continue
		}
		in.Bonds[uid] = nil
		for i, row := range in.Bonds {
			in.Bonds[i] = slices.DeleteFunc(row, func(entry uint32) bool { return entry>>16 == uint32(uid) })
		}
	}
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
