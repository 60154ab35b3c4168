package data

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNPY(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		want array
	}{
		{"f4", encodeNPY("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", little[float32](t, 1, -2.5, 3, 0, 1e30, -0.125)),
			array{shape: []int{2, 3}, floats: []float32{1, -2.5, 3, 0, 1e30, -0.125}}},
		{"f8 in one dimension", encodeNPY("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", little(t, 0.1, -7, 1e-300)),
			array{shape: []int{3}, floats: []float32{0.1, -7, 0}}},
		{"i4", encodeNPY("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1), }", little[int32](t, -5, 1<<30)),
			array{shape: []int{2, 1}, floats: []float32{-5, 1 << 30}}},
		{"i8, version 2, other spelling", encodeNPY2(`{"shape":(2,),"fortran_order":False,"descr":"<i8"}`, little[int64](t, -1, 9)),
			array{shape: []int{2}, floats: []float32{-1, 9}}},
		{"u1 in three dimensions", encodeNPY("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2), }", []byte{0, 1, 254, 255}),
			array{shape: []int{1, 2, 2}, bytes: []uint8{0, 1, 254, 255}}},
	} {
		got, err := parseNPY(bytes.NewReader(c.file), "f")
		require.NoError(t, err, c.name)
		require.Equal(t, &c.want, got, c.name)
	}
}

func TestTablesOfNPY(t *testing.T) {
	folder := t.TempDir()
	x := write(t, folder, "x.npy", encodeNPY("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2), }", []byte{1, 2, 3, 255}))
	y := write(t, folder, "y.npy", encodeNPY("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", little[float64](t, 4, 2)))
	classes, err := LoadNPY("table", x, y, Classify)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, classes.Shape)
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, classes.Labels)
	require.Equal(t, map[string][]float32{"[1 2]": {4}, "[3 255]": {2}}, rows(classes, Train), "bytes as they are")
	numbers, err := LoadNPY("table", x, y, Regress)
	require.NoError(t, err)
	require.Nil(t, numbers.Labels)
	column := write(t, folder, "c.npy", packed(t, encodeNPY("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }", little[int32](t, 8, 9))))
	one, err := LoadNPY("table", column, y, Regress)
	require.NoError(t, err)
	require.Equal(t, []int{1}, one.Shape)
	bytesAsTarget, err := LoadNPY("table", column, write(t, folder, "u.npy", encodeNPY("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", []byte{0, 1})), Classify)
	require.NoError(t, err)
	require.Len(t, bytesAsTarget.Labels, 2)
}

func TestWrongNPY(t *testing.T) {
	folder := t.TempDir()
	four := little[float32](t, 1, 2, 3, 4)
	y := write(t, folder, "y.npy", encodeNPY("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", four))
	load := func(content []byte) func() error {
		return func() error { _, err := LoadNPY("table", write(t, folder, "x.npy", content), y, Regress); return err }
	}
	header := func(dictionary string) func() error { return load(encodeNPY(dictionary, four)) }
	target := func(kind Kind, dictionary string, body []byte) func() error {
		return func() error {
			_, err := LoadNPY("table", y, write(t, folder, "t.npy", encodeNPY(dictionary, body)), kind)
			return err
		}
	}
	good := encodeNPY("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", four)
	version := bytes.Clone(good)
	version[6] = 3
	refuses(t, []wrong{
		{"empty", load(nil), []string{"x.npy", "offset 0", "8 bytes"}},
		{"magic", load([]byte("PK\x03\x04 an npz file")), []string{"offset 0", "504b0304", "934e554d5059"}},
		{"version", load(version), []string{"offset 6", "version 3", "1 or 2"}},
		{"length cut", load(good[:9]), []string{"offset 9", "length of the header"}},
		{"header cut", load(good[:30]), []string{"offset 30", "header of"}},
		{"long header", load(encodeNPY2(string(bytes.Repeat([]byte(" "), 65537)), nil)), []string{"offset 8", "65537", "65536"}},
		{"no dictionary", header("[1, 2]"), []string{"offset 10", `"[1, 2]`, "{ is wanted"}},
		{"key missing", header("{'descr': '<f4', 'shape': (4,), }"), []string{"fortran_order 0 times", "once"}},
		{"key twice", header("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"), []string{"descr 2 times"}},
		{"key unknown", header("{'color': 'red'}"), []string{"descr, fortran_order or shape"}},
		{"more after it", header("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), } x"), []string{"nothing after the dictionary"}},
		{"unclosed name", header("{'descr': '<f4, "), []string{"closing '"}},
		{"unclosed", header("{'descr': '<f4' "), []string{"} is wanted"}},
		{"records", header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }"), []string{"a quoted name", "[('a'"}},
		{"boolean", header("{'descr': '<f4', 'fortran_order': 0, 'shape': (4,), }"), []string{"False is wanted"}},
		{"dimension", header("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }"), []string{"-4", "a dimension"}},
		{"huge dimension", header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"), []string{"below 2^63"}},
		{"type", header("{'descr': '>f4', 'fortran_order': False, 'shape': (4,), }"), []string{`">f4"`, "<f8", "astype"}},
		{"objects", header("{'descr': '|O', 'fortran_order': False, 'shape': (4,), }"), []string{`"|O"`}},
		{"Fortran", header("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }"), []string{"Fortran", "ascontiguousarray"}},
		{"scalar", header("{'descr': '<f4', 'fortran_order': False, 'shape': (), }"), []string{"shape []", "1 to 3"}},
		{"four dimensions", header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), }"), []string{"shape [1 1 2 2]", "reshape"}},
		{"no rows", header("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }"), []string{"shape [0 4]", "1 to 8388608 rows"}},
		{"too many rows", header("{'descr': '|u1', 'fortran_order': False, 'shape': (8388609,), }"), []string{"8388609", "8388608"}},
		{"rows too long", header("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2048, 1024), }"), []string{"1048576 values"}},
		{"too large", header("{'descr': '<f8', 'fortran_order': False, 'shape': (8388608, 17), }"), []string{"142606336 values", "134217728 of 8 bytes"}},
		{"overflowing", header("{'descr': '<f8', 'fortran_order': False, 'shape': (8388608, 9223372036854775807, 9223372036854775807), }"), []string{"shape"}},
		{"cut", load(good[:len(good)-1]), []string{"1 bytes missing"}},
		{"too long", load(append(bytes.Clone(good), 0)), []string{"offset 144", "after the end"}},
		{"not a number", load(encodeNPY("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", little(t, 1, float32(math.NaN()), 3, 4))), []string{"offset 132", "value 1 is NaN", "finite"}},
		{"beyond float32", load(encodeNPY("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", little(t, 1e300, 0))), []string{"value 0 is 1e+300"}},
		{"targets missing", target(Regress, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", four[:12]), []string{"t.npy", "shape [3]", "must be [4]"}},
		{"two targets each", target(Regress, "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 2), }", four[:8]), []string{"shape [4 2]", "one target"}},
		{"half a class", target(Classify, "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", little[float32](t, 0, 1, 1.5, 2)), []string{"class 1.5 at index 2", "65535"}},
		{"negative class", target(Classify, "{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }", little[int64](t, 0, -1, 1, 2)), []string{"class -1 at index 1"}},
		{"class too high", target(Classify, "{'descr': '<i4', 'fortran_order': False, 'shape': (4,), }", little[int32](t, 0, 65536, 1, 2)), []string{"65536"}},
	})
}

func FuzzNPY(f *testing.F) {
	f.Add(encodeNPY("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", make([]byte, 24)))
	f.Add(encodeNPY("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 1), }", make([]byte, 6)))
	f.Add(encodeNPY2(`{"shape":(2,),"fortran_order":False,"descr":"<i8"}`, make([]byte, 16)))
	f.Add(encodeNPY("{'descr': '<f8', 'fortran_order': True, 'shape': (), }", nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := parseNPY(bytes.NewReader(content), "f")
		if err != nil {
			return
		}
		size := 1
		for _, n := range a.shape {
			size *= n
		}
		require.Equal(t, size, a.size())
		require.True(t, (a.bytes == nil) != (a.floats == nil))
		for _, x := range a.floats {
			require.False(t, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0))
		}
	})
}
