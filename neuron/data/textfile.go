package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// LoadText reads the files that patterns name (see Files) as one text. Every file
// is a document; its bytes are taken as they are, whatever their encoding.
func LoadText(name string, patterns ...string) (*Text, error) {
	return load(name, patterns, copyText)
}

// load lets read put each file into a text. The sizes are summed before any file
// is read.
func load(name string, patterns []string, read func(b *builder, r io.Reader, path string) error) (*Text, error) {
	paths, err := Files(patterns...)
	if err != nil {
		return nil, fmt.Errorf("text %q: %w", name, err)
	}
	var total int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("text %q: %w", name, err)
		}
		if total += info.Size(); total > MaxText {
			return nil, fmt.Errorf("text %q: %s makes it %d bytes, at most %d: name fewer files", name, path, total, MaxText)
		}
	}
	b := newBuilder(name, int(total))
	for _, path := range paths {
		if err := loadFile(b, path, read); err != nil {
			return nil, fmt.Errorf("text %q: %w", name, err)
		}
	}
	return b.text()
}

func loadFile(b *builder, path string, read func(b *builder, r io.Reader, path string) error) error {
	f, size, err := open(path, MaxText)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	// A file that grows while it is read counts as it was when it was measured.
	if err := read(b, io.LimitReader(f, size), path); err != nil {
		return err
	}
	b.end()
	return nil
}

func copyText(b *builder, r io.Reader, path string) error {
	buffer := make([]byte, 64<<10)
	for offset := 0; ; {
		n, err := r.Read(buffer)
		if at := bytes.IndexByte(buffer[:n], 0); at >= 0 {
			return fmt.Errorf("%s: offset %d: a zero byte, so this is no text: name the text files with a glob such as %s, or convert from UTF-16 to UTF-8", path, offset+at, "texts/**/*.txt")
		}
		b.write(buffer[:n])
		offset += n
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: offset %d: %w", path, offset, err)
		}
	}
}
