package yuma

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Each test here states one thing that the package does better than subtensor, and
// that Upstream gives subtensor's way back.

// trio is two validators and a server, uid 2, that both weigh.
func trio() *Input {
	in := defaultInput()
	in.Height, in.LastEpoch, in.Yuma3 = 100, 90, true
	in.Stake, in.Permit = []uint64{600, 400, 0}, []bool{true, true, false}
	in.LastUpdate, in.RegisteredAt = []uint64{95, 95, 95}, []uint64{1, 1, 1}
	in.Weights = []Row{{Pack(2, u16max)}, {Pack(2, u16max)}, nil}
	in.Bonds = make([]Row, 3)
	return in
}

func run(t require.TestingT, in *Input) *Output {
	var engine Engine
	var out Output
	require.NoError(t, engine.Epoch(in, &out))
	return &out
}

func TestZeroAndAbsentWeightsAreTheSame(t *testing.T) {
	bondOf := func(upstream bool, row Row) uint16 {
		in := trio()
		in.LiquidAlpha, in.Upstream = true, upstream
		in.Stake = append(in.Stake, 0)
		in.Permit, in.LastUpdate, in.RegisteredAt = append(in.Permit, false), append(in.LastUpdate, 95), append(in.RegisteredAt, 1)
		in.Weights, in.Bonds = append(in.Weights, nil), append(in.Bonds, nil)
		in.Weights[0] = row
		in.Bonds[0] = Row{Pack(3, 40_000)} // in a server that uid 0 no longer weighs
		return line(toJSON(run(t, in).Bonds)[0], 4)[3]
	}
	absent, explicit := Row{Pack(2, u16max)}, Row{Pack(2, u16max), Pack(3, 0)}
	require.Equal(t, bondOf(false, explicit), bondOf(false, absent))
	require.NotZero(t, bondOf(false, absent), "the bond decays")
	require.Less(t, bondOf(false, absent), uint16(40_000))
	require.Equal(t, bondOf(false, explicit), bondOf(true, explicit))
	require.Zero(t, bondOf(true, absent), "upstream drops it at once")
}

func TestZeroWeightsNeverMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := (&source{data: randomBytes(t)}).subnet()
		in.Upstream = false
		with := run(t, in)
		for i, row := range in.Weights {
			in.Weights[i] = slices.DeleteFunc(row, func(e uint32) bool { return e&0xffff == 0 })
		}
		requireEqual(t, with, run(t, in), 0)
	})
}

// TestNoDustIsLost hands the remainder of each epoch to the next, as the chain
// does: then all that was ever emitted is paid, recycled or still carried.
func TestNoDustIsLost(t *testing.T) {
	in := trio()
	in.Weights[0] = Row{Pack(1, 3), Pack(2, 7)}
	in.Weights[1] = Row{Pack(0, 1), Pack(2, 7)}
	var engine Engine
	var out Output
	var emitted, paid, recycled, dust uint64
	for epoch := range uint64(500) {
		fresh := 1_000_000_007 * epoch
		in.Emission = fresh + out.Remainder
		emitted += fresh
		require.NoError(t, engine.Epoch(in, &out))
		for i := range in.Stake {
			paid += out.Server[i] + out.Validator[i]
		}
		recycled += out.Recycled
		dust += out.Remainder
		require.Equal(t, emitted, paid+recycled+out.Remainder)
		in.Bonds, in.LastEpoch, in.Height = cloneRows(out.Bonds), in.Height, in.Height+1
	}
	require.NotZero(t, dust, "flooring leaves nothing: the test shows nothing")
}

func TestAnEpochWithoutConsensusPaysHalf(t *testing.T) {
	idle := func(upstream bool, active ...bool) (*Input, *Output) {
		in := trio()
		in.Weights, in.Upstream, in.Emission = make([]Row, 3), upstream, 1001
		for i, yes := range active {
			in.Permit[i] = yes
		}
		return in, run(t, in)
	}
	_, out := idle(false, true, true)
	require.True(t, out.PaidByStake)
	require.Equal(t, []uint64{299, 199, 0}, out.Validator) // of 500, by A
	require.Equal(t, []uint64{0, 0, 0}, out.Server)
	require.Equal(t, out.Validator, out.Emissions)
	require.EqualValues(t, 501, out.Recycled)
	require.EqualValues(t, 2, out.Remainder)

	_, out = idle(false, false, false) // A is all 0
	require.False(t, out.PaidByStake)
	require.Equal(t, []uint64{0, 0, 0}, out.Validator)
	require.EqualValues(t, 1001, out.Recycled)
	require.Zero(t, out.Remainder)

	for _, permits := range [][]bool{{true, true}, {false, false}} { // upstream pays everything
		_, out = idle(true, permits...)
		require.Equal(t, []uint64{600, 400, 0}, out.Validator)
		require.Zero(t, out.Recycled)
	}
}

// TestAReplacedUIDTakesItsBondsAlong replaces uid 2 between two epochs of a
// scenario, in a way that upstream's mask does not see.
func TestAReplacedUIDTakesItsBondsAlong(t *testing.T) {
	const text = `{"epochs":[
		{"yuma3":true, "stake":[5,5,1], "weights":[[[1,9],[2,9]],[[2,9],[0,9]],[[0,9],[1,9]]], "last_update":[9,9,9],
		 "block_at_registration":[0,0,0], "validator_permit":[true,true,true], "current_block":10, "tempo":1},
		{"block_at_registration":[0,0,11], "last_update":[9,9,11], "weights":[[],[],[]], "current_block":20, "last_step_block":12}]}`
	s, err := ParseScenario([]byte(text))
	require.NoError(t, err)
	var seen *Input
	visit := func(_ int, in *Input, _ *Output) error {
		copied := *in
		copied.Bonds = cloneRows(in.Bonds)
		seen = &copied
		return nil
	}
	results, err := s.Run(false, visit)
	require.NoError(t, err)
	require.NotEmpty(t, results[0].Bonds[2])
	require.NotZero(t, line(results[0].Bonds[0], 3)[2])
	require.Empty(t, seen.Bonds[2], "its row is cleared")
	require.False(t, seen.Permit[2], "its permit is gone")
	for i, row := range results[1].Bonds {
		require.Zero(t, line(row, 3)[2], "bond of uid %d", i)
	}
	require.NotZero(t, line(results[1].Bonds[0], 3)[1], "the others stay")

	results, err = s.Run(true, visit)
	require.NoError(t, err)
	require.NotEmpty(t, seen.Bonds[2])
	require.NotZero(t, line(results[1].Bonds[0], 3)[2], "upstream only masks, by the height of the last epoch")
}

// TestGivenBondsStay leaves alone what an epoch of a scenario gives itself.
func TestGivenBondsStay(t *testing.T) {
	const text = `{"epochs":[
		{"yuma3":true, "stake":[5,5], "block_at_registration":[0,0], "current_block":10},
		{"block_at_registration":[0,11], "validator_permit":[true,true], "bonds":[[[1,500]],[[0,500]]], "last_step_block":12, "current_block":20}]}`
	s, err := ParseScenario([]byte(text))
	require.NoError(t, err)
	results, err := s.Run(false, nil)
	require.NoError(t, err)
	require.Equal(t, []uint16{0, 450}, []uint16{0, results[1].Bonds[0][0][1] + 1})
	require.Equal(t, Weight{0, 449}, results[1].Bonds[1][0])
}

// TestExplainAddsUp takes every uid of many epochs apart and puts it together.
func TestExplainAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := (&source{data: randomBytes(t)}).subnet()
		out, want := run(t, in), naiveEpoch(in)
		for uid := range in.Stake {
			var engine Engine
			x, err := engine.Explain(in, uid)
			require.NoError(t, err)
			require.NotEmpty(t, x.Status)
			require.Equal(t, out.Server[uid], x.Server)
			require.Equal(t, out.Validator[uid], x.Validator)
			require.Equal(t, want.I[uid].Int64(), x.Incentive)
			var rank, prerank int64
			var pay uint64
			for _, r := range x.Rows {
				require.Equal(t, want.W.at(r.UID, uid).Int64(), r.Weight)
				require.Equal(t, want.Wc.at(r.UID, uid).Int64(), r.Clipped)
				rank += r.Added
				prerank += r.Added + r.Lost
				pay += r.Pay
			}
			require.Equal(t, x.Rank, rank)
			require.Equal(t, x.Prerank, prerank)
			require.LessOrEqual(t, pay, x.Server)
			var held int64
			pay = 0
			for _, b := range x.Bonds {
				require.Equal(t, want.E.at(uid, b.UID).Int64(), b.Bond)
				held += b.Added
				pay += b.Pay
			}
			require.LessOrEqual(t, pay, x.Validator)
			if x.Dividends > 0 {
				require.Positive(t, held)
			}
		}
	})
}

func TestExplainSaysWhyARowDoesNotCount(t *testing.T) {
	for want, change := range map[string]func(*Input){
		"its row counts":         func(*Input) {},
		"below the minimum":      func(in *Input) { in.MinStake = 601 },
		"it has no permit":       func(in *Input) { in.Permit[0] = false },
		"is older than 4 blocks": func(in *Input) { in.ActivityCutoff = 4 },
		"no row that counts":     func(in *Input) { in.Weights[0] = nil },
	} {
		in := trio()
		change(in)
		var engine Engine
		x, err := engine.Explain(in, 0)
		require.NoError(t, err)
		require.Contains(t, x.Status, want)
	}
	var engine Engine
	_, err := engine.Explain(trio(), 3)
	require.EqualError(t, err, "uid 3 is unknown, there are 3")
}

// TestOrderOfEntriesDoesNotMatter writes the rows of a scenario in another order.
func TestOrderOfEntriesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := (&source{data: randomBytes(t)}).subnet()
		want := run(t, in)
		text, err := ScenarioInput(in)
		require.NoError(t, err)
		random := rand.New(rand.NewSource(rapid.Int64().Draw(t, "order")))
		s, err := ParseScenario(shuffled(t, text, random))
		require.NoError(t, err)
		results, err := s.Run(in.Upstream, nil)
		require.NoError(t, err)
		require.Equal(t, NewResult(want), results[0])
	})
}
