// Package store keeps what a neuron must not lose: its checkpoints.
//
// A checkpoint is written beside its name, synced, and renamed: whoever reads it finds
// a whole one or none, whenever the process or the machine stops. The last two are
// kept, so that one that turns out to be damaged leaves the one before it.
package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Kept is how many checkpoints stay.
const Kept = 2

const (
	prefix  = "step-"
	suffix  = ".safetensors"
	partial = ".partial"
)

// Checkpoints is a folder of checkpoints, one for each step that was saved. One
// process writes to it.
type Checkpoints struct{ dir string }

// ErrNone says that there is no checkpoint yet.
var ErrNone = errors.New("there is no checkpoint yet")

// OpenCheckpoints makes the folder if it is not there, and removes what a write that
// was cut off has left.
func OpenCheckpoints(dir string) (*Checkpoints, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for checkpoints: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"+partial))
	if err != nil {
		return nil, err
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return nil, fmt.Errorf("a checkpoint that was cut off: %w", err)
		}
	}
	return &Checkpoints{dir}, nil
}

func (c *Checkpoints) path(step uint64) string {
	return filepath.Join(c.dir, prefix+strconv.FormatUint(step, 10)+suffix)
}

// Steps of the checkpoints that are there, the newest first. Other files are passed
// over.
func (c *Checkpoints) Steps() ([]uint64, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, fmt.Errorf("the folder of checkpoints: %w", err)
	}
	var steps []uint64
	for _, e := range entries {
		name, isCheckpoint := strings.CutSuffix(e.Name(), suffix)
		number, hasPrefix := strings.CutPrefix(name, prefix)
		if step, err := strconv.ParseUint(number, 10, 64); err == nil && isCheckpoint && hasPrefix && e.Type().IsRegular() {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps, nil
}

// Save keeps what write writes as the checkpoint of a step, and removes those beyond
// the last Kept. When it fails, those that were there stay.
func (c *Checkpoints) Save(step uint64, write func(io.Writer) error) error {
	path := c.path(step)
	if err := writeFile(path+partial, write); err != nil {
		return errors.Join(fmt.Errorf("checkpoint %s: %w", path, err), removed(path+partial))
	}
	if err := os.Rename(path+partial, path); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := syncFolder(c.dir); err != nil {
		return fmt.Errorf("checkpoint %s: %w", path, err)
	}
	steps, err := c.Steps()
	if err != nil {
		return err
	}
	for _, old := range steps[min(Kept, len(steps)):] {
		if err := os.Remove(c.path(old)); err != nil {
			return fmt.Errorf("an old checkpoint: %w", err)
		}
	}
	return nil
}

// removed removes a file that may not be there.
func removed(path string) error {
	if err := os.Remove(path); !os.IsNotExist(err) {
		return err
	}
	return nil
}

// writeFile writes and syncs a new file that nobody else may read.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a rename last.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Load reads the newest checkpoint that read accepts and returns its step. Those that
// it does not accept are named in skipped, with the reason, and stay where they are;
// read must leave no trace when it fails. It fails with ErrNone when there is none,
// and with all reasons when there is none that can be read.
func (c *Checkpoints) Load(read func(io.Reader) error) (step uint64, skipped error, err error) {
	steps, err := c.Steps()
	if err != nil {
		return 0, nil, err
	}
	if len(steps) == 0 {
		return 0, nil, fmt.Errorf("%w in %s", ErrNone, c.dir)
	}
	for _, step := range steps {
		reason := readFile(c.path(step), read)
		if reason == nil {
			return step, skipped, nil
		}
		skipped = errors.Join(skipped, fmt.Errorf("%s: %w", c.path(step), reason))
	}
	return 0, nil, fmt.Errorf("no checkpoint can be read; move the folder away to begin anew: %w", skipped)
}

func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(read(bufio.NewReaderSize(f, 1<<16)), f.Close())
}
