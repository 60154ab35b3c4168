package data

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrUsedUp says that every block of the part has been given out: there is
	// nothing to measure until new text is there.
	ErrUsedUp = errors.New("every block of this part was a target once: give new text")
	// ErrNotReserved says that Next was called at a position that was not
	// reserved: call Reserve, make the state durable, then go on.
	ErrNotReserved = errors.New("position not reserved: call Reserve and save the cursor first")
)

// Cursor walks the blocks of one part, several sequences in parallel, each in a
// block of its own, and gives every byte once.
//
// A byte that was sent to a peer may never be its target again, and a process can
// die at any moment. So positions are reserved before they are read, like this:
//
//	granted, err := c.Reserve(64) // or ErrUsedUp
//	state, err := c.MarshalBinary()
//	… make state durable …
//	for range granted {
//		width, err := c.Next(into)
//	}
//
// A restored cursor stands after all that was reserved, read or not. All
// sequences stand at the same position of their blocks; at Position 0 they are
// new, and whoever follows them forgets the ones before. After a restore within
// blocks, Context brings a fresh follower up to date.
//
// One cursor serves the peers that hear the same bytes. It is used by one
// goroutine at a time.
type Cursor struct {
	part      Part
	sequences int
	blocks    []walked // in the order of their keys
	spent     []bool   // by block: belongs to this or an earlier lap
	strange   []key    // spent blocks that no text here has, kept in case they return
	next      int      // every block before it is spent
	lap       []int    // the blocks walked now, ascending
	at        int      // position that Next gives
	mark      int      // end of what is reserved; at <= mark <= BlockSize
}

// key tells blocks apart: the first half of their SHA-256.
type key [16]byte

func (k key) compare(other key) int { return bytes.Compare(k[:], other[:]) }

type walked struct {
	key   key
	bytes []byte
	text  int // index of the first text that has it
}

// NewCursor starts at the beginning of a part of some texts, up to sequences
// blocks at a time. A block that several texts have is walked once.
func NewCursor(p Part, sequences int, texts ...*Text) (*Cursor, error) {
	if sequences < 1 || p >= Parts {
		return nil, fmt.Errorf("cursor over %d sequences of %s: at least 1 sequence, and one of the %d parts", sequences, p, Parts)
	}
	c := &Cursor{part: p, sequences: sequences, at: BlockSize, mark: BlockSize}
	for at, t := range texts {
		for i, item := range t.held[p] {
			c.blocks = append(c.blocks, walked{key(t.sums[item][:len(key{})]), t.Block(p, i), at})
		}
	}
	slices.SortStableFunc(c.blocks, func(a, b walked) int { return a.key.compare(b.key) })
	c.blocks = slices.CompactFunc(c.blocks, func(a, b walked) bool { return a.key == b.key })
	c.spent = make([]bool, len(c.blocks))
	return c, nil
}

// Reserve makes the next positions readable, up to n and to the end of the blocks
// walked now, and says how many there are. At the end of blocks it opens the next
// ones; when there are none it fails with ErrUsedUp.
func (c *Cursor) Reserve(n int) (granted int, err error) {
	if n < 1 {
		return 0, fmt.Errorf("reserve %d positions: at least 1", n)
	}
	if c.at == BlockSize {
		if err := c.open(); err != nil {
			return 0, err
		}
	}
	c.mark = max(c.mark, c.at+min(n, BlockSize-c.at))
	return c.mark - c.at, nil
}

// open begins a lap with the first blocks that are not spent.
func (c *Cursor) open() error {
	c.lap = c.lap[:0]
	for ; c.next < len(c.blocks) && len(c.lap) < c.sequences; c.next++ {
		if !c.spent[c.next] {
			c.spent[c.next] = true
			c.lap = append(c.lap, c.next)
		}
	}
	if len(c.lap) == 0 {
		return ErrUsedUp
	}
	c.at, c.mark = 0, 0
	return nil
}

// Next writes one byte of each sequence and says how many there are: the byte at
// Position, which every answer given before is measured against. The last blocks
// of a part make fewer sequences than were asked for.
func (c *Cursor) Next(into []byte) (width int, err error) {
	if c.at == c.mark {
		return 0, ErrNotReserved
	}
	if len(into) < len(c.lap) {
		return 0, fmt.Errorf("memory for %d sequences, must be at least %d", len(into), len(c.lap))
	}
	for i, b := range c.lap {
		into[i] = c.blocks[b].bytes[c.at]
	}
	c.at++
	return len(c.lap), nil
}

// Text is which of the cursor's texts, from 0, a sequence is from: the first of them
// where several have the block.
func (c *Cursor) Text(sequence int) int { return c.blocks[c.lap[sequence]].text }

// Position is where in their blocks the sequences stand: the number of bytes of
// each that are known.
func (c *Cursor) Position() int { return c.at }

// Width is the number of sequences walked now, 0 before the first Reserve.
func (c *Cursor) Width() int { return len(c.lap) }

// Context is what is known of a sequence, Position bytes that are only to be read.
func (c *Cursor) Context(sequence int) []byte { return c.blocks[c.lap[sequence]].bytes[:c.at] }

// Left is the number of bytes that have not been reserved.
func (c *Cursor) Left() int {
	left := len(c.lap) * (BlockSize - c.mark)
	for _, spent := range c.spent {
		if !spent {
			left += BlockSize
		}
	}
	return left
}
