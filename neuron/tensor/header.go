package tensor

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	// Version is the only layout of a frame there is so far.
	Version = 1
	// HeaderBytes is the size of the header of every frame.
	HeaderBytes = 24
	// MaxPayloadBytes bounds what one frame may hold, whatever its dtype: 8 Mi
	// elements of f32, or MaxElements of f16. It takes 0.27 s at 1 Gbit/s.
	MaxPayloadBytes = 1 << 25
	// MaxBytes is the largest frame; a transport that takes messages of this size
	// takes them all.
	MaxBytes = HeaderBytes + MaxPayloadBytes
)

// Where the fields of the header are.
const (
	atVersion  = 0
	atModality = 1
	atDType    = 2
	atRank     = 3
	atShape    = 4 // MaxRank dimensions, each a uint32
	atChecksum = 20
)

// Header says what a payload is.
type Header struct {
	Modality Modality
	DType    DType
	Shape    Shape
}

// Bytes is the size of the whole frame, or why there can be none.
func (h Header) Bytes() (int, error) {
	_, payload, err := h.measure()
	if err != nil {
		return 0, err
	}
	return HeaderBytes + payload, nil
}

func (h Header) measure() (elements, payload int, err error) {
	if err := h.Modality.validate(); err != nil {
		return 0, 0, err
	}
	if elements, err = h.Shape.Elements(); err != nil {
		return 0, 0, err
	}
	if payload, err = h.DType.Bytes(elements); err != nil {
		return 0, 0, err
	}
	if payload > MaxPayloadBytes {
		return 0, 0, fmt.Errorf("%w: %s of %s takes %d bytes, a frame holds %d: send fewer rows at a time or a narrower dtype",
			ErrTooLarge, h.Shape, h.DType, payload, MaxPayloadBytes)
	}
	if h.DType == U8 && h.Modality != ModalityText {
		return 0, 0, fmt.Errorf("%w: dtype u8 with modality %s: u8 holds text alone, use another dtype", ErrUnknown, h.Modality)
	}
	if h.DType == U8 && h.Shape.Rank() != 2 {
		return 0, 0, fmt.Errorf("%w: u8 with shape %s: tokens have 2 dimensions, [sequences, positions]", ErrShape, h.Shape)
	}
	return elements, payload, nil
}

// ParseHeader reads and validates the header at the start of b and looks at
// nothing else: enough to refuse a frame for its size before the rest is read.
// What it returns is not yet covered by the checksum.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderBytes {
		return Header{}, fmt.Errorf("%w: %d bytes, the header alone has %d: pass the whole frame", ErrTruncated, len(b), HeaderBytes)
	}
	if b[atVersion] != Version {
		return Header{}, fmt.Errorf("%w: version %d, this build reads %d: upgrade the older side", ErrUnknown, b[atVersion], Version)
	}
	h := Header{Modality: Modality(b[atModality]), DType: DType(b[atDType])}
	for i := range h.Shape {
		d := binary.LittleEndian.Uint32(b[atShape+4*i:])
		if d > MaxElements { // and so fits an int of 32 bits
			return Header{}, fmt.Errorf("%w: dimension %d is %d, at most %d elements fit a frame: send fewer rows at a time", ErrTooLarge, i, d, MaxElements)
		}
		h.Shape[i] = int(d)
	}
	if rank := int(b[atRank]); rank != h.Shape.Rank() {
		return Header{}, fmt.Errorf("%w: rank %d with dimensions %v: give 1 to %d dimensions, each at least 1, and 0 for the rest",
			ErrShape, rank, [MaxRank]int(h.Shape), MaxRank)
	}
	if _, _, err := h.measure(); err != nil {
		return Header{}, err
	}
	return h, nil
}

// seal writes the header before a payload that is in place.
func (h Header) seal(frame []byte) {
	frame[atVersion] = Version
	frame[atModality] = byte(h.Modality)
	frame[atDType] = byte(h.DType)
	frame[atRank] = byte(h.Shape.Rank())
	for i, d := range h.Shape {
		binary.LittleEndian.PutUint32(frame[atShape+4*i:], uint32(d))
	}
	binary.LittleEndian.PutUint32(frame[atChecksum:], checksum(frame))
}

// checksum is the CRC-32C of all but the checksum's own field.
func checksum(frame []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // the library's own, made once
	return crc32.Update(crc32.Checksum(frame[:atChecksum], table), table, frame[HeaderBytes:])
}
