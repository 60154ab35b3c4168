package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/train"
)

func together() Experiment {
	return Experiment{
		Name: "together", Title: "Together: what a network learns beyond its members",
		Question: "Held-out loss of the best model alone, tuned at every point, of the same model with the network on, " +
			"and with the network switched off after distillation; over the size of the own shard and of the samples of the other domains.",
		Run: runTogether,
	}
}

// point of the surface: bytes of the own shard and of each sample of another domain.
type point struct {
	Own    int `json:"own"`
	Sample int `json:"sample"`
}

func (p point) String() string {
	return fmt.Sprintf("%d KB own, %.3g KB each", p.Own/1000, float64(p.Sample)/1000)
}

func surface(quick bool) []point {
	var points []point
	shards := []int{300_000, 1_000_000, 2_000_000}
	if quick {
		shards = shards[:1]
	}
	samples := []int{0, 1_500, 5_000, 20_000}
	if quick {
		samples = samples[2:]
	}
	for _, own := range shards {
		for _, sample := range samples {
			points = append(points, point{own, sample})
		}
	}
	return points
}

// losses of one model: on its own domain, and the mean over all domains.
type losses struct {
	Own float64 `json:"own"`
	Mix float64 `json:"mix"`
}

// together at one point with one seed.
type togetherRun struct {
	Point  point  `json:"point"`
	Seed   uint64 `json:"seed"`
	Domain string `json:"domain"`
	// Alone has every opponent by name; Best is the one with the lowest loss of the mix
	// on the test parts, in hindsight, which no tuning on validation can beat.
	Alone map[string]losses `json:"alone"`
	Best  string            `json:"best"`
	On    losses            `json:"on"`
	Off   losses            `json:"off"`
	// LeftOut says that the network did not help on validation, so that on is off.
	LeftOut bool `json:"left_out"`
	// Work of the networked training in units of one alone: own steps and the peers'
	// forward passes.
	Work float64 `json:"work"`
}

// opponents are what a model alone is tuned over.
func opponents(base learner, quick bool) map[string]learner {
	edit := func(f func(*learner)) learner { l := base; f(&l); return l }
	few := map[string]learner{
		"slices":   edit(func(l *learner) { l.slices = true }),
		"own 0.25": edit(func(l *learner) { l.own = 0.25; l.slices = true }),
	}
	if quick {
		return few
	}
	return map[string]learner{
		"base":      base,
		"own 0.4":   edit(func(l *learner) { l.own = 0.4 }),
		"own 0.25":  edit(func(l *learner) { l.own = 0.25 }),
		"dropout":   edit(func(l *learner) { l.dropout = 0.35 }),
		"decay":     edit(func(l *learner) { l.decay = 1 }),
		"smoothing": edit(func(l *learner) { l.smoothing = 0.05 }),
		"slices":    edit(func(l *learner) { l.slices = true }),
		"wide":      edit(func(l *learner) { l.wide = true; l.dropout = 0.3 }),
	}
}

// runner holds what the parts of one run share.
type runner struct {
	env   *Env
	seed  uint64
	point point
	own   int // index of the subject's domain
	steps int
}

func (r runner) name(what string) string {
	return fmt.Sprintf("together-%s-%d-%d-%d-%d", what, r.steps, r.point.Own, r.point.Sample, r.seed)
}

// holding is what a neuron of a domain holds, its own first. Half 0 of a text is the
// subject's and the specialists', half 1 the colleague's: they share nothing.
func (r runner) holding(domain, half, sample int) ([]*data.Text, error) {
	own, err := r.env.Texts[domain].Shard(data.Shard{Index: half, Count: 2})
	if err == nil {
		own, err = own.Take(min(r.point.Own, own.Bytes()))
	}
	if err != nil {
		return nil, err
	}
	texts := []*data.Text{own}
	for i, t := range r.env.Texts {
		if i == domain || sample == 0 {
			continue
		}
		part, err := t.Take(sample)
		if err != nil {
			return nil, err
		}
		texts = append(texts, part)
	}
	return texts, nil
}

// others are the neurons of the other domains, and a colleague with another shard of
// the subject's own. Their samples have 5 KB throughout.
func (r runner) others(ctx context.Context) ([]neurontest.Peer, error) {
	var peers []neurontest.Peer
	for i := range r.env.Texts {
		half := 0
		if i == r.own {
			half = 1
		}
		texts, err := r.holding(i, half, 5_000)
		if err != nil {
			return nil, err
		}
		l := basic(r.seed*100+uint64(i), r.steps, texts)
		l.own = 0.6
		l.name = fmt.Sprintf("peer-%d-%d-%d-%d-%d", r.steps, i, half, r.point.Own, r.seed)
		m, err := l.learn(ctx, r.env)
		if err != nil {
			return nil, err
		}
		peers = append(peers, neurontest.Peer{UID: uint32(i) + 1, Expert: m})
	}
	return peers, nil
}

// dreams are what the peers make up, a text each.
func (r runner) dreams(ctx context.Context, network *neurontest.Network) ([]*data.Text, error) {
	var texts []*data.Text
	for _, uid := range network.Live() {
		if int(uid)-1 == r.own {
			continue // of the own domain there is real text
		}
		sequences, err := train.Dream(ctx, network, uid, dreamSequences, data.BlockSize, r.seed)
		if err != nil {
			return nil, err
		}
		text, err := data.NewText(fmt.Sprintf("dream %d", uid), sequences...)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

const dreamSequences = 128 // of a block each, of every peer

const testBlocks = 24 // of each domain

// measure is a model's loss on the test parts, the evidence mixture's when it is given
// a network.
func (r runner) measure(ctx context.Context, cfg train.Config, m model.Expert, network train.Network) (losses, error) {
	var l losses
	for i, t := range r.env.Texts {
		blocks := train.Blocks(data.Test, testBlocks, t)
		e, err := train.Evaluate(ctx, cfg, m, network, network.Live(), blocks, len(blocks))
		if err != nil {
			return l, err
		}
		l.Mix += e.Network / float64(len(r.env.Texts))
		if i == r.own {
			l.Own = e.Network
		}
	}
	return l, nil
}

func (r runner) run(ctx context.Context) (togetherRun, error) {
	result := togetherRun{Point: r.point, Seed: r.seed, Domain: r.env.Texts[r.own].Name, Alone: map[string]losses{}}
	peers, err := r.others(ctx)
	if err != nil {
		return result, err
	}
	texts, err := r.holding(r.own, 0, r.point.Sample)
	if err != nil {
		return result, err
	}
	// The peers' forward passes are a third of a step each, for the steps in which they
	// are asked; a model alone gets the same work in steps.
	base := basic(r.seed, r.steps, texts)
	result.Work = 1 + float64(len(peers))/3*(1-base.start)
	alone := base
	alone.steps = int(float64(r.steps) * result.Work)
	if err := r.alone(ctx, alone, len(peers), &result); err != nil {
		return result, err
	}
	return result, r.networked(ctx, base, peers, &result)
}

// alone trains and measures every opponent.
func (r runner) alone(ctx context.Context, base learner, peers int, result *togetherRun) error {
	best := math.Inf(1)
	consider := func(name string, m model.Expert) error {
		l, err := r.measure(ctx, base.config(), m, train.Alone{})
		if result.Alone[name] = l; err == nil && l.Mix < best {
			best, result.Best = l.Mix, name
		}
		return err
	}
	for name, l := range opponents(base, r.env.Quick) {
		l.name = r.name("alone-" + name)
		m, err := l.learn(ctx, r.env)
		if err != nil {
			return err
		}
		if err := errors.Join(consider(name, m), m.Close()); err != nil {
			return err
		}
	}
	var members ensemble
	if r.env.Quick {
		peers = min(peers, 2)
	}
	for i := range peers + 1 {
		l := base
		l.seed += uint64(i) * 1000
		l.name = r.name(fmt.Sprintf("member-%d", i))
		m, err := l.learn(ctx, r.env)
		if err != nil {
			return err
		}
		defer func() { _ = m.Close() }()
		members = append(members, m)
	}
	return consider(fmt.Sprintf("ensemble of %d", len(members)), members)
}

// networked trains with the specialists and measures the mixture, and self without it.
func (r runner) networked(ctx context.Context, l learner, peers []neurontest.Peer, result *togetherRun) error {
	network := neurontest.NewNetwork(r.seed, peers...)
	dreams, err := r.dreams(ctx, network)
	if err != nil {
		return err
	}
	l.network, l.extra, l.name = network, dreams, r.name("networked")
	m, err := l.learn(ctx, r.env)
	if err != nil {
		return err
	}
	if result.Off, err = r.measure(ctx, l.config(), m, train.Alone{}); err != nil {
		return err
	}
	alone, mixed := 0.0, 0.0
	for _, blocks := range l.held() {
		e, err := train.Evaluate(ctx, l.config(), m, network, network.Live(), blocks, len(blocks))
		if err != nil {
			return err
		}
		alone, mixed = alone+e.Alone, mixed+e.Network
	}
	if mixed >= alone {
		result.LeftOut, result.On = true, result.Off
		return nil
	}
	result.On, err = r.measure(ctx, l.config(), m, network)
	return err
}

func runTogether(ctx context.Context, env *Env) (*Result, error) {
	steps := env.Steps
	if steps == 0 {
		steps = 1500
	}
	var runs []runner
	for _, p := range surface(env.Quick) {
		for _, seed := range env.Seeds {
			own := int(seed) % len(env.Texts)
			if env.Texts[own].Bytes() < p.Own*3/2 {
				continue // said in the setup
			}
			runs = append(runs, runner{env: env, seed: seed, point: p, own: own, steps: steps})
		}
	}
	results := make([]togetherRun, len(runs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, env.Workers))
	for i, r := range runs {
		group.Go(func() (err error) {
			if results[i], err = r.run(ctx); err != nil {
				return fmt.Errorf("%s, seed %d: %w", r.point, r.seed, err)
			}
			b := results[i].Alone[results[i].Best]
			env.Say("%s, seed %d, %s: alone (%s) %.4f own %.4f, on %.4f own %.4f, off %.4f own %.4f", r.point, r.seed, results[i].Domain,
				results[i].Best, b.Mix, b.Own, results[i].On.Mix, results[i].On.Own, results[i].Off.Mix, results[i].Off.Own)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return togetherResult(env, steps, results), nil
}

// togetherResult makes the tables.
func togetherResult(env *Env, steps int, runs []togetherRun) *Result {
	r := &Result{Raw: runs, Setup: []string{
		fmt.Sprintf("Byte MLP of 355,104 parameters, %d steps of %d windows of %d bytes; alone %.2f times as many steps, the peers' forward passes counted as work.", steps, windows, length, runs[0].Work),
		fmt.Sprintf("%d domains; each seed has another one as its own. The peers are one specialist of each other domain and one colleague with another shard of the own domain, with shards of the same size and samples of 5 KB. A point is left out for domains that have less than one and a half times its shard.", len(env.Texts)),
		fmt.Sprintf("The networked neuron also learns from %d KB that each specialist made up (train.Dream), with the mixture as the teacher there too.", dreamSequences*data.BlockSize/1000),
		"Mix is the mean over all domains, each counted once; loss in nats per byte on test parts that nobody trained on. Best alone is the best of every opponent and of an ensemble of as many own models as the network has, chosen in hindsight on the test parts.",
	}}
	head := []string{"point", "seeds", "alone, mix", "on, mix", "off, mix", "on / alone", "off / alone", "on / alone, own domain", "off / alone, own domain", "on wins", "left out", "best alone"}
	table := Table{Title: "Surface", Head: head}
	lines := map[string]*Line{}
	for _, p := range surface(env.Quick) {
		row, change := togetherRow(p, runs)
		if row == nil {
			continue
		}
		table.Rows = append(table.Rows, row)
		for i, name := range []string{"on", "off"} {
			key := fmt.Sprintf("%s, %d KB own", name, p.Own/1000)
			if lines[key] == nil {
				lines[key] = &Line{Name: key}
			}
			l := lines[key]
			l.X, l.Y = append(l.X, float64(p.Sample)/1000), append(l.Y, 100*change[i].Mean)
		}
	}
	r.Tables = append(r.Tables, table)
	plot := Plot{File: "together", Title: "Loss of the mix against the best alone", X: "sample of each other domain, KB", Y: "change, %"}
	for _, p := range surface(env.Quick) {
		for _, name := range []string{"on", "off"} {
			key := fmt.Sprintf("%s, %d KB own", name, p.Own/1000)
			if l := lines[key]; l != nil {
				plot.Lines = append(plot.Lines, *l)
				delete(lines, key)
			}
		}
	}
	r.Plots = append(r.Plots, plot)
	return r
}

func togetherRow(p point, runs []togetherRun) (row []string, change [2]Sample) {
	var alone, on, off, onMix, offMix, onOwn, offOwn []float64
	wins, out, best := 0, 0, map[string]int{}
	for _, r := range runs {
		if r.Point != p || r.Best == "" {
			continue
		}
		b := r.Alone[r.Best]
		alone, on, off = append(alone, b.Mix), append(on, r.On.Mix), append(off, r.Off.Mix)
		onMix, offMix = append(onMix, r.On.Mix/b.Mix-1), append(offMix, r.Off.Mix/b.Mix-1)
		onOwn, offOwn = append(onOwn, r.On.Own/b.Own-1), append(offOwn, r.Off.Own/b.Own-1)
		if r.On.Mix < b.Mix {
			wins++
		}
		if r.LeftOut {
			out++
		}
		best[r.Best]++
	}
	if len(alone) == 0 {
		return nil, change
	}
	change = [2]Sample{sample(onMix), sample(offMix)}
	return []string{
		p.String(), fmt.Sprint(len(alone)), sample(alone).String(), sample(on).String(), sample(off).String(),
		change[0].percent(), change[1].percent(), sample(onOwn).percent(), sample(offOwn).percent(),
		fmt.Sprintf("%d of %d", wins, len(alone)), fmt.Sprint(out), fmt.Sprint(best),
	}, change
}
