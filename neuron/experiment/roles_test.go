package experiment

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/arena"
	"github.com/taonet/taonet/neuron/data"
)

// paid is a run in which members of these roles got these incentives.
func paid(seed uint64, variant string, members ...rolesPay) rolesRun {
	return rolesRun{Seed: seed, Variant: variant, Members: members}
}

func honestPay(bytes int, incentive uint64) rolesPay {
	return rolesPay{Name: "honest", Role: arena.Honest, Bytes: bytes, Incentive: incentive}
}

func TestRankOfIncentiveAndShard(t *testing.T) {
	in := paid(1, rolesOrigin, honestPay(400, 50), honestPay(200, 30), honestPay(100, 15), honestPay(50, 5), rolesPay{Role: arena.Noise})
	c := checkRank([]rolesRun{in})
	require.True(t, c.Holds)
	require.Equal(t, "1.00", c.Found)

	swapped := paid(2, rolesOrigin, honestPay(400, 30), honestPay(200, 50), honestPay(100, 15), honestPay(50, 5), rolesPay{Role: arena.Noise})
	c = checkRank([]rolesRun{swapped})
	require.False(t, c.Holds)
	require.Equal(t, "0.80", c.Found)
	require.Contains(t, c.String(), "DOES NOT HOLD")
	require.True(t, checkRank([]rolesRun{in, swapped, in}).Holds, "the median of the seeds counts")

	shared := paid(3, rolesAll, honestPay(400, 50), honestPay(200, 12), honestPay(100, 15), honestPay(50, 5), rolesPay{Role: arena.Copier, Incentive: 12})
	require.True(t, checkRank([]rolesRun{shared}).Holds, "what the copier took was its original's")
}

func TestWhoAddsNothingGetsNothing(t *testing.T) {
	run := paid(1, rolesAll, honestPay(400, 60), honestPay(200, 30), rolesPay{Name: "noise", Role: arena.Noise, Incentive: 2}, rolesPay{Name: "copier", Role: arena.Copier, Incentive: 30})
	c := checkDishonest([]rolesRun{run})
	require.True(t, c.Holds, "the copier has a check of its own")
	require.Contains(t, c.Found, "1.64 % of all incentive (noise)")
	run.Members[2].Incentive = 4
	require.False(t, checkDishonest([]rolesRun{run}).Holds)
	nothing := paid(1, rolesAll, honestPay(400, 60), honestPay(200, 0), rolesPay{Role: arena.Noise})
	require.False(t, checkDishonest([]rolesRun{nothing}).Holds, "an honest one that gets nothing is no measure")
}

func TestCopierAndOriginalTogether(t *testing.T) {
	with := func(original, copier uint64) rolesRun {
		return paid(1, rolesAll, honestPay(400, 100-original-copier), honestPay(200, original), rolesPay{Role: arena.Copier, Incentive: copier})
	}
	without := paid(1, rolesOrigin, honestPay(400, 70), honestPay(200, 30))
	c := checkCopier([]rolesRun{with(15, 15), with(14, 14)}, []rolesRun{without, without})
	require.True(t, c.Holds)
	require.Contains(t, c.Found, "median 0.967")
	require.False(t, checkCopier([]rolesRun{with(30, 30), with(29, 30), with(31, 30)}, []rolesRun{without, without, without}).Holds)
}

func TestRolesHaveEqualStakeAndHonestRows(t *testing.T) {
	p := newRolesPlan(&Env{Seeds: []uint64{1, 2}})
	require.Equal(t, []int{400_000, 222_222, 123_456, 68_587, 38_103}, p.sizes)
	d := rolesData{trained: make([]string, 5), own: make([]string, 5), samples: make([]string, 5)}
	all := p.members(rolesAll, d)
	require.Len(t, all, 12)
	for i, m := range all {
		require.Equal(t, uint64(rolesStake), m.Stake)
		require.Equal(t, !m.Role.IsHonest() && m.Role != arena.Liar, m.Echo, m.Name)
		if m.Role == arena.Liar {
			for _, f := range m.Friends {
				require.False(t, all[f].Role.IsHonest())
			}
			require.Len(t, m.Friends, 6)
		}
		if m.Role == arena.Copier {
			require.Less(t, m.Of, i)
			require.Equal(t, copied, m.Of)
		}
	}
	require.Len(t, p.members(rolesOrigin, d), 11)

	sides := map[bool]uint64{}
	for _, m := range p.members(rolesCabal, d) {
		sides[m.Role == arena.Liar] += m.Stake
	}
	require.InDelta(t, 0.49, float64(sides[true])/float64(sides[true]+sides[false]), 1e-3)
	for _, m := range p.members(rolesCabal, d)[:5] {
		require.Less(t, float64(m.Stake), 0.01*10*rolesStake, "else its column has no majority without itself")
	}
}

func TestRolesDataIsApartAndTrained(t *testing.T) {
	texts, err := data.Generated(5, 400_000)
	require.NoError(t, err)
	env := &Env{Texts: texts, Kept: t.TempDir(), Workers: 2}
	p := rolesPlan{sizes: []int{100_000, 50_000}, steps: 2, every: time.Second}
	d, err := newRolesData(context.Background(), env, p, 1)
	require.NoError(t, err)
	read := func(file string) *data.Text {
		text, err := data.LoadText("x", file)
		require.NoError(t, err)
		return text
	}
	blocks := map[string]int{}
	for i := range p.sizes {
		own, sample := read(d.own[i]), read(d.samples[i])
		require.Zero(t, own.Len(data.Score), "its score part is not its own")
		require.Zero(t, sample.Len(data.Train))
		require.Positive(t, sample.Len(data.Score))
		require.InDelta(t, float64(p.sizes[i])*0.94, own.Bytes(), float64(p.sizes[i])*0.03)
		for b := range own.Len(data.Train) {
			blocks[string(own.Block(data.Train, b))]++
		}
		require.FileExists(t, d.trained[i])
		require.Equal(t, "step-2.safetensors", filepath.Base(d.trained[i]))
	}
	for block, n := range blocks {
		require.Equal(t, 1, n, "two shards have %q", block)
	}
	before, err := os.Stat(d.trained[0])
	require.NoError(t, err)
	again, err := newRolesData(context.Background(), env, p, 1)
	require.NoError(t, err)
	require.Equal(t, d, again)
	after, err := os.Stat(again.trained[0])
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime(), "what is kept is not trained again")

	cfg := neuron.Default()
	d.honest(1)(cfg)
	cfg.Home = t.TempDir()
	require.Empty(t, cfg.Validate())
	require.Equal(t, []string{d.own[1]}, cfg.Data.Paths)
}

func TestNewestCheckpoint(t *testing.T) {
	home := t.TempDir()
	require.Empty(t, newest(home))
	require.NoError(t, os.MkdirAll(filepath.Join(home, "checkpoints"), 0o755))
	for _, name := range []string{"step-900.safetensors", "step-1000.safetensors", "step-1000.safetensors.partial", "other"} {
		require.NoError(t, os.WriteFile(filepath.Join(home, "checkpoints", name), nil, 0o644))
	}
	require.Equal(t, "step-1000.safetensors", filepath.Base(newest(home)))
}

func TestRolesResultHasEveryVariant(t *testing.T) {
	p := newRolesPlan(&Env{Seeds: []uint64{1}})
	p.sizes = p.sizes[:2]
	var runs []rolesRun
	for _, variant := range p.variants {
		run := paid(1, variant, honestPay(400, 60), honestPay(200, 30), rolesPay{Name: "noise", Role: arena.Noise})
		if variant == rolesAll {
			run.Members = append(run.Members, rolesPay{Name: "copier", Role: arena.Copier})
		}
		runs = append(runs, run)
	}
	r := rolesResult(p, runs)
	require.Len(t, r.Tables, 3)
	require.Len(t, r.Findings, 6)
	require.Len(t, r.Plots[0].Lines, 3)
	require.Equal(t, "66.67 %", r.Tables[0].Rows[0][2])
}
