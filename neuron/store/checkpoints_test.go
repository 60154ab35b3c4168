package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// load returns the newest checkpoint that is not the word bad.
func load(t *testing.T, c *Checkpoints) (step uint64, content string, skipped, err error) {
	t.Helper()
	step, skipped, err = c.Load(func(r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil && string(b) == "bad" {
			return errors.New("it is damaged")
		}
		content = string(b)
		return err
	})
	return step, content, skipped, err
}

func TestKeepsTheLastTwo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "checkpoints")
	c, err := OpenCheckpoints(dir)
	require.NoError(t, err)
	_, _, _, err = load(t, c)
	require.ErrorIs(t, err, ErrNone)
	for step := range uint64(12) {
		require.NoError(t, c.Save(step, text(fmt.Sprint("at ", step))))
	}
	steps, err := c.Steps()
	require.NoError(t, err)
	require.Equal(t, []uint64{11, 10}, steps)
	step, content, skipped, err := load(t, c)
	require.NoError(t, errors.Join(err, skipped))
	require.Equal(t, uint64(11), step)
	require.Equal(t, "at 11", content)
}

func TestFallsBackOnTheOneBefore(t *testing.T) {
	c, err := OpenCheckpoints(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, c.Save(1, text("good")))
	require.NoError(t, c.Save(2, text("bad")))
	step, content, skipped, err := load(t, c)
	require.NoError(t, err)
	require.ErrorContains(t, skipped, "step-2.safetensors: it is damaged")
	require.Equal(t, uint64(1), step)
	require.Equal(t, "good", content)
	require.NoError(t, os.WriteFile(c.path(1), []byte("bad"), 0o600))
	_, _, _, err = load(t, c)
	require.ErrorContains(t, err, "no checkpoint can be read")
}

func TestFailedSaveLosesNothing(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenCheckpoints(dir)
	require.NoError(t, err)
	require.NoError(t, c.Save(1, text("good")))
	full := errors.New("no space left on device")
	err = c.Save(2, func(w io.Writer) error {
		if err := text("half")(w); err != nil {
			return err
		}
		return full
	})
	require.ErrorIs(t, err, full)
	_, content, _, err := load(t, c)
	require.NoError(t, err)
	require.Equal(t, "good", content)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "what was cut off is gone")
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "step-x.safetensors", "step-3.safetensors.partial", "3.safetensors"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	c, err := OpenCheckpoints(dir)
	require.NoError(t, err)
	steps, err := c.Steps()
	require.NoError(t, err)
	require.Empty(t, steps)
	require.NoFileExists(t, filepath.Join(dir, "step-3.safetensors.partial"))
	require.FileExists(t, filepath.Join(dir, "notes.txt"))
}

func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := OpenCheckpoints(filepath.Join(file, "below"))
	require.ErrorContains(t, err, "the folder for checkpoints")
}

// TestKilledAtAnyMoment kills a process that saves as fast as it can: whatever it
// leaves can be read.
func TestKilledAtAnyMoment(t *testing.T) {
	const variable = "STORE_TEST_FOLDER"
	content := strings.Repeat("0123456789abcdef", 1<<14)
	if dir := os.Getenv(variable); dir != "" {
		c, err := OpenCheckpoints(dir)
		require.NoError(t, err)
		steps, err := c.Steps()
		require.NoError(t, err)
		step := uint64(0)
		if len(steps) > 0 {
			step = steps[0]
		}
		for {
			step++
			require.NoError(t, c.Save(step, text(content)))
		}
	}
	dir, last := t.TempDir(), uint64(0)
	for i := range 20 {
		writer := exec.Command(os.Args[0], "-test.run", "^TestKilledAtAnyMoment$")
		writer.Env = append(os.Environ(), variable+"="+dir)
		require.NoError(t, writer.Start())
		time.Sleep(time.Duration(30+7*i) * time.Millisecond)
		require.NoError(t, writer.Process.Kill())
		require.Error(t, writer.Wait())
		c, err := OpenCheckpoints(dir)
		require.NoError(t, err)
		step, got, skipped, err := load(t, c)
		if errors.Is(err, ErrNone) && last == 0 {
			continue // killed before its first was whole
		}
		require.NoError(t, errors.Join(err, skipped))
		require.Equal(t, content, got)
		require.GreaterOrEqual(t, step, last)
		last = step
	}
	require.NotZero(t, last)
}
