package tensor

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// sealed has its checksum mended after a change.
func sealed(b []byte) []byte {
	if len(b) >= HeaderBytes {
		binary.LittleEndian.PutUint32(b[atChecksum:], checksum(b))
	}
	return b
}

func valid(t testing.TB, h Header) []byte {
	if h.DType == U8 {
		b, err := AppendTokens(nil, h.Shape[0], h.Shape[1], make([]byte, h.Shape[0]*h.Shape[1]))
		require.NoError(t, err)
		return b
	}
	n, err := h.Shape.Elements()
	require.NoError(t, err)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%5) - 2
	}
	b, err := AppendFrame(nil, h, x)
	require.NoError(t, err)
	return b
}

func put16(b []byte, element int, bits uint16) {
	binary.LittleEndian.PutUint16(b[HeaderBytes+2*element:], bits)
}

func put32(b []byte, at int, bits uint32) { binary.LittleEndian.PutUint32(b[at:], bits) }

func TestMalformedHeaders(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		err    error
		says   string
	}{
		{"nothing", func([]byte) []byte { return nil }, ErrTruncated, "0 bytes"},
		{"half a header", func(b []byte) []byte { return b[:23] }, ErrTruncated, "23 bytes"},
		{"header alone", func(b []byte) []byte { return b[:24] }, ErrTruncated, "24 bytes"},
		{"a byte short", func(b []byte) []byte { return b[:len(b)-1] }, ErrTruncated, "47 bytes"},
		{"a byte more", func(b []byte) []byte { return append(b, 0) }, ErrTrailing, "49 bytes"},
		{"two frames", func(b []byte) []byte { return append(b, b...) }, ErrTrailing, "96 bytes"},
		{"version 0", func(b []byte) []byte { b[0] = 0; return b }, ErrUnknown, "version 0"},
		{"version 2", func(b []byte) []byte { b[0] = 2; return b }, ErrUnknown, "version 2"},
		{"modality 0", func(b []byte) []byte { b[1] = 0; return b }, ErrUnknown, "modality 0"},
		{"modality 4", func(b []byte) []byte { b[1] = 4; return b }, ErrUnknown, "modality 4"},
		{"dtype 0", func(b []byte) []byte { b[2] = 0; return b }, ErrUnknown, "dtype 0"},
		{"dtype 6", func(b []byte) []byte { b[2] = 6; return b }, ErrUnknown, "dtype 6"},
		{"rank 0", func(b []byte) []byte { b[3] = 0; return b }, ErrShape, "rank 0"},
		{"rank 1 of 2", func(b []byte) []byte { b[3] = 1; return b }, ErrShape, "rank 1"},
		{"rank 3 of 2", func(b []byte) []byte { b[3] = 3; return b }, ErrShape, "rank 3"},
		{"rank 5", func(b []byte) []byte { b[3] = 5; return b }, ErrShape, "rank 5"},
		{"rank 255", func(b []byte) []byte { b[3] = 255; return b }, ErrShape, "rank 255"},
		{"no dimension", func(b []byte) []byte { clear(b[4:20]); b[3] = 0; return b }, ErrShape, "no dimension"},
		{"a dimension of 0", func(b []byte) []byte { put32(b, 8, 0); return b }, ErrShape, "rank 2"},
		{"a dimension after a 0", func(b []byte) []byte { put32(b, 16, 1); return b }, ErrShape, "after a 0"},
		{"a dimension of 2^32-1", func(b []byte) []byte { put32(b, 8, math.MaxUint32); return b }, ErrTooLarge, "4294967295"},
		{"a dimension of 2^31", func(b []byte) []byte { put32(b, 4, 1<<31); return b }, ErrTooLarge, "2147483648"},
		{"a product of 2^64", func(b []byte) []byte {
			b[3] = 4
			for i := range 4 {
				put32(b, 4+4*i, 1<<16)
			}
			return b
		}, ErrTooLarge, "65536"},
		{"too many elements", func(b []byte) []byte { put32(b, 4, MaxElements/2); return b }, ErrTooLarge, "16777216 elements"},
		{"too many bytes", func(b []byte) []byte { put32(b, 4, MaxElements/4); return b }, ErrTooLarge, "50331648 bytes"},
		{"a larger shape", func(b []byte) []byte { put32(b, 4, 3); return b }, ErrTruncated, "has 60"},
		{"a smaller shape", func(b []byte) []byte { put32(b, 4, 1); return b }, ErrTrailing, "has 36"},
		{"u8 image", func(b []byte) []byte { b[1], b[2] = 2, 5; return b }, ErrUnknown, "modality image"},
		{"u8 of rank 1", func(b []byte) []byte { b[1], b[2], b[3] = 1, 5, 1; put32(b, 8, 0); return b }, ErrShape, "u8 with shape [2]"},
		{"u8 of rank 3", func(b []byte) []byte { b[1], b[2], b[3] = 1, 5, 3; put32(b, 12, 4); return b }, ErrShape, "u8 with shape [2, 3, 4]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireRefused(t, sealed(c.change(valid(t, Header{ModalityTensor, F32, Shape{2, 3}}))), c.err, c.says)
		})
	}
}

func requireRefused(t *testing.T, b []byte, want error, says string) {
	t.Helper()
	f, err := Parse(b)
	require.ErrorIs(t, err, want)
	require.ErrorContains(t, err, says)
	require.Zero(t, f)
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	for _, g := range goldens(t) {
		for bit := range 8 * len(g.frame) {
			b := append([]byte(nil), g.frame...)
			b[bit/8] ^= 1 << (bit % 8)
			_, err := Parse(b)
			require.Error(t, err, "%s, bit %d", g.name, bit)
			if bit >= 8*atChecksum {
				require.ErrorIs(t, err, ErrChecksum, "%s, bit %d", g.name, bit)
			}
		}
	}
}

func TestMalformedPayloads(t *testing.T) {
	const quiet, infinite, negative = 0x7fc00001, infinity32, infinity32 | 1<<31
	f32, f16, bf16, blocks := valid(t, Header{ModalityTensor, F32, Shape{5}}), valid(t, Header{ModalityTensor, F16, Shape{7}}),
		valid(t, Header{ModalityTensor, BF16, Shape{7}}), valid(t, Header{ModalityTensor, Int8, Shape{64 + 13}})
	second := HeaderBytes + scaleBytes + BlockElements // the second block
	for _, c := range []struct {
		name   string
		frame  []byte
		change func(b []byte)
		err    error
		says   string
	}{
		{"f32 NaN", f32, func(b []byte) { put32(b, HeaderBytes, quiet) }, ErrNotFinite, "element 0"},
		{"f32 signalling NaN", f32, func(b []byte) { put32(b, HeaderBytes+4, infinite+1) }, ErrNotFinite, "element 1"},
		{"f32 +Inf", f32, func(b []byte) { put32(b, HeaderBytes+8, infinite) }, ErrNotFinite, "+Inf"},
		{"f32 -Inf in the tail", f32, func(b []byte) { put32(b, HeaderBytes+16, negative) }, ErrNotFinite, "element 4"},
		{"f16 +Inf", f16, func(b []byte) { put16(b, 0, 0x7c00) }, ErrNotFinite, "element 0"},
		{"f16 -Inf", f16, func(b []byte) { put16(b, 3, 0xfc00) }, ErrNotFinite, "-Inf"},
		{"f16 NaN", f16, func(b []byte) { put16(b, 2, 0x7c01) }, ErrNotFinite, "NaN"},
		{"f16 NaN in the tail", f16, func(b []byte) { put16(b, 6, 0xffff) }, ErrNotFinite, "element 6"},
		{"bf16 +Inf", bf16, func(b []byte) { put16(b, 0, 0x7f80) }, ErrNotFinite, "+Inf"},
		{"bf16 -Inf", bf16, func(b []byte) { put16(b, 1, 0xff80) }, ErrNotFinite, "element 1"},
		{"bf16 NaN", bf16, func(b []byte) { put16(b, 2, 0x7fc0) }, ErrNotFinite, "NaN"},
		{"bf16 NaN in the tail", bf16, func(b []byte) { put16(b, 6, 0xff81) }, ErrNotFinite, "element 6"},
		{"scale NaN", blocks, func(b []byte) { put32(b, HeaderBytes, quiet) }, ErrNotFinite, "block 0"},
		{"scale +Inf", blocks, func(b []byte) { put32(b, second, infinite) }, ErrNotFinite, "block 1"},
		{"scale -Inf", blocks, func(b []byte) { put32(b, second, negative) }, ErrNotFinite, "-Inf"},
		{"scale of an overflow", blocks, func(b []byte) { put32(b, HeaderBytes, math.Float32bits(maxScale)+1) }, ErrNotFinite, "may be infinite"},
		{"scale below zero", blocks, func(b []byte) { put32(b, HeaderBytes, math.Float32bits(-1)) }, ErrBlock, "scale -1"},
		{"scale -0", blocks, func(b []byte) { put32(b, HeaderBytes, 1<<31) }, ErrBlock, "scale -0"},
		{"scale subnormal", blocks, func(b []byte) { put32(b, second, 1<<23-1) }, ErrBlock, "block 1"},
		{"code -128", blocks, func(b []byte) { b[HeaderBytes+scaleBytes] = 0x80 }, ErrBlock, "-128"},
		{"code -128 at the end of a word", blocks, func(b []byte) { b[HeaderBytes+scaleBytes+63] = 0x80 }, ErrBlock, "block 0"},
		{"code -128 in the tail", blocks, func(b []byte) { b[len(b)-1] = 0x80 }, ErrBlock, "block 1"},
		{"codes with scale 0", blocks, func(b []byte) { put32(b, second, 0) }, ErrBlock, "scale 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := append([]byte(nil), c.frame...)
			c.change(b)
			requireRefused(t, sealed(b), c.err, c.says)
		})
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tail := make([]float32, 70)
	tail[69] = -inf
	for _, c := range []struct {
		name   string
		header Header
		x      []float32
		err    error
		says   string
	}{
		{"too few", Header{ModalityTensor, F32, Shape{3}}, []float32{1, 2}, ErrShape, "2 numbers"},
		{"too many", Header{ModalityTensor, F32, Shape{1}}, []float32{1, 2}, ErrShape, "2 numbers"},
		{"no shape", Header{ModalityTensor, F32, Shape{}}, nil, ErrShape, "no dimension"},
		{"too large", Header{ModalityTensor, F32, Shape{MaxElements}}, nil, ErrTooLarge, "67108864 bytes"},
		{"unknown modality", Header{9, F32, Shape{1}}, []float32{1}, ErrUnknown, "modality 9"},
		{"unknown dtype", Header{ModalityTensor, 9, Shape{1}}, []float32{1}, ErrUnknown, "dtype 9"},
		{"numbers as u8", Header{ModalityText, U8, Shape{1, 1}}, []float32{1}, ErrUnknown, "AppendTokens"},
		{"f32 NaN", Header{ModalityTensor, F32, Shape{2}}, []float32{1, nan}, ErrNotFinite, "element 1"},
		{"f32 Inf", Header{ModalityTensor, F32, Shape{1}}, []float32{inf}, ErrNotFinite, "+Inf"},
		{"f16 NaN", Header{ModalityTensor, F16, Shape{1}}, []float32{nan}, ErrNotFinite, "NaN"},
		{"f16 Inf", Header{ModalityTensor, F16, Shape{1}}, []float32{-inf}, ErrNotFinite, "-Inf"},
		{"f16 overflow", Header{ModalityTensor, F16, Shape{2}}, []float32{65519, 65520}, ErrNotFinite, "element 1 is 65520"},
		{"f16 overflow below", Header{ModalityTensor, F16, Shape{1}}, []float32{-70000}, ErrNotFinite, "-70000"},
		{"bf16 NaN", Header{ModalityTensor, BF16, Shape{1}}, []float32{nan}, ErrNotFinite, "NaN"},
		{"bf16 overflow", Header{ModalityTensor, BF16, Shape{1}}, []float32{math.MaxFloat32}, ErrNotFinite, "bf16 would make infinite"},
		{"int8 NaN", Header{ModalityTensor, Int8, Shape{3}}, []float32{inf, nan, 1}, ErrNotFinite, "element 0"},
		{"int8 Inf in the tail", Header{ModalityTensor, Int8, Shape{70}}, tail, ErrNotFinite, "element 69"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := append(make([]byte, 0, 1000), "kept"...)
			b, err := AppendFrame(dst, c.header, c.x)
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, "kept", string(b))
		})
	}
	for _, c := range []struct {
		n, t   int
		tokens string
		err    error
	}{
		{2, 2, "abc", ErrShape},
		{0, 3, "", ErrShape},
		{3, 0, "", ErrShape},
		{-1, -1, "a", ErrShape},
		{MaxElements, 2, "", ErrTooLarge},
		{math.MaxInt, math.MaxInt, "a", ErrTooLarge},
	} {
		b, err := AppendTokens([]byte("kept"), c.n, c.t, []byte(c.tokens))
		require.ErrorIs(t, err, c.err, "%d x %d", c.n, c.t)
		require.Equal(t, "kept", string(b))
	}
}
