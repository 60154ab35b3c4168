package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/overview"
	"github.com/taonet/taonet/neuron/setup"
)

// pacePatience is how long the pace of blocks is measured.
const pacePatience = 15 * time.Second

// overviewCmd is what a coldkey has and earns.
func overviewCmd(p *program) *cobra.Command {
	var blockTime time.Duration
	cmd := &cobra.Command{
		Use:   "overview [coldkey]",
		Short: "What the coldkey has and what its neurons earn",
		Long: `Show the coldkey's balance and every hotkey of it: stake, uid, trust, incentive,
dividends, Tao per day and the age of the last row in blocks. Without an address it is
the coldkey that owns this neuron's hotkey, else the one in the keyring. Tao per day is
what the last epoch paid at the pace of blocks, which is measured unless --block-time
says it.`,
		Example: "neuron overview\nneuron overview tao1… -o json\nneuron overview --block-time 1s",
		Args:    cobra.MaximumNArgs(1),
	}
	chainFlags(cmd)
	cmd.Flags().DurationVar(&blockTime, "block-time", 0, "Time of a block; 0 measures it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			if err := address(args[0]); err != nil {
				return err
			}
		}
		cfg, err := p.config(cmd, false)
		if err != nil {
			return err
		}
		client, err := dial(cfg)
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }() // it was only asked
		cold := ""
		if len(args) == 1 {
			cold = args[0]
		} else if cold, err = p.owner(cmd.Context(), cfg, client); err != nil {
			return err
		}
		perDay := overview.PerDay(blockTime)
		if perDay == 0 {
			perDay = overview.BlocksPerDay(cmd.Context(), client, pacePatience)
		}
		o, err := overview.Look(cmd.Context(), client, cold, perDay)
		if err != nil {
			return err
		}
		if p.isJSON() {
			return p.print(o)
		}
		p.say("%s", overviewText(o))
		return nil
	}
	return cmd
}

// owner is the coldkey of this neuron.
func (p *program) owner(ctx context.Context, cfg *neuron.Config, client *chain.Client) (string, error) {
	hot, err := setup.Hotkey(cfg)
	if err == nil {
		h, err := client.Hotkey(ctx, hot.Address())
		if err == nil {
			return h.Coldkey, nil
		}
		if !errors.Is(err, chain.ErrNotRegistered) {
			return "", err
		}
	}
	cold, err := setup.Coldkey(cfg, p.in)
	if err != nil {
		return "", err
	}
	return cold.Address(), nil
}

// overviewText is an overview for people.
func overviewText(o *overview.Overview) string {
	perDay := func(rao *uint64) string {
		if rao == nil {
			return "-"
		}
		return tao(*rao)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "coldkey %s at block %d\nbalance %s, staked %s, unbonding %s, earning %s tao per day\n", o.Coldkey, o.Height,
		exact(o.Balance), exact(o.Staked), exact(o.Unbonding), perDay(o.PerDay))
	if len(o.Hotkeys) == 0 {
		return b.String() + "no hotkey is registered: neuron register buys one a place"
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "hotkey\tsubnet\tuid\tstake tao\ttrust\tincentive\tdividends\ttao per day\trow age\taxon\t")
	for _, h := range o.Hotkeys {
		if h.Subnet == 0 {
			fmt.Fprintf(w, "%s\t-\t-\t%s\t-\t-\t-\t-\t-\t-\t\n", short(h.Hotkey), tao(h.Stake))
			continue
		}
		age, axon := "none", "-"
		if h.Row > 0 {
			age = fmt.Sprint(h.RowAge)
		}
		if h.Axon != "" {
			axon = h.Axon
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", short(h.Hotkey), h.Subnet, h.UID, tao(h.Stake),
			percent(h.Trust), percent(h.Incentive), percent(h.Dividends), perDay(h.PerDay), age, axon)
	}
	_ = w.Flush() // into memory
	return strings.TrimSuffix(b.String(), "\n")
}
