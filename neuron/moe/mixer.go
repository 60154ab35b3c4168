package moe

// Gate weighs the experts of parallel sequences. For each position of a sequence:
// Weigh before it is known, Reveal after.
type Gate interface {
	// Weigh writes the weights of the experts for the next position of a sequence to
	// g: 0 for those that did not answer, a sum of one for the others. answered has
	// one entry per expert, nil when all did; self always answers. hidden is the local
	// hidden state at the position, nil for a gate that does not read it.
	Weigh(sequence int, g []float32, answered []bool, hidden []float32)
	// Reveal tells what each expert gave the symbol that came at the position that
	// was weighed last. Entries of experts that did not answer are not read.
	Reveal(sequence int, p []float32)
	// Reset begins a new sequence.
	Reset(sequence int)
}

// Mixer turns the answers for a position into one. Linear makes one of a Gate;
// Logistic is another. For each position of a sequence: Mix, then Reveal.
type Mixer interface {
	// Mix writes the mixture for the next position to dst. rows holds what each expert
	// answered, nil for one that did not; rows[0] is there.
	Mix(sequence int, dst []float32, rows [][]float32, hidden []float32)
	// Reveal tells which class came at the position that was mixed last.
	Reveal(sequence int, rows [][]float32, target int)
	// Reset begins a new sequence.
	Reset(sequence int)
}

// Linear is the Mixer that adds probabilities up, weighed by a Gate.
type Linear struct {
	gate     Gate
	g, p     []float32
	answered []bool
}

// NewLinear mixes by gate, which has so many experts.
func NewLinear(gate Gate, experts int) *Linear {
	return &Linear{gate: gate, g: make([]float32, experts), p: make([]float32, experts), answered: make([]bool, experts)}
}

// Mix implements Mixer.
func (l *Linear) Mix(sequence int, dst []float32, rows [][]float32, hidden []float32) {
	for j, row := range rows {
		l.answered[j] = row != nil
	}
	l.gate.Weigh(sequence, l.g, l.answered, hidden)
	MixRow(dst, rows, 0, l.g)
}

// Reveal implements Mixer.
func (l *Linear) Reveal(sequence int, rows [][]float32, target int) {
	for j, row := range rows {
		l.p[j] = 0
		if row != nil {
			l.p[j] = row[target]
		}
	}
	l.gate.Reveal(sequence, l.p)
}

// Reset implements Mixer.
func (l *Linear) Reset(sequence int) { l.gate.Reset(sequence) }

// Window says where the positions of parallel sequences lie in a buffer.
type Window struct {
	Sequences, Steps int
	// TimeMajor: position t of sequence s is row t*Sequences+s, as answers arrive from
	// streams. Otherwise it is row s*Steps+t, as models take batches.
	TimeMajor bool
}

// Positions is the number of rows.
func (w Window) Positions() int { return w.Sequences * w.Steps }

// At is the row of step t of sequence s.
func (w Window) At(s, t int) int {
	if w.TimeMajor {
		return t*w.Sequences + s
	}
	return s*w.Steps + t
}

// Walk takes a gate through a window whose targets are known, in the order of each
// sequence, and writes the weights of every position to g. p holds what the experts
// gave the target of each position (Batch.Gather), answered and hidden are as in
// Gate, a row for each position or nil. All of g, p and answered are positions x
// experts. State is carried on from the window before; see Gate.Reset.
func Walk(gate Gate, w Window, g, p []float32, answered []bool, hidden []float32) {
	n := w.Positions()
	if n == 0 {
		return
	}
	experts, width := len(g)/n, len(hidden)/n
	var here []bool
	var h []float32
	for s := range w.Sequences {
		for t := range w.Steps {
			i := w.At(s, t)
			if answered != nil {
				here = answered[i*experts : (i+1)*experts]
			}
			if width > 0 {
				h = hidden[i*width : (i+1)*width]
			}
			gate.Weigh(s, g[i*experts:(i+1)*experts], here, h)
			gate.Reveal(s, p[i*experts:(i+1)*experts])
		}
	}
}
