package tensor

import (
	"bytes"
	"testing"
)

// FuzzParse takes every input twice: as it is, and with a mended checksum, without
// which hardly any would come past it.
func FuzzParse(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(g.frame)
		f.Add(g.frame[:len(g.frame)-1])
	}
	f.Add([]byte(nil))
	f.Add(sealed([]byte{1, 3, 1, 4, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		parse(t, b)
		parse(t, sealed(bytes.Clone(b)))
	})
}

func parse(t *testing.T, b []byte) {
	var (
		frame  Frame
		x      []float32
		tokens []byte
		err    error
	)
	used := allocated(func() {
		if frame, err = Parse(b); err != nil {
			return
		}
		if frame.Header().DType == U8 {
			tokens, err = frame.Tokens()
		} else {
			x, err = frame.Floats(nil)
		}
		if err != nil {
			t.Fatalf("parsed and not readable: %v", err)
		}
	})
	// An int8 element takes a byte and is read as 4; the rest is for messages and
	// for what the test's own process does meanwhile.
	if limit := uint64(8*len(b) + 256<<10); used > limit {
		t.Fatalf("%d bytes for an input of %d, at most %d expected", used, len(b), limit)
	}
	if err != nil {
		return
	}
	if again := frame.Append(nil); !bytes.Equal(b, again) {
		t.Fatalf("%x came back as %x", b, again)
	}
	again := reencode(t, frame, x, tokens)
	if frame.Header().DType == Int8 {
		// Blocks of another encoder need not hold a code of 127; ours do, and
		// from there on nothing changes.
		own, err := Parse(again)
		if err != nil {
			t.Fatal(err)
		}
		y, err := own.Floats(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, again = again, reencode(t, own, y, nil)
	}
	if !bytes.Equal(b, again) {
		t.Fatalf("%x was encoded again as %x", b, again)
	}
}

func reencode(t *testing.T, frame Frame, x []float32, tokens []byte) []byte {
	h := frame.Header()
	if h.DType == U8 {
		b, err := AppendTokens(nil, h.Shape[0], h.Shape[1], tokens)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b, err := AppendFrame(nil, h, x)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
