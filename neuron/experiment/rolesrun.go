package experiment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/chain"
)

// newest is the checkpoint of the most steps in a neuron's home, or empty.
func newest(home string) string {
	files, _ := filepath.Glob(filepath.Join(home, "checkpoints", "step-*.safetensors")) // the pattern is right
	steps := func(file string) int {
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "step-"), ".safetensors"))
		return n
	}
	if len(files) == 0 {
		return ""
	}
	return slices.MaxFunc(files, func(a, b string) int { return steps(a) - steps(b) })
}

// quiet is a log for which nobody has a use.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// onChain runs a network and counts what everybody is paid.
func (run *rolesRun) onChain(ctx context.Context, env *Env, p rolesPlan, members []arena.Member) (err error) {
	home := absolute(filepath.Join(env.Out, "roles-network"))
	offset, err := arena.FreeOffset(len(members))
	if err != nil {
		return err
	}
	a, err := arena.Start(ctx, arena.Config{Home: home, Taod: env.Taod, PortOffset: offset, Members: members, Say: env.Say})
	if err != nil {
		return err
	}
	err = a.Settle(ctx)
	working, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	if err == nil {
		go func() { ended <- a.Run(working) }()
		err = run.watch(ctx, env, p, a, ended)
		stop()
		err = errors.Join(err, <-ended)
	}
	if err = errors.Join(err, a.Stop()); err != nil {
		return fmt.Errorf("%w; the neurons' logs are in %s", err, home)
	}
	_ = os.RemoveAll
	return nil
}

// watch lets the network work for so many blocks; pay counts after the first third.
func (run *rolesRun) watch(ctx context.Context, env *Env, p rolesPlan, a *arena.Arena, ended chan error) error {
	status, err := a.Client().Status(ctx)
	if err != nil {
		return err
	}
	from, end := status.Height+p.blocks/3, status.Height+p.blocks
	counters := make([]*chain.Earned, 0, len(a.Seats))
	for _, s := range a.Seats {
		counters = append(counters, a.Client().Earned(1, s.Hotkey(), from))
	}
	env.Say("seed %d, %s: %d neurons work for %d blocks", run.Seed, run.Variant, len(a.Seats), p.blocks)
	for {
		select {
		case err := <-ended:
			ended <- nil
			return errors.Join(errors.New("the neurons ended"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		m, pays, err := countAll(ctx, a.Client(), counters, from)
		if err != nil {
			return err
		}
		if m.Height >= end && m.Epoch > from {
			run.Blocks = m.Epoch - from
			run.note(p, a, pays)
			env.Say("seed %d, %s: %s", run.Seed, run.Variant, run)
			return nil
		}
	}
}

// countAll adds what the last epoch paid to all counters.
func countAll(ctx context.Context, c *chain.Client, counters []*chain.Earned, from uint64) (chain.Metagraph, []chain.Pay, error) {
	m, err := c.Metagraph(ctx, 1)
	if err != nil || m.Epoch <= from {
		return m, nil, err
	}
	pays := make([]chain.Pay, len(counters))
	for i, counter := range counters {
		if pays[i], err = counter.Count(ctx, m); err != nil {
			return m, nil, err
		}
	}
	return m, pays, nil
}

func (run *rolesRun) note(p rolesPlan, a *arena.Arena, pays []chain.Pay) {
	for i, s := range a.Seats {
		pay := rolesPay{Name: s.Name, Role: s.Role, Incentive: pays[i].Incentive, Dividends: pays[i].Dividends, Rounds: s.Neuron.Status().Rounds}
		if i < len(p.sizes) {
			pay.Bytes = p.sizes[i]
		}
		run.Members = append(run.Members, pay)
	}
}

// String is the shares of incentive.
func (run *rolesRun) String() string {
	var parts []string
	for i, m := range run.Members {
		parts = append(parts, fmt.Sprintf("%s %.1f %%", m.Name, 100*run.share(i)))
	}
	return strings.Join(parts, ", ")
}

// share of all incentive that a member got.
func (run *rolesRun) share(i int) float64 {
	return part(run.Members, i, func(m rolesPay) uint64 { return m.Incentive })
}

// part is a member's part of what all got; 0 when nobody got any.
func part(members []rolesPay, i int, of func(rolesPay) uint64) float64 {
	sum := uint64(0)
	for _, m := range members {
		sum += of(m)
	}
	if sum == 0 {
		return 0
	}
	return float64(of(members[i])) / float64(sum)
}
