package nn

import (
	"fmt"
	"math"
)

// keyBlock is how many positions of keys lie side by side: as many as a vector has
// lanes, so that their products with a query are sums down the lanes.
const keyBlock = 8

// Memory is what attention remembers of parallel sequences: keys and values of the
// positions so far. One Memory serves one layer, with one number of heads. Each head of
// a sequence has its own run of values, position by position, and of keys, in blocks of
// eight positions: value c of position i is at i/8*8*d + c*8 + i%8.
type Memory struct {
	// length is the number of positions, whole blocks.
	sequences, length, width int
	keys, values             []float32
}

// NewMemory has room for positions 0 to length-1 of each sequence, of heads*d values.
func NewMemory(sequences, length, width int) *Memory {
	length = whole(length)
	return &Memory{
		sequences: sequences, length: length, width: width,
		keys: make([]float32, sequences*length*width), values: make([]float32, sequences*length*width),
	}
}

// whole is the number of positions of the blocks that n positions lie in.
func whole(n int) int { return (n + keyBlock - 1) / keyBlock * keyBlock }

// Attend is one further position of Attention for the given sequences, without
// gradients: row i of qkv belongs to sequence which[i], at position at[i]; whatever
// the memory held from there on is forgotten. No sequence comes twice. The cost is one
// position's, not a sequence's.
func (t *Tape) Attend(m *Memory, qkv *Tensor, which, at []int32, heads int) *Tensor {
	width := qkv.Cols / 3
	if width != m.width || len(which) != qkv.Rows || len(at) != qkv.Rows || width%heads != 0 {
		panic(fmt.Sprintf("nn: Attend of %s for %d sequences, %d heads, a memory of width %d", qkv, len(which), heads, m.width))
	}
	longest := 0
	for i, sequence := range which {
		m.check(sequence, at[i])
		longest = max(longest, int(at[i])+1)
	}
	n := t.record(attend, qkv.Rows, width, qkv)
	n.memory, n.m, n.which, n.at = m, heads, which, at
	n.work = t.memory.take(t.device.Workers() * m.length)
	t.device.split(attendRun, n, qkv.Rows, longest*width)
	return &n.out
}

// check panics at a position that the memory has no room for.
func (m *Memory) check(sequence, at int32) {
	if int(sequence) >= m.sequences || int(at) >= m.length || sequence < 0 || at < 0 {
		panic(fmt.Sprintf("nn: position %d of sequence %d, the memory has %d of %d", at, sequence, m.length, m.sequences))
	}
}

var attend = &operation{"Attend", func(*node) { panic("nn: Attend has no gradient") }}

func attendRun(n *node, worker, from, to int) {
	m := n.memory
	scores := n.work[worker*m.length:][:m.length]
	for i := from; i < to; i++ {
		m.keep(n.a.Row(i), int(n.which[i]), int(n.at[i]), n.m)
		m.attend(n.device.vectors, n.a.Row(i), n.out.Row(i), scores, int(n.which[i]), int(n.at[i])+1, n.m)
	}
}

// keep writes the key and the value of a position.
func (m *Memory) keep(qkv []float32, sequence, position, heads int) {
	d := m.width / heads
	for h := range heads {
		start := (sequence*heads + h) * m.length * d
		copy(m.values[start+position*d:][:d], qkv[2*m.width+h*d:])
		block := m.keys[start+position/keyBlock*keyBlock*d:][:keyBlock*d]
		for c, v := range qkv[m.width+h*d:][:d] {
			block[c*keyBlock+position%keyBlock] = v
		}
	}
}

// attend looks back from the last of some positions. It overwrites scores.
func (m *Memory) attend(v *vectors, qkv, out, scores []float32, sequence, positions, heads int) {
	d := m.width / heads
	scale := float32(1 / math.Sqrt(float64(d)))
	scores = scores[:whole(positions)]
	for h := range heads {
		start := (sequence*heads + h) * m.length * d
		v.scores(scores, m.keys[start:][:len(scores)*d], qkv[h*d:][:d])
		p := scores[:positions]
		// Dividing the result is cheaper than dividing the weights.
		sum := v.expSum(p, p, scale, v.largest(p))
		o := out[h*d:][:d]
		v.weigh(o, m.values[start:][:positions*d], p)
		v.scale(o, o, 1/sum)
	}
}

// Keep fills the first positions of sequences: sequence i of qkv, of the given length,
// is which[i] in the memory.
func (m *Memory) Keep(qkv *Tensor, which []int32, length, heads int) {
	if qkv.Cols != 3*m.width || m.width%heads != 0 || len(which)*length != qkv.Rows {
		panic(fmt.Sprintf("nn: Keep of %s for %d sequences of %d, %d heads, a memory of width %d", qkv, len(which), length, heads, m.width))
	}
	for i, sequence := range which {
		m.check(sequence, int32(length-1))
		for position := range length {
			m.keep(qkv.Row(i*length+position), int(sequence), position, heads)
		}
	}
}

// AttendFirst is Attention over the first positions of sequences, which Keep puts into
// the memory.
func (t *Tape) AttendFirst(m *Memory, qkv *Tensor, which []int32, length, heads int) *Tensor {
	m.Keep(qkv, which, length, heads)
	return t.Attention(qkv, length, heads)
}
