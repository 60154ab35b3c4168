package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func packed(t testing.TB, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(content)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

func TestIDX(t *testing.T) {
	folder := t.TempDir()
	pixels := []byte{0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 0}
	x := encodeIDX(8, []uint32{2, 2, 3}, pixels)
	y := encodeIDX(8, []uint32{2}, []byte{7, 3})
	for name, pack := range map[string]func(testing.TB, []byte) []byte{
		"plain": func(_ testing.TB, b []byte) []byte { return b }, "gzip": packed,
	} {
		l, err := LoadIDX("digits", write(t, folder, name+"-x", pack(t, x)), write(t, folder, name+"-y", pack(t, y)))
		require.NoError(t, err)
		require.Equal(t, []int{2, 3}, l.Shape)
		require.Equal(t, 6, l.Dim())
		require.Len(t, l.Labels, 8)
		require.Equal(t, 2, l.Len(Train), "a class of one trains")
		x := make([]float32, 6)
		for i := range 2 {
			switch l.Row(Train, i, x) {
			case 7:
				require.Equal(t, []float32{0, 0.2, 0.4, 0.6, 0.8, 1}, x)
			case 3:
				require.Equal(t, []float32{1, 0, 0, 0, 0, 0}, x)
			default:
				t.Fatal("a label that was not there")
			}
		}
	}
}

func TestWrongIDX(t *testing.T) {
	folder := t.TempDir()
	body := make([]byte, 12)
	good := encodeIDX(8, []uint32{3, 2, 2}, body)
	labels := write(t, folder, "labels", encodeIDX(8, []uint32{3}, []byte{0, 1, 2}))
	load := func(content []byte) func() error {
		return func() error { _, err := LoadIDX("digits", write(t, folder, "x", content), labels); return err }
	}
	damaged := packed(t, good)
	damaged[len(damaged)-5]++ // the checksum
	refuses(t, []wrong{
		{"empty", load(nil), []string{"/x", "offset 0", "16 bytes", "EOF"}},
		{"header cut", load(good[:9]), []string{"offset 9", "16 bytes"}},
		{"magic", load(append([]byte{'P', 'K'}, good[2:]...)), []string{"offset 0", "50 4b", "00 00"}},
		{"type", load(encodeIDX(0x0d, []uint32{3, 2, 2}, body)), []string{"offset 2", "0x0d", "0x08"}},
		{"dimensions", load(encodeIDX(8, []uint32{3, 4}, append(body, body...))), []string{"offset 3", "2 dimensions", "3"}},
		{"no images", load(encodeIDX(8, []uint32{0, 2, 2}, nil)), []string{"offset 4", "dimension 0 is 0", "8388608"}},
		{"no width", load(encodeIDX(8, []uint32{3, 2, 0}, nil)), []string{"offset 12", "dimension 2 is 0"}},
		{"too many", load(encodeIDX(8, []uint32{MaxRows + 1, 2, 2}, body)), []string{"offset 4", "8388609", "8388608"}},
		{"too large an image", load(encodeIDX(8, []uint32{3, 2048, 1024}, body)), []string{"2097152", "1048576"}},
		{"too large a set", load(encodeIDX(8, []uint32{2000, 1024, 1024}, body)), []string{"2000 items", "1073741824"}},
		{"overflowing", load(encodeIDX(8, []uint32{MaxRows, MaxPixels, MaxPixels}, body)), []string{"8388608 items"}},
		{"cut", load(good[:20]), []string{"offset 20", "8 bytes missing"}},
		{"too long", load(append(good, 1)), []string{"offset 28", "after the end"}},
		{"damaged gzip", load(damaged), []string{"checksum", "offset 28"}},
		{"no gzip", load([]byte{0x1f, 0x8b, 0, 0}), []string{"offset 0", "gzip"}},
		{"labels for others", load(encodeIDX(8, []uint32{2, 2, 2}, body[:8])), []string{"3 labels", "2 images", "belong together"}},
		{"labels are images", func() error {
			x := write(t, folder, "x", good)
			_, err := LoadIDX("digits", x, x)
			return err
		}, []string{"3 dimensions, must be 1"}},
		{"missing", func() error { _, err := LoadIDX("digits", folder+"/none", labels); return err }, []string{"none", "no such data"}},
		{"large file", func() error {
			_, err := LoadIDX("digits", sparse(t, folder, "large", MaxImages+65), labels)
			return err
		}, []string{"large", "1073741889", "1073741888"}},
	})
}

func FuzzIDX(f *testing.F) {
	good := encodeIDX(8, []uint32{2, 2, 3}, make([]byte, 12))
	f.Add(good, uint8(3))
	f.Add(packed(f, good), uint8(3))
	f.Add(encodeIDX(8, []uint32{4}, []byte{1, 2, 3, 4}), uint8(1))
	f.Add(encodeIDX(8, []uint32{1 << 20, 1 << 10, 1 << 10}, []byte("short")), uint8(3))
	f.Fuzz(func(t *testing.T, content []byte, dimensions uint8) {
		r, err := unpacked(bytes.NewReader(content), "f")
		if err != nil {
			return
		}
		dims, body, err := parseIDX(r, "f", int(dimensions%4)+1)
		if err != nil {
			return
		}
		size := 1
		var sizes []uint32
		for _, n := range dims {
			size *= n
			sizes = append(sizes, uint32(n))
		}
		require.Len(t, body, size)
		if content[0] == 0 {
			require.Equal(t, content, encodeIDX(8, sizes, body))
		}
		require.NotZero(t, binary.BigEndian.Uint32(encodeIDX(8, sizes, nil)[4:]))
	})
}
