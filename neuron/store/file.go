package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile replaces a file by one with the given content, which nobody else may read.
// When it returns, the new one stays whatever happens; when it fails, or the machine
// stops before, the old one is there. One process writes to a path.
func WriteFile(path string, content []byte) error {
	err := writeFile(path+partial, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err == nil {
		err = os.Rename(path+partial, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), removed(path+partial))
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
