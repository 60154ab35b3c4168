package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sigs.k8s.io/yaml"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
)

const (
	flagWait        = "wait"
	flagWaitTimeout = "wait-timeout"

	// freeTimeout is how long a transaction of the free lane may wait; the chain
	// allows 30 s after the last block.
	freeTimeout = 20 * time.Second
)

// send signs and broadcasts messages as the flags say.
func send(cmd *cobra.Command, msgs ...sdk.Msg) error {
	clientCtx, err := client.GetClientTxContext(cmd)
	if err != nil {
		return err
	}
	return tx.GenerateOrBroadcastTxCLI(clientCtx, cmd.Flags(), msgs...)
}

// sendFree does the same in the free lane: no fee, no sequence.
func sendFree(cmd *cobra.Command, msgs ...sdk.Msg) error {
	clientCtx, err := client.GetClientTxContext(cmd)
	if err != nil {
		return err
	}
	factory, err := tx.NewFactoryCLI(clientCtx, cmd.Flags())
	if err != nil {
		return err
	}
	ordered := cmd.Flags().Changed(flags.FlagSequence) || cmd.Flags().Changed(flags.FlagFees) || cmd.Flags().Changed(flags.FlagGasPrices)
	if !ordered && factory.TimeoutTimestamp().IsZero() {
		factory = factory.WithUnordered(true).WithTimeoutTimestamp(time.Now().Add(freeTimeout))
	}
	return tx.GenerateOrBroadcastTxWithFactory(clientCtx, factory, msgs...)
}

// from is the address that signs.
func from(cmd *cobra.Command) (client.Context, string, error) {
	clientCtx, err := client.GetClientTxContext(cmd)
	if err != nil {
		return clientCtx, "", err
	}
	if clientCtx.FromAddress.Empty() {
		return clientCtx, "", errors.New("nobody signs: name a key with --from (taod keys list shows them)")
	}
	return clientCtx, clientCtx.FromAddress.String(), nil
}

// nameRecipients lets a bank send go to keys by their names, as queries do.
func nameRecipients(cmd *cobra.Command) {
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		clientCtx, err := client.GetClientTxContext(cmd)
		if err != nil {
			return err
		}
		for i := 1; i < len(args)-1; i++ {
			to, err := addressOf(clientCtx, args[i])
			if err != nil {
				return err
			}
			args[i] = to.String()
		}
		return inner(cmd, args)
	}
}

// watch makes every command below tx that broadcasts tell the truth: it exits
// non-zero when the node refuses the transaction and, with --wait, when it fails
// in its block or never gets into one.
func watch(cmd *cobra.Command, depth int) {
	for _, sub := range cmd.Commands() {
		watch(sub, depth+1)
	}
	broadcasts := cmd.Flags().Lookup(flags.FlagBroadcastMode) != nil
	if cmd.RunE == nil || !broadcasts || (depth < 2 && cmd.Name() != "broadcast") {
		return
	}
	cmd.Flags().Bool(flagWait, false, "Wait until the transaction is in a block and say what became of it")
	cmd.Flags().Duration(flagWaitTimeout, 60*time.Second, "How long --wait waits")
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		clientCtx := client.GetClientContextFromCmd(cmd)
		seen := &responses{cdc: clientCtx.Codec, out: cmd.OutOrStdout()}
		if err := client.SetCmdClientContext(cmd, clientCtx.WithOutput(seen)); err != nil {
			return err
		}
		cmd.SetOut(seen) // where autocli's commands print
		defer cmd.SetOut(seen.out)
		if err := inner(cmd, args); err != nil || seen.last == nil {
			return err
		}
		cmd.SetOut(seen.out)
		return settled(cmd, clientCtx, seen.last)
	}
}

// responses keeps the answer to a broadcast and passes on everything else.
type responses struct {
	cdc  codec.Codec
	out  io.Writer
	last *sdk.TxResponse
}

// Write implements io.Writer.
func (r *responses) Write(p []byte) (int, error) {
	if r.last != nil && len(bytes.TrimSpace(p)) == 0 {
		return len(p), nil
	}
	if text, err := yaml.YAMLToJSON(p); err == nil {
		var res sdk.TxResponse
		if r.cdc.UnmarshalJSON(text, &res) == nil && res.TxHash != "" {
			r.last = &res
			return len(p), nil
		}
	}
	return r.out.Write(p)
}

// settled prints what became of a transaction.
func settled(cmd *cobra.Command, clientCtx client.Context, res *sdk.TxResponse) error {
	wait, _ := cmd.Flags().GetBool(flagWait)
	if res.Code == 0 && wait {
		patience, _ := cmd.Flags().GetDuration(flagWaitTimeout)
		included, err := inBlock(cmd, clientCtx, res.TxHash, patience)
		if err != nil {
			return err
		}
		res = included
	}
	format, _ := cmd.Flags().GetString(flags.FlagOutput)
	if cmd.Flags().Changed(flags.FlagOutput) && format == flags.OutputFormatJSON ||
		!cmd.Flags().Changed(flags.FlagOutput) && clientCtx.OutputFormat == flags.OutputFormatJSON {
		text, err := clientCtx.Codec.MarshalJSON(res)
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), string(text))
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "txhash: %s\n", res.TxHash)
		if res.Height > 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "height: %d\ngas: %d used of %d\n", res.Height, res.GasUsed, res.GasWanted)
		}
	}
	switch {
	case res.Code == 0:
		return nil
	case res.Height > 0:
		return fmt.Errorf("the transaction failed in block %d (%s %d): %s", res.Height, res.Codespace, res.Code, res.RawLog)
	}
	return fmt.Errorf("the node refused the transaction (%s %d): %s", res.Codespace, res.Code, res.RawLog)
}

// inBlock polls until the transaction is in a block.
func inBlock(cmd *cobra.Command, clientCtx client.Context, hash string, patience time.Duration) (*sdk.TxResponse, error) {
	deadline := time.Now().Add(patience)
	for {
		res, err := authtx.QueryTx(clientCtx, hash)
		if err == nil {
			return res, nil
		}
		if strings.Contains(err.Error(), "indexing is disabled") {
			return nil, fmt.Errorf("transaction %s was sent, but the node keeps no index to look it up: set tx_index.indexer in config.toml to kv, or leave --%s out", hash, flagWait)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("transaction %s is in no block after %s; taod query wait-tx %s waits longer: %w", hash, patience, hash, err)
		}
		select {
		case <-cmd.Context().Done():
			return nil, cmd.Context().Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
