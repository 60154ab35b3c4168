package keeper_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"cosmossdk.io/collections"

	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
)

const revealAfter = 20

var salt = []byte("0123456789abcdef")

func hiddenChain(t *testing.T, options ...apptest.Option) (*apptest.Chain, []apptest.Neuron) {
	t.Helper()
	neurons := makeNeurons("hidden", 100*tao, 100*tao, 100*tao, 0)
	options = append(options, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.Tempo, h.CommitReveal, h.RevealAfter, h.ActivityCutoff = 5, true, revealAfter, 1000
	}))
	return apptest.New(t, options...), neurons
}

func commit(n apptest.Neuron, row *types.MsgSetWeights) *types.MsgCommitWeights {
	return &types.MsgCommitWeights{
		Hotkey: row.Hotkey, Subnet: row.Subnet,
		Hash: types.CommitHash(apptest.ChainID, n.Hotkey(), row.Subnet, row.Uids, row.Weights, salt, row.Version),
	}
}

func reveal(row *types.MsgSetWeights) *types.MsgRevealWeights {
	return &types.MsgRevealWeights{
		Hotkey: row.Hotkey, Subnet: row.Subnet, Uids: row.Uids, Weights: row.Weights, Salt: salt, Version: row.Version,
	}
}

// sent runs a message and, before it, the check of the free lane.
func sent(t *testing.T, c *apptest.Chain, ctx sdk.Context, msg sdk.Msg) error {
	t.Helper()
	check := c.CheckFree(ctx, msg)
	_, err := c.Deliver(ctx, msg)
	if check == nil {
		require.NoError(t, err)
		return nil
	}
	require.EqualError(t, err, check.Error())
	return err
}

func TestRevealWindow(t *testing.T) {
	c, neurons := hiddenChain(t)
	row := apptest.Row(neurons[0].Hotkey(), 3, 7, 1, 9)
	require.NoError(t, sent(t, c, at(c, 100), commit(neurons[0], row)))
	for _, e := range []struct {
		height int64
		want   error
	}{
		{100, types.ErrRevealTooEarly},
		{119, types.ErrRevealTooEarly},
		{120, nil},
		{140, nil},
		{141, types.ErrRevealTooLate},
	} {
		ctx, _ := at(c, e.height).CacheContext()
		require.ErrorIs(t, sent(t, c, ctx, reveal(row)), e.want, "at %d", e.height)
	}
	ctx := at(c, 130)
	require.NoError(t, sent(t, c, ctx, reveal(row)))
	require.ErrorIs(t, sent(t, c, ctx, reveal(row)), types.ErrUnknownCommit, "a commit is revealed once")
	res, err := queries(c).Row(ctx, &types.QueryRowRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, uint64(130), res.Row.Updated, "activity counts from the reveal")
	require.Equal(t, uint64(100), res.Row.Written, "it was written when it was committed")
	require.Equal(t, []types.Entry{{Uid: 1, Value: 65535}, {Uid: 3, Value: 50972}}, res.Row.Entries)
}

func TestRevealWindowIsATempoWhenThatIsLonger(t *testing.T) {
	c, neurons := hiddenChain(t)
	setSubnet(t, c, at(c, 1), func(s *subnettypes.Subnet) { s.Hyperparameters.Tempo = 50 })
	row := apptest.Row(neurons[0].Hotkey(), 3, 7)
	require.NoError(t, sent(t, c, at(c, 100), commit(neurons[0], row)))
	res, err := queries(c).Commits(at(c, 100), &types.QueryCommitsRequest{Subnet: 1})
	require.NoError(t, err)
	require.Len(t, res.Commits, 1)
	require.Equal(t, uint64(120), res.Commits[0].RevealFrom)
	require.Equal(t, uint64(170), res.Commits[0].RevealUntil)
}

func TestRevealMustBeWhatWasCommitted(t *testing.T) {
	c, neurons := hiddenChain(t)
	row := apptest.Row(neurons[0].Hotkey(), 3, 7, 1, 9)
	require.NoError(t, sent(t, c, at(c, 100), commit(neurons[0], row)))
	other := types.MsgCommitWeights{
		Hotkey: neurons[1].Hotkey().String(), Subnet: 1,
		Hash: types.CommitHash("tao-other", neurons[1].Hotkey(), 1, row.Uids, row.Weights, salt, 0),
	}
	require.NoError(t, sent(t, c, at(c, 100), &other))
	for _, e := range []struct {
		name   string
		want   error
		change func(*types.MsgRevealWeights)
	}{
		{"another weight", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) { m.Weights[0]++ }},
		{"another order", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) {
			m.Uids, m.Weights = []uint32{1, 3}, []uint32{9, 7}
		}},
		{"another salt", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) { m.Salt = []byte("another salt") }},
		{"another version", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) { m.Version++ }},
		{"another chain", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) { m.Hotkey = other.Hotkey }},
		{"who never committed", types.ErrUnknownCommit, func(m *types.MsgRevealWeights) { m.Hotkey = neurons[2].Hotkey().String() }},
		{"a short salt", types.ErrInvalidCommit, func(m *types.MsgRevealWeights) { m.Salt = make([]byte, 7) }},
		{"a long salt", types.ErrInvalidCommit, func(m *types.MsgRevealWeights) { m.Salt = make([]byte, 65) }},
		{"a stranger", types.ErrNotRegistered, func(m *types.MsgRevealWeights) {
			m.Hotkey = apptest.Address(apptest.Key("stranger")).String()
		}},
		{"an unknown uid", types.ErrUnknownUID, func(m *types.MsgRevealWeights) { m.Uids[0] = 4 }},
		{"unequal lengths", types.ErrLengths, func(m *types.MsgRevealWeights) { m.Uids = m.Uids[1:] }},
		{"without stake", types.ErrNotEnoughStake, func(m *types.MsgRevealWeights) { m.Hotkey = neurons[3].Hotkey().String() }},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx, _ := at(c, 125).CacheContext()
			msg := reveal(apptest.Row(neurons[0].Hotkey(), 3, 7, 1, 9))
			e.change(msg)
			require.ErrorIs(t, sent(t, c, ctx, msg), e.want)
		})
	}
}

func TestCommitErrors(t *testing.T) {
	c, neurons := hiddenChain(t)
	for _, e := range []struct {
		name   string
		want   error
		change func(sdk.Context, *types.MsgCommitWeights)
	}{
		{"fine", nil, func(sdk.Context, *types.MsgCommitWeights) {}},
		{"unknown subnet", subnettypes.ErrUnknownSubnet, func(_ sdk.Context, m *types.MsgCommitWeights) { m.Subnet = 2 }},
		{"short hash", types.ErrInvalidCommit, func(_ sdk.Context, m *types.MsgCommitWeights) { m.Hash = m.Hash[1:] }},
		{"bad address", types.ErrInvalidAddress, func(_ sdk.Context, m *types.MsgCommitWeights) { m.Hotkey = "tao1" }},
		{"stranger", types.ErrNotRegistered, func(_ sdk.Context, m *types.MsgCommitWeights) {
			m.Hotkey = apptest.Address(apptest.Key("stranger")).String()
		}},
		{"no stake", types.ErrNotEnoughStake, func(_ sdk.Context, m *types.MsgCommitWeights) { m.Hotkey = neurons[3].Hotkey().String() }},
		{"open rows", types.ErrCommitOff, func(ctx sdk.Context, _ *types.MsgCommitWeights) {
			setSubnet(t, c, ctx, func(s *subnettypes.Subnet) { s.Hyperparameters.CommitReveal = false })
		}},
		{"dissolving", types.ErrSubnetDissolving, func(ctx sdk.Context, _ *types.MsgCommitWeights) {
			setSubnet(t, c, ctx, func(s *subnettypes.Subnet) { s.DissolvesAt = 100 })
		}},
		{"no permit", types.ErrNoPermit, func(ctx sdk.Context, _ *types.MsgCommitWeights) {
			require.NoError(t, c.WeightsKeeper.Columns.Set(ctx, collections.Join(uint64(1), types.ColumnPermit), make([]byte, 4)))
		}},
		{"twice in a block", types.ErrTooSoon, func(ctx sdk.Context, m *types.MsgCommitWeights) {
			require.NoError(t, sent(t, c, ctx, m))
		}},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx, _ := at(c, 100).CacheContext()
			msg := commit(neurons[0], apptest.Row(neurons[0].Hotkey(), 3, 7))
			e.change(ctx, msg)
			require.ErrorIs(t, sent(t, c, ctx, msg), e.want)
		})
	}
}

func TestCommitsAreRateLimitedAcrossReveals(t *testing.T) {
	c, neurons := hiddenChain(t)
	setSubnet(t, c, at(c, 1), func(s *subnettypes.Subnet) { s.Hyperparameters.WeightsRateLimit = 60 })
	row := apptest.Row(neurons[0].Hotkey(), 3, 7)
	require.NoError(t, sent(t, c, at(c, 100), commit(neurons[0], row)))
	require.NoError(t, sent(t, c, at(c, 120), reveal(row)))
	err := sent(t, c, at(c, 121), commit(neurons[0], row))
	require.ErrorIs(t, err, types.ErrTooSoon, "the window of the commit at 100 is not over")
	require.ErrorContains(t, err, "160")
	require.NoError(t, sent(t, c, at(c, 160), commit(neurons[0], row)))
}

func TestCommitsAreBoundedAndExpire(t *testing.T) {
	c, neurons := hiddenChain(t)
	setSubnet(t, c, at(c, 1), func(s *subnettypes.Subnet) { s.Hyperparameters.RevealAfter = 100 })
	msg := commit(neurons[0], apptest.Row(neurons[0].Hotkey(), 3, 7))
	open := func(height int64) []types.Commit {
		res, err := queries(c).Commits(at(c, height), &types.QueryCommitsRequest{Subnet: 1})
		require.NoError(t, err)
		return res.Commits
	}
	for i := range 64 {
		require.NoError(t, sent(t, c, at(c, 100+int64(i)), msg), i)
	}
	require.Len(t, open(163), 64)
	err := sent(t, c, at(c, 164), msg)
	require.ErrorIs(t, err, types.ErrTooManyCommits)
	require.ErrorContains(t, err, "reveal the one of height 100")
	// The first could be revealed from 200 to 220.
	require.ErrorIs(t, sent(t, c, at(c, 220), msg), types.ErrTooManyCommits)
	require.NoError(t, sent(t, c, at(c, 221), msg), "it has expired")
	require.Len(t, open(221), 64)
	_, err = c.WeightsKeeper.Commits.Get(at(c, 221), collections.Join3(uint64(1), uint32(0), uint64(100)))
	require.ErrorIs(t, err, collections.ErrNotFound, "and is forgotten")
	require.Len(t, open(400), 0, "all have expired")
}

func TestRevealSupersedesOlderCommits(t *testing.T) {
	c, neurons := hiddenChain(t)
	rows := []*types.MsgSetWeights{
		apptest.Row(neurons[0].Hotkey(), 1, 1), apptest.Row(neurons[0].Hotkey(), 2, 1), apptest.Row(neurons[0].Hotkey(), 3, 1),
	}
	for i, row := range rows {
		require.NoError(t, sent(t, c, at(c, 100+int64(i)), commit(neurons[0], row)))
	}
	require.NoError(t, sent(t, c, at(c, 122), reveal(rows[1])))
	require.ErrorIs(t, sent(t, c, at(c, 122), reveal(rows[0])), types.ErrUnknownCommit)
	require.NoError(t, sent(t, c, at(c, 122), reveal(rows[2])))
}

// reportedInput is what a test needs of a scenario.
type reportedInput struct {
	CommitBlock []*uint64 `json:"commit_block"`
	LastUpdate  []uint64  `json:"last_update"`
}

func TestEpochSeesTheOldestLiveCommit(t *testing.T) {
	c, neurons := hiddenChain(t)
	c.Blocks(1) // height 2
	row := apptest.Row(neurons[0].Hotkey(), 3, 7)
	block(t, c, c.Free(neurons[0].Hot, commit(neurons[0], row))) // 3
	require.Equal(t, uint64(2), *inputAt(t, c, 4).CommitBlock[0], "who registers in the commit's own block is not meant")
	for c.Height() < 24 {
		c.Blocks(1)
	}
	block(t, c, c.Free(neurons[0].Hot, commit(neurons[0], apptest.Row(neurons[0].Hotkey(), 2, 7)))) // 25
	block(t, c, c.Free(neurons[0].Hot, reveal(row)))                                                // 26
	in := inputAt(t, c, 29)
	require.Equal(t, uint64(2), *in.CommitBlock[0], "the row in force was committed at 3, an open commit is younger")
	require.Equal(t, uint64(26), in.LastUpdate[0])
	require.Nil(t, in.CommitBlock[1])
}

// inputAt goes on to a height and reads the input of the epoch there.
func inputAt(t *testing.T, c *apptest.Chain, height int64) (in reportedInput) {
	t.Helper()
	for c.Height() < height {
		c.Blocks(1)
	}
	res, err := queries(c).EpochInput(past(t, c, height), &types.QueryEpochInputRequest{Subnet: 1})
	require.NoError(t, err)
	decode(t, res.Scenario, &in)
	return in
}

func TestWhoComesBetweenCommitAndRevealGetsNothing(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		cold := apptest.Key("newcomer/cold")
		hot := apptest.Ed25519("newcomer/hot")
		hidden := makeNeurons("hidden", 0, 0, 0, 0)
		c, neurons := hiddenChain(t, apptest.WithFunds(apptest.Address(cold), 1000*tao), apptest.WithFunds(hidden[3].Coldkey(), tao))
		var commits, reveals [][]byte
		for i := range 3 {
			row := apptest.Row(neurons[i].Hotkey(), 3, 65535)
			commits = append(commits, c.Free(neurons[i].Hot, commit(neurons[i], row)))
		}
		block(t, c, commits...)
		if replaced {
			block(t, c, c.Paid(neurons[3].Cold, &neurontypes.MsgDeregister{
				Coldkey: neurons[3].Coldkey().String(), Hotkey: neurons[3].Hotkey().String(), Subnet: 1,
			}))
			block(t, c, c.Paid(cold, consent(t, c, cold, hot)))
			uid, ok, err := c.NeuronKeeper.UID(c.Ctx(), 1, apptest.Address(hot))
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, uint16(3), uid)
		}
		for c.Height() < 25 {
			c.Blocks(1)
		}
		for i := range 3 {
			reveals = append(reveals, c.Free(neurons[i].Hot, reveal(apptest.Row(neurons[i].Hotkey(), 3, 65535))))
		}
		block(t, c, reveals...)
		c.Blocks(5) // an epoch in between
		res, err := queries(c).Neuron(c.Ctx(), &types.QueryNeuronRequest{Subnet: 1, Uid: 3})
		require.NoError(t, err)
		if replaced {
			require.Zero(t, res.Neuron.Incentive, "the rows meant whoever was there before")
			require.Zero(t, res.Neuron.ServerEmission)
		} else {
			require.Equal(t, uint32(65535), res.Neuron.Incentive)
		}
	}
}

func TestReleasedUidLosesRowCommitsAndPermit(t *testing.T) {
	c, neurons := hiddenChain(t)
	ctx := at(c, 100)
	row := apptest.Row(neurons[0].Hotkey(), 3, 7)
	require.NoError(t, sent(t, c, ctx, commit(neurons[0], row)))
	require.NoError(t, sent(t, c, at(c, 120), reveal(row)))
	require.NoError(t, sent(t, c, at(c, 120), commit(neurons[0], row)))
	_, err := c.Deliver(at(c, 121), &neurontypes.MsgDeregister{
		Coldkey: neurons[0].Coldkey().String(), Hotkey: neurons[0].Hotkey().String(), Subnet: 1,
	})
	require.NoError(t, err)
	state, err := c.WeightsKeeper.ExportGenesis(at(c, 121))
	require.NoError(t, err)
	require.Empty(t, state.Subnets[0].Rows)
	require.Empty(t, state.Subnets[0].Commits)
	for _, column := range state.Subnets[0].Columns {
		if column.Name == types.ColumnPermit {
			require.True(t, bytes.Equal(column.Data, []byte{0, 1, 1, 0}), "%v", column.Data)
		}
	}
}

// swapHotkey gives a neuron a new hotkey.
func swapHotkey(t *testing.T, c *apptest.Chain, ctx sdk.Context, n apptest.Neuron, hot cryptotypes.PrivKey) apptest.Neuron {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(hot.PubKey())
	require.NoError(t, err)
	signature, err := hot.Sign(neurontypes.ConsentBytes(apptest.ChainID, n.Coldkey(), apptest.Address(hot), 0, 1000))
	require.NoError(t, err)
	_, err = c.Deliver(ctx, &neurontypes.MsgSwapHotkey{
		Coldkey: n.Coldkey().String(), Hotkey: n.Hotkey().String(), NewHotkey: key, Expiry: 1000, Consent: signature,
	})
	require.NoError(t, err)
	n.Hot = hot
	return n
}

func TestACommitOutlivesASwapOfTheHotkey(t *testing.T) {
	c, neurons := hiddenChain(t)
	old := neurons[0]
	row := apptest.Row(old.Hotkey(), 3, 7, 1, 9)
	require.NoError(t, sent(t, c, at(c, 100), commit(old, row)))
	fresh := swapHotkey(t, c, at(c, 101), old, apptest.Ed25519("fresh"))
	other := apptest.Row(fresh.Hotkey(), 1, 1)
	require.NoError(t, sent(t, c, at(c, 102), commit(fresh, other)))

	ctx, _ := at(c, 125).CacheContext()
	require.ErrorIs(t, sent(t, c, ctx, reveal(row)), types.ErrNotRegistered, "the old hotkey has no uid")
	row.Hotkey = fresh.Hotkey().String()
	require.NoError(t, sent(t, c, ctx, reveal(row)), "the hash holds the hotkey that committed")
	require.NoError(t, sent(t, c, ctx, reveal(other)), "and this one the new hotkey")

	ctx = at(c, 125)
	stolen := commit(neurons[1], row)
	stolen.Hotkey, stolen.Hash = neurons[1].Hotkey().String(), commit(old, row).Hash
	require.NoError(t, sent(t, c, at(c, 103), stolen))
	copied := *row
	copied.Hotkey = neurons[1].Hotkey().String()
	require.ErrorIs(t, sent(t, c, ctx, reveal(&copied)), types.ErrUnknownCommit, "a copied hash is worth nothing")
}

func TestCommitsCountForTheBudget(t *testing.T) {
	c, neurons := hiddenChain(t)
	c.Blocks(1)
	block(t, c,
		c.Free(neurons[0].Hot, commit(neurons[0], apptest.Row(neurons[0].Hotkey(), 3, 7))),
		c.Free(neurons[1].Hot, commit(neurons[1], apptest.Row(neurons[1].Hotkey(), 3, 7))))
	epoch := of[*types.EventEpoch](block(t, c)) // at 4
	require.Len(t, epoch, 1)
	require.Equal(t, uint64(2), epoch[0].Epoch.Nonzeros, "there are no rows and no bonds")
}
