package experiment

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/train"
)

// stage is text that models are heard on, blocks of equal length, a group for each
// domain. Models read whole blocks here: everybody is honest in an experiment, and
// the answers are those that the same bytes would get one by one.
type stage struct {
	groups [][][]byte
	own    int
}

// testStage is the test part of every domain.
func testStage(env *Env, own int) stage {
	s := stage{own: own}
	for _, t := range env.Texts {
		s.groups = append(s.groups, train.Blocks(data.Test, testBlocks, t))
	}
	return s
}

// voice is what one expert gave every byte but the first of each block of a group, by
// position and then block.
type voice []float32

// hear asks an expert about all groups.
func (s stage) hear(ctx context.Context, m model.Expert) ([]voice, error) {
	var voices []voice
	for _, blocks := range s.groups {
		rows, err := answers(ctx, m, blocks)
		if err != nil {
			return nil, err
		}
		voices = append(voices, spoken(rows, blocks))
	}
	return voices, nil
}

// hearAll asks several, by expert.
func (s stage) hearAll(ctx context.Context, experts []model.Expert) ([][]voice, error) {
	var all [][]voice
	for _, m := range experts {
		voices, err := s.hear(ctx, m)
		if err != nil {
			return nil, err
		}
		all = append(all, voices)
	}
	return all, nil
}

// hearPeers is what peers say, by peer.
func (s stage) hearPeers(ctx context.Context, peers []neurontest.Peer) ([][]voice, error) {
	var experts []model.Expert
	for _, p := range peers {
		experts = append(experts, p.Expert)
	}
	return s.hearAll(ctx, experts)
}

// tokens of blocks as an input.
func tokens(blocks [][]byte) (model.Input, error) {
	if len(blocks) == 0 {
		return model.Input{}, fmt.Errorf("a domain has no blocks in a part that is needed: give more text")
	}
	in := model.Input{Count: len(blocks), Length: len(blocks[0])}
	for _, b := range blocks {
		in.Tokens = append(in.Tokens, b...)
	}
	return in, nil
}

// answers to every byte of blocks, (blocks x length) x 256.
func answers(ctx context.Context, m model.Expert, blocks [][]byte) ([]float32, error) {
	in, err := tokens(blocks)
	if err != nil {
		return nil, err
	}
	rows := make([]float32, in.Rows()*model.Vocabulary)
	return rows, m.Forward(ctx, in, rows)
}

// spoken is what rows give the bytes that follow.
func spoken(rows []float32, blocks [][]byte) voice {
	length := len(blocks[0])
	v := make(voice, (length-1)*len(blocks))
	for i, b := range blocks {
		for t, next := range b[1:] {
			v[t*len(blocks)+i] = rows[(i*length+t)*model.Vocabulary+int(next)]
		}
	}
	return v
}

// absent says whether an expert fails to answer at a position; nil never.
type absent func(position, expert int) bool

// failing draws that from a seed for each position and expert: one answer is about one
// position of all blocks.
func failing(part float64, seed uint64) absent {
	if part == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, 11))
	drawn := map[[2]int]bool{}
	return func(position, expert int) bool {
		at := [2]int{position, expert}
		gone, ok := drawn[at]
		if !ok {
			gone = random.Float64() < part
			drawn[at] = gone
		}
		return gone
	}
}

// mixture is how answers are mixed.
type mixture struct {
	// gate makes one over so many sequences and experts.
	gate  func(sequences, experts int) moe.Gate
	fails absent
	// hidden states of self by domain, (blocks x length) x width, for a gate that reads
	// them.
	hidden [][]float32
}

// mixed is the loss of a mixture of what experts said; self is the first.
func (s stage) mixed(experts [][]voice, m mixture) losses {
	var l losses
	for d := range s.groups {
		l.add(s, d, s.mixedIn(d, experts, m))
	}
	return l
}

func (s stage) mixedIn(domain int, experts [][]voice, m mixture) float64 {
	blocks, n, sum := s.groups[domain], len(experts), 0.0
	gate, positions := m.gate(len(blocks), n), len(experts[0][domain])/len(blocks)
	g, p, here := make([]float32, n), make([]float32, n), make([]bool, n)
	for b := range blocks {
		gate.Reset(b)
	}
	for t := range positions {
		for j := range n {
			here[j] = j == 0 || m.fails == nil || !m.fails(t, j)
		}
		for b := range blocks {
			for j := range n {
				p[j] = 0
				if here[j] {
					p[j] = experts[j][domain][t*len(blocks)+b]
				}
			}
			gate.Weigh(b, g, here, m.hiddenAt(s, domain, b, t))
			mixed := float32(0)
			for j, weight := range g {
				mixed += weight * p[j]
			}
			sum += moe.NLL(mixed)
			gate.Reveal(b, p)
		}
	}
	return sum / float64(positions*len(blocks))
}

// hiddenAt is the hidden state of self from which it predicts position t of a block.
func (m mixture) hiddenAt(s stage, domain, block, t int) []float32 {
	if m.hidden == nil {
		return nil
	}
	rows := len(s.groups[domain]) * len(s.groups[domain][0])
	width, row := len(m.hidden[domain])/rows, block*len(s.groups[domain][0])+t
	return m.hidden[domain][row*width : (row+1)*width]
}

// add counts the loss of one domain.
func (l *losses) add(s stage, domain int, loss float64) {
	l.Mix += loss / float64(len(s.groups))
	if domain == s.own {
		l.Own = loss
	}
}

// alone is the loss of one expert.
func (s stage) alone(voices []voice) losses {
	return s.mixed([][]voice{voices}, mixture{gate: evidenceGate(0)})
}

// evidenceGate is the product's gate for text with a share; 0 is the default.
func evidenceGate(share float32) func(sequences, experts int) moe.Gate {
	return func(sequences, experts int) moe.Gate {
		e := moe.NewEvidence(sequences, experts)
		if share > 0 {
			e.Share = share
		}
		return e
	}
}
