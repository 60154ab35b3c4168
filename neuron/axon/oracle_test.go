package axon

import (
	"context"
	"sync"

	"github.com/taonet/taonet/neuron/model"
)

// oracle is a model of text whose every distribution has its peak at the sum of the
// bytes so far; of numbers, at the first one.
type oracle struct {
	card model.Card
	step uint64
	// before, if there, is called in each pass.
	before func(ctx context.Context, in model.Input) error
	mu     sync.Mutex
	counts []int // of each pass
	closed int   // followers
}

func textOracle() *oracle {
	return &oracle{step: 7, card: model.Card{
		Modality: model.Text, Architecture: "oracle", Classes: 256, Context: 64, Width: 2, Parameters: 3, Follows: true, Generates: true,
	}}
}

func tensorOracle() *oracle {
	return &oracle{card: model.Card{Modality: model.Tensor, Architecture: "oracle", Classes: 4, Shape: []int{3}}}
}

func peak(dst []float32, at int) {
	for i := range dst {
		dst[i] = 0.5 / float32(len(dst)-1)
	}
	dst[at%len(dst)] = 0.5
}

func (o *oracle) Card() model.Card { return o.card }
func (o *oracle) Step() uint64     { return o.step }

func (o *oracle) pass(ctx context.Context, in model.Input) error {
	o.mu.Lock()
	o.counts = append(o.counts, in.Count)
	o.mu.Unlock()
	if o.before != nil {
		return o.before(ctx, in)
	}
	return nil
}

func (o *oracle) passes() []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]int(nil), o.counts...)
}

func (o *oracle) Forward(ctx context.Context, in model.Input, dst []float32) error {
	if err := o.pass(ctx, in); err != nil {
		return err
	}
	classes := o.card.Classes
	for i := range in.Rows() {
		row := dst[i*classes:][:classes]
		if in.Length == 0 {
			peak(row, int(in.Values[i*len(in.Values)/in.Count]))
			continue
		}
		sum := 0
		for _, b := range in.Tokens[i/in.Length*in.Length : i+1] {
			sum += int(b)
		}
		peak(row, sum)
	}
	return nil
}

func (o *oracle) Hidden(ctx context.Context, in model.Input, dst []float32) error {
	if err := o.pass(ctx, in); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = float32(i)
	}
	return nil
}

func (o *oracle) Follow(sequences int) (model.Follower, error) {
	return &walker{oracle: o, sums: make([]int, sequences)}, nil
}

type walker struct {
	oracle *oracle
	sums   []int
}

func (w *walker) Next(ctx context.Context, bytes []byte, dst []float32) error {
	if err := w.oracle.pass(ctx, model.Input{Count: len(bytes)}); err != nil {
		return err
	}
	for i, b := range bytes {
		w.sums[i] += int(b)
		peak(dst[i*256:][:256], w.sums[i])
	}
	return nil
}

func (w *walker) Restart() { clear(w.sums) }

func (w *walker) Close() error {
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	w.oracle.closed++
	return nil
}

func (o *oracle) Generate(ctx context.Context, prompt []byte, most int, _ float32, _ uint64, emit func([]byte) error) error {
	if err := o.pass(ctx, model.Input{}); err != nil {
		return err
	}
	for i := range most {
		if err := emit([]byte{byte(len(prompt) + i)}); err != nil {
			return err
		}
	}
	return nil
}
