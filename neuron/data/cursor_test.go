package data

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCursorGivesEveryByteOnce(t *testing.T) {
	text := generated(t, 4, 0, 128<<10)
	for p := range Part(Parts) {
		c, err := NewCursor(p, 5, text, text) // the second time nothing is new
		require.NoError(t, err)
		require.Zero(t, c.Width())
		require.Equal(t, text.Len(p)*BlockSize, c.Left())
		var got [][]byte
		into := make([]byte, 5)
		for {
			_, err := c.Reserve(BlockSize)
			if err != nil {
				require.ErrorIs(t, err, ErrUsedUp)
				break
			}
			require.Zero(t, c.Position())
			for at := range BlockSize {
				require.Equal(t, at, c.Position())
				width, err := c.Next(into)
				require.NoError(t, err)
				require.Equal(t, c.Width(), width)
				for i := range width {
					require.Equal(t, into[i], c.Context(i)[at])
				}
			}
			for i := range c.Width() {
				got = append(got, c.Context(i))
			}
		}
		var want [][]byte
		for i := range text.Len(p) {
			want = append(want, text.Block(p, i))
		}
		slices.SortFunc(got, bytes.Compare)
		slices.SortFunc(want, bytes.Compare)
		require.Equal(t, want, got)
		require.Zero(t, c.Left())
	}
}

func TestCursorNeedsReservation(t *testing.T) {
	c, err := NewCursor(Train, 3, generated(t, 4, 0, 16<<10))
	require.NoError(t, err)
	into := make([]byte, 3)
	_, err = c.Next(into)
	require.ErrorIs(t, err, ErrNotReserved)
	left := c.Left()
	granted, err := c.Reserve(2)
	require.NoError(t, err)
	require.Equal(t, 2, granted)
	require.Equal(t, left-6, c.Left())
	granted, err = c.Reserve(1)
	require.NoError(t, err)
	require.Equal(t, 2, granted, "what was granted stays granted")
	_, err = c.Next(into[:2])
	require.ErrorContains(t, err, "memory for 2 sequences, must be at least 3")
	for range 2 {
		_, err = c.Next(into)
		require.NoError(t, err)
	}
	_, err = c.Next(into)
	require.ErrorIs(t, err, ErrNotReserved)
	granted, err = c.Reserve(math.MaxInt)
	require.NoError(t, err)
	require.Equal(t, BlockSize-2, granted)
}

// target is a byte of the text that a peer was asked for.
type target struct {
	block string
	at    int
}

// Processes die between any two steps; whatever was saved last is restored, on
// texts that grow and shrink. No byte may ever be a target twice.
func TestNoByteIsATargetTwice(t *testing.T) {
	texts, err := Generated(6, 24<<10)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		open := func(label string) *Cursor {
			n := rapid.IntRange(1, len(texts)).Draw(t, label+" texts")
			c, err := NewCursor(Train, rapid.IntRange(1, 20).Draw(t, label+" sequences"), texts[:n]...)
			require.NoError(t, err)
			return c
		}
		c := open("first")
		saved, err := c.MarshalBinary()
		require.NoError(t, err)
		given := map[target]bool{}
		into := make([]byte, 20)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			granted, err := c.Reserve(rapid.IntRange(1, 700).Draw(t, "positions"))
			if err == nil {
				saved, err = c.MarshalBinary()
				require.NoError(t, err)
				for range rapid.IntRange(0, granted).Draw(t, "read") {
					at := c.Position()
					width, err := c.Next(into)
					require.NoError(t, err)
					for i := range width {
						where := target{string(c.blocks[c.lap[i]].key[:]), at}
						require.False(t, given[where], "byte %d of block %x again", at, where.block)
						given[where] = true
						require.Equal(t, c.blocks[c.lap[i]].bytes[at], into[i])
					}
				}
			} else {
				require.ErrorIs(t, err, ErrUsedUp)
			}
			if rapid.Bool().Draw(t, "dies") {
				c = open("next")
				require.NoError(t, c.UnmarshalBinary(saved))
				again, err := c.MarshalBinary()
				require.NoError(t, err)
				if len(c.lap) > 0 {
					require.Equal(t, saved, again)
				}
			}
		}
	})
}

func TestCursorResumesWithinBlocks(t *testing.T) {
	text := generated(t, 4, 2, 32<<10)
	a, err := NewCursor(Train, 4, text)
	require.NoError(t, err)
	_, err = a.Reserve(100)
	require.NoError(t, err)
	state, err := a.MarshalBinary()
	require.NoError(t, err)
	into, other := make([]byte, 4), make([]byte, 4)
	for range 100 {
		_, err = a.Next(into)
		require.NoError(t, err)
	}
	b, err := NewCursor(Train, 4, text)
	require.NoError(t, err)
	require.NoError(t, b.UnmarshalBinary(state))
	require.Equal(t, 100, b.Position())
	require.Equal(t, a.Left(), b.Left())
	for i := range 4 {
		require.Equal(t, a.Context(i), b.Context(i))
	}
	for range 900 { // over the end of these blocks
		if _, err := a.Next(into); err != nil {
			_, err = a.Reserve(64)
			require.NoError(t, err)
			_, err = b.Reserve(64)
			require.NoError(t, err)
			_, err = a.Next(into)
			require.NoError(t, err)
		}
		_, err = b.Next(other)
		require.NoError(t, err)
		require.Equal(t, into, other)
	}
}

func TestNewTextEndsUsedUp(t *testing.T) {
	texts, err := Generated(8, 8<<10)
	require.NoError(t, err)
	c, err := NewCursor(Train, 1000, texts[0])
	require.NoError(t, err)
	_, err = c.Reserve(BlockSize)
	require.NoError(t, err)
	state, err := c.MarshalBinary()
	require.NoError(t, err)
	same, err := NewCursor(Train, 1000, texts[0])
	require.NoError(t, err)
	require.NoError(t, same.UnmarshalBinary(state))
	_, err = same.Reserve(1)
	require.ErrorIs(t, err, ErrUsedUp)
	grown, err := NewCursor(Train, 1000, texts[0], texts[1])
	require.NoError(t, err)
	require.NoError(t, grown.UnmarshalBinary(state))
	_, err = grown.Reserve(1)
	require.NoError(t, err)
	require.Equal(t, texts[1].Len(Train), grown.Width())
}

func TestWrongCursor(t *testing.T) {
	text := generated(t, 4, 0, 64<<10)
	c, err := NewCursor(Gate, 2, text)
	require.NoError(t, err)
	_, err = c.Reserve(7)
	require.NoError(t, err)
	good, err := c.MarshalBinary()
	require.NoError(t, err)
	restore := func(change func(state []byte) []byte) func() error {
		return func() error { return c.UnmarshalBinary(change(slices.Clone(good))) }
	}
	refuses(t, []wrong{
		{"no sequences", func() error { _, err := NewCursor(Gate, 0, text); return err }, []string{"0 sequences"}},
		{"no such part", func() error { _, err := NewCursor(5, 1, text); return err }, []string{"part 5"}},
		{"reserve nothing", func() error { _, err := c.Reserve(0); return err }, []string{"0 positions", "at least 1"}},
		{"nothing", restore(func(s []byte) []byte { return nil }), []string{"0 bytes", "cur1"}},
		{"other file", restore(func(s []byte) []byte { s[0] = 'x'; return s }), []string{"cur1", "restore an older one"}},
		{"other part", restore(func(s []byte) []byte { s[4] = byte(Score); return s }), []string{"score", "gate"}},
		{"position", restore(func(s []byte) []byte { binary.BigEndian.PutUint16(s[5:], 513); return s }), []string{"513", "512"}},
		{"cut", restore(func(s []byte) []byte { return s[:len(s)-1] }), []string{"bytes of keys"}},
		{"lies about its size", restore(func(s []byte) []byte { binary.BigEndian.PutUint32(s[7:], 1<<32-1); return s }), []string{"bytes of keys", "must be"}},
		{"twice", restore(func(s []byte) []byte { copy(s[15:31], s[31:47]); copy(s[31:47], s[15:31]); return s }), []string{"ascending"}},
		{"not spent", restore(func(s []byte) []byte { s[30]++; return s }), []string{"being walked but not spent"}},
	})
	after, err := c.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, good, after)
}

func FuzzCursorState(f *testing.F) {
	text := generated(f, 4, 0, 16<<10)
	c, err := NewCursor(Train, 3, text)
	require.NoError(f, err)
	for range 3 {
		_, err := c.Reserve(200)
		require.NoError(f, err)
		state, err := c.MarshalBinary()
		require.NoError(f, err)
		f.Add(state)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		c, err := NewCursor(Train, 3, text)
		require.NoError(t, err)
		if c.UnmarshalBinary(state) != nil {
			return
		}
		into := make([]byte, 3)
		for left := c.Left(); left > 0; {
			granted, err := c.Reserve(BlockSize)
			require.NoError(t, err)
			for range granted {
				width, err := c.Next(into)
				require.NoError(t, err)
				left -= width
			}
			require.Equal(t, left, c.Left())
		}
		_, err = c.Reserve(1)
		require.ErrorIs(t, err, ErrUsedUp)
	})
}
