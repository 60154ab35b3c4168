package model

import (
	"context"
	"errors"
)

// Modality is what a model is about.
type Modality uint8

// The modalities; the numbers are those of tao.synapse.v1.
const (
	Text   Modality = 1
	Image  Modality = 2
	Tensor Modality = 3
)

// ErrUnsupported says that a model has no such answer: images are not followed.
var ErrUnsupported = errors.New("model: unsupported")

// Input is a batch. Text: Count sequences of Length bytes in Tokens, a row for each
// byte. Images and tensors: Count examples one after the other in Values, a row for
// each; Length is 0.
type Input struct {
	Count, Length int
	Tokens        []byte
	Values        []float32
}

// Rows is the number of rows that an answer has.
func (in Input) Rows() int {
	if in.Length > 0 {
		return in.Count * in.Length
	}
	return in.Count
}

// Expert is a model as others see it: it answers. It is safe for concurrent use, and
// may learn meanwhile.
type Expert interface {
	// Card describes it.
	Card() Card
	// Forward writes the answer for each row to dst, rows x classes: a distribution, of
	// regression the value. It fails on an input that is not of the card's kind.
	Forward(ctx context.Context, in Input, dst []float32) error
	// Hidden writes the hidden state of each row to dst, rows x width.
	Hidden(ctx context.Context, in Input, dst []float32) error
	// Follow starts to follow up to so many parallel sequences of text.
	Follow(sequences int) (Follower, error)
	// Generate continues a text by up to most bytes, handing them to emit as they come.
	Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error
}

// Follower walks parallel sequences. It is for one goroutine, and its model stays as
// it was when it was opened.
type Follower interface {
	// Next takes one byte of each of the first len(bytes) sequences and writes the
	// distributions of those that follow to dst, len(bytes) x classes.
	Next(ctx context.Context, bytes []byte, dst []float32) error
	// Restart forgets what all sequences have read.
	Restart()
	// Close gives its memory back.
	Close() error
}
