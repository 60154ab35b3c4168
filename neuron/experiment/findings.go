package experiment

import (
	"fmt"
	"math"
)

// values of runs, one for each.
func values[R any](runs []R, value func(R) float64) []float64 {
	out := make([]float64, len(runs))
	for i, r := range runs {
		out[i] = value(r)
	}
	return out
}

// over is the Sample of a value of runs, one for each seed.
func over[R any](runs []R, value func(R) float64) Sample { return sample(values(runs, value)) }

// count of the runs for which something holds.
func count[R any](runs []R, holds func(R) bool) string {
	n := 0
	for _, r := range runs {
		if holds(r) {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(runs))
}

// verdict on a claim about a figure that should be at least a bound.
func verdict(claim string, figure, least float64, format string) string {
	if figure >= least {
		return fmt.Sprintf("Reached: %s. It is "+format+".", claim, figure)
	}
	return fmt.Sprintf("Missed: %s. It is "+format+", short by "+format+".", claim, figure, least-figure)
}

// add is one more point of a line; an interval that is infinite is not drawn.
func (l *Line) add(x float64, y Sample) {
	l.X, l.Y = append(l.X, x), append(l.Y, y.Mean)
	if !math.IsInf(y.Half, 1) {
		l.Error = append(l.Error, y.Half)
	}
}
