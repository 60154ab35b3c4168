package experiment

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/train"
)

func ablate() Experiment {
	return Experiment{
		Name: "ablate", Title: "Ablation: what each design choice is worth",
		Question: "One choice at a time is changed, everything else as it is by default, at one point: " +
			"held-out loss of the network on, and off after distillation, against the default.",
		Run: runAblate,
	}
}

// choice is one value of one factor and what it leads to.
type choice struct {
	Factor string `json:"factor"`
	Value  string `json:"value"`
	On     losses `json:"on"`
	// Off is nil when the choice is one of measuring alone: training is the default's.
	Off *losses `json:"off,omitempty"`
}

// ablateRun is one seed; the first of its choices is the default.
type ablateRun struct {
	Seed    uint64   `json:"seed"`
	Domain  string   `json:"domain"`
	Alone   losses   `json:"alone"`
	Choices []choice `json:"choices"`
}

// ablation is what the choices of one seed share.
type ablation struct {
	circle
	stage   stage
	device  *nn.Device
	peers   []neurontest.Peer
	experts []model.Expert // of the peers
	voices  [][]voice      // of the peers
	subject learned        // of the default
	self    []voice        // of the default
}

// option is a choice to make; a slow one is left out of quick runs.
type option struct {
	factor, value string
	slow          bool
	run           func(ctx context.Context) (choice, error)
}

func runAblate(ctx context.Context, env *Env) (*Result, error) {
	if err := enough(env); err != nil {
		return nil, err
	}
	c := circle{shards: 1, bytes: 300_000, sample: 5_000, steps: stepsOf(env, 1500, 100)}
	runs, err := each(ctx, circles(env, c), circle.ablate)
	if err != nil {
		return nil, err
	}
	return ablateResult(env, c, runs), nil
}

func (c circle) ablate(ctx context.Context) (r ablateRun, err error) {
	r = ablateRun{Seed: c.seed, Domain: c.env.Texts[c.own].Name}
	a := &ablation{circle: c, stage: testStage(c.env, c.own), device: nn.NewDevice(1)}
	defer a.device.Close()
	if a.peers, err = c.peers(ctx, len(c.env.Texts)-1); err != nil {
		return r, err
	}
	defer func() { _ = closeAll(a.peers) }()
	for _, p := range a.peers {
		a.experts = append(a.experts, p.Expert)
	}
	if a.voices, err = a.stage.hearAll(ctx, a.experts); err != nil {
		return r, err
	}
	if r.Alone, err = c.aloneAt(ctx, a.stage, len(a.peers)); err != nil {
		return r, err
	}
	if a.subject, err = c.taught(ctx, "fails-0", a.peers, nil); err != nil {
		return r, err
	}
	defer func() { _ = a.subject.Close() }()
	if a.self, err = a.stage.hear(ctx, a.subject); err != nil {
		return r, err
	}
	for _, o := range a.options() {
		if o.slow && c.env.Quick {
			continue
		}
		made, err := o.run(ctx)
		if err != nil {
			return r, fmt.Errorf("%s %s: %w", o.factor, o.value, err)
		}
		made.Factor, made.Value = o.factor, o.value
		r.Choices = append(r.Choices, made)
		c.env.Say("%s %s, seed %d, %s: on %.4f", o.factor, o.value, c.seed, r.Domain, made.On.Mix)
	}
	return r, nil
}

// options in the order of the table; the default is the first.
func (a *ablation) options() []option {
	options := []option{{factor: "default", value: "beta 1, all peers, evidence with s = 0.02, f32 probabilities", run: func(context.Context) (choice, error) {
		off := a.stage.alone(a.self)
		return choice{On: a.heard(a.self, evidenceGate(0)), Off: &off}, nil
	}}}
	for _, beta := range []float32{0, 0.5, 2} {
		options = append(options, option{"beta", text32(beta), beta != 0, func(ctx context.Context) (choice, error) {
			return a.trained(ctx, "beta-"+text32(beta), a.peers, a.voices, evidenceGate(0), func(l *learner) { l.beta = beta })
		}})
	}
	for _, k := range []int{1, 2, 4} {
		if k < len(a.peers) {
			options = append(options, option{"k", strconv.Itoa(k), true, func(ctx context.Context) (choice, error) {
				return a.trained(ctx, fmt.Sprint("k-", k), a.peers, a.voices, bestOf(k), func(l *learner) { l.top, l.explore = k, 1 })
			}})
		}
	}
	options = append(options, a.gates()...)
	for _, share := range []float32{0.005, 0.1} {
		options = append(options, option{"share s", text32(share), true, func(ctx context.Context) (choice, error) {
			return a.trained(ctx, "share-"+text32(share), a.peers, a.voices, evidenceGate(share), func(l *learner) { l.share = share })
		}})
	}
	for _, as := range []tensor.DType{tensor.F16, tensor.BF16, tensor.Int8} {
		options = append(options, option{"codec", as.String(), true, func(ctx context.Context) (choice, error) {
			return a.answering(ctx, "codec-"+as.String(), func(p *neurontest.Peer) error { p.Expert = coded{p.Expert, as}; return nil })
		}})
	}
	return append(options, option{"answers", "hidden states, projected", true, a.hidden}, option{"text", "peers' dreams besides", true, a.dreaming})
}

func text32(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }

// heard is the loss of the mixture of self and peers.
func (a *ablation) heard(self []voice, gate func(sequences, experts int) moe.Gate) losses {
	return a.stage.mixed(append([][]voice{self}, a.voices...), mixture{gate: gate})
}

// trained is a choice for which the subject is trained anew.
func (a *ablation) trained(ctx context.Context, name string, peers []neurontest.Peer, voices [][]voice, gate func(sequences, experts int) moe.Gate, edit func(*learner)) (choice, error) {
	self, err := a.networked(ctx, a.stage, name, peers, edit)
	if err != nil {
		return choice{}, err
	}
	off := a.stage.alone(self)
	return choice{On: a.stage.mixed(append([][]voice{self}, voices...), mixture{gate: gate}), Off: &off}, nil
}

// answering is a choice of what peers answer with.
func (a *ablation) answering(ctx context.Context, name string, by func(*neurontest.Peer) error) (choice, error) {
	var failed error
	peers := change(a.peers, func(p *neurontest.Peer) { failed = errors.Join(failed, by(p)) })
	if failed != nil {
		return choice{}, failed
	}
	voices, err := a.stage.hearPeers(ctx, peers)
	if err != nil {
		return choice{}, err
	}
	return a.trained(ctx, name, peers, voices, evidenceGate(0), nil)
}

// hidden lets peers answer with hidden states, of which the subject's projections,
// learned on its own training text, make answers.
func (a *ablation) hidden(ctx context.Context) (choice, error) {
	l, err := a.learner(0)
	if err != nil {
		return choice{}, err
	}
	return a.answering(ctx, "hidden", func(p *neurontest.Peer) error {
		made, err := project(l, p.Expert, a.device, max(1, a.steps/3))
		p.Expert = made
		return err
	})
}

// dreaming lets the subject learn from what the specialists made up, too.
func (a *ablation) dreaming(ctx context.Context) (choice, error) {
	network := neurontest.NewNetwork(a.seed, a.peers...)
	var dreams []*data.Text
	for _, p := range a.peers {
		sequences, err := train.Dream(ctx, network, p.UID, 128, data.BlockSize, a.seed)
		if err != nil {
			return choice{}, err
		}
		dream, err := data.NewText(fmt.Sprintf("dream %d", p.UID), sequences...)
		if err != nil {
			return choice{}, err
		}
		dreams = append(dreams, dream)
	}
	return a.trained(ctx, "dreams", a.peers, a.voices, evidenceGate(0), func(l *learner) { l.extra = dreams })
}

// gates are choices of measuring alone.
func (a *ablation) gates() []option {
	learnedOn := func(part data.Part, blind bool) func(ctx context.Context) (choice, error) {
		return func(ctx context.Context) (choice, error) {
			gate, err := a.generalGate(ctx, part, a.subject, a.experts, blind)
			if err != nil {
				return choice{}, err
			}
			hidden, err := a.stage.hiddenOf(ctx, a.subject)
			if err != nil {
				return choice{}, err
			}
			return choice{On: a.stage.mixed(append([][]voice{a.self}, a.voices...), mixture{
				gate: func(int, int) moe.Gate { return gate }, hidden: hidden,
			})}, nil
		}
	}
	return []option{
		{"gate", "h alone, learned on the gate slice", false, learnedOn(data.Gate, true)},
		{"gate", "evidence and h, learned on the gate slice", false, learnedOn(data.Gate, false)},
		{"gate", "evidence and h, learned on the training text", false, learnedOn(data.Train, false)},
		{"gate", "logistic mixing", false, func(ctx context.Context) (choice, error) {
			on, err := a.stage.logistic(ctx, append([]model.Expert{a.subject}, a.experts...))
			return choice{On: on}, err
		}},
		{"gate", "the prior, no evidence", false, func(context.Context) (choice, error) {
			return choice{On: a.heard(a.self, evidenceGate(1))}, nil
		}},
	}
}
