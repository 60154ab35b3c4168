package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/wallet"
)

// flagWait is how long a transaction may take to get into a block.
const flagWait = "wait"

// chainFlags adds what every command that asks the chain has.
func chainFlags(cmd *cobra.Command) {
	keyFlag(cmd, "node", "chain.nodes")
	keyFlag(cmd, "subnet", "chain.subnet")
	keyFlag(cmd, "chain-id", "chain.id")
}

// payFlags adds what every command that sends a transaction has.
func payFlags(cmd *cobra.Command) {
	chainFlags(cmd)
	keyFlag(cmd, "coldkey", "wallet.coldkey")
	keyFlag(cmd, "keyring-backend", "wallet.keyring_backend")
	keyFlag(cmd, "keyring-dir", "wallet.keyring_dir")
	waitFlag(cmd)
}

func waitFlag(cmd *cobra.Command) {
	cmd.Flags().Duration(flagWait, 2*time.Minute, "How long to wait until the transaction is in a block")
}

// patiently is a command's context that ends when --wait does.
func patiently(cmd *cobra.Command) (context.Context, context.CancelFunc, error) {
	wait, err := cmd.Flags().GetDuration(flagWait)
	if err != nil {
		return nil, nil, err
	}
	if wait <= 0 {
		return nil, nil, fmt.Errorf("--%s %s is not above 0: give a time span such as 2m", flagWait, wait)
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait,
		fmt.Errorf("it took longer than --%s %s; it may still get into a block: look before you send it again", flagWait, wait))
	return ctx, cancel, nil
}

// cause adds to an error why its context ended.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	return err
}

// dial prepares a client of the chain of a configuration.
func dial(cfg *neuron.Config) (*chain.Client, error) {
	if cfg.Chain.None {
		return nil, fmt.Errorf("chain.none is set, so there is no chain to ask: unset it, or give --set chain.none=false")
	}
	return chain.Dial(chain.Config{Nodes: cfg.Chain.Nodes, ChainID: cfg.Chain.ID})
}

// rao reads an amount such as 1.5tao or 100rao, above 0.
func rao(text string) (uint64, error) {
	coin, err := amount.Parse(text)
	if err != nil {
		return 0, err
	}
	if !coin.Amount.IsUint64() || coin.Amount.IsZero() {
		return 0, fmt.Errorf("amount %q must be above 0", text)
	}
	return coin.Amount.Uint64(), nil
}

// address refuses what is no address.
func address(text string) error {
	if _, err := wallet.ParseAddress(text); err != nil {
		return fmt.Errorf("%q is no address of this chain (tao1…): %w", text, err)
	}
	return nil
}

// receipt is a transaction in a block, for programs; amounts are in rao.
type receipt struct {
	Height  uint64 `json:"height"`
	Hash    string `json:"hash,omitempty"`
	GasUsed uint64 `json:"gas_used"`
	Fee     uint64 `json:"fee"`
}

func receiptOf(s chain.Sent) receipt {
	return receipt{Height: s.Height, Hash: s.Hash, GasUsed: s.GasUsed, Fee: s.Fee}
}

// String says where a transaction is and what it cost besides.
func (r receipt) String() string {
	if r.Fee == 0 {
		return fmt.Sprintf("in block %d, free", r.Height)
	}
	return fmt.Sprintf("in block %d, fee %s", r.Height, exact(r.Fee))
}

// short is the beginning and the end of an address.
func short(address string) string {
	if len(address) < 16 {
		return address
	}
	return address[:9] + "…" + address[len(address)-4:]
}

// words of a list, for a sentence.
func words(list []string) string { return strings.Join(list, ", ") }
