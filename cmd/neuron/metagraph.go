package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/taonet/taonet/neuron/chain"
)

// metagraphCmd is the table of one subnet.
func metagraphCmd(p *program) *cobra.Command {
	var watch, reverse bool
	var by string
	cmd := &cobra.Command{
		Use:   "metagraph",
		Short: "All neurons of the subnet",
		Long: `Show all neurons of the subnet by the last epoch. --sort names a column, the greatest
first (uids and names reverse); --reverse turns it round. --watch goes on with every
block, in place on a terminal, with -o json a line each.

Columns: ` + words(columnNames()) + ".",
		Example: "neuron metagraph\nneuron metagraph --subnet 1 --sort incentive --watch\nneuron metagraph -o json | jq '.neurons[].axon'",
		Args:    cobra.NoArgs,
	}
	chainFlags(cmd)
	cmd.Flags().BoolVar(&watch, "watch", false, "Go on with every block until Ctrl-C")
	cmd.Flags().StringVar(&by, "sort", "uid", "The column to sort by")
	complete(cmd, "sort", columnNames)
	cmd.Flags().BoolVar(&reverse, "reverse", false, "The other way round")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		column, err := findColumn(by)
		if err != nil {
			return err
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
		view := &metagraphView{p: p, column: column, reverse: reverse, screen: screen{out: p.out}}
		if watch {
			return view.watch(cmd.Context(), client, cfg.Chain.Subnet)
		}
		m, err := client.Metagraph(cmd.Context(), cfg.Chain.Subnet)
		if err != nil {
			return err
		}
		return view.show(m, false)
	}
	return cmd
}

// column of the table.
type column struct {
	name    string
	text    func(chain.Neuron) string
	compare func(a, b chain.Neuron) int // the usual order
}

// falling orders the greatest first.
func falling[T cmp.Ordered](of func(chain.Neuron) T) func(a, b chain.Neuron) int {
	return func(a, b chain.Neuron) int { return cmp.Compare(of(b), of(a)) }
}

// rising orders the least first.
func rising[T cmp.Ordered](of func(chain.Neuron) T) func(a, b chain.Neuron) int {
	return func(a, b chain.Neuron) int { return cmp.Compare(of(a), of(b)) }
}

// columns of the table, in their order.
func columns() []column {
	share := func(name string, of func(chain.Neuron) uint16) column {
		return column{name, func(n chain.Neuron) string { return percent(of(n)) }, falling(of)}
	}
	money := func(name string, of func(chain.Neuron) uint64) column {
		return column{name, func(n chain.Neuron) string { return tao(of(n)) }, falling(of)}
	}
	height := func(name string, of func(chain.Neuron) uint64) column {
		return column{name, func(n chain.Neuron) string { return fmt.Sprint(of(n)) }, falling(of)}
	}
	is := func(name string, of func(chain.Neuron) bool) column {
		text := func(n chain.Neuron) string { return yes(of(n)) }
		return column{name, text, falling(text)}
	}
	word := func(name string, of func(chain.Neuron) string) column { return column{name, of, rising(of)} }
	return []column{
		{"uid", func(n chain.Neuron) string { return fmt.Sprint(n.UID) }, rising(func(n chain.Neuron) uint32 { return n.UID })},
		money("stake", func(n chain.Neuron) uint64 { return n.Stake }),
		share("trust", func(n chain.Neuron) uint16 { return n.Trust }),
		share("consensus", func(n chain.Neuron) uint16 { return n.Consensus }),
		share("incentive", func(n chain.Neuron) uint16 { return n.Incentive }),
		share("dividends", func(n chain.Neuron) uint16 { return n.Dividends }),
		money("emission", func(n chain.Neuron) uint64 { return n.ServerEmission + n.ValidatorEmission }),
		is("permit", func(n chain.Neuron) bool { return n.Permit }),
		is("active", func(n chain.Neuron) bool { return n.Active }),
		height("updated", func(n chain.Neuron) uint64 { return n.LastUpdate }),
		height("registered", func(n chain.Neuron) uint64 { return n.Registered }),
		word("axon", func(n chain.Neuron) string {
			if n.Axon == nil {
				return "-"
			}
			return n.Axon.Address()
		}),
		word("hotkey", func(n chain.Neuron) string { return n.Hotkey }),
	}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "-"
}

func columnNames() (names []string) {
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return names
}

// findColumn by its name.
func findColumn(name string) (column, error) {
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, c := range columns() {
		if c.name == name {
			return c, nil
		}
		all.AddCommand(&cobra.Command{Use: c.name, Run: func(*cobra.Command, []string) {}})
	}
	if near := all.SuggestionsFor(name); len(near) > 0 {
		return column{}, fmt.Errorf("--sort: no column is called %q: the nearest is %s", name, strings.Join(near, " or "))
	}
	return column{}, fmt.Errorf("--sort: no column is called %q: there are %s", name, words(columnNames()))
}

// metagraphView prints a subnet.
type metagraphView struct {
	p       *program
	column  column
	reverse bool
	screen  screen
}

// watch prints it at every block until ctx ends.
func (v *metagraphView) watch(ctx context.Context, client *chain.Client, subnet uint64) error {
	blocks, why := client.Blocks(ctx)
	for range blocks {
		m, err := client.Metagraph(ctx, subnet)
		if err == nil {
			err = v.show(m, true)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	if err := why(); ctx.Err() == nil {
		return err
	}
	return nil
}

func (v *metagraphView) show(m chain.Metagraph, again bool) error {
	slices.SortStableFunc(m.Neurons, func(a, b chain.Neuron) int {
		order := cmp.Or(v.column.compare(a, b), cmp.Compare(a.UID, b.UID))
		if v.reverse {
			return -order
		}
		return order
	})
	switch {
	case v.p.isJSON() && again:
		return writeLine(v.p.out, metagraphOf(m))
	case v.p.isJSON():
		return v.p.print(metagraphOf(m))
	case again && v.p.shows:
		v.screen.draw(metagraphTable(m))
		return nil
	}
	_, err := fmt.Fprintln(v.p.out, metagraphTable(m))
	return err
}

// metagraphTable is a subnet as text.
func metagraphTable(m chain.Metagraph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "subnet %d at block %d, %d neurons, epoch %d at block %d; tao\n", m.Subnet, m.Height, len(m.Neurons), m.Epochs, m.Epoch)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	all := columns()
	for _, c := range all {
		fmt.Fprint(w, c.name, "\t")
	}
	fmt.Fprintln(w)
	for _, n := range m.Neurons {
		for _, c := range all {
			fmt.Fprint(w, c.text(n), "\t")
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // into memory
	return strings.TrimSuffix(b.String(), "\n")
}

// metagraph is a subnet for programs: amounts in rao, shares in 1/65535.
type metagraph struct {
	Subnet      uint64        `json:"subnet"`
	Height      uint64        `json:"height"`
	EpochHeight uint64        `json:"epoch_height"`
	Epochs      uint64        `json:"epochs"`
	Neurons     []graphNeuron `json:"neurons"`
}

// graphNeuron is one row of it.
type graphNeuron struct {
	UID               uint32 `json:"uid"`
	Hotkey            string `json:"hotkey"`
	Coldkey           string `json:"coldkey"`
	Stake             uint64 `json:"stake"`
	Rank              uint16 `json:"rank"`
	Trust             uint16 `json:"trust"`
	Consensus         uint16 `json:"consensus"`
	Incentive         uint16 `json:"incentive"`
	Dividends         uint16 `json:"dividends"`
	ValidatorTrust    uint16 `json:"validator_trust"`
	ServerEmission    uint64 `json:"server_emission"`
	ValidatorEmission uint64 `json:"validator_emission"`
	Owed              uint64 `json:"owed"`
	Permit            bool   `json:"permit"`
	Active            bool   `json:"active"`
	LastUpdate        uint64 `json:"last_update"`
	Registered        uint64 `json:"registered"`
	Axon              *axon  `json:"axon"`
}

// axon is where a neuron answers, for programs.
type axon struct {
	Address     string            `json:"address"`
	Version     uint32            `json:"version"`
	Fingerprint string            `json:"fingerprint"`
	Prices      map[string]uint64 `json:"prices"`
	Height      uint64            `json:"height"`
}

// axonOf a record; null where there is none.
func axonOf(a *chain.Axon, none bool) *axon {
	if a == nil || none {
		return nil
	}
	prices := a.Prices
	if prices == nil {
		prices = map[string]uint64{}
	}
	return &axon{a.Address(), a.Version, hex.EncodeToString(a.Fingerprint[:]), prices, a.Height}
}

func metagraphOf(m chain.Metagraph) metagraph {
	g := metagraph{Subnet: m.Subnet, Height: m.Height, EpochHeight: m.Epoch, Epochs: m.Epochs, Neurons: []graphNeuron{}}
	for _, n := range m.Neurons {
		g.Neurons = append(g.Neurons, graphNeuron{
			UID: n.UID, Hotkey: n.Hotkey, Coldkey: n.Coldkey, Stake: n.Stake, Rank: n.Rank, Trust: n.Trust, Consensus: n.Consensus,
			Incentive: n.Incentive, Dividends: n.Dividends, ValidatorTrust: n.ValidatorTrust, ServerEmission: n.ServerEmission,
			ValidatorEmission: n.ValidatorEmission, Owed: n.Owed, Permit: n.Permit, Active: n.Active, LastUpdate: n.LastUpdate,
			Registered: n.Registered, Axon: axonOf(n.Axon, false),
		})
	}
	return g
}
