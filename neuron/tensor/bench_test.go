package tensor

import "testing"

// Bytes per second are those of the numbers in memory, 4 each, so that the codecs
// can be compared; frame-bytes is what travels.
func BenchmarkEncode(b *testing.B) {
	x := rows(256, 256)
	for d := F32; d <= Int8; d++ {
		b.Run(d.String(), func(b *testing.B) {
			h := Header{ModalityText, d, Shape{256, 256}}
			size, err := h.Bytes()
			if err != nil {
				b.Fatal(err)
			}
			frame := make([]byte, 0, size)
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				if frame, err = AppendFrame(frame[:0], h, x); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "frame-bytes")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	x := rows(256, 256)
	for d := F32; d <= Int8; d++ {
		b.Run(d.String(), func(b *testing.B) {
			frame, err := AppendFrame(nil, Header{ModalityText, d, Shape{256, 256}}, x)
			if err != nil {
				b.Fatal(err)
			}
			y := make([]float32, len(x))
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := Parse(frame)
				if err != nil {
					b.Fatal(err)
				}
				if y, err = f.Floats(y); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(frame)), "frame-bytes")
		})
	}
}
