package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/score"
)

const (
	kindExamples = "examples"
	// perSequence examples are measured in a round for each sequence of the
	// configuration, and half as many teach the gate.
	perSequence = 8
	// mostValues bounds what a round sends to a peer, in values.
	mostValues = 1 << 21
	// together are the most examples of one batch of the estimator, and of one step of
	// the gate; wantedBatches of them make a standard error worth something.
	together, wantedBatches = 16, 32
	gatePasses              = 10
	// crossed values of a canary come from another example.
	crossed = 8
)

var errSilent = errors.New("it did not answer in time")

// ExampleJudge measures peers on images or rows of a table with classes. Labels never
// leave the neuron, so nothing that a peer was asked tells it an answer: Forward serves,
// and an example may be asked again. Each counts once in a pass over the score part,
// and passes follow one another in other orders. Where a pass stands is not kept.
//
// In a round every peer gets one request, in which examples of the gate part, those
// that count, and probes stand in any order; it is waited for by itself, so that who
// is slower than others loses nothing. The gate is learned on the gate part's answers,
// over self, the class frequencies as the null expert, and the peers.
//
// It is for one goroutine.
type ExampleJudge struct {
	standing

	self   model.Expert
	set    *data.Labelled
	null   *score.Unigram
	counts int   // examples of a round, at most
	order  []int // what is left of this pass
	inputs [][]float32
	// crosses counts those of this round.
	crosses uint64

	peers []uint32 // of gate
	gate  *moe.General
}

// NewExampleJudge measures by the score part of a set of a few classes. keep makes a
// state durable; restore one with Restore before the first round.
func NewExampleJudge(cfg JudgeConfig, self model.Expert, network Network, keep func([]byte) error, set *data.Labelled) (*ExampleJudge, error) {
	if cfg.Sequences < 2 || cfg.Sequences > 256 || cfg.Peers < 1 || cfg.Peers > 255 {
		return nil, fmt.Errorf("measuring: %d sequences (2 to 256), %d peers (1 to 255)", cfg.Sequences, cfg.Peers)
	}
	if len(set.Labels) < 2 {
		return nil, fmt.Errorf("measuring: %q has values and no classes, and values are not mixed", set.Name)
	}
	for _, part := range []data.Part{data.Score, data.Gate, data.Train} {
		if set.Len(part) < 2 {
			return nil, fmt.Errorf("measuring: %q has %d examples in part %s, it takes 2: give more", set.Name, set.Len(part), part)
		}
	}
	j := &ExampleJudge{
		standing: newStanding(cfg, network, len(set.Labels), keep), self: self, set: set, null: score.NewUnigram(len(set.Labels)),
		counts: max(2, min(perSequence*cfg.Sequences, mostValues/(2*set.Dim()))),
	}
	x := make([]float32, set.Dim())
	for i := range set.Len(data.Train) {
		j.null.Add([]int32{int32(set.Row(data.Train, i, x))})
	}
	return j, nil
}

// Close ends nothing: no call outlives its round.
func (j *ExampleJudge) Close() error { return nil }

// Restore goes on from a state that keep was given.
func (j *ExampleJudge) Restore(state []byte) error {
	_, err := j.read(kindExamples, state)
	j.inputs = nil
	return err
}

// Round asks the peers whose turn it is, values their answers and keeps the scores.
func (j *ExampleJudge) Round(ctx context.Context, now int64) (Round, error) {
	r := j.begin()
	if len(r.Peers) == 0 {
		return r, nil
	}
	j.crosses = 0
	if err := j.write(kindExamples, nil); err != nil {
		return r, err
	}
	x := j.draw()
	own, hidden, err := says(ctx, j.self, x.in)
	if err != nil {
		return r, fmt.Errorf("measuring: %w", err)
	}
	rows, release := j.ask(ctx, &r, x.in)
	defer release()
	if !slices.ContainsFunc(rows, func(row []float32) bool { return row != nil }) {
		return r, j.write(kindExamples, nil) // that says nothing of anybody
	}
	j.learn(x, own, hidden, rows, r.Peers)
	batches := j.measure(x, own, hidden, rows, &r)
	group, copies := j.compare(x, rows, &r)
	if err := j.canary(ctx, &r, now, j.sample); err != nil {
		return r, err
	}
	estimator := score.NewEstimator(players(group), score.DefaultSampling(j.cfg.Seed+j.round))
	var merged score.Batch
	for _, b := range batches {
		score.Merge(&merged, b, group)
		estimator.Add(merged)
	}
	j.credit(&r, estimator.Values(nil), group, copies)
	return r, j.write(kindExamples, nil)
}

// ask sends the round's request to every peer and waits for each by itself.
func (j *ExampleJudge) ask(ctx context.Context, r *Round, in model.Input) (rows [][]float32, release func()) {
	rows, r.Silent = make([][]float32, len(r.Peers)), make([]error, len(r.Peers))
	answers := make([]Answers, len(r.Peers))
	var asking sync.WaitGroup
	for i, uid := range r.Peers {
		asking.Go(func() { answers[i] = j.network.Forward(ctx, []uint32{uid}, in) })
	}
	asking.Wait()
	for i, a := range answers {
		if len(a.Rows) > 0 && a.Rows[0] != nil {
			rows[i] = a.Rows[0]
		} else {
			r.Silent[i] = errSilent
		}
	}
	return rows, func() {
		for _, a := range answers {
			a.release()
		}
	}
}

// given writes what self, null and the peers gave the class of example i.
func (j *ExampleJudge) given(dst []float32, x *drawn, i int, own []float32, rows [][]float32) {
	target := int(x.targets[i])
	at := x.at[i]*len(j.null.Counts) + target
	dst[score.Self], dst[score.Null] = own[at], j.null.P(target)
	for k, row := range rows {
		dst[score.First+k] = 0
		if row != nil {
			dst[score.First+k] = row[at]
		}
	}
}

// here says who answered.
func here(rows [][]float32) []bool {
	here := make([]bool, score.First+len(rows))
	here[score.Self], here[score.Null] = true, true
	for k, row := range rows {
		here[score.First+k] = row != nil
	}
	return here
}

// learn lets the gate learn from the gate part's answers; it keeps what it learned in
// the rounds before when the same peers are asked.
func (j *ExampleJudge) learn(x *drawn, own, hidden []float32, rows [][]float32, peers []uint32) {
	width := len(hidden) / x.in.Count
	if j.gate == nil || j.gate.Width != width || !slices.Equal(j.peers, peers) {
		j.peers, j.gate = slices.Clone(peers), moe.NewGeneral(j.evidence(1, len(peers)), width)
	}
	n, here := score.First+len(rows), here(rows)
	p, g := make([]float32, n), make([]float32, n)
	for range gatePasses {
		for i := range x.gate {
			h := hidden[x.at[i]*width : (x.at[i]+1)*width]
			j.given(p, x, i, own, rows)
			j.gate.Reset(0)
			j.gate.Weigh(0, g, here, h)
			j.gate.Learn(0, p, h)
			if i%together == together-1 {
				j.gate.Update(gateRate)
			}
		}
		j.gate.Update(gateRate)
	}
}

// measure makes the estimator's batches of the examples that count.
func (j *ExampleJudge) measure(x *drawn, own, hidden []float32, rows [][]float32, r *Round) (batches []score.Batch) {
	n, width, here := score.First+len(rows), len(hidden)/x.in.Count, here(rows)
	size := min(max(1, x.count/wantedBatches), together)
	for k := range x.count {
		if k%size == 0 {
			batches = append(batches, score.Batch{Peers: len(rows)})
		}
		b, i := &batches[len(batches)-1], x.gate+k
		p, g := make([]float32, n), make([]float32, n)
		j.given(p, x, i, own, rows)
		j.gate.Reset(0)
		j.gate.Weigh(0, g, here, hidden[x.at[i]*width:(x.at[i]+1)*width])
		b.P, b.Gates = append(b.P, p...), append(b.Gates, g...)
		mixed, alone, share := float32(0), float32(0), float32(0)
		for e, weight := range g {
			mixed += weight * p[e]
			if e < score.First {
				alone, share = alone+weight*p[e], share+weight
			}
		}
		r.Network += moe.NLL(mixed)
		r.Alone += moe.NLL(alone / max(share, moe.Floor))
		r.Positions++
	}
	r.Alone, r.Network = r.Alone/float64(r.Positions), r.Network/float64(r.Positions)
	return batches
}

// compare groups the peers that answer the probes as one.
func (j *ExampleJudge) compare(x *drawn, rows [][]float32, r *Round) (group []int, copies []bool) {
	if j.cfg.Probes == 0 || len(r.Peers) < 2 {
		return alone(r)
	}
	classes := len(j.null.Counts)
	for k, row := range rows {
		if row == nil {
			continue
		}
		var answers []float32
		for _, at := range x.at[len(x.targets):] {
			answers = append(answers, row[at*classes:(at+1)*classes]...)
		}
		j.probes.Answer(r.Peers[k], answers)
	}
	return j.verdict(r)
}
