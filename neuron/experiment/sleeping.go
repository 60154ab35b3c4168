package experiment

import "github.com/taonet/taonet/neuron/moe"

// sleeping is the evidence gate that remembers those who are absent: as in Freund,
// Schapire, Singer and Warmuth, "Using and combining predictors that specialize"
// (1997), those present share among themselves what they weighed together, and who is
// away keeps its weight.
type sleeping struct {
	experts int
	share   float64
	prior   []float32
	weights []float64 // sequences x experts
	here    []bool    // sequences x experts, of the position weighed last
}

func newSleeping(sequences, experts int) moe.Gate {
	return &sleeping{
		experts: experts, share: moe.DefaultShare, prior: moe.DefaultPrior(experts),
		weights: make([]float64, sequences*experts), here: make([]bool, sequences*experts),
	}
}

// Reset implements moe.Gate.
func (s *sleeping) Reset(sequence int) {
	for j, p := range s.prior {
		s.weights[sequence*s.experts+j] = float64(p)
	}
}

// Weigh implements moe.Gate.
func (s *sleeping) Weigh(sequence int, g []float32, answered []bool, _ []float32) {
	at, sum := sequence*s.experts, 0.0
	for j := range g {
		s.here[at+j] = j == 0 || answered == nil || answered[j]
		if s.here[at+j] {
			sum += s.weights[at+j]
		}
	}
	for j := range g {
		g[j] = 0
		if s.here[at+j] {
			g[j] = float32(s.weights[at+j] / sum)
		}
	}
}

// Reveal implements moe.Gate.
func (s *sleeping) Reveal(sequence int, p []float32) {
	at, before, after := sequence*s.experts, 0.0, 0.0
	for j := range s.experts {
		if s.here[at+j] {
			before += s.weights[at+j]
			after += s.weights[at+j] * moe.Bounded(p[j])
		}
	}
	for j := range s.experts {
		if s.here[at+j] {
			s.weights[at+j] *= moe.Bounded(p[j]) * before / after
		}
		s.weights[at+j] = (1-s.share)*s.weights[at+j] + s.share*float64(s.prior[j])
	}
}
