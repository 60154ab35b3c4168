package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/setup"
	"github.com/taonet/taonet/neuron/wallet"
)

// everything stands for the whole stake.
const everything = "all"

// stakeCmd puts Tao behind a hotkey.
func stakeCmd(p *program) *cobra.Command {
	var hotkey string
	cmd := &cobra.Command{
		Use:   "stake [amount]",
		Short: "Put Tao behind the hotkey",
		Long: `Move Tao from the coldkey's balance into the pool of the hotkey, or of another with
--hotkey, and wait until that is in a block. Stake gives weight to the hotkey's rows and
earns dividends.`,
		Example: "neuron stake 100tao\nneuron stake 1.5tao --hotkey tao1…",
		Args:    cobra.ExactArgs(1),
	}
	payFlags(cmd)
	cmd.Flags().StringVar(&hotkey, "hotkey", "", "Address of the hotkey (default that of this neuron)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		amount, err := rao(args[0])
		if err != nil {
			return err
		}
		return p.withColdkey(cmd, hotkey, func(ctx context.Context, c *chain.Client, cold *wallet.Coldkey, hotkey string) error {
			sent, err := c.Stake(ctx, cold, hotkey, amount)
			if err != nil {
				return err
			}
			if p.isJSON() {
				return p.print(struct {
					receipt
					Hotkey string `json:"hotkey"`
					Amount uint64 `json:"amount"`
				}{receiptOf(sent), hotkey, amount})
			}
			p.say("%s staked at %s\n%s", exact(amount), hotkey, receiptOf(sent))
			return nil
		})
	}
	return cmd
}

// unstakeCmd takes Tao back.
func unstakeCmd(p *program) *cobra.Command {
	var hotkey string
	cmd := &cobra.Command{
		Use:   "unstake [amount]",
		Short: "Take Tao back from the hotkey",
		Long: `Move Tao out of the pool of the hotkey, or of another with --hotkey, and wait until that
is in a block; the word all takes all of it. It reaches the coldkey's balance at the
height that is printed.`,
		Example: "neuron unstake 10tao\nneuron unstake all --hotkey tao1…",
		Args:    cobra.ExactArgs(1),
	}
	payFlags(cmd)
	cmd.Flags().StringVar(&hotkey, "hotkey", "", "Address of the hotkey (default that of this neuron)")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		var amount uint64
		if args[0] != everything {
			if amount, err = rao(args[0]); err != nil {
				return fmt.Errorf("%w, or %s", err, everything)
			}
		}
		return p.withColdkey(cmd, hotkey, func(ctx context.Context, c *chain.Client, cold *wallet.Coldkey, hotkey string) error {
			removed, err := c.Unstake(ctx, cold, hotkey, amount, args[0] == everything)
			if err != nil {
				return err
			}
			if p.isJSON() {
				return p.print(struct {
					receipt
					Hotkey    string `json:"hotkey"`
					Amount    uint64 `json:"amount"`
					Completes uint64 `json:"completes"`
				}{receiptOf(removed.Sent), hotkey, removed.Rao, removed.Completes})
			}
			p.say("%s taken from %s, in the balance at block %d\n%s", exact(removed.Rao), hotkey, removed.Completes, receiptOf(removed.Sent))
			return nil
		})
	}
	return cmd
}

// spending is a transaction of a coldkey about a hotkey.
type spending func(ctx context.Context, c *chain.Client, cold *wallet.Coldkey, hotkey string) error

// withColdkey opens what a transaction of the coldkey needs. Of an empty hotkey it is
// that of the configuration.
func (p *program) withColdkey(cmd *cobra.Command, hotkey string, do spending) error {
	cfg, err := p.config(cmd, false)
	if err != nil {
		return err
	}
	if hotkey, err = hotkeyOf(cfg, hotkey); err != nil {
		return err
	}
	ctx, cancel, err := patiently(cmd)
	if err != nil {
		return err
	}
	defer cancel()
	client, err := dial(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // what was sent is in a block or refused
	cold, err := setup.Coldkey(cfg, p.in)
	if err != nil {
		return err
	}
	return cause(ctx, do(ctx, client, cold, hotkey))
}

// hotkeyOf is the address that was given, or that of the configuration's hotkey.
func hotkeyOf(cfg *neuron.Config, given string) (string, error) {
	if given != "" {
		if err := address(given); err != nil {
			return "", fmt.Errorf("--hotkey: %w", err)
		}
		return given, nil
	}
	hot, err := setup.Hotkey(cfg)
	if err != nil {
		return "", err
	}
	return hot.Address(), nil
}
