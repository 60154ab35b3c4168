package score

import (
	"math"
	"math/rand/v2"
)

// sampled estimates Shapley values from random orders of the peers.
type sampled struct {
	pcg   rand.PCG
	rand  *rand.Rand
	order []int
	part  []float64 // positions: of the coalition so far
	gate  []float64
}

func newSampled(peers int) *sampled {
	s := &sampled{order: make([]int, peers)}
	s.rand = rand.New(&s.pcg)
	return s
}

// shapley writes the mean marginal values over pairs of orders to phi, each order
// and its reverse.
func (s *sampled) shapley(phi, gates, parts []float64, n int, sampling Sampling, stream uint64) {
	s.part, s.gate = resized(s.part, n), resized(s.gate, n)
	s.pcg.Seed(sampling.Seed, stream)
	clear(phi)
	for j := range s.order {
		s.order[j] = j
	}
	nobody := meanLog(parts[:n], gates[:n])
	all := s.everybody(gates, parts, n)
	pairs := max(sampling.Pairs, 1)
	for range pairs {
		s.rand.Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
		s.along(phi, gates, parts, n, nobody, all, sampling.Tolerance, false)
		s.along(phi, gates, parts, n, nobody, all, sampling.Tolerance, true)
	}
	for j := range phi {
		phi[j] /= float64(2 * pairs)
	}
}

func (s *sampled) everybody(gates, parts []float64, n int) float64 {
	copy(s.part, parts[:n])
	copy(s.gate, gates[:n])
	for j := range s.order {
		s.join(j, gates, parts, n)
	}
	return meanLog(s.part, s.gate)
}

// along lets the peers join in order and adds what each changes to phi, until so
// little is missing to the value of all that the rest is taken for 0.
func (s *sampled) along(phi, gates, parts []float64, n int, nobody, all, tolerance float64, reverse bool) {
	copy(s.part, parts[:n])
	copy(s.gate, gates[:n])
	value := nobody
	for k := range s.order {
		if math.Abs(all-value) < tolerance {
			return
		}
		j := s.order[k]
		if reverse {
			j = s.order[len(s.order)-1-k]
		}
		s.join(j, gates, parts, n)
		next := meanLog(s.part, s.gate)
		phi[j] += next - value
		value = next
	}
}

func (s *sampled) join(j int, gates, parts []float64, n int) {
	part, gate := parts[(j+1)*n:(j+2)*n], gates[(j+1)*n:(j+2)*n]
	for i := range s.part {
		s.part[i] += part[i]
		s.gate[i] += gate[i]
	}
}
