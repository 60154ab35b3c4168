package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/tensor"
)

func wire() Experiment {
	return Experiment{
		Name: "wire", Title: "Wire: what answers cost on their way",
		Question: "How many answers a second does an axon give to 1 to 128 clients, how long do they take, with batching and without, " +
			"how many bytes is a token, and what does each codec lose?",
		Run: runWire,
	}
}

const (
	// An answer is for so many sequences of so many bytes, as a batch of training is.
	wireSequences, wireLength = 16, 32
	wireTokens                = wireSequences * wireLength
	// wireFollowed are the sequences of a walk, as in scoring.
	wireFollowed = 64
)

// wireCodec is what became of answers in one encoding.
type wireCodec struct {
	Codec string `json:"codec"`
	// Bytes of a token on the wire, there and back, TLS included.
	Bytes float64 `json:"bytes"`
	// Mean and Worst are the absolute errors of the logarithms of what the target was
	// given, Cost how much the loss rises, all in nats.
	Mean  float64 `json:"mean"`
	Worst float64 `json:"worst"`
	Cost  float64 `json:"cost"`
}

// wireLoad is a load and how it was borne.
type wireLoad struct {
	Method string `json:"method"`
	// Size is the tokens of an answer.
	Size     int           `json:"size"`
	Clients  int           `json:"clients"`
	Batching bool          `json:"batching"`
	Rate     float64       `json:"rate"` // answers a second
	Tokens   float64       `json:"tokens"`
	P50      time.Duration `json:"p50"`
	P99      time.Duration `json:"p99"`
	Failed   int           `json:"failed"`
}

// wirePlan is how much is measured.
type wirePlan struct {
	steps, batches int
	clients        []int
	took           time.Duration
}

func newWirePlan(env *Env) wirePlan {
	p := wirePlan{steps: env.Steps, batches: 32, clients: []int{1, 2, 4, 8, 16, 32, 64, 128}, took: 6 * time.Second}
	if p.steps == 0 {
		p.steps = 1000
	}
	if env.Quick {
		p.clients, p.took, p.steps = []int{1, 8, 32, 128}, 2*time.Second, min(p.steps, 200)
	}
	return p
}

func runWire(ctx context.Context, env *Env) (*Result, error) {
	p := newWirePlan(env)
	l := basic(env.Seeds[0], p.steps, env.Texts)
	l.name = fmt.Sprintf("wire-%d-%d", p.steps, env.Seeds[0])
	m, err := l.learn(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() { _ = m.Close() }()
	return p.run(ctx, env, m)
}

// run measures a model that is served.
func (p wirePlan) run(ctx context.Context, env *Env, m model.Expert) (*Result, error) {
	mixture, err := data.NewMixture(0.5, env.Texts[0], env.Texts[1:]...)
	if err != nil {
		return nil, err
	}
	codecs, err := p.codecs(ctx, m, mixture, env.Seeds)
	if err != nil {
		return nil, err
	}
	var loads []wireLoad
	for _, sequences := range []int{1, wireSequences} {
		for _, clients := range p.clients {
			for _, batching := range []bool{false, true} {
				load, err := p.forward(ctx, m, mixture, sequences, clients, batching)
				if err != nil {
					return nil, err
				}
				env.Say("%d tokens, %d clients, batching %v: %.0f answers/s", load.Size, clients, batching, load.Rate)
				loads = append(loads, load)
			}
		}
	}
	for _, clients := range p.clients[:min(len(p.clients), 2)] {
		load, err := p.follow(ctx, m, clients)
		if err != nil {
			return nil, err
		}
		loads = append(loads, load)
	}
	return wireResult(m.Card().Parameters, p, codecs, loads), nil
}

// question is a batch of text that nobody trained on, and the byte after each of its.
func question(source *data.Mixture, s *data.Sampler, sequences int) (in model.Input, targets []byte, err error) {
	text := make([]byte, sequences*(wireLength+1))
	if err := source.Windows(data.Test, s, sequences, wireLength+1, text); err != nil {
		return in, nil, err
	}
	in = model.Input{Count: sequences, Length: wireLength}
	for i := range sequences {
		window := text[i*(wireLength+1) : (i+1)*(wireLength+1)]
		in.Tokens, targets = append(in.Tokens, window[:wireLength]...), append(targets, window[1:]...)
	}
	return in, targets, nil
}

// codecs asks for the same answers in every encoding and compares them with the
// model's own.
func (p wirePlan) codecs(ctx context.Context, m model.Expert, source *data.Mixture, seeds []uint64) (list []wireCodec, err error) {
	site, err := openSite(m, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, site.close()) }()
	for _, dtype := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16, tensor.Int8} {
		c := site.client(dtype)
		defer c.Close()
		peer, _ := c.Peer(0)
		x := wireCodec{Codec: strings.ToLower(dtype.String())}
		own, came := make([]float32, wireTokens*model.Vocabulary), make([]float32, wireTokens*model.Vocabulary)
		tokens := 0
		for _, seed := range seeds {
			sampler := data.NewSampler(seed, 21)
			for range p.batches {
				in, targets, err := question(source, sampler, wireSequences)
				if err != nil {
					return nil, err
				}
				if err := errors.Join(m.Forward(ctx, in, own), peer.Forward(ctx, in, came)); err != nil {
					return nil, err
				}
				x.add(own, came, targets)
				tokens += len(targets)
			}
		}
		x.Mean, x.Cost = x.Mean/float64(tokens), x.Cost/float64(tokens)
		stats := peer.Stats()
		x.Bytes = float64(stats.BytesIn+stats.BytesOut) / float64(tokens)
		list = append(list, x)
	}
	return list, nil
}

// add compares what two answers give to targets.
func (x *wireCodec) add(own, came []float32, targets []byte) {
	for row, target := range targets {
		at := row*model.Vocabulary + int(target)
		e := moe.NLL(came[at]) - moe.NLL(own[at])
		x.Cost += e
		x.Mean += math.Abs(e)
		x.Worst = max(x.Worst, math.Abs(e))
	}
}

func wireResult(params int, p wirePlan, codecs []wireCodec, loads []wireLoad) *Result {
	r := &Result{Raw: map[string]any{"codecs": codecs, "loads": loads}, Setup: []string{
		fmt.Sprintf("Real axon and dendrites in one process over TLS 1.3 on loopback, everything signed and verified; a byte MLP of %d parameters. A Forward asks for 1 or %d sequences of %d bytes, a distribution over 256 bytes for each token; a step of Follow for one more byte of %d sequences.", params, wireSequences, wireLength, wireFollowed),
		fmt.Sprintf("Every client has a hotkey and a connection of its own and asks again as soon as it is answered, for %s; f16. Clients and server share the CPUs. Without batching every request runs alone; with it up to 16 that come within 2 ms run together.", p.took),
		"Codec: against the same model's answers in memory, on text that it was not trained on.",
	}}
	t := Table{Title: "Codecs", Head: []string{"codec", "bytes per token", "mean error of log p", "largest", "loss, nats per byte"}}
	for _, c := range codecs {
		t.Rows = append(t.Rows, []string{c.Codec, fmt.Sprintf("%.0f", c.Bytes), fmt.Sprintf("%.2g", c.Mean), fmt.Sprintf("%.2g", c.Worst), fmt.Sprintf("%+.2g", c.Cost)})
	}
	r.Tables = append(r.Tables, t)
	t = Table{Title: "Load", Head: []string{"method", "tokens", "clients", "batching", "answers/s", "tokens/s", "p50, ms", "p99, ms", "failed"}}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
	lines := map[string]*Line{}
	plot := Plot{File: "wire", Title: "Tokens a second", X: "clients", Y: "tokens/s"}
	for _, l := range loads {
		t.Rows = append(t.Rows, []string{l.Method, fmt.Sprint(l.Size), fmt.Sprint(l.Clients), fmt.Sprint(l.Batching), fmt.Sprintf("%.0f", l.Rate),
			fmt.Sprintf("%.0f", l.Tokens), ms(l.P50), ms(l.P99), fmt.Sprint(l.Failed)})
		name := fmt.Sprintf("%s of %d, batching %v", l.Method, l.Size, l.Batching)
		if lines[name] == nil {
			lines[name] = &Line{Name: name}
		}
		line := lines[name]
		line.X, line.Y = append(line.X, float64(l.Clients)), append(line.Y, l.Tokens)
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		plot.Lines = append(plot.Lines, *lines[name])
	}
	r.Tables, r.Plots = append(r.Tables, t), []Plot{plot}
	r.Findings = wireFindings(codecs, loads)
	return r
}

// wireFindings says which codec is the smallest that costs nothing to speak of, and
// what the most clients get.
func wireFindings(codecs []wireCodec, loads []wireLoad) []string {
	const nothing = 1e-3
	best := codecs[0]
	for _, c := range codecs {
		if math.Abs(c.Cost) < nothing && c.Bytes < 0.99*best.Bytes {
			best = c
		}
	}
	findings := []string{fmt.Sprintf("The smallest codec that costs less than %g nats per byte is %s: %.0f bytes per token, %.2g nats.", nothing, best.Codec, best.Bytes, best.Cost)}
	most, failed := 0, 0
	for _, l := range loads {
		most, failed = max(most, l.Clients), failed+l.Failed
	}
	for _, size := range []int{wireLength, wireTokens} {
		var rates [2]float64
		for _, l := range loads {
			if l.Method == "Forward" && l.Clients == most && l.Size == size {
				if l.Batching {
					rates[1] = l.Rate
				} else {
					rates[0] = l.Rate
				}
			}
		}
		findings = append(findings, fmt.Sprintf("%d clients that ask for %d tokens get %.0f answers/s, with batching %.0f.", most, size, rates[0], rates[1]))
	}
	return append(findings, fmt.Sprintf("%d requests failed in all.", failed))
}
