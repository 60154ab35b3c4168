package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
)

const (
	// everySecond is how often a screen or a reader of JSON hears of a running neuron.
	everySecond = time.Second
	// everyLog is how often a log does.
	everyLog = 30 * time.Second
	// logName is the log's file in a home while a screen is shown.
	logName = "neuron.log"
)

// runCmd is the whole loop.
func runCmd(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Learn, answer, ask, score and earn until Ctrl-C",
		Long: `Run the neuron until Ctrl-C, which leaves a checkpoint; the next run goes on from it.

On a terminal one line says how it is and the log goes to HOME/neuron.log. Elsewhere
the log goes to standard error as JSON, and with -o json standard output gets the
status as a line of JSON every second. Without a chain it ends when train.steps are
done, since nobody is left to answer.`,
		Example: "neuron run\nneuron run --chain-none --set train.steps=1000\nneuron run -o json | jq .loss",
		Args:    cobra.NoArgs,
	}
	keySwitch(cmd, "chain-none", "chain.none")
	keyFlag(cmd, "node", "chain.nodes")
	keyFlag(cmd, "steps", "train.steps")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := p.config(cmd, !cmd.Flags().Changed("chain-none"))
		if err != nil {
			return err
		}
		return p.runNeuron(cmd.Context(), cfg)
	}
	return cmd
}

// runNeuron runs one and shows it.
func (p *program) runNeuron(ctx context.Context, cfg *neuron.Config) error {
	ctx, done := context.WithCancel(ctx)
	defer done()
	log, closer, err := p.log(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }() // a log that cannot be closed has nothing more to say
	w := &watch{p: p, log: log}
	n, err := neuron.New(cfg, neuron.Deps{
		Version: programVersion(), Domains: &neuron.Domains{Goroot: goroot(), Seed: cfg.Model.Seed}, Log: log,
		Watch: func(s neuron.Status) {
			w.see(s)
			if s.Resting && cfg.Chain.None {
				done()
			}
		},
	})
	if err != nil {
		return err
	}
	err = n.Run(ctx)
	w.end(n.Status())
	return err
}

// log is where a running neuron's log goes.
func (p *program) log(cfg *neuron.Config) (*slog.Logger, io.Closer, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Telemetry.Level)); err != nil {
		return nil, nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if p.shows && !p.isJSON() {
		home, err := neuron.Home(cfg)
		if err == nil {
			err = os.MkdirAll(home, 0o700)
		}
		if err != nil {
			return nil, nil, err
		}
		file, err := os.OpenFile(filepath.Join(home, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("the log: %w", err)
		}
		p.say("the log is %s; Ctrl-C ends with a checkpoint", file.Name())
		return slog.New(slog.NewTextHandler(file, options)), file, nil
	}
	if cfg.Telemetry.Log == formatText && cfg.Origin("telemetry.log").Source != neuron.FromDefault {
		return slog.New(slog.NewTextHandler(p.err, options)), io.NopCloser(nil), nil
	}
	return slog.New(slog.NewJSONHandler(p.err, options)), io.NopCloser(nil), nil
}

// watch shows the status of a running neuron.
type watch struct {
	p   *program
	log *slog.Logger

	mu     sync.Mutex
	screen screen
	last   time.Time
}

// see hears of every step and block, from any goroutine.
func (w *watch) see(s neuron.Status) {
	every := everySecond
	if !w.p.isJSON() && !w.p.shows {
		every = everyLog
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.last) < every {
		return
	}
	w.last = time.Now()
	w.show(s)
}

// end shows how it is in the end.
func (w *watch) end(s neuron.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.show(s)
}

func (w *watch) show(s neuron.Status) {
	switch {
	case w.p.isJSON():
		_ = writeLine(w.p.out, s) // a reader that is gone is no failure of the neuron
	case w.p.shows:
		w.screen.out = w.p.out
		w.screen.draw(statusLine(s))
	default:
		w.log.Info("status", "step", s.Step, "steps_per_second", s.StepsPerSecond, "loss", s.Loss, "alone", s.Alone, "network", s.Network,
			"peers", s.Peers, "uid", s.UID, "height", s.Height, "incentive", s.Incentive, "earned", s.EarnedIncentive+s.EarnedDividends)
	}
}

// statusLine is a status in one line.
func statusLine(s neuron.Status) string {
	line := fmt.Sprintf("step %d  %.1f/s  loss alone %s  with network %s  peers %d", s.Step, s.StepsPerSecond, measured(s.Alone), measured(s.Network), s.Peers)
	if s.Resting {
		line += "  rests"
	}
	if s.Height == 0 {
		return line
	}
	return line + fmt.Sprintf("  uid %s  incentive %s  earned %s tao  block %d", uid(s.UID), percent(s.Incentive), tao(s.EarnedIncentive+s.EarnedDividends), s.Height)
}
