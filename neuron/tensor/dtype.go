package tensor

import (
	"fmt"
	"strconv"
)

// Modality says what the numbers are about. Its values are wire codes.
type Modality uint8

// The modalities.
const (
	ModalityText   Modality = 1
	ModalityImage  Modality = 2
	ModalityTensor Modality = 3 // tables, vectors and whatever has no kind of its own
)

// String is the modality's name, or its code when it has none.
func (m Modality) String() string {
	switch m {
	case ModalityText:
		return "text"
	case ModalityImage:
		return "image"
	case ModalityTensor:
		return "tensor"
	}
	return strconv.Itoa(int(m))
}

func (m Modality) validate() error {
	if m < ModalityText || m > ModalityTensor {
		return fmt.Errorf("%w: modality %d: use text (%d), image (%d) or tensor (%d)",
			ErrUnknown, m, ModalityText, ModalityImage, ModalityTensor)
	}
	return nil
}

// DType is the form of the elements in a payload. Its values are wire codes.
type DType uint8

// The dtypes. U8 is for tokens alone, the others are for numbers.
const (
	F32  DType = 1 // IEEE 754 binary32
	F16  DType = 2 // IEEE 754 binary16
	BF16 DType = 3 // the upper half of a binary32
	Int8 DType = 4 // blocks of BlockElements codes with one binary32 scale
	U8   DType = 5 // a byte of text, vocabulary 256
)

const (
	// BlockElements is how many int8 codes share a scale. Blocks run over the
	// flat order of the elements; the last one may be shorter.
	BlockElements = 64

	scaleBytes = 4
)

// ParseDType is the inverse of DType.String.
func ParseDType(name string) (DType, error) {
	for d := F32; d <= U8; d++ {
		if name == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%w: dtype %q: use f32, f16, bf16, int8 or u8", ErrUnknown, name)
}

// String is the dtype's name, or its code when it has none.
func (d DType) String() string {
	switch d {
	case F32:
		return "f32"
	case F16:
		return "f16"
	case BF16:
		return "bf16"
	case Int8:
		return "int8"
	case U8:
		return "u8"
	}
	return strconv.Itoa(int(d))
}

// Bytes is the size of the payload of that many elements, 0 to MaxElements.
func (d DType) Bytes(elements int) (int, error) {
	if elements < 0 {
		return 0, fmt.Errorf("%w: %d elements: give 0 or more", ErrShape, elements)
	}
	if elements > MaxElements {
		return 0, fmt.Errorf("%w: %d elements, at most %d fit a frame: send fewer rows at a time", ErrTooLarge, elements, MaxElements)
	}
	switch d {
	case F32:
		return 4 * elements, nil
	case F16, BF16:
		return 2 * elements, nil
	case Int8:
		blocks := (elements + BlockElements - 1) / BlockElements
		return elements + scaleBytes*blocks, nil
	case U8:
		return elements, nil
	}
	return 0, fmt.Errorf("%w: dtype %d: use f32 (%d), f16 (%d), bf16 (%d), int8 (%d) or u8 (%d)",
		ErrUnknown, d, F32, F16, BF16, Int8, U8)
}
