package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// finite draws any finite float32, huge and tiny ones included.
func finite() *rapid.Generator[float32] {
	return rapid.OneOf(
		rapid.Float32Range(-1, 2),
		rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32),
		rapid.SampledFrom([]float32{0, 1, 1e-45, 1e-38, math.MaxFloat32, -math.MaxFloat32}),
	)
}

// invented is a batch of random gates and probabilities.
func invented(seed uint64, n, peers int) Batch {
	r := rand.New(rand.NewPCG(seed, uint64(peers)))
	b := Batch{Peers: peers, Gates: make([]float32, n*(First+peers)), P: make([]float32, n*(First+peers))}
	for i := range b.P {
		b.P[i] = r.Float32() * r.Float32()
		b.Gates[i] = r.Float32()
		if i%(First+peers) >= First && r.IntN(8) == 0 {
			b.Gates[i] = 0 // did not answer
		}
	}
	return b
}

// worth is v(S) as the package comment has it; member says who is in S.
func worth(b Batch, member []bool) float64 {
	width := First + b.Peers
	loss := func(all bool) float64 {
		var sum float64
		for i := range b.Positions() {
			var part, gate float64
			for j := range width {
				if j < First || all && member[j-First] {
					part += float64(b.Gates[i*width+j]) * float64(b.P[i*width+j])
					gate += float64(b.Gates[i*width+j])
				}
			}
			sum -= math.Log(max(part/gate, floor))
		}
		return sum / float64(b.Positions())
	}
	return loss(false) - loss(true)
}

// brute walks every order of the peers.
func brute(b Batch) []float64 {
	phi := make([]float64, b.Peers)
	member := make([]bool, b.Peers)
	orders := 0
	var walk func(value float64, gains []float64, left int)
	walk = func(value float64, gains []float64, left int) {
		if left == 0 {
			orders++
			for j, x := range gains {
				phi[j] += x
			}
			return
		}
		for j := range member {
			if !member[j] {
				member[j] = true
				next := worth(b, member)
				gains[j] = next - value
				walk(next, gains, left-1)
				member[j] = false
			}
		}
	}
	walk(0, make([]float64, b.Peers), b.Peers)
	for j := range phi {
		phi[j] /= float64(orders)
	}
	return phi
}

func TestExactAgainstEveryOrder(t *testing.T) {
	for peers := 1; peers <= 5; peers++ {
		for _, n := range []int{1, 31, 32, 33, 70} {
			b := invented(uint64(n), n, peers)
			got := NewEstimator(peers, DefaultSampling(1)).Add(b)
			require.InDeltaSlice(t, brute(b), got, 1e-9, "%d peers, %d positions", peers, n)
		}
	}
}

func everybody(peers int) []bool {
	member := make([]bool, peers)
	for j := range member {
		member[j] = true
	}
	return member
}

func total(values []float64) float64 {
	var sum float64
	for _, x := range values {
		sum += x
	}
	return sum
}

// same makes peer b of a batch equal to peer a.
func same(batch Batch, a, b int) {
	width := First + batch.Peers
	for i := range batch.Positions() {
		batch.Gates[i*width+First+b] = batch.Gates[i*width+First+a]
		batch.P[i*width+First+b] = batch.P[i*width+First+a]
	}
}

func TestAxioms(t *testing.T) {
	for _, peers := range []int{3, 8, 12} {
		t.Run(fmt.Sprint(peers), func(t *testing.T) {
			b := invented(3, 64, peers)
			same(b, 0, 2)
			width := First + peers
			for i := range b.Positions() { // peer 1 never answers
				b.Gates[i*width+First+1] = 0
			}
			sampling := DefaultSampling(7)
			sampling.Tolerance = 0
			sampling.Pairs = 200
			phi := NewEstimator(peers, sampling).Add(b)
			require.InDelta(t, worth(b, everybody(peers)), total(phi), 1e-9, "efficiency")
			require.InDelta(t, 0, phi[1], 1e-12, "null player")
			if peers <= 8 {
				require.InDelta(t, phi[0], phi[2], 1e-12, "symmetry")
			} else {
				require.InEpsilon(t, phi[0], phi[2], 0.2, "symmetry, as far as orders were drawn")
			}
		})
	}
}

func TestAPeerThatSaysWhatTheOthersSayIsANullPlayer(t *testing.T) {
	b := invented(4, 40, 2)
	width := First + 2
	for i := range b.Positions() { // self, null and peer 0 give the same
		b.P[i*width+Null], b.P[i*width+First] = b.P[i*width], b.P[i*width]
		b.Gates[i*width+First+1] = 0
	}
	phi := NewEstimator(2, DefaultSampling(1)).Add(b)
	require.InDeltaSlice(t, []float64{0, 0}, phi, 1e-7)
}

func TestSampledIsWithinItsErrorOfExact(t *testing.T) {
	const peers, draws = 7, 60
	b := invented(5, 50, peers)
	exact := NewEstimator(peers, DefaultSampling(1)).Add(b)
	sampling := Sampling{Exact: 0, Pairs: 4, Tolerance: 0, Seed: 11}
	e := NewEstimator(peers, sampling)
	for range draws { // the same batch: all that varies is the orders
		e.Add(b)
	}
	for j, v := range e.Values(nil) {
		require.InDelta(t, exact[j], v.Phi, 4*v.SE+1e-12, "peer %d, standard error %v", j, v.SE)
		require.Less(t, v.SE, 0.05*math.Abs(total(exact)))
	}
}

func TestCuttingShortCostsNoMoreThanItsTolerance(t *testing.T) {
	const peers = 10
	b := invented(6, 40, peers)
	sampling := Sampling{Pairs: 20, Tolerance: 0, Seed: 3}
	full := NewEstimator(peers, sampling).Add(b)
	sampling.Tolerance = 0.01
	short := NewEstimator(peers, sampling).Add(b)
	require.InDelta(t, total(full), total(short), 0.01)
	for j := range full {
		require.InDelta(t, full[j], short[j], 0.02)
	}
}

func TestSameSeedSameValues(t *testing.T) {
	const peers = 10
	b := invented(6, 20, peers)
	x, y := NewEstimator(peers, DefaultSampling(5)), NewEstimator(peers, DefaultSampling(5))
	first := append([]float64{}, x.Add(b)...)
	require.Equal(t, first, y.Add(b))
	require.NotEqual(t, first, y.Add(b), "the next batch draws other orders")
	y.Reset()
	require.Equal(t, first, y.Add(b))
}

func TestValuesOverBatches(t *testing.T) {
	const peers = 3
	e := NewEstimator(peers, DefaultSampling(1))
	require.Empty(t, NewEstimator(0, DefaultSampling(1)).Values(nil))
	e.Add(Batch{Peers: peers})
	one := invented(1, 30, peers)
	first := append([]float64{}, e.Add(one)...)
	for j, v := range e.Values(nil) {
		require.Equal(t, first[j], v.Phi)
		require.True(t, math.IsInf(v.SE, 1))
		require.Zero(t, v.Counted, "one batch has no error, so nothing counts")
	}
	second := append([]float64{}, e.Add(invented(2, 30, peers))...)
	third := append([]float64{}, e.Add(invented(3, 30, peers))...)
	for j, v := range e.Values(nil) {
		m := (first[j] + second[j] + third[j]) / 3
		s := 0.0
		for _, x := range []float64{first[j], second[j], third[j]} {
			s += (x - m) * (x - m)
		}
		require.InDelta(t, m, v.Phi, 1e-12)
		require.InDelta(t, math.Sqrt(s/2/3), v.SE, 1e-12)
		require.InDelta(t, max(0, m-2*v.SE), v.Counted, 1e-12)
	}
}

func TestValuesAreNeverNaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peers := rapid.IntRange(1, 4).Draw(t, "peers")
		sampling := DefaultSampling(1)
		sampling.Exact = rapid.SampledFrom([]int{0, 8}).Draw(t, "exact")
		e := NewEstimator(peers, sampling)
		for range 2 {
			n := rapid.IntRange(1, 40).Draw(t, "positions") * (First + peers)
			e.Add(Batch{
				Peers: peers,
				Gates: rapid.SliceOfN(finite(), n, n).Draw(t, "gates"),
				P:     rapid.SliceOfN(finite(), n, n).Draw(t, "p"),
			})
		}
		for _, v := range e.Values(nil) {
			for _, x := range []float64{v.Phi, v.SE, v.Counted} {
				require.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%v", v)
			}
		}
	})
}

func TestEstimatorAllocatesNothing(t *testing.T) {
	for _, peers := range []int{6, 12} {
		b := invented(1, 40, peers)
		e := NewEstimator(peers, DefaultSampling(1))
		e.Add(b)
		require.Zero(t, testing.AllocsPerRun(10, func() { e.Add(b) }), peers)
	}
}

func BenchmarkShapley(b *testing.B) {
	const n = 1024
	for _, peers := range []int{6, 8, 16, 64} {
		b.Run(fmt.Sprintf("%d", peers), func(b *testing.B) {
			batch := invented(1, n, peers)
			e := NewEstimator(peers, DefaultSampling(1))
			for b.Loop() {
				e.Add(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/position")
		})
	}
}

// Domains that differ are no doubt about a peer that is worth the same in each.
func TestStratified(t *testing.T) {
	own := []Value{{Phi: 0, SE: 0.01}, {Phi: 0.2, SE: 0.1}}
	other := []Value{{Phi: 1, SE: 0.02}, {Phi: 0.1, SE: 0.3}}
	got := Stratified([][]Value{own, other, nil}, []float64{0.5, 0.25, 0.25})
	require.InDelta(t, 1.0/3, got[0].Phi, 1e-12)
	require.InDelta(t, math.Hypot(0.01*2/3, 0.02/3), got[0].SE, 1e-12)
	require.InDelta(t, got[0].Phi-2*got[0].SE, got[0].Counted, 1e-12)
	require.Zero(t, got[1].Counted)

	// One whose error is not known is left out; with none known nothing counts.
	single := []Value{{Phi: 5, SE: math.Inf(1)}, {Phi: 5, SE: math.Inf(1)}}
	got = Stratified([][]Value{own, single}, []float64{0.5, 0.5})
	require.Zero(t, got[0].Phi)
	got = Stratified([][]Value{single, nil}, []float64{0.5, 0.5})
	require.InDelta(t, 5, got[0].Phi, 1e-12)
	require.Zero(t, got[0].Counted)
}
