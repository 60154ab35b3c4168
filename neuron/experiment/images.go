package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
)

func images() Experiment {
	return Experiment{
		Name: "images", Title: "Images: four neurons that each know a few digits",
		Question: "Accuracy over all digits of a neuron that holds two or three digits and a hundred images of the others: " +
			"alone, with the network on, and off after distillation; against one that holds all.",
		Run: runImages,
	}
}

const (
	imageNeurons = 4
	foreign      = 100 // images of digits that are not a neuron's own, in all
	// A gate slice has so many of each digit: few, so that most are trained on, or most.
	smallGate, largeGate = 4, 10
	unlabelled           = 1000
	// One that holds all has so many times the steps: it would learn more for longer.
	longer = 3

	imageGain = 5.0  // points of accuracy that the network should add
	imagePart = 0.85 // of the accuracy of one neuron that saw everything
)

// imagesRun is one seed; told are means over classes.
type imagesRun struct {
	Seed    uint64        `json:"seed"`
	All     told          `json:"all"`
	Neurons []imageNeuron `json:"neurons"`
}

// imageNeuron is one neuron as the subject.
type imageNeuron struct {
	Own []int `json:"own"`
	// Alone has every opponent by name, Best the most accurate on the test images.
	// SelfTaught is the ensemble's student, with images whose class is not told.
	Alone      map[string]told `json:"alone"`
	Best       string          `json:"best"`
	SelfTaught told            `json:"self_taught"`
	// Gates are networks by gate and by size of the gate slice.
	Gates []gated `json:"gates"`
	// Local is the member that is self, Off one that learned from the network about its
	// own images, OffMore about images whose class is not told besides.
	Local   told `json:"local"`
	Off     told `json:"off"`
	OffMore told `json:"off_more"`
}

// gated is one network. The first of a neuron is the one that is called on.
type gated struct {
	Gate string `json:"gate"`
	// Each is how many images of each digit the gate learned from.
	Each int  `json:"each"`
	Told told `json:"told"`
}

func (n imageNeuron) on() told    { return n.Gates[0].Told }
func (n imageNeuron) alone() told { return n.Alone[n.Best] }

// moreAlone is the best alone with images whose class is not told.
func (n imageNeuron) moreAlone() float64 { return max(n.alone().Accuracy, n.SelfTaught.Accuracy) }

func runImages(ctx context.Context, env *Env) (*Result, error) {
	if env.Digits == "" {
		return nil, errors.New("no images: give --digits, a folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz of MNIST")
	}
	set, err := data.LoadIDX("digits", filepath.Join(env.Digits, "t10k-images-idx3-ubyte.gz"), filepath.Join(env.Digits, "t10k-labels-idx1-ubyte.gz"))
	if err != nil {
		return nil, err
	}
	e := exhibition{env: env, album: newAlbum(set), steps: stepsOf(env, 200, 150)}
	e.tests = e.album.tested()
	runs := make([]imagesRun, len(env.Seeds))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, env.Workers))
	for i, seed := range env.Seeds {
		group.Go(func() (err error) {
			if runs[i], err = e.run(ctx, seed); err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return imagesResult(env, e, runs), nil
}

// exhibition is what all seeds share.
type exhibition struct {
	env   *Env
	album *album
	tests [][]int
	steps int
}

// pupil is the usual training on rows.
func (e exhibition) pupil(rows [][]int, seed uint64) imageLearner {
	return imageLearner{album: e.album, rows: rows, hidden: 128, dropout: 0.5, decay: 0.5, steps: e.steps, seed: seed}
}

func (e exhibition) run(ctx context.Context, seed uint64) (imagesRun, error) {
	r := imagesRun{Seed: seed}
	var err error
	all := e.pupil(e.album.parts[data.Train], seed)
	all.steps *= longer
	if r.All, err = e.taught(ctx, all); err != nil {
		return r, err
	}
	gates := []int{smallGate, largeGate}
	if e.env.Quick {
		gates = gates[:1]
	}
	for i, each := range gates {
		hands, err := e.album.deal(imageNeurons, foreign, each, seed)
		if err != nil {
			return r, err
		}
		members, err := e.members(ctx, hands, seed)
		if err != nil {
			return r, err
		}
		subjects := hands
		if e.env.Quick {
			subjects = hands[:1]
		}
		if i == 0 {
			r.Neurons = make([]imageNeuron, len(subjects))
		}
		for s := range subjects {
			n := &r.Neurons[s]
			err := e.gates(ctx, n, hands[s], each, around(members, s), seed)
			if err == nil && i == 0 {
				err = e.rest(ctx, n, hands[s], around(members, s), seed+uint64(s)*1000)
			}
			if err != nil {
				return r, err
			}
		}
		if err := members.close(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// members are the neurons' models, each trained on what it holds but its gate slice.
func (e exhibition) members(ctx context.Context, hands []hand, seed uint64) (ensemble, error) {
	var members ensemble
	for i, h := range hands {
		m, err := e.pupil(h.train, seed*100+uint64(i)).learn(ctx)
		if err != nil {
			return nil, errors.Join(err, members.close())
		}
		members = append(members, m)
	}
	return members, nil
}

// close gives back what the members compute with.
func (e ensemble) close() (err error) {
	for _, m := range e {
		if closer, ok := m.(*model.ServedClassifier); ok {
			err = errors.Join(err, closer.Close())
		}
	}
	return err
}

// around are the members with one of them first.
func around(members ensemble, self int) ensemble {
	order := ensemble{members[self]}
	return append(append(order, members[:self]...), members[self+1:]...)
}

// taught trains and tests.
func (e exhibition) taught(ctx context.Context, l imageLearner) (told, error) {
	m, err := l.learn(ctx)
	if err != nil {
		return told{}, err
	}
	t, err := e.album.tell(ctx, m, e.tests)
	return t, errors.Join(err, m.Close())
}

// gates tests the network with every gate.
func (e exhibition) gates(ctx context.Context, n *imageNeuron, h hand, each int, members ensemble, seed uint64) error {
	lessons, err := e.album.slice(ctx, members, h.gate)
	if err != nil {
		return err
	}
	tests, err := e.album.slice(ctx, members, e.tests)
	if err != nil {
		return err
	}
	for _, g := range []struct {
		name string
		gate imageGate
	}{
		{"confidence, λ learned", learnConfidence(lessons)},
		{"equal weights", confidence{0}},
		{"confidence, λ = 1", confidence{1}},
		{"h, learned", learnByHidden(lessons, false, seed)},
		{"confidence and h, learned", learnByHidden(lessons, true, seed)},
	} {
		n.Gates = append(n.Gates, gated{g.name, each, tests.told(g.gate)})
	}
	return nil
}

// rest is everything but the gates: opponents, and the network switched off.
func (e exhibition) rest(ctx context.Context, n *imageNeuron, h hand, members ensemble, seed uint64) (err error) {
	n.Own = h.own
	if n.Local, err = e.album.tell(ctx, members[0], e.tests); err != nil {
		return err
	}
	blank := e.blanks()
	if err := e.alone(ctx, n, h, blank, seed); err != nil {
		return err
	}
	lessons, err := e.album.slice(ctx, members, h.gate)
	if err != nil {
		return err
	}
	student := e.pupil(h.labelled(), seed+50)
	student.teacher = newJoint(members, learnConfidence(lessons))
	if n.Off, err = e.taught(ctx, student); err != nil {
		return err
	}
	student.blank = blank
	if n.OffMore, err = e.taught(ctx, student); err != nil {
		return err
	}
	e.env.Say("seed %d, digits %v: alone (%s) %.4f, on %.4f, off %.4f, with more images alone %.4f, off %.4f",
		seed, n.Own, n.Best, n.alone().Accuracy, n.on().Accuracy, n.Off.Accuracy, n.SelfTaught.Accuracy, n.OffMore.Accuracy)
	return nil
}

// blanks are images whose class is not told, as many of each.
func (e exhibition) blanks() (rows []int) {
	for _, all := range e.album.parts[data.Train] {
		rows = append(rows, all[:min(len(all), unlabelled/e.album.classes)]...)
	}
	return rows
}
