package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"cosmossdk.io/collections"

	"github.com/taonet/taonet/app/apptest"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
)

// broken is one way in which a row breaks a rule.
type broken struct {
	name string
	want error
	says string
	// how changes state and message; it must leave other rules broken.
	how func(t *testing.T, c *apptest.Chain, ctx sdk.Context, msg *types.MsgSetWeights)
}

func hyper(change func(*subnettypes.Hyperparameters)) func(*testing.T, *apptest.Chain, sdk.Context, *types.MsgSetWeights) {
	return func(t *testing.T, c *apptest.Chain, ctx sdk.Context, _ *types.MsgSetWeights) {
		setSubnet(t, c, ctx, func(s *subnettypes.Subnet) { change(&s.Hyperparameters) })
	}
}

// rules are the checks of MsgSetWeights in the documented order.
func rules() []broken {
	type h = subnettypes.Hyperparameters
	return []broken{
		{"unknown subnet", subnettypes.ErrUnknownSubnet, "9", func(_ *testing.T, _ *apptest.Chain, _ sdk.Context, m *types.MsgSetWeights) {
			m.Subnet = 9
		}},
		{"unequal lengths", types.ErrLengths, "uids and", func(_ *testing.T, _ *apptest.Chain, _ sdk.Context, m *types.MsgSetWeights) {
			m.Weights = append(m.Weights, 1)
		}},
		{"too long", types.ErrTooLong, "the bound is 1", hyper(func(p *h) { p.MaxRow = 1 })},
		{"not registered", types.ErrNotRegistered, "taod tx neuron register", func(_ *testing.T, _ *apptest.Chain, _ sdk.Context, m *types.MsgSetWeights) {
			m.Hotkey = apptest.Address(apptest.Ed25519("stranger")).String()
		}},
		{"too little stake", types.ErrNotEnoughStake, "tao, the least is 900tao", hyper(func(p *h) { p.MinStake = 900 * tao })},
		{"old version", types.ErrVersion, "the least is 7", hyper(func(p *h) { p.WeightsVersion = 7 })},
		{"too soon", types.ErrTooSoon, "next row at height 150", func(t *testing.T, c *apptest.Chain, ctx sdk.Context, _ *types.MsgSetWeights) {
			row := types.StoredRow{Updated: 50, Written: 50}
			require.NoError(t, c.WeightsKeeper.Rows.Set(ctx, collections.Join(uint64(1), uint32(0)), row.Bytes()))
			hyper(func(p *h) { p.WeightsRateLimit = 100 })(t, c, ctx, nil)
		}},
		{"no permit", types.ErrNoPermit, "permits are renewed at height 101", func(t *testing.T, c *apptest.Chain, ctx sdk.Context, _ *types.MsgSetWeights) {
			require.NoError(t, c.WeightsKeeper.Columns.Set(ctx, collections.Join(uint64(1), types.ColumnPermit), make([]byte, 4)))
		}},
		{"twice", types.ErrDuplicate, "uid 1", func(_ *testing.T, _ *apptest.Chain, _ sdk.Context, m *types.MsgSetWeights) {
			m.Uids[1] = m.Uids[0]
		}},
		{"unknown uid", types.ErrUnknownUID, "uid 99, subnet 1 has 0..3", func(_ *testing.T, _ *apptest.Chain, _ sdk.Context, m *types.MsgSetWeights) {
			m.Uids[2] = 99
		}},
		{"too few", types.ErrTooFew, "the least is 10", hyper(func(p *h) { p.MinAllowedWeights = 10 })},
		{"too large", types.ErrMaxWeight, "one holds 30 of 60", hyper(func(p *h) { p.MaxWeight = 1000 })},
		{"open row", types.ErrCommitRequired, "taod tx weights commit", hyper(func(p *h) { p.CommitReveal = true })},
	}
}

func rowChain(t *testing.T) (*apptest.Chain, []apptest.Neuron) {
	t.Helper()
	neurons := makeNeurons("rows", 100*tao, 100*tao, 100*tao, 0)
	return apptest.New(t, apptest.WithNeurons(neurons...)), neurons
}

// checked runs a message at height 100 and the check of the free lane beside it.
func checked(t *testing.T, c *apptest.Chain, ctx sdk.Context, msg *types.MsgSetWeights) error {
	t.Helper()
	check := c.WeightsKeeper.CheckRow(ctx, msg)
	_, err := c.Deliver(ctx, msg)
	if check == nil {
		require.NoError(t, err)
		return nil
	}
	require.EqualError(t, err, check.Error(), "the free lane sees what the message meets")
	return err
}

func TestSetWeightsChecksInOrder(t *testing.T) {
	c, neurons := rowChain(t)
	all := rules()
	for i, first := range all {
		for j := i; j < len(all); j++ {
			second := all[j]
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				ctx, _ := at(c, 100).CacheContext()
				msg := apptest.Row(neurons[0].Hotkey(), 1, 10, 2, 20, 3, 30)
				second.how(t, c, ctx, msg)
				if i != j {
					first.how(t, c, ctx, msg)
				}
				err := checked(t, c, ctx, msg)
				require.ErrorIs(t, err, first.want)
				if i == j {
					require.ErrorContains(t, err, first.says)
				}
			})
		}
	}
}

func TestSetWeightsStoresSortedAndScaled(t *testing.T) {
	c, neurons := rowChain(t)
	ctx := at(c, 100)
	require.NoError(t, checked(t, c, ctx, apptest.Row(neurons[0].Hotkey(), 3, 30, 1, 10, 2, 0)))
	res, err := queries(c).Row(ctx, &types.QueryRowRequest{Subnet: 1, Uid: 0})
	require.NoError(t, err)
	require.Equal(t, types.Row{
		Subnet: 1, Uid: 0, Updated: 100, Written: 100, Entries: []types.Entry{{Uid: 1, Value: 21845}, {Uid: 3, Value: 65535}},
	}, res.Row)
}

func TestSetWeightsEdges(t *testing.T) {
	c, neurons := rowChain(t)
	none := func(t *testing.T, ctx sdk.Context) {
		require.NoError(t, c.WeightsKeeper.Columns.Set(ctx, collections.Join(uint64(1), types.ColumnPermit), make([]byte, 4)))
	}
	for _, e := range []struct {
		name   string
		sender int
		pairs  []uint32
		change func(*subnettypes.Subnet)
		permit bool
		want   error
	}{
		{name: "a uid beyond the last twice is twice", pairs: []uint32{99, 1, 99, 1}, permit: true, want: types.ErrDuplicate},
		{name: "weight above u16", pairs: []uint32{1, 70_000}, permit: true, want: types.ErrInvalidWeight},
		{name: "lone self weight needs no permit", pairs: []uint32{0, 5}},
		{name: "lone weight for another does", pairs: []uint32{1, 5}, want: types.ErrNoPermit},
		{name: "two with oneself do", pairs: []uint32{0, 5, 1, 5}, want: types.ErrNoPermit},
		{name: "an empty row does", want: types.ErrNoPermit},
		{name: "no stake at all", sender: 3, pairs: []uint32{1, 5}, want: types.ErrNotEnoughStake},
		{name: "no stake where none is needed", sender: 3, pairs: []uint32{1, 5}, change: func(s *subnettypes.Subnet) {
			s.Hyperparameters.MinStake = 0
		}, want: types.ErrNoPermit},
		{name: "zero weights are none", pairs: []uint32{1, 0, 2, 0}, permit: true, want: types.ErrTooFew},
		{name: "a lone self weight may hold the whole row", pairs: []uint32{0, 9}, change: func(s *subnettypes.Subnet) {
			s.Hyperparameters.MaxWeight, s.Hyperparameters.MinAllowedWeights = 1, 3
		}},
		{name: "exactly max_weight passes", pairs: []uint32{1, 1, 2, 1, 3, 1}, permit: true, change: func(s *subnettypes.Subnet) {
			s.Hyperparameters.MaxWeight = 21845
		}},
		{name: "above max_weight fails", pairs: []uint32{1, 1, 2, 1, 3, 1}, permit: true, want: types.ErrMaxWeight, change: func(s *subnettypes.Subnet) {
			s.Hyperparameters.MaxWeight = 21844
		}},
		{name: "the last version passes", pairs: []uint32{1, 1}, permit: true, change: func(s *subnettypes.Subnet) {
			s.Hyperparameters.WeightsVersion = 0
		}},
		{name: "a dissolved subnet takes nothing", pairs: []uint32{1, 1}, permit: true, want: types.ErrSubnetDissolving, change: func(s *subnettypes.Subnet) {
			s.DissolvesAt = 100
		}},
		{name: "before it dissolves it does", pairs: []uint32{1, 1}, permit: true, change: func(s *subnettypes.Subnet) {
			s.DissolvesAt = 101
		}},
		{name: "the owner needs neither stake nor permit", sender: 3, pairs: []uint32{1, 1}, change: func(s *subnettypes.Subnet) {
			s.Owner = neurons[3].Coldkey().String()
		}},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx, _ := at(c, 100).CacheContext()
			if !e.permit {
				none(t, ctx)
			}
			if e.change != nil {
				setSubnet(t, c, ctx, e.change)
			}
			err := checked(t, c, ctx, apptest.Row(neurons[e.sender].Hotkey(), e.pairs...))
			if e.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, e.want)
			}
		})
	}
}

func TestRateLimitCountsFromTheLastRow(t *testing.T) {
	c, neurons := rowChain(t)
	setSubnet(t, c, at(c, 1), func(s *subnettypes.Subnet) { s.Hyperparameters.WeightsRateLimit = 7 })
	msg := apptest.Row(neurons[0].Hotkey(), 1, 1)
	require.NoError(t, checked(t, c, at(c, 100), msg))
	require.ErrorIs(t, checked(t, c, at(c, 106), msg), types.ErrTooSoon)
	require.NoError(t, checked(t, c, at(c, 107), msg))
	// CheckTx looks at the state of the last block and means the next one.
	require.ErrorIs(t, c.WeightsKeeper.CheckRow(at(c, 112).WithIsCheckTx(true), msg), types.ErrTooSoon)
	require.NoError(t, c.WeightsKeeper.CheckRow(at(c, 113).WithIsCheckTx(true), msg))
}

func TestGenesisNeuronsWithStakeHavePermits(t *testing.T) {
	neurons := makeNeurons("permits", 1*tao, 3*tao, 0, 2*tao)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.MaxValidators, h.Tempo = 2, 1000
	}))
	res, err := queries(c).Bonds(c.Ctx(), &types.QueryBondsRequest{Subnet: 1})
	require.NoError(t, err)
	require.Equal(t, []bool{false, true, false, true}, res.Permits)
}

func TestAmountsInErrorsHaveAUnit(t *testing.T) {
	c, neurons := rowChain(t) // uid 3 has no stake
	ctx := at(c, 100)
	setSubnet(t, c, ctx, func(s *subnettypes.Subnet) { s.Hyperparameters.MinStake = 0 })
	err := c.WeightsKeeper.CheckRow(ctx, apptest.Row(neurons[3].Hotkey(), 1, 1))
	require.ErrorContains(t, err, "no permit yet: stake 0.000000001tao, have 0tao")
	setSubnet(t, c, ctx, func(s *subnettypes.Subnet) { s.Hyperparameters.MinStake = tao })
	err = c.WeightsKeeper.CheckRow(ctx, apptest.Row(neurons[3].Hotkey(), 1, 1))
	require.ErrorContains(t, err, "uid 3 has 0tao, the least is 1tao")
}

func TestNewParametersAreAnEvent(t *testing.T) {
	c, _ := rowChain(t)
	params := types.Params{EpochBudget: 77, MaxCommits: 3}
	ctx := at(c, 100)
	res, err := c.Deliver(ctx, &types.MsgUpdateParams{Authority: c.WeightsKeeper.Authority(), Params: params})
	require.NoError(t, err)
	updated := of[*types.EventParamsUpdated](typed(res.Events))
	require.Len(t, updated, 1)
	require.Equal(t, types.EventParamsUpdated{Authority: c.WeightsKeeper.Authority(), Params: params}, *updated[0])
	_, err = c.Deliver(ctx, &types.MsgUpdateParams{Authority: apptest.Address(apptest.Key("somebody")).String(), Params: params})
	require.ErrorIs(t, err, types.ErrUnauthorized)
}
