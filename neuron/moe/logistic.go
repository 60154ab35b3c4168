package moe

import "math"

// Weights of Logistic lie within [leastPower, mostPower]; 0 means absent. Mattern
// proves convergence for weights that are not negative.
const (
	leastPower = 1e-6
	mostPower  = 4
)

// Logistic is the Mixer that multiplies probabilities, each to the power of a weight
// that learns from every symbol. It needs the logarithm of every probability, so it
// costs several times as much as Linear. Its exported fields are its whole state.
type Logistic struct {
	Sequences int
	Experts   int
	Classes   int
	// Rate of the descent; PAQ uses 0.002 to 0.02.
	Rate float32
	// Prior is where the weights of a sequence start, with a sum of one. While experts
	// are absent the others' weights count by 1/(their prior), so that self alone is self.
	Prior []float32
	// Weights, sequences x experts; an expert that is absent has 0.
	Weights []float32

	logs   []float32 // experts x classes, of the row being mixed
	expect []float32 // sequences x experts: Σ_v p_mix(v) log p_j(v) of the row mixed last
}

// NewLogistic starts every sequence at DefaultPrior.
func NewLogistic(sequences, experts, classes int) *Logistic {
	l := &Logistic{
		Sequences: sequences, Experts: experts, Classes: classes, Rate: 0.02,
		Prior: DefaultPrior(experts), Weights: make([]float32, sequences*experts),
	}
	l.Prepare()
	for s := range sequences {
		l.Reset(s)
	}
	return l
}

// Prepare makes the working memory of a mixer whose exported fields were read back.
func (l *Logistic) Prepare() {
	l.logs = make([]float32, l.Experts*l.Classes)
	l.expect = make([]float32, l.Sequences*l.Experts)
}

// Reset implements Mixer.
func (l *Logistic) Reset(sequence int) { copy(l.row(l.Weights, sequence), l.Prior) }

// Mix implements Mixer; hidden is not read.
func (l *Logistic) Mix(sequence int, dst []float32, rows [][]float32, _ []float32) {
	w := l.row(l.Weights, sequence)
	for j, row := range rows {
		switch {
		case row == nil:
			w[j] = 0
		case w[j] == 0:
			w[j] = l.Prior[j]
		}
	}
	scale := l.scale(w)
	clear(dst)
	for j, row := range rows {
		if row == nil {
			continue
		}
		logs, power := l.logs[j*l.Classes:(j+1)*l.Classes], scale*w[j]
		for v, p := range row {
			x := float32(math.Log(Bounded(p)))
			logs[v] = x
			dst[v] += power * x
		}
	}
	softmaxRow(dst, dst)
	expect := l.row(l.expect, sequence)
	for j, row := range rows {
		if row == nil {
			continue
		}
		var sum float32
		for v, x := range l.logs[j*l.Classes : (j+1)*l.Classes] {
			sum += dst[v] * x
		}
		expect[j] = sum
	}
}

// Reveal implements Mixer.
func (l *Logistic) Reveal(sequence int, rows [][]float32, target int) {
	w, expect := l.row(l.Weights, sequence), l.row(l.expect, sequence)
	rate := l.Rate * l.scale(w)
	for j, row := range rows {
		if row != nil {
			up := rate * (float32(math.Log(Bounded(row[target]))) - expect[j])
			w[j] = min(max(w[j]+up, leastPower), mostPower)
		}
	}
}

func (l *Logistic) row(buffer []float32, sequence int) []float32 {
	return buffer[sequence*l.Experts : (sequence+1)*l.Experts]
}

// scale makes up for the prior of those absent.
func (l *Logistic) scale(w []float32) float32 {
	var here float32
	for j, x := range w {
		if x > 0 {
			here += l.Prior[j]
		}
	}
	return 1 / here
}
