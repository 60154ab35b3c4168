package tensor

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden is a frame of testdata/frames.txt, which was written by another program
// (testdata/frames.py) from the README alone.
type golden struct {
	name   string
	header Header
	x      []float32 // what was encoded
	y      []float32 // what it decodes to
	tokens string
	frame  []byte
}

func goldens(t testing.TB) []golden {
	zero := float32(math.Copysign(0, -1))
	ramp := make([]float32, 70)
	for i := range ramp {
		ramp[i] = float32(i-35) / 2
	}
	var codes []float32
	for i := range 64 {
		codes = append(codes, float32(i*2-63))
	}
	codes[0] = -127
	list := []golden{
		{name: "text tokens", header: Header{ModalityText, U8, Shape{2, 3}}, tokens: "ab\x00\xffyz"},
		{name: "f32", header: Header{ModalityTensor, F32, Shape{2, 2}},
			x: []float32{1, -2.5, zero, math.MaxFloat32}, y: []float32{1, -2.5, zero, math.MaxFloat32}},
		{name: "f16", header: Header{ModalityText, F16, Shape{1, 6}},
			x: []float32{1, -2.5, 1.0 / 3, 65519, 0x1p-24, 0x1p-25}, y: []float32{1, -2.5, 0.333251953125, 65504, 0x1p-24, 0}},
		{name: "bf16", header: Header{ModalityImage, BF16, Shape{1, 1, 5, 1}},
			x: []float32{1, -2.5, 1.0 / 3, 0x1p-133, 1.00390625}, y: []float32{1, -2.5, 0.333984375, 0x1p-133, 1}},
		{name: "int8 one block", header: Header{ModalityTensor, Int8, Shape{64}}, x: codes, y: codes},
		{name: "int8 two blocks", header: Header{ModalityText, Int8, Shape{2, 35}}, x: ramp},
		{name: "int8 zeros", header: Header{ModalityText, Int8, Shape{3}}, x: []float32{0, zero, 0}, y: []float32{0, 0, 0}},
	}
	text, err := os.ReadFile("testdata/frames.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, len(list))
	for i, line := range lines {
		name, digits, found := strings.Cut(line, ": ")
		require.True(t, found)
		require.Equal(t, list[i].name, name)
		list[i].frame, err = hex.DecodeString(digits)
		require.NoError(t, err)
	}
	return list
}

func TestGoldenFrames(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			f, err := Parse(g.frame)
			require.NoError(t, err)
			require.Equal(t, g.header, f.Header())
			require.Equal(t, g.frame, f.Append(nil))
			size, err := g.header.Bytes()
			require.NoError(t, err)
			require.Len(t, g.frame, size)

			prefix := []byte("kept")
			if g.header.DType == U8 {
				tokens, err := f.Tokens()
				require.NoError(t, err)
				require.Equal(t, g.tokens, string(tokens))
				again, err := AppendTokens(prefix, g.header.Shape[0], g.header.Shape[1], tokens)
				require.NoError(t, err)
				require.Equal(t, append([]byte("kept"), g.frame...), again)
				return
			}
			again, err := AppendFrame(prefix, g.header, g.x)
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(g.frame), hex.EncodeToString(again[len(prefix):]))
			require.Equal(t, "kept", string(again[:len(prefix)]))
			y, err := f.Floats(nil)
			require.NoError(t, err)
			if g.y != nil {
				require.Equal(t, g.y, y)
			}
		})
	}
}

func TestPayloadIsASubSlice(t *testing.T) {
	b, err := AppendTokens(nil, 1, 3, []byte("abc"))
	require.NoError(t, err)
	f, err := Parse(b)
	require.NoError(t, err)
	tokens, err := f.Tokens()
	require.NoError(t, err)
	require.Same(t, &b[HeaderBytes], &tokens[0])
	require.Equal(t, len(tokens), cap(tokens), "an append must not write into what follows")
}

func TestFloatsReusesMemory(t *testing.T) {
	b, err := AppendFrame(nil, Header{ModalityTensor, F32, Shape{3}}, []float32{1, 2, 3})
	require.NoError(t, err)
	f, err := Parse(b)
	require.NoError(t, err)
	memory := []float32{9, 9, 9, 9, 9}
	for _, dst := range [][]float32{memory, memory[:0], memory[:2]} {
		x, err := f.Floats(dst)
		require.NoError(t, err)
		require.Equal(t, []float32{1, 2, 3}, x)
		require.Same(t, &memory[0], &x[0])
	}
	require.Equal(t, []float32{1, 2, 3, 9, 9}, memory)
	x, err := f.Floats(make([]float32, 1))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3}, x)
}

func TestWrongReaderOfAFrame(t *testing.T) {
	numbers, err := Parse(goldens(t)[1].frame)
	require.NoError(t, err)
	_, err = numbers.Tokens()
	require.ErrorIs(t, err, ErrUnknown)
	tokens, err := Parse(goldens(t)[0].frame)
	require.NoError(t, err)
	_, err = tokens.Floats(nil)
	require.ErrorIs(t, err, ErrUnknown)

	var zero Frame
	_, err = zero.Floats(nil)
	require.ErrorIs(t, err, ErrTruncated)
	_, err = zero.Tokens()
	require.ErrorIs(t, err, ErrTruncated)
	require.Empty(t, zero.Append(nil))
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	x := rows(256, 256)
	y := make([]float32, len(x))
	tokens := bytes.Repeat([]byte("text"), 64)
	for d := F32; d <= U8; d++ {
		h := Header{ModalityText, d, Shape{256, 256}}
		write := func(dst []byte) ([]byte, error) { return AppendFrame(dst, h, x) }
		if d == U8 {
			write = func(dst []byte) ([]byte, error) { return AppendTokens(dst, 4, 64, tokens) }
		}
		b, err := write(nil)
		require.NoError(t, err)
		other := make([]byte, 0, len(b))
		require.Zero(t, testing.AllocsPerRun(20, func() {
			b, err = write(b[:0])
			if err != nil {
				t.Fatal(err)
			}
			f, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if d == U8 {
				_, err = f.Tokens()
			} else {
				_, err = f.Floats(y)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Append(other)
		}), d.String())
	}
}

// A header may claim 32 MiB; without the bytes nothing is set aside for them.
func TestAClaimAllocatesNothing(t *testing.T) {
	b := make([]byte, HeaderBytes)
	Header{ModalityTensor, F16, Shape{MaxElements}}.seal(b)
	used := allocated(func() {
		_, err := Parse(b)
		require.ErrorIs(t, err, ErrTruncated)
	})
	require.Less(t, used, uint64(64<<10))
}

// allocated is how many bytes f asked for, and whatever else ran meanwhile. Small
// objects are counted a span at a time.
func allocated(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	return sample[0].Value.Uint64() - before
}

// rows are log-probabilities as a byte model gives them.
func rows(n, vocabulary int) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 0, n*vocabulary)
	for range n {
		row := make([]float32, vocabulary)
		for i := range row {
			row[i] = float32(3 * random.NormFloat64())
		}
		for _, v := range logSoftmax(row) {
			x = append(x, float32(v))
		}
	}
	return x
}
