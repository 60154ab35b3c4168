package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Kind is what a table's target is.
type Kind uint8

const (
	// Classify says that the target is one of a few classes.
	Classify Kind = iota
	// Regress says that the target is a number.
	Regress
)

// Labelled is a set of examples: images or rows of a table, each with a class or
// a value. It is never written to after it was made, so any number of goroutines
// may use it.
type Labelled struct {
	// Name is the set's name in messages and tables.
	Name string
	// Shape is that of one example: [values], [height, width] or [height, width,
	// channels], the last dimension running fastest.
	Shape []int
	// Labels are the names of the classes by number; nil for regression.
	Labels []string

	dim    int
	bytes  []uint8       // [rows*dim]: either these, through level,
	level  *[256]float32 // the value of a byte
	floats []float32     // or these
	target []float32     // one per row
	sums   []digest      // one per row
	held   holding
}

// values are the examples before they are split; either bytes or floats.
type values struct {
	shape  []int
	bytes  []uint8
	scale  float32 // what a byte is divided by
	floats []float32
}

func newLabelled(name string, v values, labels []string, target []float32) *Labelled {
	l := &Labelled{Name: name, Shape: v.shape, Labels: labels, dim: 1, bytes: v.bytes, floats: v.floats, target: target}
	for _, n := range v.shape {
		l.dim *= n
	}
	if v.bytes != nil {
		l.level = new([256]float32)
		for b := range l.level {
			l.level[b] = float32(b) / v.scale
		}
	}
	l.sum()
	l.split()
	return l
}

// sum hashes every row's values; floats as four little-endian bytes each.
func (l *Labelled) sum() {
	l.sums = make([]digest, len(l.target))
	row := make([]byte, 0, 4*l.dim)
	for i := range l.sums {
		if l.bytes != nil {
			l.sums[i] = sha256.Sum256(l.bytes[i*l.dim : (i+1)*l.dim])
			continue
		}
		row = row[:0]
		for _, x := range l.floats[i*l.dim : (i+1)*l.dim] {
			row = binary.LittleEndian.AppendUint32(row, math.Float32bits(x))
		}
		l.sums[i] = sha256.Sum256(row)
	}
}

// split walks groups of equal rows in the order of their hashes. The group that
// begins at row r of the m rows of its class falls to the first part that ends,
// rounded, after r.
func (l *Labelled) split() {
	order := make([]uint32, len(l.sums))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return l.sums[a].compare(l.sums[b]) })
	size, begun := make([]int, len(l.Labels)+1), make([]int, len(l.Labels)+1)
	l.groups(order, func(rows []uint32, class int) { size[class] += len(rows) })
	l.groups(order, func(rows []uint32, class int) {
		p := Train
		for p < Test && (size[class]*p.end()+50)/100 <= begun[class] {
			p++
		}
		begun[class] += len(rows)
		l.held[p] = append(l.held[p], rows...)
	})
}

// groups calls do for each run of equal rows with the lowest class among them, 0
// for regression.
func (l *Labelled) groups(order []uint32, do func(rows []uint32, class int)) {
	for len(order) > 0 {
		n, class := 0, math.MaxInt
		for n < len(order) && l.sums[order[n]] == l.sums[order[0]] {
			class = min(class, l.class(order[n]))
			n++
		}
		do(order[:n], class)
		order = order[n:]
	}
}

func (l *Labelled) class(row uint32) int {
	if l.Labels == nil {
		return 0
	}
	return int(l.target[row])
}

// Dim is the number of values of one example, the product of Shape.
func (l *Labelled) Dim() int { return l.dim }

// Len is the number of examples of a part.
func (l *Labelled) Len(p Part) int { return len(l.held[p]) }

// Row writes example i of a part, of Len(p), to x, which holds Dim values, and
// returns its target: the number of its class or its value. The classes of
// neighbouring examples are unrelated.
func (l *Labelled) Row(p Part, i int, x []float32) (y float32) {
	row := l.held[p][i]
	at := int(row) * l.dim
	if l.bytes == nil {
		copy(x, l.floats[at:at+l.dim])
		return l.target[row]
	}
	for j, b := range l.bytes[at : at+l.dim] {
		x[j] = l.level[b]
	}
	return l.target[row]
}

// Examples fills x, [batch*Dim], and y, [batch], with random examples of a part,
// every one equally likely. Each y is the number of a class, exactly, or a value.
func (l *Labelled) Examples(p Part, s *Sampler, batch int, x, y []float32) error {
	if batch < 1 || len(y) != batch || len(x)/l.dim != batch || len(x)%l.dim != 0 {
		return fmt.Errorf("%q: memory of %d values and %d targets for %d examples of %d values, must be batch*dim and batch, at least 1", l.Name, len(x), len(y), batch, l.dim)
	}
	if l.Len(p) == 0 {
		return fmt.Errorf("%q: no example in part %s among %d: give more examples or a larger share of them", l.Name, p, l.held.size())
	}
	for i := range y {
		y[i] = l.Row(p, s.below(len(l.held[p])), x[i*l.dim:(i+1)*l.dim])
	}
	return nil
}
