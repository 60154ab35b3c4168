package distill

import "github.com/taonet/taonet/neuron/moe"

// Schedule is when the network is let in, in fractions of all steps.
type Schedule struct {
	// Start is where it begins: before that the local model learns alone.
	Start float64
	// Ramp is how long its terms take to reach their full weight.
	Ramp float64
}

// Late lets the network in for the last 40 % of the steps.
func Late() Schedule { return Schedule{Start: 0.6, Ramp: 0.05} }

// Strength is the part of their weight that the network's terms have at a step, 0..1.
// At 0 nobody need be asked.
func (s Schedule) Strength(step, steps int) float32 {
	done := (float64(step)+1)/float64(max(steps, 1)) - s.Start
	switch {
	case !(done > 0):
		return 0
	case done >= s.Ramp:
		return 1
	}
	return float32(done / s.Ramp)
}

// Lesson is one batch of parallel sequences with everybody's answers.
type Lesson struct {
	// Window says which positions belong together.
	Window  moe.Window
	Classes int
	// Experts are positions x classes probabilities, as in moe.Batch; the first are the
	// softmax of the local logits.
	Experts [][]float32
	// Answered is positions x experts, nil when everybody answered everywhere.
	Answered []bool
	// Hidden is positions x width, for a gate that reads it.
	Hidden []float32
	// Targets has the class of each position, negative where none is known.
	Targets []int32
	// Fresh: the sequences begin here and do not continue those of the last lesson.
	Fresh bool
}

// Student teaches the local model: the gate walks each sequence over what was
// revealed, and the mixture that it makes of the answers is the target of each
// position. It keeps its memory between lessons.
type Student struct {
	Gate     moe.Gate
	Loss     Loss
	Schedule Schedule

	batch   moe.Batch
	p       []float32
	scratch []float32
}

// Gradient writes the gradient of the mean loss toward the local logits to grad,
// which may be Experts[0]. Before the schedule lets the network in, only Experts[0]
// is read and the mixture's sum is that of self.
func (s *Student) Gradient(grad []float32, lesson *Lesson, step, steps int) moe.Sums {
	n := lesson.Window.Positions()
	strength := s.Schedule.Strength(step, steps)
	experts := lesson.Experts
	if strength == 0 {
		experts = experts[:1]
	}
	s.batch = moe.Batch{
		Classes: lesson.Classes, Experts: experts, Targets: lesson.Targets,
		Gates: grown(s.batch.Gates, n*len(experts)),
	}
	s.scratch = grown(s.scratch, 3*lesson.Classes)
	if strength == 0 {
		for i := range s.batch.Gates {
			s.batch.Gates[i] = 1
		}
	} else {
		s.walk(lesson)
	}
	return s.Loss.Scaled(strength).Gradient(grad, nil, &s.batch, 1/float32(max(n, 1)), s.scratch)
}

// Gates are the gates of the last lesson, positions x experts, until the next.
func (s *Student) Gates() []float32 { return s.batch.Gates }

func (s *Student) walk(lesson *Lesson) {
	if lesson.Fresh {
		for sequence := range lesson.Window.Sequences {
			s.Gate.Reset(sequence)
		}
	}
	s.p = grown(s.p, len(s.batch.Gates))
	s.batch.Gather(s.p)
	moe.Walk(s.Gate, lesson.Window, s.batch.Gates, s.p, lesson.Answered, lesson.Hidden)
}

func grown(buffer []float32, size int) []float32 {
	if cap(buffer) < size {
		return make([]float32, size)
	}
	return buffer[:size]
}
