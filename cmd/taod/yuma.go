package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/taonet/taonet/app/amount"
	"github.com/taonet/taonet/app/picture"
	"github.com/taonet/taonet/x/weights/yuma"
)

const (
	flagUpstream = "upstream"
	flagPlot     = "plot"
	flagEpoch    = "epoch"
	flagUID      = "uid"
)

// yumaCmd runs epochs offline with the very package that the chain runs.
func yumaCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "yuma",
		Short: "Run the epoch offline: the same code, the same bits as the chain",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(yumaRunCmd(), yumaExplainCmd())
	for _, sub := range cmd.Commands() {
		sub.Flags().Bool(flagUpstream, false, "Switch every deviation from subtensor off")
		sub.Flags().StringP(flags.FlagOutput, "o", flags.OutputFormatText, "Output format (text|json)")
	}
	return cmd
}

func yumaRunCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [file]",
		Short: "Run the epochs of a scenario file; - reads from standard input",
		Example: `taod yuma run scenario.json
taod q weights epoch-input 1 | taod yuma run -
taod yuma run scenario.json -o json --plot epochs.png`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scenario, err := readScenario(cmd, args[0])
			if err != nil {
				return err
			}
			upstream, _ := cmd.Flags().GetBool(flagUpstream)
			results, err := scenario.Run(upstream, nil)
			if err != nil {
				return err
			}
			if file, _ := cmd.Flags().GetString(flagPlot); file != "" {
				if err := writeFile(file, func(w io.Writer) error { return picture.Epochs(w, results) }); err != nil {
					return err
				}
			}
			return printResults(cmd, results)
		},
	}
	cmd.Flags().String(flagPlot, "", "Draw incentive, dividends and bonds per epoch into this PNG")
	return cmd
}

func readScenario(cmd *cobra.Command, file string) (*yuma.Scenario, error) {
	var (
		text []byte
		err  error
	)
	if file == "-" {
		text, err = io.ReadAll(cmd.InOrStdin())
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	scenario, err := yuma.ParseScenario(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return scenario, nil
}

// outputFormat reads -o and refuses what is neither text nor json.
func outputFormat(cmd *cobra.Command) (string, error) {
	format, _ := cmd.Flags().GetString(flags.FlagOutput)
	if format != flags.OutputFormatText && format != flags.OutputFormatJSON {
		return "", fmt.Errorf("output %q is neither text nor json", format)
	}
	return format, nil
}

func printResults(cmd *cobra.Command, results []yuma.Result) error {
	format, err := outputFormat(cmd)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if format == flags.OutputFormatJSON {
		return json.NewEncoder(out).Encode(map[string]any{"epochs": results})
	}
	for i, r := range results {
		fmt.Fprintf(out, "epoch %d: remainder %s, recycled %s\n", i, amount.FormatRao(r.Remainder), amount.FormatRao(r.Recycled))
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "uid\tstake %\trank %\ttrust %\tconsensus %\tincentive %\tdividends %\tserver\tvalidator\tpermit\t")
		for uid := range r.Incentive {
			permit := ""
			if r.ValidatorPermit[uid] {
				permit = "yes"
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", uid,
				percent(uint32(r.StakeWeight[uid])), percent(uint32(r.Rank[uid])), percent(uint32(r.Trust[uid])),
				percent(uint32(r.Consensus[uid])), percent(uint32(r.Incentive[uid])), percent(uint32(r.Dividends[uid])),
				amount.FormatRao(r.ServerEmission[uid]), amount.FormatRao(r.ValidatorEmission[uid]), permit)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func yumaExplainCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain [file]",
		Short:   "Say which rows and bonds made a uid's pay",
		Example: "taod yuma explain scenario.json --uid 3",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := outputFormat(cmd)
			if err != nil {
				return err
			}
			scenario, err := readScenario(cmd, args[0])
			if err != nil {
				return err
			}
			epoch, _ := cmd.Flags().GetInt(flagEpoch)
			if epoch < 0 {
				epoch += scenario.Len()
			}
			if epoch < 0 || epoch >= scenario.Len() {
				return fmt.Errorf("--%s %d is not there: the file has epochs 0..%d", flagEpoch, epoch, scenario.Len()-1)
			}
			uid, _ := cmd.Flags().GetInt(flagUID)
			upstream, _ := cmd.Flags().GetBool(flagUpstream)
			explanation, err := scenario.Explain(upstream, epoch, uid)
			if err != nil {
				return err
			}
			if format == flags.OutputFormatJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(explanation)
			}
			return printExplanation(cmd.OutOrStdout(), explanation)
		},
	}
	cmd.Flags().Int(flagEpoch, -1, "Which epoch of the file, from 0; -1 is the last")
	cmd.Flags().Int(flagUID, 0, "Whose pay")
	return cmd
}

// printExplanation prints two tables.
func printExplanation(out io.Writer, x *yuma.Explanation) error {
	fmt.Fprintf(out, "uid %d: %s\nstake %s %%, active stake %s %%, consensus %s %%, trust %s %%\nincentive %s %% = %s, dividends %s %% = %s\n",
		x.UID, x.Status, share(x.Stake), share(x.Active), share(x.Consensus), share(x.Trust),
		share(x.Incentive), amount.FormatRao(x.Server), share(x.Dividends), amount.FormatRao(x.Validator))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nweighed by uid\tstake %\tweight %\tclipped to %\tadded rank %\tlost rank %\tpay\t")
	for _, r := range x.Rows {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.UID, share(r.Stake), share(r.Weight), share(r.Clipped), share(r.Added), share(r.Lost), amount.FormatRao(r.Pay))
	}
	fmt.Fprintln(w, "\nbond in uid\tbond %\tof column %\tincentive %\tadded dividends %\t\tpay\t")
	for _, b := range x.Bonds {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t\t%s\t\n", b.UID, share(b.Bond), share(b.Share), share(b.Incentive), share(b.Added), amount.FormatRao(b.Pay))
	}
	return w.Flush()
}

// share prints Q32.32 in per cent with three decimals.
func share(q int64) string {
	thousandths := (q*100_000 + 1<<31) >> 32
	return fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000)
}
