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
	group, copies = make([]int, len(r.Peers)), make([]bool, len(r.Peers))
	for i := range group {
		group[i] = i
	}
	if j.cfg.Probes == 0 || len(r.Peers) < 2 {
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
	verdict := j.probes.Judge()
	for i, uid := range verdict.UIDs {
		if verdict.Copy[i] {
			r.Copies = append(r.Copies, uid)
		}
	}
	group, copies = verdict.Groups(r.Peers)
	return group, copies, nil
}

// renew draws the inputs of this round: all in the first, some in the others, in turn.
func (j *Judge) renew() error {
	var slots []int
	if len(j.inputs) == 0 {
		j.inputs = make([][]byte, j.cfg.Probes)
		for i := range j.inputs {
			slots = append(slots, i)
		}
	} else {
		for i := range j.cfg.Renewed {
			slots = append(slots, int((j.round*uint64(j.cfg.Renewed)+uint64(i))%uint64(j.cfg.Probes)))
		}
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

// sendCanary gives one peer a sample that nobody else gets, and asks the others
// whether they saw those of the rounds before.
func (j *Judge) sendCanary(ctx context.Context, r *Round, now int64) error {
	witness, ok := j.network.(Witness)
	if !ok || !j.cfg.Canaries || len(r.Peers) < 3 {
		return nil
	}
	j.hear(ctx, witness, r, now)
	j.canaries.Expire(now)
	suspect := r.Peers[j.round%uint64(len(r.Peers))]
	sample := make([]byte, j.cfg.ProbeLength+int(j.round%13))
	if err := j.source.Windows(data.Train, j.random, 1, len(sample), sample); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if !j.canaries.Send(score.Hash(sha256.Sum256(sample)), suspect, now) {
		return nil
	}
	j.network.Forward(ctx, []uint32{suspect}, model.Input{Count: 1, Length: len(sample), Tokens: sample}).release()
	var decoy [32]byte
	if err := j.source.Windows(data.Train, j.random, 1, len(decoy), decoy[:]); err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	j.canaries.Decoy(score.Hash(sha256.Sum256(decoy[:])), now)
	return nil
}

// hear asks every peer of the round for the samples that are out.
func (j *Judge) hear(ctx context.Context, witness Witness, r *Round, now int64) {
	samples := make([]score.Hash, 0, len(j.canaries.Open))
	for _, c := range j.canaries.Open {
		samples = append(samples, c.Hash)
	}
	const most = 256 // of one question
	samples = samples[:min(len(samples), most)]
	if len(samples) == 0 {
		return
	}
	for _, uid := range r.Peers {
		seen, err := witness.Seen(ctx, uid, samples)
		if err != nil || len(seen) != len(samples) {
			continue // silence is no receipt
		}
		for i, yes := range seen {
			if yes {
				j.canaries.Receipt(samples[i], uid, now)
			}
		}
	}
	for _, uid := range j.canaries.Convicted(nil) {
		if j.banned[uid] <= j.round {
			r.Relays = append(r.Relays, uid)
		}
		j.banned[uid] = j.round + j.cfg.Ban
		j.ledger.Clear(uid)
	}
}
