package experiment

import (
	"context"
	"fmt"
	"sync"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/train"
)

// coded is an expert whose answers went over the wire in some form of numbers.
type coded struct {
	model.Expert
	as tensor.DType
}

// frameRows bounds one frame.
const frameRows = 1024

// Forward implements model.Expert.
func (c coded) Forward(ctx context.Context, in model.Input, dst []float32) error {
	if err := c.Expert.Forward(ctx, in, dst); err != nil {
		return err
	}
	classes := len(dst) / in.Rows()
	var frame []byte
	for at := 0; at < len(dst); at += frameRows * classes {
		part := dst[at:min(at+frameRows*classes, len(dst))]
		var err error
		if frame, err = c.through(frame[:0], part, classes); err != nil {
			return err
		}
	}
	return nil
}

// through sends rows through a frame, as the client of a peer reads them.
func (c coded) through(frame []byte, rows []float32, classes int) ([]byte, error) {
	frame, err := tensor.AppendFrame(frame, tensor.Header{
		Modality: tensor.ModalityText, DType: c.as, Shape: tensor.Shape{len(rows) / classes, classes},
	}, rows)
	if err != nil {
		return frame, err
	}
	f, err := tensor.Parse(frame)
	if err != nil {
		return frame, err
	}
	if _, err = f.Floats(rows); err != nil {
		return frame, err
	}
	for at := 0; at < len(rows); at += classes {
		if !moe.Normalize(rows[at : at+classes]) {
			return frame, fmt.Errorf("row %d of a frame of %s is no distribution", at/classes, c.as)
		}
	}
	return frame, nil
}

// projected is an expert that answers with hidden states; the subject's own projection
// makes distributions of them.
type projected struct {
	model.Expert
	projection *distill.Projection

	mu   sync.Mutex
	tape *nn.Tape
	// w and b are the projection's parameters.
	w, b *nn.Param
}

// project learns a projection of a peer's hidden states on what the subject trains on,
// with so many batches.
func project(l learner, peer model.Expert, device *nn.Device, steps int) (*projected, error) {
	width := peer.Card().Width
	p := &projected{
		Expert: peer, tape: nn.NewTape(device, l.seed),
		w: nn.NewParam("w", width, model.Vocabulary, true), b: nn.NewParam("b", 1, model.Vocabulary, false),
	}
	p.projection = &distill.Projection{Width: width, Classes: model.Vocabulary, W: p.w.Data, B: p.b.Data}
	p.projection.Prepare()
	source, err := l.source()
	if err != nil {
		return nil, err
	}
	cfg := l.config()
	drawn := train.NewWindows(cfg, source)
	sampler, optimiser := data.NewSampler(l.seed, 7), nn.NewAdamW(cfg.Rate, cfg.Decay)
	var batch train.Batch
	for step := range steps {
		if err := drawn.Draw(data.Train, sampler, &batch); err != nil {
			return nil, err
		}
		if err := p.learn(&batch, optimiser, nn.Cosine(step, steps/10, steps, 0.1)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// learn makes one step toward the targets of a batch.
func (p *projected) learn(b *train.Batch, optimiser *nn.AdamW, schedule float32) error {
	hidden := nn.NewTensor(b.In.Rows(), p.projection.Width)
	if err := p.Hidden(context.Background(), b.In, hidden.Data); err != nil {
		return err
	}
	targets := make([]uint8, len(b.Targets))
	for i, y := range b.Targets {
		targets[i] = uint8(y)
	}
	p.tape.Reset()
	p.tape.Training = true
	defer func() { p.tape.Training = false }()
	loss := p.tape.CrossEntropy(p.tape.Linear(hidden, &p.w.Tensor, &p.b.Tensor), targets, 0)
	p.tape.Backward(loss, nil)
	optimiser.Step([]*nn.Param{p.w, p.b}, schedule)
	return nil
}

// Forward implements model.Expert: what projection.Apply does, with the matrix product
// of package nn, which is many times as fast.
func (p *projected) Forward(ctx context.Context, in model.Input, dst []float32) error {
	rows, width := in.Rows(), p.projection.Width
	hidden := make([]float32, rows*width)
	if err := p.Hidden(ctx, in, hidden); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for at := 0; at < rows; at += frameRows {
		n := min(frameRows, rows-at)
		p.tape.Reset()
		logits := p.tape.Linear(nn.Constant(n, width, hidden[at*width:(at+n)*width]), &p.w.Tensor, &p.b.Tensor)
		moe.Softmax(dst[at*model.Vocabulary:(at+n)*model.Vocabulary], logits.Data, model.Vocabulary)
	}
	return nil
}
