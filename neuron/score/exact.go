package score

import (
	"math"
	"math/bits"
)

// exact computes Shapley values from the value of every coalition: bit j of a
// coalition is peer j.
type exact struct {
	value   []float64 // of each coalition, up to a constant
	product []float64
	part    []float64
	gate    []float64
	share   []float64 // |S|! (m-|S|-1)! / m! by |S|
}

func newExact(peers int) *exact {
	size := 1 << peers
	e := &exact{
		value: make([]float64, size), product: make([]float64, size),
		part: make([]float64, size), gate: make([]float64, size), share: make([]float64, peers),
	}
	// share_0 = 1/m, share_(s+1) = share_s (s+1)/(m-s-1)
	for s := range e.share {
		if s == 0 {
			e.share[0] = 1 / float64(peers)
			continue
		}
		e.share[s] = e.share[s-1] * float64(s) / float64(peers-s)
	}
	return e
}

// shapley writes the values of the peers of a batch, given as columns, to phi.
func (e *exact) shapley(phi, gates, parts []float64, n int) {
	e.values(gates, parts, n, len(phi))
	for j := range phi {
		phi[j] = 0
		bit := 1 << j
		for s, with := range e.value {
			if s&bit != 0 {
				phi[j] += e.share[bits.OnesCount(uint(s))-1] * (with - e.value[s^bit])
			}
		}
	}
}

func (e *exact) values(gates, parts []float64, n, peers int) {
	clear(e.value)
	for s := range e.product {
		e.product[s] = 1
	}
	for i := range n {
		e.part[0], e.gate[0] = parts[i], gates[i]
		for j := range peers {
			at, size := (j+1)*n+i, 1<<j
			part, gate := parts[at], gates[at]
			for s := range size {
				e.part[size+s] = e.part[s] + part
				e.gate[size+s] = e.gate[s] + gate
			}
		}
		for s, part := range e.part {
			e.product[s] *= ratio(part, e.gate[s])
		}
		if i%logEvery == logEvery-1 {
			e.flush()
		}
	}
	e.flush()
	for s := range e.value {
		e.value[s] /= float64(max(n, 1))
	}
}

func (e *exact) flush() {
	for s, product := range e.product {
		e.value[s] += math.Log(product)
		e.product[s] = 1
	}
}
