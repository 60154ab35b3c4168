package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/demo"
	"github.com/taonet/taonet/neuron/heldout"
	"github.com/taonet/taonet/neuron/overview"
)

// text is what a table has to be, without the margin of the source.
func text(s string) string { return strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n\t\t", "\n") }

func TestStatusLine(t *testing.T) {
	s := neuron.Status{Step: 120, StepsPerSecond: 31.25, Alone: 2.5, Network: 2.25, UID: -1}
	require.Equal(t, "step 120  31.2/s  loss alone 2.5000  with network 2.2500  peers 0", statusLine(s))
	s.Height, s.UID, s.Peers, s.Incentive, s.EarnedIncentive, s.EarnedDividends, s.Resting = 9, 3, 4, 32768, 1_500_000_000, 250_000_000, true
	require.Equal(t, "step 120  31.2/s  loss alone 2.5000  with network 2.2500  peers 4  rests  uid 3  incentive 50.00 %  earned 1.750 tao  block 9", statusLine(s))
	require.Contains(t, statusLine(neuron.Status{}), "loss alone -  with network -")
}

// A screen draws over what it drew, and clears what is left of longer text.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := screen{out: &out}
	s.draw("one\ntwo\n")
	s.draw("three")
	s.leave()
	s.draw("four")
	require.Equal(t, "one\x1b[K\ntwo\x1b[K\n\x1b[J"+"\x1b[2A"+"three\x1b[K\n\x1b[J"+"four\x1b[K\n\x1b[J", out.String())
}

func TestDemoTables(t *testing.T) {
	require.Equal(t, text(`
block 7
		  neuron    role  step  steps/s  loss alone  with network  peers  uid  incentive  earned tao
		      go  honest    40      8.0      2.5000             -      2    1    25.00 %       0.500
		   noise   noise     0      0.0           -             -      0    -     0.00 %       0.000
		`), strings.ReplaceAll(demoTable(demo.Table{Height: 7, Rows: []demo.Row{
		{Name: "go", Role: "honest", Status: neuron.Status{Step: 40, StepsPerSecond: 8, Alone: 2.5, Peers: 2, UID: 1, Incentive: 16384, EarnedIncentive: 5e8}},
		{Name: "noise", Role: "noise", Status: neuron.Status{UID: -1}},
	}}), "  \n", "\n"))
	table := outcomeTable([]demo.Outcome{
		{Name: "go", Role: "honest", UID: 1, Alone: 2, On: 1.8, Off: 1.9, Incentive: 15e8, Dividends: 1e9},
		{Name: "noise", Role: "noise", UID: 2},
	})
	require.Contains(t, table, "2.0000      1.8000  -10.0 %       1.9000  -5.0 %          1.500          1.000")
	require.Contains(t, table, "-           -        -            -       -          0.000          0.000")
}

// Checks that failed are an error that names them all.
func TestDemoFails(t *testing.T) {
	var out bytes.Buffer
	p := &program{out: &out, output: formatText}
	require.NoError(t, p.demoResult(&demo.Result{Height: 9, Took: time.Minute}))
	require.Contains(t, out.String(), "all checks passed")
	err := p.demoResult(&demo.Result{Problems: []string{"one thing", "another"}})
	require.EqualError(t, err, "2 checks failed: one thing; another")
	out.Reset()
	p.output = formatJSON
	require.Error(t, p.demoResult(&demo.Result{Problems: []string{"one thing"}}))
	require.Contains(t, out.String(), `"one thing"`)
}

// Of a demo without a screen there is a table now and then; what is said goes beside it.
func TestDemoView(t *testing.T) {
	var out, errs bytes.Buffer
	v := &tableView{p: &program{out: &out, err: &errs, output: formatText}}
	v.show(demo.Table{Height: 1})
	v.show(demo.Table{Height: 2})
	v.say("training")
	require.Equal(t, 1, strings.Count(out.String(), "block "))
	require.Equal(t, "training\n", errs.String())
	v.p.shows = true
	v.show(demo.Table{Height: 3})
	require.Contains(t, out.String(), "block 3\x1b[K\n")
}

func graph() chain.Metagraph {
	return chain.Metagraph{Subnet: 1, Height: 30, Epoch: 28, Epochs: 14, Neurons: []chain.Neuron{
		{UID: 0, Hotkey: "tao1c", Stake: 5e9, Incentive: 100, ServerEmission: 1e9},
		{UID: 1, Hotkey: "tao1a", Stake: 7e9, Incentive: 300, Permit: true, Axon: &chain.Axon{Host: "203.0.113.7", Port: 9000}},
		{UID: 2, Hotkey: "tao1b", Stake: 7e9, Incentive: 200, LastUpdate: 20},
	}}
}

// Every column sorts, the greatest first unless it is a name, ties by uid.
func TestMetagraphSorts(t *testing.T) {
	for by, want := range map[string]string{
		"uid": "012", "stake": "120", "incentive": "120", "hotkey": "120", "permit": "102", "updated": "201", "emission": "012", "axon": "021",
	} {
		for _, reverse := range []bool{false, true} {
			column, err := findColumn(by)
			require.NoError(t, err)
			var out bytes.Buffer
			v := metagraphView{p: &program{out: &out, output: formatText}, column: column, reverse: reverse}
			require.NoError(t, v.show(graph(), false))
			have := ""
			for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n")[2:] {
				have += strings.Fields(line)[0]
			}
			expected := want
			if reverse {
				expected = string([]byte{want[2], want[1], want[0]})
			}
			require.Equal(t, expected, have, "%s %v", by, reverse)
		}
	}
	for _, name := range columnNames() {
		_, err := findColumn(name)
		require.NoError(t, err)
	}
}

func TestMetagraphTable(t *testing.T) {
	table := metagraphTable(graph())
	require.Contains(t, table, "subnet 1 at block 30, 3 neurons, epoch 14 at block 28; tao")
	require.Contains(t, table, "203.0.113.7:9000")
	g := metagraphOf(graph())
	require.Nil(t, g.Neurons[0].Axon)
	require.Equal(t, "203.0.113.7:9000", g.Neurons[1].Axon.Address)
	require.NotNil(t, g.Neurons[1].Axon.Prices)
	require.NotNil(t, metagraphOf(chain.Metagraph{}).Neurons)
}

func TestOverviewText(t *testing.T) {
	day := uint64(3_500_000_000)
	o := &overview.Overview{Coldkey: "tao1cold", Height: 50, Balance: 1_500_000_000, Staked: 2e9, PerDay: &day, Hotkeys: []overview.Hotkey{
		{Hotkey: "tao1zpaca737hz95lrky2ww00atfjv97e3gqm384d9", Subnet: 1, UID: 4, Stake: 2e9, Trust: 65535, PerDay: &day, Row: 40, RowAge: 10},
		{Hotkey: "tao1b"},
	}}
	text := overviewText(o)
	require.Contains(t, text, "balance 1.5tao, staked 2tao, unbonding 0tao, earning 3.500 tao per day")
	require.Regexp(t, `tao1zpaca…84d9 +1 +4 +2.000 +100.00 % +0.00 % +0.00 % +3.500 +10 +-`, text)
	require.Regexp(t, `tao1b +- +-`, text)
	require.Contains(t, overviewText(&overview.Overview{}), "earning - tao per day\nno hotkey is registered")
}

func TestLossesText(t *testing.T) {
	on, alone := 1.8, 2.0
	l := &heldout.Losses{Step: 9, Domains: []string{"go", "docs"}, Bytes: 100, Off: 1.9, On: &on, Peers: 2, Alone: &alone}
	require.Equal(t, text(`
step 9, test parts of go, docs, 100 bytes, nats per byte
		alone        2.0000  (a twin with nobody to ask)
		network on   1.8000  (2 peers up)  -10.0 % against alone
		network off  1.9000  -5.0 % against alone`), lossesText(l))
	l.On, l.Alone = nil, nil
	require.Contains(t, lossesText(l), "2 peers up and none answered")
	l.Peers = 0
	require.Contains(t, lossesText(l), "no peer is up")
}
