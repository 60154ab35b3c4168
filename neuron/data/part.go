package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Part is one of the five slices of a dataset that share no content.
type Part uint8

const (
	// Train is what the model learns from.
	Train Part = iota
	// Gate is what the mixture's weights learn from.
	Gate
	// Score is what peers are measured on.
	Score
	// Validation decides when training stops.
	Validation
	// Test is touched by evaluation and experiments alone.
	Test

	// Parts is how many parts there are.
	Parts = 5
)

// String is the part's name in messages and tables.
func (p Part) String() string {
	switch p {
	case Train:
		return "train"
	case Gate:
		return "gate"
	case Score:
		return "score"
	case Validation:
		return "validation"
	case Test:
		return "test"
	}
	return fmt.Sprintf("part %d", uint8(p))
}

// Percent is the share of a dataset that falls to the part; the five sum to 100.
func (p Part) Percent() int {
	switch p {
	case Train:
		return 80
	case Gate:
		return 8
	case Score:
		return 6
	case Validation, Test:
		return 3
	}
	return 0
}

// end is the sum of the percentages up to and with the part.
func (p Part) end() int {
	sum := 0
	for q := Train; q <= p; q++ {
		sum += q.Percent()
	}
	return sum
}

// partAt is the part whose interval of hundredths holds h, for h below 100.
func partAt(h int) Part {
	for p := Train; p < Test; p++ {
		if h < p.end() {
			return p
		}
	}
	return Test
}

// digest is the SHA-256 of an item's content. Three stretches of it make three
// independent choices.
type digest [sha256.Size]byte

func (d digest) part() Part    { return partAt(int(binary.BigEndian.Uint64(d[0:8]) % 100)) }
func (d digest) shard() uint64 { return binary.BigEndian.Uint64(d[8:16]) }
func (d digest) rank() uint64  { return binary.BigEndian.Uint64(d[16:24]) }

func (d digest) compare(other digest) int { return bytes.Compare(d[:], other[:]) }
