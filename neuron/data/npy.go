package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// LoadNPY reads a table from two NumPy arrays: x with one to three dimensions,
// the first of which counts the examples, and y with one number for each. Values
// are taken as they are, bytes too: scale them before. For classes y holds whole
// numbers from 0, and there are as many classes as the highest asks for.
func LoadNPY(name, x, y string, kind Kind) (*Labelled, error) {
	a, err := loadNPY(x)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	b, err := loadNPY(y)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	if n := b.shape[0]; n != a.shape[0] || b.size() != n {
		return nil, fmt.Errorf("table %q: %s has shape %v for the %d examples of %s, must be [%d]: give one target for each example", name, y, b.shape, a.shape[0], x, a.shape[0])
	}
	target := b.numbers()
	labels, err := classesOf(target, kind)
	if err != nil {
		return nil, fmt.Errorf("table %q: %s: %w", name, y, err)
	}
	shape := a.shape[1:]
	if len(shape) == 0 {
		shape = []int{1}
	}
	return newLabelled(name, values{shape: shape, bytes: a.bytes, scale: 1, floats: a.floats}, labels, target), nil
}

func classesOf(target []float32, kind Kind) ([]string, error) {
	if kind == Regress {
		return nil, nil
	}
	for i, y := range target {
		if y != float32(math.Trunc(float64(y))) || y < 0 || y >= MaxClasses {
			return nil, fmt.Errorf("class %v at index %d, must be a whole number from 0 to %d", y, i, MaxClasses-1)
		}
	}
	return numbers(int(slices.Max(target)) + 1), nil
}

// array is an npy file: either bytes or floats.
type array struct {
	shape  []int
	bytes  []uint8
	floats []float32
}

func (a *array) size() int { return len(a.bytes) + len(a.floats) }

func (a *array) numbers() []float32 {
	if a.bytes == nil {
		return a.floats
	}
	out := make([]float32, len(a.bytes))
	for i, b := range a.bytes {
		out[i] = float32(b)
	}
	return out
}

const (
	npyMagic  = "\x93NUMPY"
	npyHeader = 64 << 10 // the most bytes of the text that describes an array
)

func loadNPY(path string) (*array, error) {
	f, _, err := open(path, MaxTable+npyHeader+64)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r, err := unpacked(f, path)
	if err != nil {
		return nil, err
	}
	return parseNPY(r, path)
}

func parseNPY(r io.Reader, path string) (*array, error) {
	text, offset, err := describe(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d, err := parseDescription(text)
	if err != nil {
		return nil, fmt.Errorf("%s: offset %d: %w: save it anew with numpy.save", path, offset-int64(len(text)), err)
	}
	width, read, err := reader(d.kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if d.fortran {
		return nil, fmt.Errorf("%s: Fortran order, must be C order: save numpy.ascontiguousarray(x)", path)
	}
	if err := checkShape(d.shape, width); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a, n := &array{shape: d.shape}, int64(width)
	for _, dim := range d.shape {
		n *= int64(dim)
	}
	err = pieces(r, path, offset, n, func(piece []byte, at int64) error {
		if read == nil {
			a.bytes = append(a.bytes, piece...)
			return nil
		}
		for ; len(piece) > 0; piece, at = piece[width:], at+int64(width) {
			x := read(piece)
			if v := float64(float32(x)); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s: offset %d: value %d is %v, must be finite and within ±%.3g", path, at, (at-offset)/int64(width), x, math.MaxFloat32)
			}
			a.floats = append(a.floats, float32(x))
		}
		return nil
	})
	return a, err
}

// describe reads up to the data and returns the header's text and where the data
// begins.
func describe(r io.Reader) (text string, offset int64, err error) {
	fixed := make([]byte, len(npyMagic)+2)
	if n, err := io.ReadFull(r, fixed); err != nil {
		return "", 0, fmt.Errorf("offset %d: magic and version of %d bytes wanted: %w", n, len(fixed), err)
	}
	if string(fixed[:len(npyMagic)]) != npyMagic {
		return "", 0, fmt.Errorf("offset 0: bytes %x, an npy file begins with %x", fixed[:len(npyMagic)], npyMagic)
	}
	version := fixed[len(npyMagic)]
	if version != 1 && version != 2 {
		return "", 0, fmt.Errorf("offset %d: version %d, must be 1 or 2: save a plain array of numbers", len(npyMagic), version)
	}
	length := make([]byte, 2*version)
	at := int64(len(fixed))
	if n, err := io.ReadFull(r, length); err != nil {
		return "", 0, fmt.Errorf("offset %d: length of the header wanted: %w", at+int64(n), err)
	}
	size := uint32(binary.LittleEndian.Uint16(length))
	if version == 2 {
		size = binary.LittleEndian.Uint32(length)
	}
	if size > npyHeader {
		return "", 0, fmt.Errorf("offset %d: header of %d bytes, at most %d: save a plain array of numbers", at, size, npyHeader)
	}
	at += int64(len(length))
	header := make([]byte, size)
	if n, err := io.ReadFull(r, header); err != nil {
		return "", 0, fmt.Errorf("offset %d: header of %d bytes wanted: %w", at+int64(n), size, err)
	}
	return string(header), at + int64(size), nil
}

// reader is how one value of a type is read, nil for bytes, and its width.
func reader(kind string) (width int, read func(b []byte) float64, err error) {
	le := binary.LittleEndian
	switch kind {
	case "|u1", "<u1", "u1":
		return 1, nil, nil
	case "<f4":
		return 4, func(b []byte) float64 { return float64(math.Float32frombits(le.Uint32(b))) }, nil
	case "<f8":
		return 8, func(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) }, nil
	case "<i4":
		return 4, func(b []byte) float64 { return float64(int32(le.Uint32(b))) }, nil
	case "<i8":
		return 8, func(b []byte) float64 { return float64(int64(le.Uint64(b))) }, nil
	}
	return 0, nil, fmt.Errorf("values of type %s, must be <f4, <f8, |u1, <i4 or <i8: save x.astype('<f4')", quoted(kind))
}

func checkShape(shape []int, width int) error {
	if len(shape) < 1 || len(shape) > 3 {
		return fmt.Errorf("shape %v, must have 1 to 3 dimensions: reshape it", shape)
	}
	row := 1
	for i, n := range shape {
		limit := MaxPixels / row
		if i == 0 {
			limit = MaxRows
		}
		if n < 1 || n > limit {
			return fmt.Errorf("shape %v, must be 1 to %d rows of 1 to %d values", shape, MaxRows, MaxPixels)
		}
		if i > 0 {
			row *= n
		}
	}
	if most := MaxTable / max(width, 4); shape[0] > most/row {
		return fmt.Errorf("shape %v of %d values, at most %d of %d bytes: use fewer rows", shape, shape[0]*row, most, width)
	}
	return nil
}
