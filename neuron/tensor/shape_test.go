package tensor

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shape    Shape
		rank     int
		elements int
		err      error
		text     string
	}{
		{Shape{1}, 1, 1, nil, "[1]"},
		{Shape{256, 256}, 2, 65536, nil, "[256, 256]"},
		{Shape{2, 3, 5, 7}, 4, 210, nil, "[2, 3, 5, 7]"},
		{Shape{MaxElements}, 1, MaxElements, nil, "[16777216]"},
		{Shape{4096, 4096}, 2, MaxElements, nil, "[4096, 4096]"},
		{Shape{}, 0, 0, ErrShape, "[]"},
		{Shape{0, 3}, 0, 0, ErrShape, "[]"},
		{Shape{3, 0, 5}, 1, 0, ErrShape, "[3]"},
		{Shape{3, -1}, 2, 0, ErrShape, "[3, -1]"},
		{Shape{math.MinInt}, 1, 0, ErrShape, "[-9223372036854775808]"},
		{Shape{MaxElements + 1}, 1, 0, ErrTooLarge, "[16777217]"},
		{Shape{MaxElements, 2}, 2, 0, ErrTooLarge, "[16777216, 2]"},
		{Shape{1 << 16, 1 << 16, 1 << 16, 1 << 16}, 4, 0, ErrTooLarge, "[65536, 65536, 65536, 65536]"},
		{Shape{math.MaxInt, math.MaxInt}, 2, 0, ErrTooLarge, "[9223372036854775807, 9223372036854775807]"},
	} {
		elements, err := c.shape.Elements()
		require.ErrorIs(t, err, c.err, "%v", c.shape)
		require.Equal(t, c.elements, elements)
		require.Equal(t, c.rank, c.shape.Rank())
		require.Equal(t, c.text, c.shape.String())
	}
}

func TestElementsIsTheProductOrTooLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shape Shape
		product := big.NewInt(1)
		for i := range rapid.IntRange(1, MaxRank).Draw(t, "rank") {
			bits := rapid.IntRange(0, 62).Draw(t, "bits")
			shape[i] = rapid.IntRange(1, 1<<bits).Draw(t, "dimension")
			product.Mul(product, big.NewInt(int64(shape[i])))
		}
		elements, err := shape.Elements()
		if product.Cmp(big.NewInt(MaxElements)) > 0 {
			require.ErrorIs(t, err, ErrTooLarge)
			return
		}
		require.NoError(t, err)
		require.Equal(t, product.Int64(), int64(elements))
	})
}

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		dtype    DType
		elements int
		bytes    int
		err      error
	}{
		{F32, 3, 12, nil},
		{F16, 3, 6, nil},
		{BF16, 3, 6, nil},
		{U8, 3, 3, nil},
		{Int8, 0, 0, nil},
		{Int8, 1, 5, nil},
		{Int8, 64, 68, nil},
		{Int8, 65, 73, nil},
		{Int8, MaxElements, MaxElements / 64 * 68, nil},
		{F32, MaxElements, 4 * MaxElements, nil},
		{F32, MaxElements + 1, 0, ErrTooLarge},
		{F32, math.MaxInt, 0, ErrTooLarge},
		{F32, -1, 0, ErrShape},
		{0, 1, 0, ErrUnknown},
		{6, 1, 0, ErrUnknown},
	} {
		bytes, err := c.dtype.Bytes(c.elements)
		require.ErrorIs(t, err, c.err, "%s of %d", c.dtype, c.elements)
		require.Equal(t, c.bytes, bytes, "%s of %d", c.dtype, c.elements)
	}
}

func TestNames(t *testing.T) {
	for d := F32; d <= U8; d++ {
		parsed, err := ParseDType(d.String())
		require.NoError(t, err)
		require.Equal(t, d, parsed)
	}
	_, err := ParseDType("float")
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, `"float"`)
	require.Equal(t, "9", DType(9).String())
	require.Equal(t, "text image tensor 7",
		ModalityText.String()+" "+ModalityImage.String()+" "+ModalityTensor.String()+" "+Modality(7).String())
}

func TestBytesOfAFrame(t *testing.T) {
	for _, c := range []struct {
		header Header
		bytes  int
		err    error
	}{
		{Header{ModalityText, U8, Shape{2, 3}}, 30, nil},
		{Header{ModalityText, F16, Shape{256, 256}}, 24 + 131072, nil},
		{Header{ModalityTensor, F32, Shape{MaxPayloadBytes / 4}}, MaxBytes, nil},
		{Header{ModalityTensor, F16, Shape{MaxElements}}, MaxBytes, nil},
		{Header{ModalityTensor, F32, Shape{MaxPayloadBytes/4 + 1}}, 0, ErrTooLarge},
		{Header{ModalityTensor, F32, Shape{MaxElements + 1}}, 0, ErrTooLarge},
		{Header{0, F32, Shape{1}}, 0, ErrUnknown},
		{Header{4, F32, Shape{1}}, 0, ErrUnknown},
		{Header{ModalityText, 0, Shape{1}}, 0, ErrUnknown},
		{Header{ModalityText, F32, Shape{}}, 0, ErrShape},
		{Header{ModalityImage, U8, Shape{2, 3}}, 0, ErrUnknown},
		{Header{ModalityText, U8, Shape{6}}, 0, ErrShape},
		{Header{ModalityText, U8, Shape{2, 3, 1}}, 0, ErrShape},
	} {
		bytes, err := c.header.Bytes()
		require.ErrorIs(t, err, c.err, "%v", c.header)
		require.Equal(t, c.bytes, bytes, "%v", c.header)
	}
}
