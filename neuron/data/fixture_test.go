package data

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// generated is one of the generated languages, n bytes of it.
func generated(t testing.TB, seed uint64, language, n int) *Text {
	t.Helper()
	texts, err := Generated(seed, n)
	require.NoError(t, err)
	return texts[language]
}

// write puts a file into a folder of the test's own, with folders above it.
func write(t testing.TB, folder, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

// sparse makes a file that claims a size and takes no room.
func sparse(t testing.TB, folder, name string, size int64) string {
	t.Helper()
	path := write(t, folder, name, nil)
	require.NoError(t, os.Truncate(path, size))
	return path
}

// encodeIDX is the format, written from its definition.
func encodeIDX(kind byte, dims []uint32, body []byte) []byte {
	out := []byte{0, 0, kind, byte(len(dims))}
	for _, n := range dims {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	return append(out, body...)
}

// encodeNPY writes version 1, as numpy.save does: the header padded to 64 bytes.
func encodeNPY(dictionary string, body []byte) []byte {
	for (len("\x93NUMPY")+4+len(dictionary)+1)%64 != 0 {
		dictionary += " "
	}
	dictionary += "\n"
	out := append([]byte("\x93NUMPY"), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(dictionary)))
	return append(append(out, dictionary...), body...)
}

func encodeNPY2(dictionary string, body []byte) []byte {
	out := append([]byte("\x93NUMPY"), 2, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(dictionary)))
	return append(append(out, dictionary...), body...)
}

func little[T any](t testing.TB, values ...T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, binary.Write(&out, binary.LittleEndian, values))
	return out.Bytes()
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, m))
	return out.Bytes()
}

func grayImage(width, height int, pixels ...uint8) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, width, height))
	copy(m.Pix, pixels)
	return m
}

// images is a set of n one-pixel-row images per class with different contents.
func images(t testing.TB, classes, n int) *Labelled {
	t.Helper()
	var pixels []byte
	var labels []byte
	for i := range classes * n {
		pixels = append(pixels, byte(i), byte(i>>8), byte(i%classes), 255)
		labels = append(labels, byte(i%classes))
	}
	folder := t.TempDir()
	x := write(t, folder, "x", encodeIDX(8, []uint32{uint32(classes * n), 2, 2}, pixels))
	y := write(t, folder, "y", encodeIDX(8, []uint32{uint32(classes * n)}, labels))
	l, err := LoadIDX("digits", x, y)
	require.NoError(t, err)
	return l
}

// wrong is an input that must be refused, and what the error must tell.
type wrong struct {
	name  string
	load  func() error
	tells []string
}

func refuses(t *testing.T, cases []wrong) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.load()
			require.Error(t, err)
			for _, piece := range c.tells {
				require.Contains(t, err.Error(), piece)
			}
			require.NotContains(t, strings.TrimSpace(err.Error()), "\n")
			require.NotContains(t, err.Error(), "%!")
		})
	}
}
