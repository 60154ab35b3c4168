package experiment

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/train"
)

// album is a set of images in memory, of which neurons hold rows.
type album struct {
	shape   []int
	dim     int
	classes int
	x       []float32 // rows x dim
	y       []int32
	parts   [data.Parts][][]int // rows by part and class
}

func newAlbum(set *data.Labelled) *album {
	a := &album{shape: set.Shape, dim: set.Dim(), classes: len(set.Labels)}
	for p := range a.parts {
		a.parts[p] = make([][]int, a.classes)
		for i := range set.Len(data.Part(p)) {
			row := len(a.y)
			a.x = append(a.x, make([]float32, a.dim)...)
			class := int32(set.Row(data.Part(p), i, a.x[row*a.dim:]))
			a.y = append(a.y, class)
			a.parts[p][class] = append(a.parts[p][class], row)
		}
	}
	return a
}

func (a *album) image(row int) []float32 { return a.x[row*a.dim : (row+1)*a.dim] }

// hand is what one neuron holds, rows by class.
type hand struct {
	own []int
	// train has all images of the own classes and some of the others, gate as many of
	// every class.
	train, gate [][]int
}

// labelled is all that the hand holds: a model alone need not keep a gate slice apart.
func (h hand) labelled() [][]int {
	all := make([][]int, len(h.train))
	for class := range all {
		all[class] = append(append(all[class], h.train[class]...), h.gate[class]...)
	}
	return all
}

// deal gives each neuron its own classes and so many images of the others together, of
// which some of each class, gate, are for its gate. No image is held by two neurons:
// no expert is asked at a gate about what it was taught. Hands of one seed differ in
// what the images are for and not in the images.
func (a *album) deal(neurons, foreign, gate int, seed uint64) ([]hand, error) {
	order := rand.New(rand.NewPCG(seed, 5)).Perm(a.classes)
	hands := make([]hand, neurons)
	for i, class := range order {
		h := &hands[i%neurons]
		h.own = append(h.own, class)
	}
	taken := make([]int, a.classes)
	for i := range hands {
		h := &hands[i]
		h.train, h.gate = make([][]int, a.classes), make([][]int, a.classes)
		for class := range a.classes {
			own, n := slices.Contains(h.own, class), foreign/(a.classes-len(h.own))
			if own {
				n = gate
			}
			spare := a.parts[data.Gate][class][taken[class]:]
			if n < gate || n > len(spare) {
				return nil, fmt.Errorf("%d images of class %d for a neuron, %d of them for its gate, and %d are left: give more images", n, class, gate, len(spare))
			}
			taken[class] += n
			h.gate[class], h.train[class] = spare[:gate], spare[gate:n]
			if own {
				h.train[class] = a.parts[data.Train][class]
			}
		}
	}
	return hands, nil
}

// tested are the rows that nobody holds, by class.
func (a *album) tested() [][]int {
	rows := make([][]int, a.classes)
	for class := range rows {
		for _, p := range []data.Part{data.Score, data.Validation, data.Test} {
			rows[class] = append(rows[class], a.parts[p][class]...)
		}
	}
	return rows
}

// pictures is a training of a classifier: its task, and what it learns with.
type pictures struct {
	model.Classifier
	album *album
	// rows by class, of which every class is drawn equally often; all is every row, of
	// which every image is, nil for the former.
	rows [][]int
	all  []int
	// blank are rows whose class is not told, every other one of a batch.
	blank  []int
	random *rand.Rand
	card   model.Card
}

// imageBatch is the images of a step.
const imageBatch = 64

// Classes implements train.Task.
func (x *pictures) Classes() int { return x.card.Classes }

// Window implements train.Task.
func (x *pictures) Window() moe.Window { return moe.Window{Sequences: imageBatch, Steps: 1} }

// Draw implements train.Task.
func (x *pictures) Draw(_ data.Part, _ *data.Sampler, b *train.Batch) error {
	if len(b.Targets) != imageBatch {
		b.In = model.Input{Count: imageBatch, Values: make([]float32, imageBatch*x.album.dim)}
		b.Targets = make([]int32, imageBatch)
	}
	for i := range imageBatch {
		row := x.draw()
		b.Targets[i] = x.album.y[row]
		if len(x.blank) > 0 && i%2 == 1 {
			row = x.blank[x.random.IntN(len(x.blank))]
			b.Targets[i] = -1
		}
		copy(b.In.Values[i*x.album.dim:], x.album.image(row))
	}
	return nil
}

// draw one of the rows.
func (x *pictures) draw() int {
	if x.all != nil {
		return x.all[x.random.IntN(len(x.all))]
	}
	for {
		if rows := x.rows[x.random.IntN(len(x.rows))]; len(rows) > 0 {
			return rows[x.random.IntN(len(rows))]
		}
	}
}

// Forward implements train.Task.
func (x *pictures) Forward(t *nn.Tape, b *train.Batch) (logits, hidden *nn.Tensor) {
	return x.Classifier.Forward(t, b.In.Values, imageBatch)
}

// imageLearner is one training of an image-mlp.
type imageLearner struct {
	album   *album
	rows    [][]int // by class
	uniform bool
	hidden  int
	dropout float32
	decay   float32
	steps   int
	seed    uint64
	// teacher is whose answers are learned too, on rows and on blank; nil is none.
	teacher model.Expert
	blank   []int
}

// own of the mixture that a learner with a teacher learns from: next to nothing.
const studentPrior = 0.02

func (l imageLearner) learn(ctx context.Context) (*model.ServedClassifier, error) {
	m := model.NewImageMLP(model.ImageConfig{Shape: l.album.shape, Classes: l.album.classes, Hidden: l.hidden, Dropout: l.dropout}, l.seed)
	task := &pictures{Classifier: m, album: l.album, rows: l.rows, blank: l.blank, random: rand.New(rand.NewPCG(l.seed, 9)), card: m.Card()}
	if l.uniform {
		task.all = slices.Concat(l.rows...)
	}
	cfg := train.DefaultConfig()
	cfg.Steps, cfg.Batch, cfg.Length, cfg.Seed, cfg.WarmUp = l.steps, imageBatch, 1, l.seed, l.steps/15
	cfg.SelfPrior, cfg.Schedule, cfg.Decay = studentPrior, distill.Schedule{}, l.decay
	device := nn.NewDevice(1)
	defer device.Close()
	trainer, err := train.NewTrainer(cfg, task, device)
	if err != nil {
		return nil, err
	}
	defer trainer.Stop()
	var network train.Network = train.Alone{}
	if l.teacher != nil {
		network = neurontest.NewNetwork(l.seed, neurontest.Peer{UID: 1, Expert: l.teacher})
	}
	for range l.steps {
		if _, err := trainer.Step(ctx, network); err != nil {
			return nil, err
		}
	}
	return model.NewServedClassifier(m, 1)
}

// told is how well an expert does on images.
type told struct {
	// Accuracy and Loss are means over classes.
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"`
}

// tell asks an expert about rows by class.
func (a *album) tell(ctx context.Context, m model.Expert, rows [][]int) (told, error) {
	flat := slices.Concat(rows...)
	p := make([]float32, len(flat)*a.classes)
	if err := m.Forward(ctx, a.input(flat), p); err != nil {
		return told{}, err
	}
	y := make([]int32, len(flat))
	for i, row := range flat {
		y[i] = a.y[row]
	}
	return tellOf(p, y, a.classes), nil
}

// tellOf answers about images of known classes.
func tellOf(p []float32, y []int32, classes int) told {
	right, loss, n := make([]float64, classes), make([]float64, classes), make([]float64, classes)
	for i, y := range y {
		row := p[i*classes : (i+1)*classes]
		best := 0
		for c, x := range row {
			if x > row[best] {
				best = c
			}
		}
		if n[y]++; best == int(y) {
			right[y]++
		}
		loss[y] += moe.NLL(row[y])
	}
	var t told
	present := 0.0
	for c := range n {
		if n[c] > 0 {
			present++
			t.Accuracy += right[c] / n[c]
			t.Loss += loss[c] / n[c]
		}
	}
	t.Accuracy, t.Loss = t.Accuracy/present, t.Loss/present
	return t
}

// input has rows one after the other.
func (a *album) input(rows []int) model.Input {
	in := model.Input{Count: len(rows)}
	for _, row := range rows {
		in.Values = append(in.Values, a.image(row)...)
	}
	return in
}
