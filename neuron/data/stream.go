package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// unpacked is a file's content, taken out of gzip where the file begins like one.
func unpacked(r io.Reader, path string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if head, _ := buffered.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("%s: offset 0: begins like gzip: %w; fetch the file again", path, err)
	}
	return z, nil
}

// pieces reads exactly n bytes that begin at an offset and end the file. Every
// piece but the last has a length that 8 divides. Memory for what n claims is the
// receiver's to take, piece by piece: a header can lie.
func pieces(r io.Reader, path string, offset, n int64, each func(piece []byte, offset int64) error) error {
	buffer := make([]byte, 64<<10)
	for end := offset + n; offset < end; {
		piece := buffer[:min(int64(len(buffer)), end-offset)]
		got, err := io.ReadFull(r, piece)
		if err != nil {
			return fmt.Errorf("%s: offset %d: %d bytes missing: %w; fetch the file again", path, offset+int64(got), end-offset-int64(got), err)
		}
		if err := each(piece, offset); err != nil {
			return err
		}
		offset += int64(got)
	}
	switch _, err := io.ReadFull(r, buffer[:1]); {
	case err == nil:
		return fmt.Errorf("%s: offset %d: bytes after the end that its header gives; fetch the file again", path, offset)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%s: offset %d: %w", path, offset, err)
	}
	return nil
}
