package model

import (
	"fmt"
	"math"
)

// Check says whether an input is of the kind that a model takes. How long a sequence
// may be is for the model to say.
func (c Card) Check(in Input) error {
	if c.Modality == Text {
		switch {
		case in.Values != nil:
			return fmt.Errorf("%d values for a model of text: give tokens", len(in.Values))
		case in.Length < 1:
			return fmt.Errorf("sequences of %d bytes: give at least one", in.Length)
		case in.Count < 1 || in.Count > math.MaxInt/in.Length || in.Count*in.Length != len(in.Tokens):
			return fmt.Errorf("%d bytes as %d sequences of %d: give all their bytes, one sequence after the other", len(in.Tokens), in.Count, in.Length)
		}
		return nil
	}
	dim := volume(c.Shape)
	switch {
	case in.Tokens != nil || in.Length != 0:
		return fmt.Errorf("text for a model of %d values an example: give values, and no length", dim)
	case in.Count < 1 || in.Count > math.MaxInt/dim || in.Count*dim != len(in.Values):
		return fmt.Errorf("%d values as %d examples of %d: give all their values, one example after the other", len(in.Values), in.Count, dim)
	}
	for i, v := range in.Values {
		if v-v != 0 {
			return fmt.Errorf("value %d of example %d is %v, all must be finite", i%dim, i/dim, v)
		}
	}
	return nil
}

// CheckRoom says whether an answer of so many rows and columns fits dst exactly.
func CheckRoom(dst []float32, rows, cols int) error {
	if cols < 1 || len(dst)/cols != rows || len(dst)%cols != 0 {
		return fmt.Errorf("room for %d values, the answer is %d rows of %d", len(dst), rows, cols)
	}
	return nil
}
