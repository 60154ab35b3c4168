package data

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The saved form, numbers big endian:
//
//	"cur1", part u8, mark u16, blocks of the lap u32, spent blocks u32,
//	keys of the lap, keys of the spent blocks (those of the lap among them)
//
// both ascending. Blocks are named by content, so a state fits texts that have
// grown since: what is new is walked, what was spent stays spent.
const (
	cursorMagic  = "cur1"
	cursorHeader = len(cursorMagic) + 1 + 2 + 4 + 4
)

// MarshalBinary is the state, 16 bytes a spent block. Next does not change it,
// Reserve does.
func (c *Cursor) MarshalBinary() ([]byte, error) {
	spent := slices.Clone(c.strange)
	for i, block := range c.blocks {
		if c.spent[i] {
			spent = append(spent, block.key)
		}
	}
	slices.SortFunc(spent, key.compare)
	out := make([]byte, 0, cursorHeader+len(key{})*(len(c.lap)+len(spent)))
	out = append(out, cursorMagic...)
	out = append(out, byte(c.part))
	out = binary.BigEndian.AppendUint16(out, uint16(c.mark))
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.lap)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(spent)))
	for _, b := range c.lap {
		out = append(out, c.blocks[b].key[:]...)
	}
	for _, k := range spent {
		out = append(out, k[:]...)
	}
	return out, nil
}

// UnmarshalBinary makes a new cursor stand where the saved one had reserved to;
// on an error it is unchanged. The texts may have grown or shrunk in between.
// Sequences go on if all their blocks are still there and no more of them run
// than this cursor may have; if not, what is left of them is given up.
func (c *Cursor) UnmarshalBinary(state []byte) error {
	mark, lap, spent, err := c.decode(state)
	if err != nil {
		return fmt.Errorf("cursor state of %d bytes: %w; restore an older one, or move this one away to start over with text that no peer has seen", len(state), err)
	}
	restored := Cursor{part: c.part, sequences: c.sequences, blocks: c.blocks, at: BlockSize, mark: BlockSize}
	restored.spent = make([]bool, len(c.blocks))
	for _, k := range spent {
		if i, here := c.find(k); here {
			restored.spent[i] = true
		} else {
			restored.strange = append(restored.strange, k)
		}
	}
	whole := len(lap) <= c.sequences
	for _, k := range lap {
		i, here := c.find(k)
		whole = whole && here
		restored.lap = append(restored.lap, i)
	}
	if whole && len(lap) > 0 {
		restored.at, restored.mark = mark, mark
	} else {
		restored.lap = nil
	}
	*c = restored
	return nil
}

func (c *Cursor) find(k key) (int, bool) {
	return slices.BinarySearchFunc(c.blocks, k, func(b walked, k key) int { return b.key.compare(k) })
}

func (c *Cursor) decode(state []byte) (mark int, lap, spent []key, err error) {
	if len(state) < cursorHeader || string(state[:len(cursorMagic)]) != cursorMagic {
		return 0, nil, nil, fmt.Errorf("does not begin with %q and %d bytes of lengths", cursorMagic, cursorHeader-len(cursorMagic))
	}
	head := state[len(cursorMagic):]
	mark = int(binary.BigEndian.Uint16(head[1:]))
	laps, spents := uint64(binary.BigEndian.Uint32(head[3:])), uint64(binary.BigEndian.Uint32(head[7:]))
	if p := Part(head[0]); p != c.part {
		return 0, nil, nil, fmt.Errorf("it is of part %s, this cursor is of %s", p, c.part)
	}
	if mark > BlockSize {
		return 0, nil, nil, fmt.Errorf("position %d, at most %d", mark, BlockSize)
	}
	body := state[cursorHeader:]
	if want := (laps + spents) * uint64(len(key{})); uint64(len(body)) != want {
		return 0, nil, nil, fmt.Errorf("%d bytes of keys, must be %d", len(body), want)
	}
	keys := make([]key, laps+spents)
	for i := range keys {
		copy(keys[i][:], body[i*len(key{}):])
	}
	lap, spent = keys[:laps], keys[laps:]
	if !ascending(lap) || !ascending(spent) {
		return 0, nil, nil, fmt.Errorf("keys are not in ascending order")
	}
	for _, k := range lap {
		if _, found := slices.BinarySearchFunc(spent, k, key.compare); !found {
			return 0, nil, nil, fmt.Errorf("block %x is being walked but not spent", k)
		}
	}
	return mark, lap, spent, nil
}

// ascending tells whether each key is above the one before, so none comes twice.
func ascending(keys []key) bool {
	for i := 1; i < len(keys); i++ {
		if keys[i-1].compare(keys[i]) >= 0 {
			return false
		}
	}
	return true
}
