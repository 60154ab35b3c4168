package experiment

import (
	"context"
	"math/rand/v2"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/train"
)

// lessons are blocks that a gate learns from: the own domain's first.
func lessons(part data.Part, texts []*data.Text) stage {
	var s stage
	for _, t := range texts {
		if blocks := train.Blocks(part, testBlocks, t); len(blocks) > 0 {
			s.groups = append(s.groups, blocks)
		}
	}
	return s
}

// hiddenOf self by group, (blocks x length) x width.
func (s stage) hiddenOf(ctx context.Context, self model.Expert) ([][]float32, error) {
	var all [][]float32
	for _, blocks := range s.groups {
		in, err := tokens(blocks)
		if err != nil {
			return nil, err
		}
		hidden := make([]float32, in.Rows()*self.Card().Width)
		if err := self.Hidden(ctx, in, hidden); err != nil {
			return nil, err
		}
		all = append(all, hidden)
	}
	return all, nil
}

const (
	gateWalks  = 120 // blocks that a gate learns from, in all
	gateUpdate = 64  // positions between two updates
	gateRate   = 0.01
)

// learnGate teaches a gate on blocks, half of them of the own domain and half of the
// others, in random order.
func (s stage) learnGate(gate *moe.General, experts [][]voice, hidden [][]float32, seed uint64) {
	random, n := rand.New(rand.NewPCG(seed, 13)), len(experts)
	g, p := make([]float32, n), make([]float32, n)
	m := mixture{hidden: hidden}
	learned := 0
	for walk := range gateWalks {
		group := 0
		if walk%2 == 1 && len(s.groups) > 1 {
			group = 1 + random.IntN(len(s.groups)-1)
		}
		blocks := s.groups[group]
		block := random.IntN(len(blocks))
		gate.Reset(0)
		for t := range len(blocks[0]) - 1 {
			for j := range n {
				p[j] = experts[j][group][t*len(blocks)+block]
			}
			h := m.hiddenAt(s, group, block, t)
			gate.Weigh(0, g, nil, h)
			gate.Learn(0, p, h)
			gate.Reveal(0, p)
			if learned++; learned%gateUpdate == 0 {
				gate.Update(gateRate)
			}
		}
	}
	gate.Update(gateRate)
}

// generalGate is a gate that has learned from a part of the subject's texts; blind is
// one without evidence.
func (c circle) generalGate(ctx context.Context, part data.Part, self model.Expert, peers []model.Expert, blind bool) (*moe.General, error) {
	texts, err := c.holding(0)
	if err != nil {
		return nil, err
	}
	s := lessons(part, texts)
	experts, err := s.hearAll(ctx, append([]model.Expert{self}, peers...))
	if err != nil {
		return nil, err
	}
	hidden, err := s.hiddenOf(ctx, self)
	if err != nil {
		return nil, err
	}
	gate := moe.NewGeneral(moe.NewEvidence(testBlocks, len(experts)), self.Card().Width)
	if blind {
		gate.Blind()
	}
	s.learnGate(gate, experts, hidden, c.seed)
	return gate, nil
}

// bestOf is the evidence gate with the k peers that weigh most at each position.
func bestOf(k int) func(sequences, experts int) moe.Gate {
	return func(sequences, experts int) moe.Gate {
		gate := moe.NewGeneral(moe.NewEvidence(sequences, experts), 0)
		gate.Top = k
		return gate
	}
}

// logistic is the loss of logistic mixing, which needs whole distributions.
func (s stage) logistic(ctx context.Context, experts []model.Expert) (losses, error) {
	var l losses
	dst, rows := make([]float32, model.Vocabulary), make([][]float32, len(experts))
	for d, blocks := range s.groups {
		var all [][]float32
		for _, m := range experts {
			rows, err := answers(ctx, m, blocks)
			if err != nil {
				return l, err
			}
			all = append(all, rows)
		}
		mixer, sum, positions := moe.NewLogistic(1, len(experts), model.Vocabulary), 0.0, 0
		for b, block := range blocks {
			mixer.Reset(0)
			for t, next := range block[1:] {
				at := (b*len(block) + t) * model.Vocabulary
				for j := range rows {
					rows[j] = all[j][at : at+model.Vocabulary]
				}
				mixer.Mix(0, dst, rows, nil)
				sum += moe.NLL(dst[next])
				mixer.Reveal(0, rows, int(next))
				positions++
			}
		}
		l.add(s, d, sum/float64(positions))
	}
	return l, nil
}
