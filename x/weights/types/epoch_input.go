package types

import (
	"encoding/json"
	"fmt"
)

// CompleteEpochInput adds to the scenario of an epoch what was overwritten by the
// epoch itself: bonds and permits as of the block before. Those of a uid that was
// given away since the epoch before that belonged to whoever had it and are void.
// A nil answer means that there was no block before.
func CompleteEpochInput(scenario []byte, before *QueryBondsResponse) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(scenario, &fields); err != nil {
		return nil, fmt.Errorf("the scenario is no JSON object: %w", err)
	}
	var (
		registered []uint64
		previous   uint64
	)
	if err := json.Unmarshal(fields["block_at_registration"], &registered); err != nil {
		return nil, fmt.Errorf("block_at_registration: %w", err)
	}
	if err := json.Unmarshal(fields["last_step_block"], &previous); err != nil {
		return nil, fmt.Errorf("last_step_block: %w", err)
	}
	n := len(registered)
	permits, bonds := make([]bool, n), make([][][2]uint32, n)
	for uid := range bonds {
		bonds[uid] = [][2]uint32{}
	}
	if before != nil {
		for uid := range min(n, len(before.Permits)) {
			permits[uid] = before.Permits[uid] && registered[uid] <= previous
		}
		for _, row := range before.Bonds {
			if int(row.Uid) >= n || registered[row.Uid] > previous {
				continue
			}
			for _, e := range row.Entries {
				if int(e.Uid) < n {
					bonds[row.Uid] = append(bonds[row.Uid], [2]uint32{e.Uid, e.Value})
				}
			}
		}
	}
	var err error
	if fields["bonds"], err = json.Marshal(bonds); err != nil {
		return nil, err
	}
	if fields["validator_permit"], err = json.Marshal(permits); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}
