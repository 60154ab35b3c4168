package train

import (
	"encoding/json"
	"fmt"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/score"
)

// judged is the state of a Judge on disk.
type judged struct {
	Version  int               `json:"version"`
	Round    uint64            `json:"round"`
	Cursor   []byte            `json:"cursor"`
	Random   []byte            `json:"random"`
	Dispatch moe.Dispatch      `json:"dispatch"`
	Ledger   score.Ledger      `json:"ledger"`
	Canaries score.Canaries    `json:"canaries"`
	Banned   map[uint32]uint64 `json:"banned"`
}

const judgedVersion = 1

// save makes the state durable: before bytes are told to peers, and after scores moved.
// Probes are not part of it; after a restart their history begins anew.
func (j *Judge) save() error {
	s := judged{Version: judgedVersion, Round: j.round, Dispatch: j.dispatch, Ledger: j.ledger, Canaries: j.canaries, Banned: j.banned}
	var err error
	if s.Cursor, err = j.cursor.MarshalBinary(); err != nil {
		return err
	}
	if s.Random, err = j.random.MarshalBinary(); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := j.keep(text); err != nil {
		return fmt.Errorf("scores: %w", err)
	}
	return nil
}

// Restore goes on from a state that keep was given.
func (j *Judge) Restore(state []byte) error {
	var s judged
	if err := json.Unmarshal(state, &s); err != nil {
		return fmt.Errorf("scores: %w; move the file away to begin anew", err)
	}
	if s.Version != judgedVersion {
		return fmt.Errorf("scores: version %d, known is %d; move the file away to begin anew", s.Version, judgedVersion)
	}
	if err := j.cursor.UnmarshalBinary(s.Cursor); err != nil {
		return fmt.Errorf("scores: %w", err)
	}
	if err := j.random.UnmarshalBinary(s.Random); err != nil {
		return fmt.Errorf("scores: %w", err)
	}
	explore := j.dispatch.Explore
	j.round, j.dispatch, j.ledger, j.canaries = s.Round, s.Dispatch, s.Ledger, s.Canaries
	j.dispatch.Top, j.dispatch.Explore = 0, explore
	if s.Banned != nil {
		j.banned = s.Banned
	}
	j.inputs, j.probes = nil, score.NewProbes(j.cfg.Probes, model.Vocabulary)
	return nil
}
