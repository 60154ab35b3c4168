package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/setup"
)

// registerFlags are what register is told.
type registerFlags struct{ maxPrice, allowance string }

// consentBlocks is for how many blocks a hotkey's consent counts.
const consentBlocks = 100

// registerCmd buys a uid.
func registerCmd(p *program) *cobra.Command {
	var f registerFlags
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Buy the hotkey a place in the subnet",
		Long: `Register the hotkey in the subnet: the coldkey pays the present price, which is burned,
and the hotkey gets a uid. The command waits until that is in a block. When the price
rises above --max-price meanwhile, nothing is charged.`,
		Example: "neuron register\nneuron register --max-price 2tao -o json",
		Args:    cobra.NoArgs,
	}
	payFlags(cmd)
	cmd.Flags().StringVar(&f.maxPrice, "max-price", "", "The most that it may cost, such as 1.5tao (default: a tenth above the present price)")
	cmd.Flags().StringVar(&f.allowance, "fee-allowance", "", "What the hotkey may spend in fees from the coldkey, such as 0.1tao (default none; rows and axon records are free)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := p.config(cmd, false)
		if err != nil {
			return err
		}
		ctx, cancel, err := patiently(cmd)
		if err != nil {
			return err
		}
		defer cancel()
		return cause(ctx, p.register(ctx, cfg, f))
	}
	return cmd
}

func (p *program) register(ctx context.Context, cfg *neuron.Config, f registerFlags) (err error) {
	var r chain.Registration
	if f.maxPrice != "" {
		if r.MaxPrice, err = rao(f.maxPrice); err != nil {
			return fmt.Errorf("--max-price: %w", err)
		}
	}
	if f.allowance != "" {
		if r.FeeAllowance, err = rao(f.allowance); err != nil {
			return fmt.Errorf("--fee-allowance: %w", err)
		}
	}
	hot, err := setup.Hotkey(cfg)
	if err != nil {
		return err
	}
	client, err := dial(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // what was sent is in a block or refused
	price, err := client.Price(ctx, cfg.Chain.Subnet)
	if err != nil {
		return err
	}
	if r.MaxPrice == 0 {
		r.MaxPrice = price.Rao + price.Rao/10
	}
	cold, err := setup.Coldkey(cfg, p.in)
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if r.Consent, err = hot.Consent(cfg.Chain.ID, cold.Address(), cfg.Chain.Subnet, status.Height+consentBlocks); err != nil {
		return err
	}
	bought, err := client.Register(ctx, cold, r)
	if err != nil {
		return err
	}
	if p.isJSON() {
		return p.print(struct {
			receipt
			Subnet uint64 `json:"subnet"`
			UID    uint32 `json:"uid"`
			Hotkey string `json:"hotkey"`
			Price  uint64 `json:"price"`
		}{receiptOf(bought.Sent), cfg.Chain.Subnet, bought.UID, hot.Address(), bought.Price})
	}
	p.say("uid %d in subnet %d for %s\n%s, price %s, together %s", bought.UID, cfg.Chain.Subnet, hot.Address(),
		receiptOf(bought.Sent), exact(bought.Price), chain.Cost(bought.Price, bought.Fee))
	return nil
}
