package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/chain"
)

func cabal() Experiment {
	return Experiment{
		Name: "cabal", Title: "Cabal: 49 % of stake that weighs itself",
		Question: "What becomes of a cabal with 49 % of the stake that gives all its weight to itself: by the formula of 2021, " +
			"and in the epochs of a real chain?",
		Run: runCabal,
	}
}

// formula2021 is the share of the second of two groups after each of some steps. Each
// group weighs itself; with S_x its stake and S their sum,
//
//	I_x = S_x / (1 + exp(-rho (S_x/S - 1/2)))        S_x <- S_x + tau S I_x / sum I
//
// (Bittensor: A Peer-to-Peer Intelligence Market, 2021: incentive is rank times a sigmoid
// of the stake that trusts, and stake is renormalised in each block, so that tau is its
// inflation.)
func formula2021(first, second, tau, rho float64, steps int) []float64 {
	stake := [2]float64{first, second}
	shares := make([]float64, steps)
	for step := range shares {
		sum := stake[0] + stake[1]
		var incentive [2]float64
		for x, s := range stake {
			incentive[x] = s / (1 + math.Exp(-rho*(s/sum-0.5)))
		}
		for x := range stake {
			stake[x] += tau * sum * incentive[x] / (incentive[0] + incentive[1])
		}
		shares[step] = stake[1] / (stake[0] + stake[1])
	}
	return shares
}

const (
	// The honest side has a few neurons with nearly all of its stake and some with little.
	cabalRich, cabalPoor = 5, 5
	honestSide           = cabalRich + cabalPoor
	cabalSide            = 6
	// cabalStake in rao, of all, is little, so that the pay of a minute moves shares;
	// poorStake is the least that can be staked.
	cabalStake  = 50_000_000_000
	poorStake   = 100_000_000
	cabalShare  = 0.49
	cabalEpochs = 25
	cabalRounds = 100 // of the formula
)

// cabalEpoch is what the chain had after one epoch.
type cabalEpoch struct {
	Height uint64 `json:"height"`
	// Share of the cabal in all stake, what is owed included.
	Share float64 `json:"share"`
	// Honest and Cabal are what the epoch paid them, in rao.
	Honest uint64 `json:"honest"`
	Cabal  uint64 `json:"cabal"`
}

type cabalRun struct {
	Seed   uint64       `json:"seed"`
	Epochs []cabalEpoch `json:"epochs"`
}

// cabalMembers are neurons that say fixed rows: the honest weigh each other by what they
// are worth, each with an error of its own, and the cabal weighs only itself.
func cabalMembers(seed uint64) []arena.Member {
	random := rand.New(rand.NewPCG(seed, 11))
	worth := make([]float64, honestSide)
	for i := range worth {
		worth[i] = 0.2 + 0.8*random.Float64()
	}
	const rich, each = (1-cabalShare)*cabalStake - cabalPoor*poorStake, cabalShare * cabalStake
	var members []arena.Member
	for i := range honestSide {
		row := make([]uint16, honestSide+cabalSide)
		for j, w := range worth {
			if j != i {
				row[j] = uint16(60_000 * min(1, w*math.Exp(0.2*random.NormFloat64())))
			}
		}
		m := arena.Member{Name: fmt.Sprintf("honest%d", i), Stake: poorStake, Row: row}
		if i < cabalRich {
			m.Stake = uint64(rich) / cabalRich
		}
		members = append(members, m)
	}
	for i := range cabalSide {
		row := make([]uint16, honestSide+cabalSide)
		for j := range cabalSide {
			if j != i {
				row[honestSide+j] = 65535
			}
		}
		members = append(members, arena.Member{Name: fmt.Sprintf("cabal%d", i), Stake: uint64(each) / cabalSide, Row: row})
	}
	return members
}

// onChain runs a network of such members and looks at every epoch.
func (run *cabalRun) onChain(ctx context.Context, env *Env, epochs int) (err error) {
	home, err := os.MkdirTemp("", "cabal")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	members := cabalMembers(run.Seed)
	offset, err := arena.FreeOffset(len(members))
	if err != nil {
		return err
	}
	a, err := arena.Start(ctx, arena.Config{Home: filepath.Join(home, "arena"), Taod: env.Taod, PortOffset: offset, Members: members, Say: env.Say})
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(working) }()
	err = run.watch(ctx, a.Client(), ended, epochs)
	stop()
	return errors.Join(err, <-ended, a.Stop())
}

// watch notes every epoch from the first on that knew everybody's row.
func (run *cabalRun) watch(ctx context.Context, c *chain.Client, ended chan error, epochs int) error {
	last := uint64(0)
	for len(run.Epochs) < epochs {
		select {
		case err := <-ended:
			ended <- nil
			return fmt.Errorf("the members ended after %d epochs: %w", len(run.Epochs), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		m, err := c.Metagraph(ctx, 1)
		if err != nil {
			return err
		}
		begun := len(run.Epochs) > 0
		if m.Epoch == last || !begun && !allSpoke(m) {
			continue
		}
		if begun && m.Previous != last {
			return fmt.Errorf("the epoch of height %d was not seen: this machine is too busy", m.Previous)
		}
		run.Epochs, last = append(run.Epochs, cabalEpochOf(m)), m.Epoch
	}
	return nil
}

// allSpoke says whether the last epoch knew a row of everybody.
func allSpoke(m chain.Metagraph) bool {
	for _, n := range m.Neurons {
		if n.LastUpdate == 0 || n.LastUpdate >= m.Epoch || !n.Permit || !n.Active {
			return false
		}
	}
	return len(m.Neurons) == honestSide+cabalSide
}

func cabalEpochOf(m chain.Metagraph) cabalEpoch {
	e := cabalEpoch{Height: m.Epoch}
	stake, paid := [2]uint64{}, [2]uint64{}
	for i, n := range m.Neurons {
		side := min(i/honestSide, 1)
		stake[side] += n.Stake + n.Owed
		paid[side] += n.ServerEmission + n.ValidatorEmission
	}
	e.Share = float64(stake[1]) / float64(stake[0]+stake[1])
	e.Honest, e.Cabal = paid[0], paid[1]
	return e
}

// falls says whether a series falls at every step.
func falls(shares []float64) bool {
	for i := range shares[1:] {
		if shares[i+1] >= shares[i] {
			return false
		}
	}
	return true
}

func runCabal(ctx context.Context, env *Env) (*Result, error) {
	epochs, seeds := cabalEpochs, env.Seeds
	if env.Quick {
		epochs, seeds = 12, seeds[:1]
	}
	var runs []cabalRun
	for _, seed := range seeds {
		run := cabalRun{Seed: seed}
		if err := run.onChain(ctx, env, epochs); err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
		end := run.Epochs[len(run.Epochs)-1]
		env.Say("seed %d: the cabal's share after %d epochs is %.4f, it was %.4f", seed, len(run.Epochs), end.Share, run.Epochs[0].Share)
		runs = append(runs, run)
	}
	return cabalResult(runs), nil
}

func cabalResult(runs []cabalRun) *Result {
	old := formula2021(1-cabalShare, cabalShare, 0.1, 10, cabalRounds)
	r := &Result{Raw: runs, Setup: []string{
		"Formula of 2021: two groups with 51 and 49 % of the stake, each of which weighs itself; tau 0.1, rho 10.",
		fmt.Sprintf("Chain: a real taod with %d honest neurons with 51 %% of the stake, nearly all of it in the hands of %d, that weigh each other by worth with errors of their own, and %d of a cabal with 49 %% that weigh only one another; %d tao in all, an epoch every 2 blocks. Share is of stake and of what is owed. Counted from the first epoch on that knows everybody's row.", honestSide, cabalRich, cabalSide, cabalStake/1_000_000_000),
		"No neuron's row counts for itself, and consensus needs half of the stake: at 51 % only those honest neurons are paid whose own stake is less than 1 %. With 51 % in equal parts that takes 51 of them; with fewer nobody has consensus, and the cabal keeps its share (see kappa).",
	}}
	table := Table{Title: "The cabal's share of stake", Head: []string{"step", "formula of 2021"}}
	lines := []Line{{Name: "formula of 2021"}}
	for _, run := range runs {
		table.Head = append(table.Head, fmt.Sprintf("chain, seed %d", run.Seed), "paid to it, rao")
	}
	for step := range runs[0].Epochs {
		row := []string{fmt.Sprint(step + 1), fmt.Sprintf("%.5f", old[step])}
		lines[0].X, lines[0].Y = append(lines[0].X, float64(step+1)), append(lines[0].Y, old[step])
		for i, run := range runs {
			e := run.Epochs[step]
			row = append(row, fmt.Sprintf("%.5f", e.Share), fmt.Sprint(e.Cabal))
			if len(lines) == i+1 {
				lines = append(lines, Line{Name: fmt.Sprintf("chain, seed %d", run.Seed)})
			}
			lines[i+1].X, lines[i+1].Y = append(lines[i+1].X, float64(step+1)), append(lines[i+1].Y, e.Share)
		}
		table.Rows = append(table.Rows, row)
	}
	r.Tables = []Table{table}
	r.Plots = []Plot{{File: "cabal", Title: "Share of stake of a cabal of 49 %", X: "step, epoch", Y: "share", Lines: lines}}
	r.Findings = cabalFindings(old, runs)
	return r
}

func cabalFindings(old []float64, runs []cabalRun) []string {
	falling, paid := 0, uint64(0)
	for _, run := range runs {
		var shares []float64
		for _, e := range run.Epochs {
			shares = append(shares, e.Share)
			paid += e.Cabal
		}
		if falls(shares) {
			falling++
		}
	}
	return []string{
		fmt.Sprintf("Formula of 2021: %.5f, %.5f, %.5f, %.5f, %.5f after the first five steps, %.4f after %d.", old[0], old[1], old[2], old[3], old[4], old[len(old)-1], len(old)),
		fmt.Sprintf("Chain: the cabal's share falls at every epoch in %d of %d runs; it is paid %d rao in all of them together. What a majority does not confirm is clipped to nothing at once, so its stake stands still while the others' grows.", falling, len(runs), paid),
	}
}
