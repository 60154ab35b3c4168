package tensor

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Frame is a tensor that arrived. Its payload is part of the bytes it was parsed
// from: they must not change while it is in use.
type Frame struct {
	header  Header
	payload []byte
}

// AppendFrame quantises x, in row-major order, into a frame at the end of dst and
// returns the longer slice. On an error that is dst as it was, though bytes behind
// its length may have been overwritten.
func AppendFrame(dst []byte, h Header, x []float32) ([]byte, error) {
	elements, payload, err := h.measure()
	if err != nil {
		return dst, err
	}
	if h.DType == U8 {
		return dst, fmt.Errorf("%w: dtype u8 for numbers: use AppendTokens, or f32, f16, bf16 or int8", ErrUnknown)
	}
	if len(x) != elements {
		return dst, fmt.Errorf("%w: %d numbers for %s, which has %d elements: pass exactly those", ErrShape, len(x), h.Shape, elements)
	}
	longer, frame := extend(dst, HeaderBytes+payload)
	if err := encode(frame[HeaderBytes:], h.DType, x); err != nil {
		return dst, err
	}
	h.seal(frame)
	return longer, nil
}

// AppendTokens appends a frame of text to dst: n sequences of t bytes, one after
// the other.
func AppendTokens(dst []byte, n, t int, tokens []byte) ([]byte, error) {
	h := Header{Modality: ModalityText, DType: U8, Shape: Shape{n, t}}
	elements, payload, err := h.measure()
	if err != nil {
		return dst, err
	}
	if len(tokens) != elements {
		return dst, fmt.Errorf("%w: %d tokens for %s, which has %d elements: pass exactly those", ErrShape, len(tokens), h.Shape, elements)
	}
	longer, frame := extend(dst, HeaderBytes+payload)
	copy(frame[HeaderBytes:], tokens)
	h.seal(frame)
	return longer, nil
}

func extend(dst []byte, n int) (longer, added []byte) {
	longer = slices.Grow(dst, n)[:len(dst)+n]
	return longer, longer[len(dst):]
}

// Parse reads b, which must be one frame and nothing else. It checks the header,
// then the length against the shape, then the checksum, then every number, and
// copies nothing.
func Parse(b []byte) (Frame, error) {
	h, err := ParseHeader(b)
	if err != nil {
		return Frame{}, err
	}
	size, err := h.Bytes()
	if err != nil {
		return Frame{}, err
	}
	if len(b) < size {
		return Frame{}, fmt.Errorf("%w: %d bytes, %s of %s has %d: pass the whole frame", ErrTruncated, len(b), h.Shape, h.DType, size)
	}
	if len(b) > size {
		return Frame{}, fmt.Errorf("%w: %d bytes, %s of %s has %d: pass one frame alone", ErrTrailing, len(b), h.Shape, h.DType, size)
	}
	want, got := binary.LittleEndian.Uint32(b[atChecksum:]), checksum(b)
	if want != got {
		return Frame{}, fmt.Errorf("%w: the header says %08x, the bytes give %08x: ask for the frame again", ErrChecksum, want, got)
	}
	payload := b[HeaderBytes:size:size]
	if err := check(payload, h.DType); err != nil {
		return Frame{}, err
	}
	return Frame{header: h, payload: payload}, nil
}

// Header says what the frame holds.
func (f Frame) Header() Header { return f.header }

// Floats writes the numbers to the start of dst, in row-major order, and returns
// them. It allocates only when dst has too little capacity.
func (f Frame) Floats(dst []float32) ([]float32, error) {
	elements, err := f.elements()
	if err != nil {
		return nil, err
	}
	if f.header.DType == U8 {
		return nil, fmt.Errorf("%w: dtype u8 holds no numbers: read it with Tokens", ErrUnknown)
	}
	x := slices.Grow(dst[:0], elements)[:elements]
	decode(x, f.header.DType, f.payload)
	return x, nil
}

// Tokens is the text of a frame of dtype U8: Shape[0] sequences of Shape[1] bytes.
// It is part of what was parsed and must not be changed.
func (f Frame) Tokens() ([]byte, error) {
	if _, err := f.elements(); err != nil {
		return nil, err
	}
	if f.header.DType != U8 {
		return nil, fmt.Errorf("%w: dtype %s holds no tokens: read it with Floats", ErrUnknown, f.header.DType)
	}
	return f.payload, nil
}

// Append appends the bytes that f was parsed from to dst, without quantising again.
func (f Frame) Append(dst []byte) []byte {
	if f.payload == nil {
		return dst
	}
	longer, frame := extend(dst, HeaderBytes+len(f.payload))
	copy(frame[HeaderBytes:], f.payload)
	f.header.seal(frame)
	return longer
}

// elements is an error for the zero Frame alone.
func (f Frame) elements() (int, error) {
	if f.payload == nil {
		return 0, fmt.Errorf("%w: this frame was never parsed: use one that Parse returned", ErrTruncated)
	}
	return f.header.Shape.Elements()
}
