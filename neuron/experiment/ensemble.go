package experiment

import (
	"context"
	"errors"

	"github.com/taonet/taonet/neuron/model"
)

// ensemble answers with the mean of its members' distributions.
type ensemble []model.Expert

// Card implements model.Expert.
func (e ensemble) Card() model.Card { return e[0].Card() }

// Forward implements model.Expert.
func (e ensemble) Forward(ctx context.Context, in model.Input, dst []float32) error {
	one := make([]float32, len(dst))
	return e.mean(dst, one, func(i int, dst []float32) error { return e[i].Forward(ctx, in, dst) })
}

// mean of what the members answer; one is working memory.
func (e ensemble) mean(dst, one []float32, ask func(i int, dst []float32) error) error {
	clear(dst)
	for i := range e {
		if err := ask(i, one); err != nil {
			return err
		}
		for j, p := range one {
			dst[j] += p / float32(len(e))
		}
	}
	return nil
}

// Hidden implements model.Expert.
func (e ensemble) Hidden(context.Context, model.Input, []float32) error { return model.ErrUnsupported }

// Generate implements model.Expert.
func (e ensemble) Generate(context.Context, []byte, int, float32, uint64, func([]byte) error) error {
	return model.ErrUnsupported
}

// Follow implements model.Expert.
func (e ensemble) Follow(sequences int) (model.Follower, error) {
	f := &ensembleFollower{of: e}
	for _, m := range e {
		one, err := m.Follow(sequences)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.members = append(f.members, one)
	}
	return f, nil
}

type ensembleFollower struct {
	of      ensemble
	members []model.Follower
	one     []float32
}

// Next implements model.Follower.
func (f *ensembleFollower) Next(ctx context.Context, bytes []byte, dst []float32) error {
	if len(f.one) < len(dst) {
		f.one = make([]float32, len(dst))
	}
	return f.of.mean(dst, f.one[:len(dst)], func(i int, dst []float32) error { return f.members[i].Next(ctx, bytes, dst) })
}

// Restart implements model.Follower.
func (f *ensembleFollower) Restart() {
	for _, m := range f.members {
		m.Restart()
	}
}

// Close implements model.Follower.
func (f *ensembleFollower) Close() (err error) {
	for _, m := range f.members {
		err = errors.Join(err, m.Close())
	}
	return err
}
