package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// LoadIDX reads images and labels in the format of MNIST, packed with gzip or
// not: unsigned bytes, [examples, height, width] and [examples]. Pixels become 0
// to 1. There are as many classes as the highest label asks for.
func LoadIDX(name, images, labels string) (*Labelled, error) {
	dims, pixels, err := loadIDX(images, 3)
	if err != nil {
		return nil, fmt.Errorf("images %q: %w", name, err)
	}
	counts, classes, err := loadIDX(labels, 1)
	if err != nil {
		return nil, fmt.Errorf("images %q: %w", name, err)
	}
	if counts[0] != dims[0] {
		return nil, fmt.Errorf("images %q: %s has %d labels for the %d images of %s: give the two files that belong together", name, labels, counts[0], dims[0], images)
	}
	most := uint8(0)
	target := make([]float32, len(classes))
	for i, class := range classes {
		most = max(most, class)
		target[i] = float32(class)
	}
	return newLabelled(name, values{shape: dims[1:], bytes: pixels, scale: 255}, numbers(int(most)+1), target), nil
}

// numbers are the labels "0" to "n-1".
func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

func loadIDX(path string, dimensions int) ([]int, []uint8, error) {
	f, _, err := open(path, MaxImages+64)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	r, err := unpacked(f, path)
	if err != nil {
		return nil, nil, err
	}
	return parseIDX(r, path, dimensions)
}

// parseIDX reads the header (two zero bytes, type, dimensions, and each dimension
// as a big-endian u32) and the bytes after it.
func parseIDX(r io.Reader, path string, dimensions int) ([]int, []uint8, error) {
	head := make([]byte, 4+4*dimensions)
	if n, err := io.ReadFull(r, head); err != nil {
		return nil, nil, fmt.Errorf("%s: offset %d: a header of %d bytes wanted: %w", path, n, len(head), err)
	}
	if head[0] != 0 || head[1] != 0 {
		return nil, nil, fmt.Errorf("%s: offset 0: bytes %02x %02x, an IDX file begins with 00 00", path, head[0], head[1])
	}
	if head[2] != 0x08 {
		return nil, nil, fmt.Errorf("%s: offset 2: type 0x%02x, must be 0x08, unsigned bytes: save the values as bytes", path, head[2])
	}
	if int(head[3]) != dimensions {
		return nil, nil, fmt.Errorf("%s: offset 3: %d dimensions, must be %d: images have 3 and labels 1", path, head[3], dimensions)
	}
	dims, size := make([]int, dimensions), uint64(1)
	for i := range dims {
		n, limit := uint64(binary.BigEndian.Uint32(head[4+4*i:])), uint64(MaxPixels)
		if i == 0 {
			limit = MaxRows
		}
		if n < 1 || n > limit {
			return nil, nil, fmt.Errorf("%s: offset %d: dimension %d is %d, must be 1 to %d", path, 4+4*i, i, n, limit)
		}
		dims[i], size = int(n), size*n // at most 2^(23+20+20)
	}
	if pixels := size / uint64(dims[0]); pixels > MaxPixels || size > MaxImages {
		return nil, nil, fmt.Errorf("%s: offset 4: %d items of %d bytes, at most %d bytes each and %d together: use fewer or smaller images", path, dims[0], pixels, MaxPixels, MaxImages)
	}
	var out []uint8
	err := pieces(r, path, int64(len(head)), int64(size), func(piece []byte, _ int64) error {
		out = append(out, piece...)
		return nil
	})
	return dims, out, err
}
