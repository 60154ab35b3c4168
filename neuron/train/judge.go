package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/score"
)

// JudgeConfig is how peers are measured.
type JudgeConfig struct {
	// Sequences walked in parallel, and Positions of each in a round.
	Sequences, Positions int
	// Peers is the most that are walked in a round; the others have their turn later.
	Peers int
	// Share of the evidence, SelfPrior and NullPrior: what self and the unigram model
	// weigh before anything was seen.
	Share, SelfPrior, NullPrior float32
	// Probes are how many private inputs every peer answers in a round, ProbeLength
	// their bytes, and Renewed how many of them are new in each.
	Probes, ProbeLength, Renewed int
	// Canaries sends one fresh sample to one peer alone in each round, and asks the
	// others for it.
	Canaries bool
	// Ban is for how many rounds a convicted peer earns nothing.
	Ban uint64
	// Seed of orders, probes and canaries.
	Seed uint64
}

// DefaultJudge measures 64 sequences of 32 positions in a round.
func DefaultJudge() JudgeConfig {
	return JudgeConfig{
		Sequences: 64, Positions: 32, Peers: 16, Share: moe.DefaultShare, SelfPrior: 0.57, NullPrior: 0.03,
		Probes: 24, ProbeLength: 48, Renewed: 2, Canaries: true, Ban: 100, Seed: 1,
	}
}

// Round is what one round of measuring found.
type Round struct {
	// Positions that were targets; 0 when the slice is used up.
	Positions int
	// UsedUp says that there is nothing fresh left to measure on: scores stay as they are.
	UsedUp bool
	// Alone, Network: losses of self with null, and of all, in nats per byte.
	Alone, Network float64
	// Peers that were asked, ascending, what each was worth and why it fell silent.
	Peers  []uint32
	Values []score.Value
	Silent []error
	// Copies are peers that answer as another does since they jumped to it, Relays
	// those convicted of passing samples on.
	Copies, Relays []uint32
}

// Judge measures peers on fresh text and keeps their scores. Its state is a file of
// its own, written before a byte is used. It is for one goroutine.
type Judge struct {
	standing

	self   model.Expert
	source Source // of probes and canaries
	texts  int
	cursor *data.Cursor
	inputs [][]byte // of the probes
	null   *score.Unigram

	walk   *walk
	gate   *moe.Evidence
	column []byte
}

// Witness is a network that can be asked which samples it saw: canaries need it.
type Witness interface {
	// Seen asks a peer which of the samples it was asked; the receipt is verified.
	Seen(ctx context.Context, peer uint32, samples []score.Hash) ([]bool, error)
}

// NewJudge measures by the score part of texts, the first of which is the neuron's
// own. keep makes a state durable; restore one with Restore before the first round.
func NewJudge(cfg JudgeConfig, self model.Expert, network Network, source Source, keep func([]byte) error, texts ...*data.Text) (*Judge, error) {
	if cfg.Sequences < 2 || cfg.Sequences > 256 || cfg.Positions < 1 || cfg.Positions > data.BlockSize || cfg.Peers < 1 || cfg.Peers > 255 {
		return nil, fmt.Errorf("measuring: %d sequences (2 to 256), %d positions (1 to %d), %d peers (1 to 255)", cfg.Sequences, cfg.Positions, data.BlockSize, cfg.Peers)
	}
	cursor, err := data.NewCursor(data.Score, cfg.Sequences, texts...)
	if err != nil {
		return nil, fmt.Errorf("measuring: %w", err)
	}
	j := &Judge{
		standing: newStanding(cfg, network, model.Vocabulary, keep), self: self, source: source, texts: len(texts), cursor: cursor,
		null: score.NewUnigram(model.Vocabulary), column: make([]byte, cfg.Sequences),
	}
	for _, text := range texts {
		for i := range text.Len(data.Train) {
			j.null.AddBytes(text.Block(data.Train, i))
		}
	}
	return j, nil
}

// Close ends the streams.
func (j *Judge) Close() error {
	if j.walk == nil {
		return nil
	}
	err := j.walk.close()
	j.walk = nil
	return err
}

// Round asks the peers whose turn it is about fresh text, values their answers and
// keeps the scores.
func (j *Judge) Round(ctx context.Context, now int64) (Round, error) {
	r := j.begin()
	if len(r.Peers) == 0 {
		return r, nil
	}
	batches, err := j.measure(ctx, &r)
	if err != nil {
		return r, err
	}
	if batches == nil {
		return r, j.save()
	}
	group, copies, err := j.probe(ctx, &r)
	if err != nil {
		return r, err
	}
	if err := j.canary(ctx, &r, now, j.sample); err != nil {
		return r, err
	}
	if r.Positions > 0 {
		j.record(&r, batches, group, copies)
	}
	return r, j.save()
}

// measure walks the next positions. There is one batch for each sequence: positions of
// one depend on each other, sequences do not.
func (j *Judge) measure(ctx context.Context, r *Round) ([]score.Batch, error) {
	granted, err := j.cursor.Reserve(j.cfg.Positions)
	if errors.Is(err, data.ErrUsedUp) {
		r.UsedUp = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := j.save(); err != nil {
		return nil, err
	}
	if err := j.open(ctx, r.Peers); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(j.walk.streams[1:], func(s Stream) bool { return s != nil }) {
		// Nobody took the call: that says nothing of anybody, and no byte is spent on it.
		r.Silent = slices.Clone(j.walk.failed[1:])
		return nil, j.Close()
	}
	batches := make([]score.Batch, j.cursor.Width())
	for i := range batches {
		batches[i].Peers = len(r.Peers)
	}
	for range granted {
		if err := j.position(ctx, batches, r); err != nil {
			return nil, errors.Join(err, j.Close())
		}
	}
	r.Silent = slices.Clone(j.walk.failed[1:])
	if slices.ContainsFunc(r.Silent, func(err error) bool { return err != nil }) {
		return batches, j.Close() // they may be back in the next round
	}
	return batches, nil
}

// open goes on with the streams of the last round when the same peers are asked.
func (j *Judge) open(ctx context.Context, peers []uint32) error {
	fresh := j.cursor.Position() == 0
	if j.walk != nil && slices.Equal(j.walk.peers, peers) && !fresh {
		return nil
	}
	if err := j.Close(); err != nil {
		return err
	}
	var contexts [][]byte
	if !fresh {
		for i := range j.cursor.Width() {
			known := j.cursor.Context(i)
			j.column[i] = known[len(known)-1]
			contexts = append(contexts, slices.Clone(known[:len(known)-1]))
		}
		if len(contexts[0]) == 0 {
			contexts = nil
		}
	}
	w, err := openWalk(ctx, j.self, j.network, peers, j.cursor.Width(), contexts)
	if err != nil {
		return fmt.Errorf("measuring: %w", err)
	}
	j.walk = w
	j.gate = j.evidence(j.cursor.Width(), len(peers))
	return nil
}

// position tells everybody the last bytes, hears what follows, and only then reads it.
func (j *Judge) position(ctx context.Context, batches []score.Batch, r *Round) error {
	at := j.cursor.Position()
	if at > 0 {
		if err := j.walk.tell(ctx, j.column[:j.cursor.Width()], at == 1); err != nil {
			return err
		}
	}
	width, err := j.cursor.Next(j.column)
	if err != nil || at == 0 {
		return err // the first byte of a block has nothing before it
	}
	n := score.First + len(r.Peers)
	here := make([]bool, n)
	here[score.Self], here[score.Null] = true, true
	for i, rows := range j.walk.rows[1:] {
		here[score.First+i] = rows != nil
	}
	for s := range width {
		target := j.column[s]
		p, g := make([]float32, n), make([]float32, n)
		for i := range p {
			switch {
			case i == score.Null:
				p[i] = j.null.P(int(target))
			case !here[i]:
			case i == score.Self:
				p[i] = j.walk.rows[0][s*model.Vocabulary+int(target)]
			default:
				p[i] = j.walk.rows[1+i-score.First][s*model.Vocabulary+int(target)]
			}
		}
		j.gate.Weigh(s, g, here, nil)
		j.gate.Reveal(s, p)
		batches[s].P, batches[s].Gates = append(batches[s].P, p...), append(batches[s].Gates, g...)
		mixed, alone, own := float32(0), float32(0), float32(0)
		for i, weight := range g {
			mixed += weight * p[i]
			if i < score.First {
				alone, own = alone+weight*p[i], own+weight
			}
		}
		r.Network += moe.NLL(mixed)
		r.Alone += moe.NLL(alone / max(own, moe.Floor))
		r.Positions++
	}
	return nil
}

// record values what the peers said and moves their scores. Own text counts half, the
// samples of other domains the other half in equal parts.
func (j *Judge) record(r *Round, batches []score.Batch, group []int, copies []bool) {
	r.Alone, r.Network = r.Alone/float64(r.Positions), r.Network/float64(r.Positions)
	players := players(group)
	strata, weights := make([][]score.Value, j.texts), make([]float64, j.texts)
	var merged score.Batch
	for text := range strata {
		estimator, batchesHere := score.NewEstimator(players, score.DefaultSampling(j.cfg.Seed+j.round)), 0
		for s, b := range batches {
			if j.cursor.Text(s) == text && b.Positions() > 0 {
				score.Merge(&merged, b, group)
				estimator.Add(merged)
				batchesHere++
			}
		}
		weights[text] = 0.5 / float64(max(j.texts-1, 1))
		if text == 0 {
			weights[text] = 0.5
		}
		if batchesHere > 0 {
			strata[text] = estimator.Values(nil)
		}
	}
	j.credit(r, score.Stratified(strata, weights), group, copies)
}
