package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/picture"
	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

const flagSVG = "svg"

// weightsQueryCmds are the queries of x/weights that are more than an answer printed.
func weightsQueryCmds() []*cobra.Command {
	cmds := []*cobra.Command{metagraphCmd(), epochInputCmd(), explainCmd()}
	for _, cmd := range cmds {
		flags.AddQueryFlagsToCmd(cmd)
	}
	return cmds
}

func metagraphCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "metagraph [subnet]",
		Short:   "All neurons of a subnet as a table, or the network as a picture",
		Example: "taod q weights metagraph 1\ntaod q weights metagraph 1 --svg network.svg\ntaod q weights metagraph 1 -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, subnet, err := subnetQuery(cmd, args)
			if err != nil {
				return err
			}
			graph, err := types.NewQueryClient(clientCtx).Metagraph(cmd.Context(), &types.QueryMetagraphRequest{Subnet: subnet})
			if err != nil {
				return err
			}
			if file, _ := cmd.Flags().GetString(flagSVG); file != "" {
				return drawNetwork(cmd, clientCtx, graph, subnet, file)
			}
			if clientCtx.OutputFormat == flags.OutputFormatJSON {
				return clientCtx.PrintProto(graph)
			}
			return printMetagraph(cmd.OutOrStdout(), graph)
		},
	}
	cmd.Flags().String(flagSVG, "", "Draw the network into this file: darker = more incentive, larger = more stake")
	return cmd
}

// subnetQuery reads the optional argument that all these commands have.
func subnetQuery(cmd *cobra.Command, args []string) (clientCtx client.Context, subnet uint64, err error) {
	if clientCtx, err = client.GetClientQueryContext(cmd); err != nil {
		return clientCtx, 0, err
	}
	subnet = 1
	if len(args) > 0 {
		subnet, err = subnetArg(args[0])
	}
	return clientCtx, subnet, err
}

func drawNetwork(cmd *cobra.Command, clientCtx client.Context, graph *types.QueryMetagraphResponse, subnet uint64, file string) error {
	rows, err := types.NewQueryClient(clientCtx).Rows(cmd.Context(), &types.QueryRowsRequest{Subnet: subnet})
	if err != nil {
		return err
	}
	return writeFile(file, func(w io.Writer) error { return picture.Network(w, graph, rows.Rows) })
}

// writeFile makes a file whole or not at all.
func writeFile(file string, write func(io.Writer) error) error {
	temporary := file + ".tmp"
	f, err := os.Create(temporary)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		return errors.Join(err, f.Close(), os.Remove(temporary))
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

// printMetagraph prints one line per neuron; shares are in per cent.
func printMetagraph(out io.Writer, graph *types.QueryMetagraphResponse) error {
	e := graph.Epoch
	fmt.Fprintf(out, "subnet %d, height %d, epoch %d at height %d: paid %s, carried %s, recycled %s\n",
		e.Subnet, graph.Height, e.Count, e.Height, amount.FormatRao(e.Paid), amount.FormatRao(e.Carried), amount.FormatRao(e.Recycled))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "uid\tstake\trank %\ttrust %\tconsensus %\tincentive %\tdividends %\temission\towed\tpermit\tupdated\tregistered\thotkey\t")
	for _, n := range graph.Neurons {
		permit := ""
		if n.Permit {
			permit = "yes"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t\n",
			n.Uid, amount.FormatRao(n.Stake), percent(n.Rank), percent(n.Trust), percent(n.Consensus),
			percent(n.Incentive), percent(n.Dividends), amount.FormatRao(n.ServerEmission+n.ValidatorEmission),
			amount.FormatRao(n.Owed), permit, n.LastUpdate, n.Registered, n.Hotkey)
	}
	return w.Flush()
}

// percent of a share in 1/65535, with two decimals.
func percent(u16 uint32) string {
	hundredths := (uint64(u16)*10000 + types.U16Max/2) / types.U16Max
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func epochInputCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "epoch-input [subnet]",
		Short: "What an epoch ran on, as a scenario for taod yuma run",
		Long: `Print what an epoch ran on as a scenario file, so that it can be replayed offline to
the same bits. Without --height it is the last epoch. The node must still have the
state of the epoch's height (pruning).`,
		Example: "taod q weights epoch-input 1 > epoch.json && taod yuma run epoch.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, subnet, err := subnetQuery(cmd, args)
			if err != nil {
				return err
			}
			if clientCtx, err = atEpoch(cmd, clientCtx, subnet); err != nil {
				return err
			}
			if clientCtx.Height == 0 {
				return fmt.Errorf("subnet %d had no epoch yet", subnet)
			}
			res, err := types.NewQueryClient(clientCtx).EpochInput(cmd.Context(), &types.QueryEpochInputRequest{Subnet: subnet})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), res.Scenario)
			return err
		},
	}
}

// atEpoch goes to the height of a subnet's last epoch, unless --height says another.
// Before the first epoch it stays where it is, at the last block.
func atEpoch(cmd *cobra.Command, clientCtx client.Context, subnet uint64) (client.Context, error) {
	if clientCtx.Height != 0 {
		return clientCtx, nil
	}
	last, err := types.NewQueryClient(clientCtx).Epoch(cmd.Context(), &types.QueryEpochRequest{Subnet: subnet})
	if err != nil {
		return clientCtx, err
	}
	return clientCtx.WithHeight(int64(last.Epoch.Height)), nil
}

func explainCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [subnet] [uid]",
		Short: "Which rows and bonds made a neuron's pay",
		Long: `Say which rows and bonds made a neuron's pay in the last epoch, or in the one at
--height. At a height without an epoch it says what an epoch on that state would pay.
The node must still have the state of that height (pruning).`,
		Example: "taod q weights explain 1 3",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, subnet, err := subnetQuery(cmd, args)
			if err != nil {
				return err
			}
			uid, err := uidArg(args[1])
			if err != nil {
				return err
			}
			if clientCtx, err = atEpoch(cmd, clientCtx, subnet); err != nil {
				return err
			}
			res, err := types.NewQueryClient(clientCtx).Explain(cmd.Context(), &types.QueryExplainRequest{Subnet: subnet, Uid: uid})
			if err != nil {
				return err
			}
			return printExplained(cmd.OutOrStdout(), res, clientCtx.OutputFormat)
		},
	}
}

// explained is what a chain says of a pay: the explanation, and of what.
type explained struct {
	Height uint64 `json:"height"`
	Paid   bool   `json:"paid"`
	Hotkey string `json:"hotkey"`
	yuma.Explanation
}

func printExplained(out io.Writer, res *types.QueryExplainResponse, format string) error {
	x := explained{Height: res.Height, Paid: res.Paid, Hotkey: res.Hotkey}
	if err := json.Unmarshal([]byte(res.Explanation), &x.Explanation); err != nil {
		return err
	}
	if format == flags.OutputFormatJSON {
		return json.NewEncoder(out).Encode(x)
	}
	said := "what it paid"
	if !x.Paid {
		said = "no epoch ran there; what one would pay of the last epoch's pot"
	}
	fmt.Fprintf(out, "height %d: %s to %s\n", x.Height, said, cmp.Or(x.Hotkey, "nobody"))
	return printExplanation(out, &x.Explanation)
}
