package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/moe"
)

// lessons draws batches and asks the network about them: one is learned while the next
// is asked for. It is what learners have in common, wherever their model is.
type lessons struct {
	// Network says that peers are asked when the schedule lets them in. Whoever measures
	// sets it.
	Network bool

	cfg       Config
	batches   Batches
	dispatch  moe.Dispatch
	gates     gates
	step      uint64
	sampler   *data.Sampler
	now, next *lesson // now is learned while next is asked for
	teacher   [][]float32
	mean      []float32
}

func newLessons(cfg Config, batches Batches) (lessons, error) {
	return lessons{
		Network: true, cfg: cfg, batches: batches, sampler: data.NewSampler(cfg.Seed, 0),
		dispatch: moe.Dispatch{Top: cfg.Top, Explore: cfg.Explore, Balance: 0.05},
		gates:    newGates(cfg, batches), now: &lesson{}, next: &lesson{},
	}, cfg.validate()
}

// lesson is one batch and who was asked for it.
type lesson struct {
	drawn   bool
	step    uint64
	before  []byte // the sampler's state before it was drawn
	batch   Batch
	asked   []uint32
	peers   []uint32 // those that answered
	answers chan Answers
}

// wait for what came back; nothing when nobody was asked.
func (l *lesson) wait() Answers {
	if l.answers == nil {
		return Answers{}
	}
	answers := <-l.answers
	l.answers = nil
	return answers
}

// Steps that were made.
func (t *lessons) Steps() uint64 { return t.step }

// Config that it learns by.
func (t *lessons) Config() Config { return t.cfg }

// Asks implements Learner.
func (t *lessons) Asks() bool { return t.Network }

// Ask implements Learner.
func (t *lessons) Ask(on bool) { t.Network = on }

// Stop waits for the peers that were asked for a batch that nobody will learn from now.
// The batch itself is drawn again by the next Step.
func (t *lessons) Stop() {
	for _, l := range []*lesson{t.now, t.next} {
		if l.drawn {
			l.wait().release()
			l.asked, l.answers = l.asked[:0], nil
		}
	}
}

// Candidates implements Learner.
func (t *lessons) Candidates(live []uint32) []uint32 {
	if t.Network && t.strength(t.step) == 0 {
		return nil // nobody is asked yet
	}
	if most := t.cfg.Top + t.cfg.Explore; len(live) > most {
		return t.best(live, most)
	}
	return live
}

// strength of the network's terms at a step.
func (t *lessons) strength(step uint64) float32 {
	if _, values := t.batches.(regression); values || !t.Network {
		return 0 // values are not mixed
	}
	return t.cfg.Schedule.Strength(int(min(step, uint64(t.cfg.Steps))), t.cfg.Steps)
}

// prepare draws the batch of this step and that of the next, and asks for both.
func (t *lessons) prepare(ctx context.Context, network Network) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.draw(ctx, t.now, t.step, network); err != nil {
		return err
	}
	return t.draw(ctx, t.next, t.step+1, network)
}

// done goes on to the next batch.
func (t *lessons) done() {
	t.now.drawn = false
	t.now, t.next = t.next, t.now
	t.step++
}

// draw makes the batch of a step and asks for it.
func (t *lessons) draw(ctx context.Context, l *lesson, step uint64, network Network) error {
	if l.drawn {
		if l.step == step {
			return nil
		}
		return errors.New("training: a batch of another step is waiting")
	}
	var err error
	if l.before, err = t.sampler.AppendBinary(l.before[:0]); err != nil {
		return err
	}
	if err := t.batches.Draw(data.Train, t.sampler, &l.batch); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	l.step, l.drawn, l.asked = step, true, l.asked[:0]
	if t.strength(step) == 0 {
		return nil
	}
	t.dispatch.SetLive(slices.Clone(network.Live()))
	if l.asked = t.dispatch.Next(l.asked); len(l.asked) == 0 {
		return nil
	}
	answers, asked, in := make(chan Answers, 1), l.asked, l.batch.In
	l.answers = answers
	go func() { answers <- network.Forward(ctx, asked, in) }()
	return nil
}

// heard arranges what came back behind what self says, and says how much it counts.
func (t *lessons) heard(l *lesson, self []float32, answers Answers, report *Report) {
	t.teacher, l.peers = append(t.teacher[:0], self), l.peers[:0]
	for i, rows := range answers.Rows {
		if rows != nil {
			t.teacher, l.peers = append(t.teacher, rows), append(l.peers, l.asked[i])
		}
	}
	report.Asked = len(l.asked)
	if report.Answered = len(l.peers); report.Answered > 0 {
		report.Strength = t.strength(l.step)
	}
}

// noted tells the dispatch plan how much weight the peers had.
func (t *lessons) noted(l *lesson, g []float32) {
	t.mean = grown(t.mean, len(t.teacher))
	moe.MeanGates(t.mean, g)
	for i, uid := range l.peers {
		t.dispatch.Note(uid, t.mean[i+1])
	}
}

// best are the peers with the largest weights so far, ascending by UID.
func (t *lessons) best(peers []uint32, most int) []uint32 {
	t.dispatch.SetLive(slices.Clone(peers))
	known := slices.Clone(t.dispatch.Peers)
	slices.SortStableFunc(known, func(a, b moe.Peer) int { return cmp.Compare(b.Weight, a.Weight) })
	chosen := make([]uint32, 0, most)
	for _, p := range known[:min(most, len(known))] {
		chosen = append(chosen, p.UID)
	}
	slices.Sort(chosen)
	return chosen
}

func grown(buffer []float32, size int) []float32 {
	if cap(buffer) < size {
		return make([]float32, size)
	}
	return buffer[:size]
}
