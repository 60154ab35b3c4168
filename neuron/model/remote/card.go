package remote

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
)

// Bounds of a card.
const (
	maxArchitecture = 64
	maxClasses      = 1 << 16
	maxExample      = 1 << 22
	maxContext      = 1 << 24
)

// fromProto reads a card of another process.
func fromProto(c *synapse.Card) (model.Card, error) {
	if c == nil {
		return model.Card{}, errors.New("there is none")
	}
	card := model.Card{
		Modality: model.Modality(c.Modality), Architecture: c.Architecture, Classes: int(c.Classes), Regression: c.Regression,
		Context: int(c.Context), Parameters: int(min(c.Parameters, 1<<62)), Follows: c.Follows, Generates: c.Follows,
	}
	if n := copy(card.Hash[:], c.Hash); n != 0 && (n != len(card.Hash) || len(c.Hash) != n) {
		return card, fmt.Errorf("a hash of %d bytes, it has %d, or none", len(c.Hash), len(card.Hash))
	}
	printable := func(r rune) bool { return unicode.IsPrint(r) }
	switch {
	case c.Architecture == "" || len(c.Architecture) > maxArchitecture || strings.ContainsFunc(c.Architecture, func(r rune) bool { return !printable(r) }):
		return card, fmt.Errorf("architecture %.80q, it is 1 to %d printable characters", c.Architecture, maxArchitecture)
	case c.Context > maxContext:
		return card, fmt.Errorf("a context of %d, at most %d", c.Context, maxContext)
	case c.Classes < 1 || c.Classes > maxClasses || c.Regression && c.Classes != 1:
		return card, fmt.Errorf("%d classes, there are 1 to %d, and 1 of a regression", c.Classes, maxClasses)
	}
	switch card.Modality {
	case model.Text:
		if card.Classes != model.Vocabulary || card.Regression || len(c.Shape) > 0 {
			return card, fmt.Errorf("a model of text with %d classes and shape %v: it has %d, and no shape", card.Classes, c.Shape, model.Vocabulary)
		}
		return card, nil
	case model.Image, model.Tensor:
		return card, shapeOf(&card, c)
	}
	return card, fmt.Errorf("modality %d, known are text 1, image 2 and tensor 3", c.Modality)
}

// shapeOf reads the shape of images and tensors.
func shapeOf(card *model.Card, c *synapse.Card) error {
	if c.Follows {
		return errors.New("a model that is not of text follows")
	}
	if n := len(c.Shape); n == 0 || n > 8 || card.Modality == model.Image && n != 2 && n != 3 {
		return fmt.Errorf("examples of shape %v: images have [height width] or [height width channels], tensors 1 to 8 dimensions", c.Shape[:min(n, 9)])
	}
	values := 1
	for _, d := range c.Shape {
		if d < 1 || int64(d) > int64(maxExample/values) {
			return fmt.Errorf("examples of shape %v, every dimension is at least 1 and there are at most %d values", c.Shape, maxExample)
		}
		values *= int(d)
		card.Shape = append(card.Shape, int(d))
	}
	return nil
}

// toProto is the card as it is sent.
func toProto(c model.Card) *synapse.Card {
	card := &synapse.Card{
		Modality: synapse.Modality(c.Modality), Architecture: c.Architecture, Classes: uint32(c.Classes), Regression: c.Regression,
		Context: uint32(c.Context), Parameters: uint64(c.Parameters), Hash: c.Hash[:], Follows: c.Follows,
	}
	for _, d := range c.Shape {
		card.Shape = append(card.Shape, uint32(d))
	}
	return card
}

// sameKind says that what was asked of one can be asked of the other.
func sameKind(a, b model.Card) bool {
	return a.Modality == b.Modality && a.Architecture == b.Architecture && a.Classes == b.Classes &&
		a.Regression == b.Regression && slices.Equal(a.Shape, b.Shape) && a.Follows == b.Follows
}
