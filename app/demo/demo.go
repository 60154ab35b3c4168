// Package demo shows the chain at work: one validator and eight neurons with keys
// of their own that send a real row each block, among them a cabal, a copier and
// one that falls silent.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
	"github.com/taonet/taonet/app/picture"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

const (
	// MinBlocks is the shortest demo that can show what each role earns.
	MinBlocks = 40
	// endlessHalf is when the silent neuron stops in a demo without end.
	endlessHalf = 60
	// plainEvery is how often the table is printed when it cannot be redrawn.
	plainEvery = 10

	startPatience = 90 * time.Second
	subnet        = 1
)

// Config of a demo.
type Config struct {
	localnet.Config
	// Blocks after which it ends by itself and checks what happened; 0 never.
	Blocks int
	// Live redraws the table in place.
	Live bool
	Out  io.Writer
	// Known lends codecs and default genesis.
	Known *app.App
}

// demo is a running demo.
type demo struct {
	cfg     Config
	node    *node
	neurons []*neuron
	genesis uint64 // supply in genesis, rao
	earned  map[uint32]uint64
	epoch   uint64 // height of the last epoch that was counted
	sent    int
	refused map[string]int
	lines   int // of the table on the screen
}

// Run runs the demo until it ends by itself or ctx does. It returns an error when
// a check fails.
func Run(ctx context.Context, cfg Config) (err error) {
	if cfg.Blocks != 0 && cfg.Blocks < MinBlocks {
		return fmt.Errorf("blocks is %d; it must be 0 (no end) or at least %d, so that every role has time to show what it earns", cfg.Blocks, MinBlocks)
	}
	d := &demo{cfg: cfg, neurons: cast(), earned: map[uint32]uint64{}, refused: map[string]int{}}
	network, err := d.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Stop()) }()
	if err := d.register(ctx); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		if ctx.Err() != nil && cfg.Blocks == 0 {
			return d.finish(context.Background())
		}
		return err
	}
	return d.finish(ctx)
}

// start makes a fresh network with a funded coldkey for every neuron.
func (d *demo) start(ctx context.Context) (*localnet.Network, error) {
	cfg := &d.cfg
	if err := cfg.CheckPorts(); err != nil {
		return nil, err
	}
	if err := cfg.Remove(); err != nil {
		return nil, err
	}
	cfg.Genesis = func(draft *app.Draft) error {
		for _, n := range d.neurons {
			draft.Fund(n.coldAddress(), n.funds())
		}
		d.genesis = draft.Supply()
		return nil
	}
	if err := cfg.Prepare(cfg.Known); err != nil {
		return nil, err
	}
	// The validator outlives an interrupt until the last questions are answered.
	network, err := cfg.Start(context.WithoutCancel(ctx), d.say)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := network.WaitHeight(ready, 0, 1); err != nil {
		return nil, errors.Join(err, network.Stop())
	}
	if d.node, err = dial(cfg.Known, cfg.RPC(0)); err != nil {
		return nil, errors.Join(err, network.Stop())
	}
	return network, nil
}

// Say prints a line; it may come from any goroutine.
func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.cfg.Out, format+"\n", args...) }

// play lets every neuron send its row in every block and shows the table.
func (d *demo) play(ctx context.Context) error {
	first, err := d.node.height(ctx)
	if err != nil {
		return err
	}
	last, half := int64(0), first+endlessHalf
	if d.cfg.Blocks > 0 {
		last, half = first+int64(d.cfg.Blocks), first+int64(d.cfg.Blocks)/2
	}
	for height := first; last == 0 || height < last; {
		if height, err = d.node.nextBlock(ctx, height); err != nil {
			return err
		}
		graph, err := d.node.metagraph(ctx)
		if err != nil {
			return err
		}
		d.count(graph)
		for _, n := range d.neurons {
			if n.role == silent && height >= half {
				continue
			}
			if err := d.score(ctx, n, height); err != nil {
				return err
			}
		}
		if err := d.show(ctx, graph, height, half); err != nil {
			return err
		}
	}
	return nil
}

// count adds up what an epoch paid.
func (d *demo) count(graph *weightstypes.QueryMetagraphResponse) {
	if graph.Epoch.Height <= d.epoch {
		return
	}
	d.epoch = graph.Epoch.Height
	for _, n := range graph.Neurons {
		d.earned[n.Uid] += n.ServerEmission + n.ValidatorEmission
	}
}

// score sends a neuron's row. A refusal is counted: a real neuron would go on too.
func (d *demo) score(ctx context.Context, n *neuron, height int64) error {
	row, err := d.row(ctx, n, height)
	if err != nil || row == nil {
		return err
	}
	refusal, err := d.node.send(ctx, n, freeTx, row)
	if err != nil {
		return err
	}
	d.sent++
	if refusal != "" {
		d.refused[refusal]++
	}
	return nil
}

// finish draws the network, asks for every balance and checks the books.
func (d *demo) finish(ctx context.Context) error {
	graph, err := d.node.metagraph(ctx)
	if err != nil {
		return err
	}
	rows, err := d.node.rows(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(d.cfg.Home, "network.svg")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := errors.Join(picture.Network(f, graph, rows), f.Close()); err != nil {
		return err
	}
	d.say("\nthe network, as taod q weights metagraph --svg draws it: %s", file)
	if err := d.balances(ctx); err != nil {
		return err
	}
	return d.check(ctx, graph)
}
