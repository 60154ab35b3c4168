package data

import (
	"crypto/sha256"
	"fmt"
)

// BlockSize is the number of bytes of a block: the unit of the split, of
// selections and of sequences. No window or sequence crosses its edge.
const BlockSize = 512

// Text is a domain of text, or a selection of one. It is never written to after
// it was made, so any number of goroutines may use it.
type Text struct {
	// Name is the domain's name in messages and tables.
	Name string

	bytes []byte   // blocks one after another
	sums  []digest // one per block
	held  holding
}

// NewText cuts documents into blocks. A document is what a file is: blocks begin
// at its start, and the rest after its last whole block is dropped.
func NewText(name string, documents ...[]byte) (*Text, error) {
	size := 0
	for _, d := range documents {
		size += len(d)
	}
	if size > MaxText {
		return nil, fmt.Errorf("text %q: %d bytes, at most %d: give less", name, size, MaxText)
	}
	b := newBuilder(name, size)
	for _, d := range documents {
		b.write(d)
		b.end()
	}
	return b.text()
}

// Len is the number of blocks of a part.
func (t *Text) Len(p Part) int { return len(t.held[p]) }

// Bytes is the size of all parts together.
func (t *Text) Bytes() int { return t.held.size() * BlockSize }

// Block is block i of a part, of Len(p), in the order of the text. It is the
// text's own memory and only to be read.
func (t *Text) Block(p Part, i int) []byte {
	at := int(t.held[p][i]) * BlockSize
	return t.bytes[at : at+BlockSize : at+BlockSize]
}

// Shard is one of several equal slices of the text.
func (t *Text) Shard(s Shard) (*Text, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("text %q: %w", t.Name, err)
	}
	return t.holding(t.held.shard(t.sums, s)), nil
}

// Take is a slice of n bytes, rounded to whole blocks, of all parts together: 80 %
// of it is for training. Take(0) is an empty text.
func (t *Text) Take(n int) (*Text, error) {
	blocks := n / BlockSize
	if n%BlockSize >= BlockSize/2 {
		blocks++
	}
	if n < 0 || blocks > t.held.size() {
		return nil, fmt.Errorf("text %q: %d bytes wanted, it has 0 to %d: take fewer or give more text", t.Name, n, t.Bytes())
	}
	return t.holding(t.held.take(t.sums, blocks)), nil
}

func (t *Text) holding(h holding) *Text {
	return &Text{Name: t.Name, bytes: t.bytes, sums: t.sums, held: h}
}

// Windows fills into, [batch*length], with random stretches of a part, each
// within one block. Every block is equally likely, and so is every start in it.
func (t *Text) Windows(p Part, s *Sampler, batch, length int, into []byte) error {
	if err := checkWindows(batch, length, into); err != nil {
		return fmt.Errorf("text %q: %w", t.Name, err)
	}
	if t.Len(p) == 0 {
		return t.nothingIn(p)
	}
	for ; len(into) > 0; into = into[length:] {
		t.window(p, s, into[:length])
	}
	return nil
}

func (t *Text) window(p Part, s *Sampler, into []byte) {
	block := t.Block(p, s.below(len(t.held[p])))
	copy(into, block[s.below(BlockSize-len(into)+1):])
}

func (t *Text) nothingIn(p Part) error {
	return fmt.Errorf("text %q: no block in part %s among %d bytes: give more text or a larger share of it", t.Name, p, t.Bytes())
}

func checkWindows(batch, length int, into []byte) error {
	if length < 1 || length > BlockSize {
		return fmt.Errorf("windows of %d bytes, must be 1 to %d, within a block", length, BlockSize)
	}
	if batch < 1 || len(into)/length != batch || len(into)%length != 0 {
		return fmt.Errorf("memory of %d bytes for %d windows of %d, must be batch*length with a batch of at least 1", len(into), batch, length)
	}
	return nil
}

// builder makes a text of bytes that come in pieces.
type builder struct {
	name      string
	bytes     []byte
	sums      []digest
	seen      map[digest]struct{}
	rest      [BlockSize]byte // of the document, not yet a block
	filled    int             // bytes of rest
	documents int
}

func newBuilder(name string, capacity int) *builder {
	return &builder{
		name:  name,
		bytes: make([]byte, 0, capacity/BlockSize*BlockSize),
		sums:  make([]digest, 0, capacity/BlockSize),
		seen:  make(map[digest]struct{}, capacity/BlockSize),
	}
}

func (b *builder) write(p []byte) {
	for len(p) > 0 {
		n := copy(b.rest[b.filled:], p)
		b.filled += n
		p = p[n:]
		if b.filled == BlockSize {
			b.block()
			b.filled = 0
		}
	}
}

func (b *builder) block() {
	sum := digest(sha256.Sum256(b.rest[:]))
	if _, twice := b.seen[sum]; twice {
		return
	}
	b.seen[sum] = struct{}{}
	b.bytes = append(b.bytes, b.rest[:]...)
	b.sums = append(b.sums, sum)
}

// end closes a document.
func (b *builder) end() {
	b.filled = 0
	b.documents++
}

func (b *builder) text() (*Text, error) {
	if len(b.sums) == 0 {
		return nil, fmt.Errorf("text %q: not one block of %d bytes in %d documents, each of which is cut alone: give longer ones, or join the short ones in one file", b.name, BlockSize, b.documents)
	}
	t := &Text{Name: b.name, bytes: b.bytes, sums: b.sums}
	for i, sum := range b.sums {
		p := sum.part()
		t.held[p] = append(t.held[p], uint32(i))
	}
	return t, nil
}
