package train

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/score"
)

// probe asks the peers of a round the same private inputs and groups those that answer
// as one. group and copies are in the order of the round's peers.
func (j *Judge) probe(ctx context.Context, r *Round) (group []int, copies []bool, err error) {
	if j.cfg.Probes == 0 || len(r.Peers) < 2 {
		group, copies = alone(r)
		return group, copies, nil
	}
	if err := j.renew(); err != nil {
		return nil, nil, err
	}
	tokens := make([]byte, 0, j.cfg.Probes*j.cfg.ProbeLength)
	for _, input := range j.inputs {
		tokens = append(tokens, input...)
	}
	answers := j.network.Forward(ctx, r.Peers, model.Input{Count: j.cfg.Probes, Length: j.cfg.ProbeLength, Tokens: tokens})
	defer answers.release()
	last := make([]float32, 0, j.cfg.Probes*model.Vocabulary)
	for i, rows := range answers.Rows {
		if rows == nil {
			continue
		}
		last = last[:0]
		for slot := range j.cfg.Probes {
			at := ((slot+1)*j.cfg.ProbeLength - 1) * model.Vocabulary
			last = append(last, rows[at:at+model.Vocabulary]...)
		}
		j.probes.Answer(r.Peers[i], last)
	}
	group, copies = j.verdict(r)
	return group, copies, nil
}

// renew draws the inputs of this round: all in the first, some in the others, in turn.
func (j *Judge) renew() error {
	slots := j.renewed(len(j.inputs) == 0)
	if len(j.inputs) == 0 {
		j.inputs = make([][]byte, j.cfg.Probes)
	}
	for _, slot := range slots {
		input := make([]byte, j.cfg.ProbeLength)
		if err := j.source.Windows(data.Train, j.random, 1, len(input), input); err != nil {
			return fmt.Errorf("probes: %w", err)
		}
		j.inputs[slot] = input
	}
	j.probes.Begin(slots...)
	return nil
}

// sample is a canary: a window of a length of its own.
func (j *Judge) sample() (model.Input, score.Hash, error) {
	text := make([]byte, j.cfg.ProbeLength+int(j.round%13))
	err := j.source.Windows(data.Train, j.random, 1, len(text), text)
	return model.Input{Count: 1, Length: len(text), Tokens: text}, sha256.Sum256(text), err
}
