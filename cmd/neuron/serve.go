package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/setup"
	"github.com/taonet/taonet/neuron/synapse"
)

// serveCmd publishes the axon record.
func serveCmd(p *program) *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Write on chain where this neuron answers",
		Long: `Write the axon record as it is configured: address, the fingerprint of its key, prices.
neuron run does the same when it starts; this is for writing it before, or anew. With
--off the record is taken down; that costs a fee, which the coldkey must have allowed
(neuron register --fee-allowance).`,
		Example: "neuron serve\nneuron serve --advertise 203.0.113.7:9000\nneuron serve --off",
		Args:    cobra.NoArgs,
	}
	chainFlags(cmd)
	waitFlag(cmd)
	keyFlag(cmd, "advertise", "axon.advertise")
	cmd.Flags().BoolVar(&off, "off", false, "Take the record down")
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
		return cause(ctx, p.serve(ctx, cfg, off))
	}
	return cmd
}

func (p *program) serve(ctx context.Context, cfg *neuron.Config, off bool) error {
	hot, err := setup.Hotkey(cfg)
	if err != nil {
		return err
	}
	client, err := dial(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // what was sent is in a block or refused
	var sent chain.Sent
	var record chain.Axon
	if off {
		sent, err = client.Retire(ctx, hot, cfg.Chain.Subnet)
	} else if record, err = axonRecord(cfg); err == nil {
		sent, err = client.Serve(ctx, hot, cfg.Chain.Subnet, record)
	}
	if err != nil {
		return err
	}
	if p.isJSON() {
		return p.print(struct {
			receipt
			Hotkey string `json:"hotkey"`
			Axon   *axon  `json:"axon"`
		}{receiptOf(sent), hot.Address(), axonOf(&record, off)})
	}
	if off {
		p.say("the axon of %s is taken down\n%s", hot.Address(), receiptOf(sent))
		return nil
	}
	p.say("%s answers at %s\n%s", hot.Address(), record.Address(), receiptOf(sent))
	return nil
}

// axonRecord is what is written on chain.
func axonRecord(cfg *neuron.Config) (chain.Axon, error) {
	pem, err := setup.Certificate(cfg)
	if err != nil {
		return chain.Axon{}, err
	}
	_, fingerprint, err := synapse.ServerTLS(pem)
	if err != nil {
		return chain.Axon{}, err
	}
	return setup.Record(cfg, fingerprint)
}
