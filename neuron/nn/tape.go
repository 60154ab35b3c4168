package nn

import (
	"fmt"
	"math/rand/v2"
)

// Tape records operations and walks back through them. It is for one goroutine.
type Tape struct {
	device *Device
	// Training says that gradients are wanted and dropout is on. It may change
	// between steps.
	Training bool
	random   *rand.PCG
	nodes    []*node
	count    int
	memory   arena
	// spare has gradients that are not in use, by their length.
	spare map[int][][]float32
}

// node is one operation: what it read, what it made, and what it keeps for the way
// back. Which fields mean what is told where the operation is.
type node struct {
	tape    *Tape
	device  *Device
	op      *operation
	a, b, c *Tensor
	out     Tensor
	n, m    int
	f       float32
	ids     []uint8
	p, q    []float32
	saved   []float32
	work    []float32
	seeds   [2]uint32
	spots   []int32
	memory  *Memory
	which   []int32
	at      []int32
}

// operation is how a kind of node is computed. Forward is left to the recording
// method.
type operation struct {
	name string
	// backward adds to the gradients of a, b and c; n's own is lost.
	backward func(n *node)
}

// NewTape returns a tape; seed decides what dropout drops.
func NewTape(d *Device, seed uint64) *Tape {
	return &Tape{device: d, random: rand.NewPCG(seed, 0x9e3779b97f4a7c15), spare: map[int][][]float32{}}
}

// Reset forgets all operations; tensors that the tape returned are not valid any more.
func (t *Tape) Reset() {
	t.count = 0
	t.memory.reset()
}

// RandomState is where dropout stands, for a checkpoint.
func (t *Tape) RandomState() []byte {
	state, err := t.random.MarshalBinary()
	if err != nil {
		panic(err) // it has no cause
	}
	return state
}

// SetRandomState goes on from a checkpoint.
func (t *Tape) SetRandomState(state []byte) error {
	if err := t.random.UnmarshalBinary(state); err != nil {
		return fmt.Errorf("the state of dropout, %d bytes: %w", len(state), err)
	}
	return nil
}

// record adds a node whose result has the given shape. It has a gradient if an
// operand has one and the tape is training.
func (t *Tape) record(op *operation, rows, cols int, operands ...*Tensor) *node {
	n := t.next()
	n.op = op
	for i, x := range operands {
		*[]**Tensor{&n.a, &n.b, &n.c}[i] = x
	}
	wanted := t.Training && (hasGrad(n.a) || hasGrad(n.b) || hasGrad(n.c))
	n.out = Tensor{Rows: rows, Cols: cols, Data: t.memory.take(rows * cols), wanted: wanted}
	return n
}

// next is an empty node.
func (t *Tape) next() *node {
	if t.count == len(t.nodes) {
		t.nodes = append(t.nodes, new(node))
	}
	n := t.nodes[t.count]
	t.count++
	*n = node{tape: t, device: t.device, spots: n.spots[:0]}
	return n
}

// Aside runs f and forgets what it recorded: tensors that it made are not valid after
// it, those from before are.
func (t *Tape) Aside(f func()) {
	count, memory := t.count, t.memory
	f()
	t.count, t.memory.slab, t.memory.used = count, memory.slab, memory.used
}

func hasGrad(x *Tensor) bool { return x != nil && (x.Grad != nil || x.wanted) }

// Backward walks back from x, whose gradient is the given one, or 1 for a loss when
// it is nil. Gradients of parameters are added to.
func (t *Tape) Backward(x *Tensor, gradient []float32) {
	if !hasGrad(x) {
		panic("nn: nothing that x is made of has a gradient")
	}
	if x.Grad == nil {
		x.Grad = t.borrow(len(x.Data))
	}
	if gradient == nil {
		x.Grad[0] = 1
	} else if copy(x.Grad, gradient) != len(x.Grad) {
		panic(fmt.Sprintf("nn: a gradient of %d values for %s", len(gradient), x))
	}
	for i := t.count - 1; i >= 0; i-- {
		n := t.nodes[i]
		if n.op == nil || n.out.Grad == nil {
			continue // a view of a parameter, or nothing came back to it
		}
		n.op.backward(n)
		if n.out.Grad != nil {
			t.giveBack(n.out.Grad)
			n.out.Grad = nil
		}
	}
}

// arena hands out memory that is all taken back at once.
type arena struct {
	slabs [][]float32
	slab  int
	used  int
}

const slabValues = 1 << 20

// take returns n values, not cleared.
func (a *arena) take(n int) []float32 {
	for a.slab < len(a.slabs) {
		if s := a.slabs[a.slab]; a.used+n <= len(s) {
			a.used += n
			return s[a.used-n : a.used : a.used]
		}
		a.slab, a.used = a.slab+1, 0
	}
	a.slabs = append(a.slabs, make([]float32, max(n, slabValues)))
	a.used = n
	return a.slabs[a.slab][:n:n]
}

func (a *arena) reset() { a.slab, a.used = 0, 0 }
