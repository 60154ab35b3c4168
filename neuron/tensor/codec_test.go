package tensor

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// numbers draws finite numbers that d has codes for; their exponents lie in a
// window that is drawn too, so that all are large, or small, or subnormal, or mixed.
func numbers(t *rapid.T, d DType) []float32 {
	overflow := map[DType]uint32{F32: infinity32, F16: overflow16, BF16: overflowB16, Int8: infinity32}[d]
	low := rapid.Uint32Range(0, overflow-1).Draw(t, "low")
	high := rapid.Uint32Range(low, overflow-1).Draw(t, "high")
	one := rapid.Custom(func(t *rapid.T) float32 {
		bits := rapid.Uint32Range(low, high).Draw(t, "magnitude")
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			bits = 0
		case 1:
			bits = high
		}
		return math.Float32frombits(bits | rapid.Uint32Range(0, 1).Draw(t, "sign")<<31)
	})
	return rapid.SliceOfN(one, 1, 200).Draw(t, "numbers")
}

func roundTrip(t require.TestingT, d DType, x []float32) (frame []byte, y []float32) {
	frame, err := AppendFrame(nil, Header{ModalityTensor, d, Shape{len(x)}}, x)
	require.NoError(t, err)
	f, err := Parse(frame)
	require.NoError(t, err)
	y, err = f.Floats(nil)
	require.NoError(t, err)
	require.Len(t, y, len(x))
	return frame, y
}

// bound is the package's formula for element i.
func bound(d DType, x []float32, i int) float64 {
	size := math.Abs(float64(x[i]))
	switch d {
	case F16:
		return max(0x1p-11*size, 0x1p-25)
	case BF16:
		return max(0x1p-8*size, 0x1p-134)
	case Int8:
		start := i / BlockElements * BlockElements
		var m float64
		for _, v := range x[start:min(start+BlockElements, len(x))] {
			m = max(m, math.Abs(float64(v)))
		}
		if m < 127*0x1p-126 {
			return m
		}
		return m / 127 * (0.5 + 0x1p-15)
	}
	return 0
}

func TestErrorBounds(t *testing.T) {
	for d := F32; d <= Int8; d++ {
		t.Run(d.String(), rapid.MakeCheck(func(t *rapid.T) {
			x := numbers(t, d)
			_, y := roundTrip(t, d, x)
			for i := range x {
				if e, limit := math.Abs(float64(x[i])-float64(y[i])), bound(d, x, i); e > limit {
					t.Fatalf("%g arrived as %g: error %g, bound %g", x[i], y[i], e, limit)
				}
			}
		}))
	}
}

// What was decoded is encoded to the same bytes: nothing drifts from hop to hop.
func TestASecondTripChangesNothing(t *testing.T) {
	for d := F32; d <= Int8; d++ {
		t.Run(d.String(), rapid.MakeCheck(func(t *rapid.T) {
			first, y := roundTrip(t, d, numbers(t, d))
			second, z := roundTrip(t, d, y)
			require.Equal(t, first, second)
			for i := range y {
				require.Equal(t, math.Float32bits(y[i]), math.Float32bits(z[i]))
			}
		}))
	}
}

func TestF32KeepsEveryBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := numbers(t, F32)
		_, y := roundTrip(t, F32, x)
		for i := range x {
			require.Equal(t, math.Float32bits(x[i]), math.Float32bits(y[i]))
		}
	})
}

// A plain encoder by division and math.RoundToEven in binary64: the fast one may
// differ from it only where x/s is within its bound of a tie.
func TestInt8AgreesWithThePlainEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := numbers(t, Int8)
		frame, _ := roundTrip(t, Int8, x)
		p := frame[HeaderBytes:]
		for start := 0; start < len(x); start += BlockElements {
			block := x[start:min(start+BlockElements, len(x))]
			scale := float64(math.Float32frombits(binary.LittleEndian.Uint32(p)))
			for i, v := range block {
				code := float64(int8(p[scaleBytes+i]))
				if scale == 0 {
					require.Zero(t, code)
					continue
				}
				exact := float64(v) / scale
				if code != math.RoundToEven(exact) && math.Abs(math.Abs(exact-code)-0.5) > 0x1p-15 {
					t.Fatalf("%g with scale %g became %g, not %g", v, scale, code, math.RoundToEven(exact))
				}
			}
			p = p[scaleBytes+len(block):]
		}
	})
}

func TestInt8TiesGoToEven(t *testing.T) {
	x := []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, 125.5, -127}
	_, y := roundTrip(t, Int8, x)
	require.Equal(t, []float32{127, 0, 2, 2, 0, -2, -2, 126, -126, 126, -127}, y)
}

func TestInt8AtTheEdges(t *testing.T) {
	for _, c := range []struct {
		name        string
		x           []float32
		scale, want float32
	}{
		{"zero", []float32{0, float32(math.Copysign(0, -1))}, 0, 0},
		{"smallest subnormal", []float32{0x1p-149}, 0, 0},
		{"below the smallest scale", []float32{126 * 0x1p-126}, 0, 0},
		{"smallest scale", []float32{127 * 0x1p-126}, minScale, 127 * 0x1p-126},
		{"largest number", []float32{math.MaxFloat32}, maxScale, math.MaxFloat32 - 0x1p104},
		{"largest number, negative", []float32{-math.MaxFloat32}, maxScale, -math.MaxFloat32 + 0x1p104},
	} {
		frame, y := roundTrip(t, Int8, c.x)
		require.Equal(t, math.Float32bits(c.scale), binary.LittleEndian.Uint32(frame[HeaderBytes:]), c.name)
		require.Equal(t, c.want, y[0], c.name)
	}
}

// An error of e in the logits is at most 2e in the log-probabilities.
func TestLogitsToLogProbabilities(t *testing.T) {
	for d := F32; d <= Int8; d++ {
		t.Run(d.String(), rapid.MakeCheck(func(t *rapid.T) {
			x := rapid.SliceOfN(rapid.Float32Range(-30, 30), 256, 256).Draw(t, "logits")
			_, y := roundTrip(t, d, x)
			var e float64
			for i := range x {
				e = max(e, bound(d, x, i))
			}
			p, q := logSoftmax(x), logSoftmax(y)
			for i := range p {
				require.LessOrEqual(t, math.Abs(p[i]-q[i]), 2*e+1e-12)
			}
		}))
	}
}

func logSoftmax(x []float32) []float64 {
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v))
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v) - math.Log(sum)
	}
	return out
}
