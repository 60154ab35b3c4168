package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPNGFolder(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "10/a.png", encodePNG(t, grayImage(3, 2, 0, 51, 102, 153, 204, 255)))
	write(t, folder, "9/B.PNG", encodePNG(t, grayImage(3, 2, 255)))
	write(t, folder, "9/notes.txt", []byte("not an image"))
	write(t, folder, "9/.x.png", []byte("hidden"))
	write(t, folder, ".trash/x.png", []byte("hidden"))
	write(t, folder, "readme.md", []byte("x"))
	l, err := LoadPNG("letters", folder)
	require.NoError(t, err)
	require.Equal(t, []string{"9", "10"}, l.Labels)
	require.Equal(t, []int{2, 3}, l.Shape)
	require.Equal(t, map[string][]float32{"[0 0.2 0.4 0.6 0.8 1]": {1}, "[1 0 0 0 0 0]": {0}}, rows(l, Train))
}

func TestPNGColours(t *testing.T) {
	box := image.Rect(0, 0, 2, 1)
	rgba, deep := image.NewNRGBA(box), image.NewNRGBA64(box)
	rgba.SetNRGBA(0, 0, color.NRGBA{255, 0, 51, 255})
	rgba.SetNRGBA(1, 0, color.NRGBA{200, 100, 50, 0}) // transparent: black
	deep.SetNRGBA64(0, 0, color.NRGBA64{0xffff, 0, 0x33ff, 0xffff})
	palette := image.NewPaletted(box, color.Palette{color.NRGBA{255, 0, 51, 255}, color.NRGBA{0, 0, 0, 255}})
	palette.Pix[1] = 1
	for name, m := range map[string]image.Image{"rgba": rgba, "deep": deep, "palette": palette} {
		got, err := parsePNG(encodePNG(t, m), "f")
		require.NoError(t, err, name)
		require.Equal(t, picture{[]int{1, 2, 3}, []uint8{255, 0, 51, 0, 0, 0}}, got, name)
	}
	gray := image.NewGray16(box)
	gray.SetGray16(0, 0, color.Gray16{0xabcd})
	got, err := parsePNG(encodePNG(t, gray), "f")
	require.NoError(t, err)
	require.Equal(t, picture{[]int{1, 2}, []uint8{0xab, 0}}, got)
}

// pngOfSize is the head of a PNG that claims a size.
func pngOfSize(width, height uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 8, 0, 0, 0, 0)
	out := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestWrongPNG(t *testing.T) {
	good := encodePNG(t, grayImage(3, 2))
	load := func(files map[string][]byte) func() error {
		folder := t.TempDir()
		for name, content := range files {
			write(t, folder, name, content)
		}
		return func() error { _, err := LoadPNG("letters", folder); return err }
	}
	one := func(content []byte) func() error { return load(map[string][]byte{"a/1.png": good, "a/2.png": content}) }
	damaged := bytes.Clone(good)
	damaged[len(damaged)-20]++
	large := t.TempDir()
	sparse(t, large, "a/1.png", MaxPNG+1)
	refuses(t, []wrong{
		{"no folder", func() error { _, err := LoadPNG("letters", large+"/none"); return err }, []string{"letters", "none", "no such data"}},
		{"no classes", load(map[string][]byte{"1.png": good}), []string{"0 sub-folders", "1 to 65536", "named after it"}},
		{"empty class", load(map[string][]byte{"a/1.png": good, "b/x.jpg": nil}), []string{"/b", "no .png file"}},
		{"other format", one([]byte("\xff\xd8\xff\xe0 JPEG")), []string{"2.png", "no PNG"}},
		{"empty file", one(nil), []string{"2.png", "unexpected EOF"}},
		{"cut", one(good[:len(good)-20]), []string{"2.png", "damaged", "convert it anew"}},
		{"damaged", one(damaged), []string{"2.png", "damaged"}},
		{"other size", one(encodePNG(t, grayImage(2, 3))), []string{"2.png is 2x3 gray", "3x2 gray", "one size"}},
		{"other colour", one(encodePNG(t, image.NewNRGBA(image.Rect(0, 0, 3, 2)))), []string{"3x2 in colour", "3x2 gray"}},
		{"too many pixels", one(pngOfSize(1025, 1024)), []string{"2.png", "1025 x 1024", "1048576"}},
		{"far too many pixels", one(pngOfSize(1<<30, 1<<30)), []string{"2.png"}},
		{"large file", func() error { _, err := LoadPNG("letters", large); return err }, []string{"67108865", "67108864"}},
		{"too many bytes", func() error {
			return checkImages("1.png", 1<<20, [][]string{make([]string, 600), make([]string, 600)})
		}, []string{"1200 images of 1048576 bytes", "1073741824"}},
	})
}

func FuzzPNG(f *testing.F) {
	f.Add(encodePNG(f, grayImage(3, 2, 1, 2, 3)))
	f.Add(encodePNG(f, image.NewNRGBA(image.Rect(0, 0, 2, 2))))
	f.Add(encodePNG(f, image.NewPaletted(image.Rect(0, 0, 5, 1), color.Palette{color.Black, color.White})))
	f.Add(pngOfSize(1<<20, 1))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := parsePNG(content, "f")
		if err != nil {
			return
		}
		size := 1
		for _, n := range p.shape {
			size *= n
		}
		require.Len(t, p.pixels, size)
	})
}
