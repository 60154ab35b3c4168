package nn

import "golang.org/x/sys/cpu"

// assembly lists the sets that this CPU can run. GODEBUG=cpu.avx2=off leaves plain Go.
func assembly() []vectors {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil
	}
	return []vectors{{
		name: "avx2", add: addAVX2, axpy: axpyAVX2, scale: scaleAVX2, sumRows: sumRowsAVX2, squares: squaresAVX2,
		largest: largestAVX2, expSum: expSumAVX2, softmaxBack: softmaxBackAVX2, gelu: geluAVX2, geluBack: geluBackAVX2,
		normalize: normalizeAVX2, normalizeBack: normalizeBackAVX2, gains: gainsAVX2, dropout: dropoutAVX2,
		adam: adamAVX2, scores: scoresAVX2, weigh: weighAVX2,
	}}
}

//go:noescape
func addAVX2(dst, a, b []float32)

//go:noescape
func axpyAVX2(dst, x []float32, f float32)

//go:noescape
func scaleAVX2(dst, x []float32, f float32)

//go:noescape
func sumRowsAVX2(dst, src []float32, rows, step int)

//go:noescape
func squaresAVX2(x []float32) (sum float64)

//go:noescape
func largestAVX2(x []float32) (most float32)

//go:noescape
func expSumAVX2(dst, x []float32, f, shift float32) (sum float32)

//go:noescape
func softmaxBackAVX2(dp, p []float32, f float32)

//go:noescape
func geluAVX2(dst, x []float32)

//go:noescape
func geluBackAVX2(g, x []float32)

//go:noescape
func normalizeAVX2(out, x, gain, bias []float32) (mean, inverse float32)

//go:noescape
func normalizeBackAVX2(g, x, gain []float32, mean, inverse float32)

//go:noescape
func gainsAVX2(dgain, dbias, g, x []float32, mean, inverse float32)

//go:noescape
func dropoutAVX2(dst, x []float32, keep float32, first, seed1, seed2 uint32, threshold int32)

//go:noescape
func adamAVX2(data, grad, first, second []float32, c *adamConstants)

//go:noescape
func scoresAVX2(dst, keys, q []float32)

//go:noescape
func weighAVX2(dst, values, p []float32)
