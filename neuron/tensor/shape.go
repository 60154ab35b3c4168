package tensor

import (
	"fmt"
	"strconv"
)

const (
	// MaxRank is the highest number of dimensions: batch, height, width, channels.
	MaxRank = 4
	// MaxElements is the highest number of elements of a tensor: 256 sequences
	// of 256 positions with 256 logits each.
	MaxElements = 1 << 24
)

// Shape is the dimensions of a tensor, outermost first; those it does not have
// are 0 and come last: Shape{256, 256} has rank 2. Shapes compare with ==.
type Shape [MaxRank]int

// Rank is the number of dimensions before the first 0.
func (s Shape) Rank() int {
	for i, d := range s {
		if d == 0 {
			return i
		}
	}
	return MaxRank
}

// Elements is the product of the dimensions. It is an error unless there are 1 to
// MaxRank of them, all positive, and the product is at most MaxElements; the
// product is never formed past that bound.
func (s Shape) Elements() (int, error) {
	rank := s.Rank()
	if rank == 0 {
		return 0, fmt.Errorf("%w: %v has no dimension: give 1 to %d, each at least 1", ErrShape, [MaxRank]int(s), MaxRank)
	}
	elements := 1
	for i, d := range s {
		switch {
		case i >= rank && d != 0:
			return 0, fmt.Errorf("%w: %v has dimension %d after a 0: make every dimension at least 1", ErrShape, [MaxRank]int(s), d)
		case i >= rank:
			continue
		case d < 0:
			return 0, fmt.Errorf("%w: %v has the negative dimension %d: make every dimension at least 1", ErrShape, [MaxRank]int(s), d)
		case d > MaxElements/elements:
			return 0, fmt.Errorf("%w: shape %v has more than %d elements: send fewer rows at a time", ErrTooLarge, s, MaxElements)
		}
		elements *= d
	}
	return elements, nil
}

// String writes the dimensions as [256, 256].
func (s Shape) String() string {
	text := []byte{'['}
	for i, d := range s[:s.Rank()] {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendInt(text, int64(d), 10)
	}
	return string(append(text, ']'))
}
