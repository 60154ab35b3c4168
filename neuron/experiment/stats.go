package experiment

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Sample is a mean and the half width of its 95 % confidence interval.
type Sample struct{ Mean, Half float64 }

// sample of values, one for each seed. One value has an infinite interval.
func sample(values []float64) Sample {
	n := float64(len(values))
	if n < 2 {
		return Sample{stat.Mean(values, nil), math.Inf(1)}
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975)
	return Sample{mean, t * deviation / math.Sqrt(n)}
}

func (s Sample) String() string { return s.text("%.4f") }

func (s Sample) text(format string) string {
	if math.IsInf(s.Half, 1) {
		return fmt.Sprintf(format, s.Mean)
	}
	return fmt.Sprintf(format+" ± "+strings.ReplaceAll(format, "+", ""), s.Mean, s.Half)
}

// percent is a Sample of ratios as a change in per cent.
func (s Sample) percent() string {
	return Sample{100 * s.Mean, 100 * s.Half}.text("%+.1f") + " %"
}

// spearman is the rank correlation of two series; equal values share their ranks.
func spearman(x, y []float64) float64 { return stat.Correlation(ranks(x), ranks(y), nil) }

func ranks(x []float64) []float64 {
	r := make([]float64, len(x))
	for i, a := range x {
		below, equal := 0, 0
		for _, b := range x {
			if b < a {
				below++
			} else if b == a {
				equal++
			}
		}
		r[i] = float64(below) + float64(equal+1)/2
	}
	return r
}
