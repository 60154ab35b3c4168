package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/data"
)

// scored is how many blocks of the score part a member measures on.
const scored = 160

// rolesData is the files of one seed's members.
type rolesData struct {
	seed    uint64
	steps   uint64
	every   time.Duration // from round to round
	own     []string      // text by honest member
	samples []string      // what it measures on
	trained []string      // checkpoints
}

// largest is the domain with the most text.
func largest(texts []*data.Text) *data.Text {
	best := texts[0]
	for _, t := range texts {
		if t.Bytes() > best.Bytes() {
			best = t
		}
	}
	return best
}

// newRolesData cuts a domain into shards that have no block in common, one for each
// honest member, and trains the members' models, unless they are kept.
func newRolesData(ctx context.Context, env *Env, p rolesPlan, seed uint64) (rolesData, error) {
	d := rolesData{seed: seed, steps: p.steps, every: p.every, trained: make([]string, len(p.sizes))}
	dir := env.Kept
	if dir == "" {
		dir = filepath.Join(env.Out, "kept")
	}
	text := largest(env.Texts)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, env.Workers))
	for i, size := range p.sizes {
		home := filepath.Join(dir, fmt.Sprintf("roles-%s-%d-%d-%d", text.Name, size, p.steps, seed))
		// Seeds differ in who has which shard, too.
		shard, err := text.Shard(data.Shard{Index: (i + int(seed%uint64(len(p.sizes)))) % len(p.sizes), Count: len(p.sizes)})
		if err == nil {
			shard, err = shard.Take(min(size, shard.Bytes()))
		}
		if err == nil {
			err = d.write(home, text, shard, i)
		}
		if err != nil {
			return d, errors.Join(err, group.Wait())
		}
		group.Go(func() error { return d.train(ctx, home, i) })
	}
	return d, group.Wait()
}

// write makes a member's files: its shard without the score part, and a piece of the
// whole domain's score part, which nobody trains on, with some validation blocks.
func (d *rolesData) write(home string, text, shard *data.Text, i int) error {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	var own, sample bytes.Buffer
	for _, part := range []data.Part{data.Train, data.Gate, data.Validation, data.Test} {
		for b := range shard.Len(part) {
			own.Write(shard.Block(part, b))
		}
	}
	// Members begin apart; with little text their pieces overlap.
	for part, n := range map[data.Part]int{data.Score: scored, data.Validation: scored / 4} {
		all := text.Len(part)
		for b := range min(n, all) {
			sample.Write(text.Block(part, (i*n+int(d.seed)*7+b)%all))
		}
	}
	d.own, d.samples = append(d.own, filepath.Join(home, "own.txt")), append(d.samples, filepath.Join(home, "sample.txt"))
	return errors.Join(os.WriteFile(d.own[i], own.Bytes(), 0o644), os.WriteFile(d.samples[i], sample.Bytes(), 0o644))
}

// configure is what all configurations have in common.
func (d *rolesData) configure(cfg *neuron.Config, i int) {
	cfg.Data.Kind, cfg.Data.Domain, cfg.Data.Bytes = neuron.KindText, "", 0
	cfg.Data.Paths = []string{absolute(d.own[i])}
	cfg.Data.Samples = []neuron.Sample{{Paths: []string{absolute(d.samples[i])}, Bytes: 1 << 20}}
	cfg.Model.Seed, cfg.Train.Seed = 1000*d.seed+uint64(i)+1, 1000*d.seed+uint64(i)+1
	cfg.Train.Own = 1
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// honest is the configuration of an honest member in the network: it has learned, and
// answers and measures.
func (d *rolesData) honest(i int) func(*neuron.Config) {
	return func(cfg *neuron.Config) {
		d.network(cfg, i)
		cfg.Score.Sequences, cfg.Score.Positions, cfg.Score.Probes = scored, 32, 12
	}
}

// dishonest has files, as it must, and no use for them.
func (d *rolesData) dishonest(cfg *neuron.Config) { d.network(cfg, len(d.own)-1) }

func (d *rolesData) network(cfg *neuron.Config, i int) {
	seed := cfg.Train.Seed // the arena's, of its own for each member
	d.configure(cfg, i)
	cfg.Train.Seed = seed
	cfg.Train.Steps, cfg.Train.EvaluateEvery = 1, 1<<20 // it has learned already, or never will
	cfg.Score.Every = neuron.Duration(d.every)
	cfg.Network.Deadline = neuron.Duration(8 * time.Second)
	cfg.Axon.RowsPerSecond = 1_000_000
}

// train makes the checkpoint of an honest member: alone, until its validation loss falls
// no more.
func (d *rolesData) train(ctx context.Context, home string, i int) error {
	cfg := neuron.Default()
	cfg.Name, cfg.Home, cfg.Chain.None, cfg.Axon.Listen, cfg.Axon.Advertise, cfg.Telemetry.Listen = "trainee", absolute(home), true, "", "", ""
	d.configure(cfg, i)
	cfg.Train.Steps, cfg.Train.EvaluateEvery, cfg.Train.Patience = d.steps, 50, 2
	if d.trained[i] = newest(home); d.trained[i] != "" {
		return nil
	}
	training, stop := context.WithCancel(ctx)
	defer stop()
	rested := false
	n, err := neuron.New(cfg, neuron.Deps{Version: "experiment", Log: quiet(), Watch: func(s neuron.Status) {
		if s.Resting {
			rested = true
			stop()
		}
	}})
	if err == nil {
		err = n.Run(training)
	}
	if err != nil || !rested {
		return errors.Join(err, ctx.Err(), os.RemoveAll(filepath.Join(home, "checkpoints")))
	}
	if d.trained[i] = newest(home); d.trained[i] == "" {
		return fmt.Errorf("%s: training left no checkpoint", home)
	}
	return nil
}
