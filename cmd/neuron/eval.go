package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/heldout"
)

// evalCmd measures a neuron on what nobody learned from.
func evalCmd(p *program) *cobra.Command {
	c := heldout.Config{}
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "The neuron's loss on text that nobody learned from",
		Long: `Measure the newest checkpoint on the test parts of domains, in nats per byte: with the
network off, which is the model after distillation; with the network on, which is the
mixture with the peers that answer; and with --twin alone, which trains a second model
from the same beginning for as many steps with nobody to ask. A running neuron holds its
home: stop it first, or look at its own figures on its line, its log and /metrics.`,
		Example: "neuron eval\nneuron eval --domains go,docs --twin\nneuron eval --chain-none -o json",
		Args:    cobra.NoArgs,
	}
	keySwitch(cmd, "chain-none", "chain.none")
	keyFlag(cmd, "node", "chain.nodes")
	cmd.Flags().StringSliceVar(&c.Domains, "domains", nil, "Domains of the text that comes with Go (default those of the configuration)")
	cmd.Flags().DurationVar(&c.Patience, "wait-peers", 20*time.Second, "How long to wait for peers")
	cmd.Flags().BoolVar(&c.Twin, "twin", false, "Train a twin alone too")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := p.config(cmd, true)
		if err != nil {
			return err
		}
		c.Neuron, c.Say = cfg, p.tell
		c.Deps = neuron.Deps{
			Version: programVersion(), Domains: &neuron.Domains{Goroot: goroot(), Seed: cfg.Model.Seed}, Log: slog.New(slog.DiscardHandler),
		}
		l, err := heldout.Run(cmd.Context(), c)
		if err != nil {
			return err
		}
		if p.isJSON() {
			return p.print(l)
		}
		p.say("%s", lossesText(l))
		return nil
	}
	return cmd
}

// lossesText is a measurement for people.
func lossesText(l *heldout.Losses) string {
	var b strings.Builder
	fmt.Fprintf(&b, "step %d, test parts of %s, %d bytes, nats per byte\n", l.Step, words(l.Domains), l.Bytes)
	against := func(loss float64) string {
		if l.Alone == nil || *l.Alone == 0 {
			return ""
		}
		return fmt.Sprintf("  %+.1f %% against alone", 100*(loss / *l.Alone - 1))
	}
	if l.Alone != nil {
		fmt.Fprintf(&b, "alone        %.4f  (a twin with nobody to ask)\n", *l.Alone)
	}
	switch {
	case l.On != nil:
		fmt.Fprintf(&b, "network on   %.4f  (%d peers up)%s\n", *l.On, l.Peers, against(*l.On))
	case l.Peers > 0:
		fmt.Fprintf(&b, "network on   -       (%d peers up and none answered; one that has just started answers after 30 s)\n", l.Peers)
	default:
		b.WriteString("network on   -       (no peer is up)\n")
	}
	fmt.Fprintf(&b, "network off  %.4f%s", l.Off, against(l.Off))
	return b.String()
}
