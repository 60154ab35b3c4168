package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/demo"
)

// everyTable is how often a table is printed where no screen is looked at.
const everyTable = 10 * time.Second

// demoCmd shows a whole network at work.
func demoCmd(p *program) *cobra.Command {
	var cfg demo.Config
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A chain and six neurons on this machine that teach each other and are paid",
		Long: `Start a fresh chain with one validator and six neurons: four that learn four domains
of real text from and with each other, one that answers noise, and one that relays
what others answer. A table shows how they are. With --steps and --blocks it ends by
itself, measures every honest neuron on text that nobody learned from, alone, with the
network and without it, checks who earned, and exits non-zero when a check fails. What
an earlier demo left in --home is deleted.`,
		Example: "neuron demo --home /tmp/neuron-demo\nneuron demo --home /tmp/neuron-demo --steps 1500 --blocks 90",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&cfg.Taod, "taod", "", "The chain's program (default: beside this one, or on the PATH)")
	cmd.Flags().Uint64Var(&cfg.Steps, "steps", 0, "End when every honest neuron has made so many steps; 0 with no --blocks goes on until Ctrl-C")
	cmd.Flags().Uint64Var(&cfg.Blocks, "blocks", 0, "End after so many blocks")
	cmd.Flags().IntVar(&cfg.PortOffset, "port-offset", 0, "Added to every port, so that two networks fit on this machine")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if cfg.Taod, err = arena.FindTaod(cfg.Taod); err != nil {
			return err
		}
		if cfg.Home = p.home; cfg.Home == "" {
			return fmt.Errorf("name a folder for the demo with --%s: what is in it is deleted, so it is not that of your neuron", flagHome)
		}
		if err := demoHome(cfg.Home); err != nil {
			return err
		}
		cfg.Goroot = goroot()
		view := &tableView{p: p}
		cfg.Say, cfg.Show = view.say, view.show
		result, err := demo.Run(cmd.Context(), cfg)
		switch {
		case cmd.Context().Err() != nil && cfg.Steps == 0 && cfg.Blocks == 0:
			return nil // it has no other end
		case cmd.Context().Err() != nil:
			return fmt.Errorf("the demo was stopped before its end, so nothing was checked: %w", err)
		case err != nil:
			return err
		}
		return p.demoResult(result)
	}
	return cmd
}

// demoResult prints what came of a demo; checks that failed are an error.
func (p *program) demoResult(r *demo.Result) error {
	if p.isJSON() {
		if err := p.print(r); err != nil {
			return err
		}
	} else {
		p.say("\nheight %d, %s\n\n%s", r.Height, r.Took.Round(time.Second), outcomeTable(r.Neurons))
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%d checks failed: %s", len(r.Problems), strings.Join(r.Problems, "; "))
	}
	if !p.isJSON() {
		p.say("all checks passed: no neuron is worse for the network, and who adds knowledge earns")
	}
	return nil
}

// tableView shows a running demo.
type tableView struct {
	p      *program
	screen screen
	last   time.Time
}

func (v *tableView) say(format string, args ...any) {
	v.screen.leave()
	v.p.tell(format, args...)
}

func (v *tableView) show(t demo.Table) {
	switch {
	case v.p.isJSON():
	case v.p.shows:
		v.screen.out = v.p.out
		v.screen.draw(demoTable(t))
	case time.Since(v.last) >= everyTable:
		v.last = time.Now()
		v.p.say("%s", demoTable(t))
	}
}

// demoTable is a table of running neurons.
func demoTable(t demo.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "block %d\n", t.Height)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "neuron\trole\tstep\tsteps/s\tloss alone\twith network\tpeers\tuid\tincentive\tearned tao\t")
	for _, r := range t.Rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%.1f\t%s\t%s\t%d\t%s\t%s\t%s\t\n", r.Name, r.Role, r.Step, r.StepsPerSecond,
			measured(r.Alone), measured(r.Status.Network), r.Peers, uid(r.UID), percent(r.Incentive), tao(r.EarnedIncentive+r.EarnedDividends))
	}
	_ = w.Flush() // into memory
	return b.String()
}

// outcomeTable is the table in the end: held-out losses, and pay.
func outcomeTable(neurons []demo.Outcome) string {
	change := func(loss, alone float64) string {
		if loss == 0 || alone == 0 {
			return "-"
		}
		return fmt.Sprintf("%+.1f %%", 100*(loss/alone-1))
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "neuron\trole\tuid\ttwin alone\tnetwork on\t\tnetwork off\t\tincentive tao\tdividends tao\t")
	for _, n := range neurons {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", n.Name, n.Role, n.UID, measured(n.Alone),
			measured(n.On), change(n.On, n.Alone), measured(n.Off), change(n.Off, n.Alone), tao(n.Incentive), tao(n.Dividends))
	}
	_ = w.Flush() // into memory
	return b.String()
}
