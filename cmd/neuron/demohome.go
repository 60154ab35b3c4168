package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// demoHome refuses a folder that is not a demo's, since what is in it is deleted.
func demoHome(home string) error {
	entries, err := os.ReadDir(home)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--%s %s: %w", flagHome, home, err)
	}
	if _, err := os.Stat(filepath.Join(home, "chain", "taod.log")); err == nil {
		return nil
	}
	return fmt.Errorf("--%s %s has files that no demo made: name an empty folder, or one of an earlier demo", flagHome, home)
}
