package score

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const slots, classes = 8, 16

// world is peers with logits of their own on every probe.
type world struct {
	r      *rand.Rand
	probes *Probes
	logits map[uint32][]float64
}

func newWorld(uids ...uint32) *world {
	w := &world{r: rand.New(rand.NewPCG(1, 1)), probes: NewProbes(slots, classes), logits: map[uint32][]float64{}}
	for _, uid := range uids {
		w.logits[uid] = w.random(2)
	}
	return w
}

func (w *world) random(scale float64) []float64 {
	z := make([]float64, slots*classes)
	for i := range z {
		z[i] = scale * w.r.NormFloat64()
	}
	return z
}

// train moves a peer's logits a little.
func (w *world) train(uid uint32, scale float64) {
	for i, d := range w.random(scale) {
		w.logits[uid][i] += d
	}
}

// round lets everybody train and answer; copies say whose answers they pass off.
func (w *world) round(copies map[uint32]uint32, renewed ...int) Verdict {
	w.probes.Begin(renewed...)
	for _, slot := range renewed {
		for _, z := range w.logits {
			for v := range classes {
				z[slot*classes+v] = 2 * w.r.NormFloat64()
			}
		}
	}
	for uid := uint32(1); uid <= uint32(len(w.logits)); uid++ {
		w.train(uid, 0.05)
	}
	for uid := uint32(1); uid <= uint32(len(w.logits)); uid++ {
		z := w.logits[uid]
		if original, copied := copies[uid]; copied {
			z = w.logits[original]
		}
		w.probes.Answer(uid, w.answers(z, 0.001))
	}
	return w.probes.Judge()
}

func (w *world) answers(z []float64, noise float64) []float32 {
	p := make([]float32, len(z))
	for slot := range slots {
		var sum float64
		for v := range classes {
			e := math.Exp(z[slot*classes+v] + noise*w.r.NormFloat64())
			p[slot*classes+v] = float32(e)
			sum += e
		}
		for v := range classes {
			p[slot*classes+v] /= float32(sum)
		}
	}
	return p
}

func TestDivergence(t *testing.T) {
	require.InDelta(t, 1, divergence([]float32{1, 0}, []float32{0, 1}), 1e-12)
	require.Zero(t, divergence([]float32{0.3, 0.7}, []float32{0.3, 0.7}))
	// H(0.375) - (H(0.5) + H(0.25))/2
	require.InDelta(t, 0.954434-(1+0.811278)/2, divergence([]float32{0.5, 0.5}, []float32{0.25, 0.75}), 1e-5)

	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(finite(), 4, 4).Draw(t, "a")
		b := rapid.SliceOfN(finite(), 4, 4).Draw(t, "b")
		d := divergence(a, b)
		require.True(t, d >= 0 && d <= 1, d)
	})
}

func TestHonestPeersAreNoCluster(t *testing.T) {
	w := newWorld(1, 2, 3, 4, 5)
	for round := range 10 {
		v := w.round(nil, round%slots)
		require.Equal(t, []int{0, 1, 2, 3, 4}, v.Group)
		require.Equal(t, make([]bool, 5), v.Copy)
		require.Greater(t, v.Median, 0.2)
	}
}

func TestACopierIsFoundAndTheOriginalIsNot(t *testing.T) {
	w := newWorld(1, 2, 3, 4, 5)
	for round := range 6 {
		w.round(nil, round%slots)
	}
	copies := map[uint32]uint32{2: 4}
	for round := range 6 { // it stays the copy although it now moves as the original does
		v := w.round(copies, round%slots)
		require.Equal(t, []int{0, 1, 2, 1, 3}, v.Group, "round %d", round)
		require.Equal(t, []bool{false, true, false, false, false}, v.Copy, "round %d", round)
	}
	// back to its own model, it is a peer again
	v := w.round(nil)
	require.Equal(t, []int{0, 1, 2, 3, 4}, v.Group)
	require.Equal(t, make([]bool, 5), v.Copy)
}

func TestACopyFromTheStartIsSplit(t *testing.T) {
	w := newWorld(1, 2, 3, 4)
	for range 6 {
		v := w.round(map[uint32]uint32{3: 1})
		require.Equal(t, []int{0, 1, 0, 2}, v.Group)
		require.Equal(t, make([]bool, 4), v.Copy)
	}
}

func TestAnOriginalThatJumpsIsNoCopy(t *testing.T) {
	// 3 relays 1 from the start; then 1 trains in a leap, and 3 with it
	w := newWorld(1, 2, 3, 4)
	for range 6 {
		w.round(map[uint32]uint32{3: 1})
	}
	w.train(1, 2)
	v := w.round(map[uint32]uint32{3: 1})
	require.Equal(t, []int{0, 1, 0, 2}, v.Group)
	require.Equal(t, make([]bool, 4), v.Copy)
	require.True(t, w.probes.Peers[0].Jumped)
}

func TestManyCopiesDoNotHideOneAnother(t *testing.T) {
	w := newWorld(1, 2, 3, 4, 5, 6, 7, 8, 9)
	// of 36 distances 21 are those between copies of one model
	v := w.round(map[uint32]uint32{4: 3, 5: 3, 6: 3, 7: 3, 8: 3, 9: 3})
	require.Equal(t, []int{0, 1, 2, 2, 2, 2, 2, 2, 2}, v.Group)
	require.Greater(t, v.Median, 0.2, "the median of three models")
}

func TestProbesIgnoreWhatDoesNotFit(t *testing.T) {
	p := NewProbes(1, 2)
	p.Begin()
	p.Answer(1, []float32{0.5, 0.5, 0.5})
	require.Zero(t, p.Peers[0].NowRound)
	p.Answer(1, []float32{0.5, 0.5})
	p.Answer(1, []float32{0.9, 0.1})
	require.Equal(t, []float32{0.5, 0.5}, p.Peers[0].Now, "a second answer in a round")
	p.Begin(0) // all inputs are new: no drift can be measured
	p.Answer(1, []float32{0.9, 0.1})
	require.Empty(t, p.Peers[0].Drifts)
	p.Begin()
	require.Empty(t, p.Judge().UIDs, "nobody answered")
	p.Forget(1)
	p.Forget(1)
	require.Empty(t, p.Peers)
}

func TestProbesAreTheirState(t *testing.T) {
	a := newWorld(1, 2, 3, 4)
	for range 5 {
		a.round(nil)
	}
	blob, err := json.Marshal(a.probes)
	require.NoError(t, err)
	var back Probes
	require.NoError(t, json.Unmarshal(blob, &back))
	b := &world{r: rand.New(rand.NewPCG(2, 2)), probes: &back, logits: a.logits}
	a.r = rand.New(rand.NewPCG(2, 2))
	saved := map[uint32][]float64{}
	for uid, z := range a.logits {
		saved[uid] = append([]float64{}, z...)
	}
	first := a.round(map[uint32]uint32{1: 2})
	b.logits = saved
	require.Equal(t, first, b.round(map[uint32]uint32{1: 2}))
	require.Equal(t, []bool{true, false, false, false}, first.Copy)
}

func TestGroupsOfAnyOrder(t *testing.T) {
	v := Verdict{UIDs: []uint32{2, 5, 8, 9}, Group: []int{0, 1, 0, 2}, Copy: []bool{false, false, true, false}}
	group, copies := v.Groups([]uint32{9, 8, 7, 2})
	require.Equal(t, []int{0, 1, 2, 1}, group)
	require.Equal(t, []bool{false, true, false, false}, copies)
}

func TestMergeByHand(t *testing.T) {
	src := Batch{
		Peers: 3,
		Gates: []float32{0.4, 0.1, 0.1, 0.2, 0.3, 0.4, 0.1, 0, 0.2, 0.3},
		P:     []float32{0.5, 0.1, 0.3, 0.2, 0.6, 0.5, 0.1, 0.3, 0.2, 0.6},
	}
	var dst Batch
	Merge(&dst, src, []int{0, 1, 0})
	require.Equal(t, 2, dst.Peers)
	require.InDeltaSlice(t, []float32{0.4, 0.1, 0.2, 0.2, 0.4, 0.1, 0.3, 0.2}, dst.Gates, 1e-6)
	require.InDeltaSlice(t, []float32{0.5, 0.1, 0.21 / 0.4, 0.2, 0.5, 0.1, 0.6, 0.2}, dst.P, 1e-6)
}

func TestCopiesTogetherAreWorthTheOriginal(t *testing.T) {
	alone := invented(8, 200, 3)
	// the same neurons, and a fourth peer that says what the first does
	width := First + 4
	both := Batch{Peers: 4, Gates: make([]float32, 200*width), P: make([]float32, 200*width)}
	for i := range 200 {
		copy(both.Gates[i*width:], alone.Gates[i*5:(i+1)*5])
		copy(both.P[i*width:], alone.P[i*5:(i+1)*5])
		both.Gates[i*width+5], both.P[i*width+5] = alone.Gates[i*5+First], alone.P[i*5+First]
	}
	group, copies := []int{0, 1, 2, 0}, []bool{false, false, false, true}
	want := NewEstimator(3, DefaultSampling(1)).Add(alone)
	var merged Batch
	Merge(&merged, both, group)
	require.InDeltaSlice(t, want, NewEstimator(3, DefaultSampling(1)).Add(merged), 1e-6)

	values := []Value{{Counted: 0.3}, {Counted: 0.1}, {}}
	require.Equal(t, []float64{0.3, 0.1, 0, 0}, Split(nil, values, group, copies), "the copy gets nothing")
	require.Equal(t, []float64{0.15, 0.1, 0, 0.15}, Split(nil, values, group, make([]bool, 4)), "or equal parts")
}

func TestJudgeForAnyAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewProbes(2, 2)
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			p.Begin()
			for uid := range uint32(4) {
				if rapid.Bool().Draw(t, "answers") {
					p.Answer(uid, rapid.SliceOfN(finite(), 4, 4).Draw(t, "answer"))
				}
			}
			v := p.Judge()
			require.False(t, math.IsNaN(v.Median))
			for i, g := range v.Group {
				honest := false
				for k := range v.Group {
					honest = honest || v.Group[k] == g && !v.Copy[k]
				}
				require.True(t, honest, "a cluster of copies alone: %v", v)
				require.LessOrEqual(t, g, i)
			}
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	uids := make([]uint32, 64)
	for i := range uids {
		uids[i] = uint32(i + 1)
	}
	w := newWorld(uids...)
	w.round(nil)
	for b.Loop() {
		w.probes.Judge()
	}
}
