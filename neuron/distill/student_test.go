package distill

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/moe"
)

func TestSchedule(t *testing.T) {
	late := Late()
	require.Zero(t, late.Strength(0, 1000))
	require.Zero(t, late.Strength(598, 1000))
	require.InDelta(t, 0.5, late.Strength(624, 1000), 1e-6)
	require.Equal(t, float32(1), late.Strength(650, 1000))
	require.Equal(t, float32(1), late.Strength(999, 1000))
	require.Equal(t, float32(1), Schedule{}.Strength(0, 10), "from the start, at once")
	require.Zero(t, late.Strength(-1, 0))
}

// lesson is one in which the first peer knows what comes and self does not.
func lesson(sequences, steps int) *Lesson {
	const classes = 4
	n := sequences * steps
	l := &Lesson{
		Window: moe.Window{Sequences: sequences, Steps: steps}, Classes: classes, Fresh: true,
		Experts: make([][]float32, 3), Targets: make([]int32, n),
	}
	for j := range l.Experts {
		l.Experts[j] = make([]float32, n*classes)
		for i := range l.Experts[j] {
			l.Experts[j][i] = 1.0 / classes
		}
	}
	for i := range n {
		y := i % classes
		l.Targets[i] = int32(y)
		for v := range classes {
			l.Experts[1][i*classes+v] = 0.02
		}
		l.Experts[1][i*classes+y] = 0.94
	}
	return l
}

func TestStudentWalksToTheTeacher(t *testing.T) {
	s := &Student{Gate: moe.NewEvidence(2, 3), Loss: DefaultLoss(), Schedule: Late()}
	l := lesson(2, 6)
	n := l.Window.Positions()
	grad := make([]float32, n*l.Classes)

	alone := s.Gradient(grad, l, 0, 100)
	require.Equal(t, alone.Self, alone.Mix, "the network is off")
	requireLocal(t, l, grad)

	sums := s.Gradient(grad, l, 99, 100)
	require.Less(t, sums.Mix, 0.5*sums.Self)
	gates := s.Gates()
	require.InDeltaSlice(t, []float32{0.6, 0.2, 0.2}, gates[:3], 1e-6, "a sequence begins at the prior")
	last := gates[(l.Window.At(0, 5))*3:]
	require.Greater(t, last[1], float32(0.95), "and finds who knows")

	// the gradient at the end of a sequence pulls toward the mixture
	at := l.Window.At(0, 5)*l.Classes + int(l.Targets[5])
	require.Less(t, grad[at], float32(-1)/float32(n))

	// without Fresh, evidence is carried on
	l.Fresh = false
	s.Gradient(grad, l, 99, 100)
	require.Greater(t, s.Gates()[1], float32(0.95))
}

func requireLocal(t *testing.T, l *Lesson, grad []float32) {
	t.Helper()
	n := l.Window.Positions()
	for i, y := range l.Targets {
		for v := range l.Classes {
			want := l.Experts[0][i*l.Classes+v]
			if v == int(y) {
				want--
			}
			require.InDelta(t, want/float32(n), grad[i*l.Classes+v], 1e-6)
		}
	}
}

func TestStudentLeavesOutTheAbsent(t *testing.T) {
	s := &Student{Gate: moe.NewEvidence(1, 3), Loss: DefaultLoss()}
	l := lesson(1, 4)
	l.Answered = []bool{
		true, true, true,
		true, false, true,
		true, true, false,
		true, false, false,
	}
	s.Gradient(make([]float32, 4*l.Classes), l, 0, 1)
	g := s.Gates()
	require.Zero(t, g[3+1])
	require.Zero(t, g[6+2])
	require.Equal(t, []float32{1, 0, 0}, g[9:12])
}

func TestStudentAllocatesNothing(t *testing.T) {
	s := &Student{Gate: moe.NewEvidence(2, 3), Loss: DefaultLoss(), Schedule: Late()}
	l := lesson(2, 6)
	grad := make([]float32, 12*l.Classes)
	s.Gradient(grad, l, 99, 100)
	require.Zero(t, testing.AllocsPerRun(50, func() { s.Gradient(grad, l, 99, 100) }))
}

func BenchmarkStudent(b *testing.B) {
	const sequences, steps, classes, experts = 64, 16, 256, 7
	const n = sequences * steps
	logits, batch := invented(n, classes, experts)
	l := &Lesson{
		Window: moe.Window{Sequences: sequences, Steps: steps}, Classes: classes, Fresh: true,
		Experts: batch.Experts, Targets: batch.Targets,
	}
	s := &Student{Gate: moe.NewEvidence(sequences, experts), Loss: DefaultLoss()}
	grad := make([]float32, n*classes)
	for b.Loop() {
		moe.Softmax(l.Experts[0], logits, classes)
		s.Gradient(grad, l, 0, 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/position")
}
