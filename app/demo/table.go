package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/taonet/taonet/app/amount"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// show prints the table: in place on a terminal, else now and then.
func (d *demo) show(ctx context.Context, graph *weightstypes.QueryMetagraphResponse, height, half int64) error {
	if !d.cfg.Live && height%plainEvery != 0 {
		return nil
	}
	text, err := d.table(ctx, graph, height, half)
	if err != nil {
		return err
	}
	if d.cfg.Live && d.lines > 0 {
		fmt.Fprintf(d.cfg.Out, "\x1b[%dA\x1b[J", d.lines) // up and clear
	}
	d.lines = strings.Count(text, "\n")
	_, err = fmt.Fprint(d.cfg.Out, text)
	return err
}

// table has a line per neuron; shares are in per cent.
func (d *demo) table(ctx context.Context, graph *weightstypes.QueryMetagraphResponse, height, half int64) (string, error) {
	var b bytes.Buffer
	note := fmt.Sprintf("uid 7 falls silent at height %d", half)
	if height >= half {
		note = fmt.Sprintf("uid 7 is silent since height %d", half)
	}
	fmt.Fprintf(&b, "\nheight %d, epoch %d paid %s; %d rows sent, %d refused; %s\n",
		height, graph.Epoch.Count, amount.FormatRao(graph.Epoch.Paid), d.sent, d.refusals(), note)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "uid\trole\tstake\trank %\ttrust %\tconsensus %\tincentive %\tdividends %\tbalance\towed\tearned\t")
	for _, n := range graph.Neurons {
		if int(n.Uid) >= len(d.neurons) {
			continue
		}
		actor := d.neurons[n.Uid]
		balance, err := d.node.balance(ctx, actor.coldAddress())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", n.Uid, actor.role, brief(n.Stake),
			percent(n.Rank), percent(n.Trust), percent(n.Consensus), percent(n.Incentive), percent(n.Dividends),
			brief(balance), brief(n.Owed), brief(d.earned[n.Uid]))
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (d *demo) refusals() (sum int) {
	for _, count := range d.refused {
		sum += count
	}
	return sum
}

// brief prints tao with four decimals, cut.
func brief(rao uint64) string { return fmt.Sprintf("%d.%04d", rao/tao, rao%tao/100_000) }

func percent(u16 uint32) string {
	hundredths := (uint64(u16)*10000 + weightstypes.U16Max/2) / weightstypes.U16Max
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}
