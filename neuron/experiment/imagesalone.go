package experiment

import (
	"context"
	"fmt"

	"github.com/taonet/taonet/neuron/model"
)

// alone trains every opponent on all that the neuron holds.
func (e exhibition) alone(ctx context.Context, n *imageNeuron, h hand, blank []int, seed uint64) error {
	n.Alone = map[string]told{}
	consider := func(name string, t told) {
		if n.Alone[name] = t; n.Best == "" || t.Accuracy > n.alone().Accuracy {
			n.Best = name
		}
	}
	for name, l := range e.opponents(e.pupil(h.labelled(), seed)) {
		t, err := e.taught(ctx, l)
		if err != nil {
			return err
		}
		consider(name, t)
	}
	var members ensemble
	defer func() { _ = members.close() }()
	for i := range imageNeurons {
		m, err := e.pupil(h.labelled(), seed+uint64(i)).learn(ctx)
		if err != nil {
			return err
		}
		members = append(members, m)
	}
	for name, m := range map[string]model.Expert{"balanced": members[0], fmt.Sprintf("ensemble of %d", imageNeurons): members} {
		t, err := e.album.tell(ctx, m, e.tests)
		if err != nil {
			return err
		}
		consider(name, t)
	}
	student := e.pupil(h.labelled(), seed+60)
	student.teacher, student.blank = newJoint(members, confidence{0}), blank
	var err error
	n.SelfTaught, err = e.taught(ctx, student)
	return err
}

// opponents are what a model alone is tuned over, besides the usual training and an
// ensemble of it.
func (e exhibition) opponents(base imageLearner) map[string]imageLearner {
	edit := func(f func(*imageLearner)) imageLearner { l := base; f(&l); return l }
	all := map[string]imageLearner{
		"every image alike": edit(func(l *imageLearner) { l.uniform = true }),
		"less dropout":      edit(func(l *imageLearner) { l.dropout = 0.2 }),
		"decay":             edit(func(l *imageLearner) { l.decay = 2 }),
		"short":             edit(func(l *imageLearner) { l.steps = max(1, l.steps/2) }),
	}
	if !e.env.Quick {
		all["wide"] = edit(func(l *imageLearner) { l.hidden = 512 })
		all["short, decay"] = edit(func(l *imageLearner) { l.steps, l.decay = max(1, l.steps/2), 2 })
		all["long"] = edit(func(l *imageLearner) { l.steps *= longer })
	}
	return all
}
