package keeper_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/neuron/keeper"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

var buyer = apptest.Key("buyer")

// rowKey is the key of what a uid has.
func rowKey(subnet uint64, uid uint32) collections.Pair[uint64, uint32] {
	return collections.Join(subnet, uid)
}

// smallChain has three uids, all taken, and a buyer of a fourth.
func smallChain(t testing.TB, change func(*subnettypes.Hyperparameters), edit func(*state)) (*apptest.Chain, []apptest.Neuron) {
	t.Helper()
	neurons := []apptest.Neuron{apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 50*tao), apptest.NewNeuron("c", 10*tao)}
	options := []apptest.Option{
		apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(buyer), 1000*tao),
		apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
			h.MaxUids = 3
			if change != nil {
				change(h)
			}
		}),
		withState(func(s *state) {
			still(s)
			if edit != nil {
				edit(s)
			}
		}),
	}
	for _, n := range neurons {
		options = append(options, apptest.WithFunds(n.Coldkey(), 100*tao))
	}
	return apptest.New(t, options...), neurons
}

func uidOf(t testing.TB, c *apptest.Chain, ctx sdk.Context, subnet uint64, hotkey sdk.AccAddress) (int, bool) {
	t.Helper()
	uid, ok, err := c.NeuronKeeper.UID(ctx, subnet, hotkey)
	require.NoError(t, err)
	if ok {
		at, known, err := c.NeuronKeeper.HotkeyAt(ctx, subnet, uid)
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, []byte(hotkey), at, "the maps are each other's inverse")
	}
	return int(uid), ok
}

func register(t testing.TB, hot cryptotypes.PrivKey) *types.MsgRegister {
	t.Helper()
	return agreed(t, apptest.Address(buyer), hot, 1, 100_000, 1000*tao)
}

func TestRegistrationFillsHolesThenReplaces(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	queries := keeper.NewQueryServer(c.NeuronKeeper)
	ctx := at(c, 10)
	// All are immune for 20 blocks from genesis.
	refused(t, c, ctx, register(t, apptest.Ed25519("x")), types.ErrAllImmune, "subnet 1 has 3", "height 20")
	ctx = ctx.WithBlockHeight(19)
	refused(t, c, ctx, register(t, apptest.Ed25519("x")), types.ErrAllImmune, "height 20")

	// A hole is taken first, immune or not.
	run[*types.MsgDeregisterResponse](t, c, ctx, &types.MsgDeregister{Coldkey: neurons[1].Coldkey().String(), Hotkey: neurons[1].Hotkey().String(), Subnet: 1})
	_, registered := uidOf(t, c, ctx, 1, neurons[1].Hotkey())
	require.False(t, registered)
	coldkey, known, err := c.NeuronKeeper.Coldkey(ctx, neurons[1].Hotkey())
	require.NoError(t, err)
	require.True(t, known, "whose it is outlives the uid")
	require.Equal(t, neurons[1].Coldkey(), coldkey)
	require.Equal(t, uint64(50*tao), hotkeyOf(t, c, ctx, neurons[1].Hotkey()).Assets, "and so does the pool")
	refused(t, c, ctx, &types.MsgDeregister{Coldkey: neurons[1].Coldkey().String(), Hotkey: neurons[1].Hotkey().String(), Subnet: 1}, types.ErrNotRegistered, "subnet 1")
	require.Equal(t, uint32(1), run[*types.MsgRegisterResponse](t, c, ctx, register(t, apptest.Ed25519("x"))).Uid)

	// At 20 the two of genesis may go: the one that earned least.
	ctx = ctx.WithBlockHeight(20)
	earn(t, c, ctx, 0, 5, 0)
	earn(t, c, ctx, 2, 6, 0)
	next, err := queries.Price(ctx, &types.QueryPriceRequest{Subnet: 1})
	require.NoError(t, err)
	require.True(t, next.Replaces)
	require.Equal(t, neurons[0].Hotkey().String(), next.NextHotkey)
	before := balance(c, ctx, apptest.Address(buyer))
	res := run[*types.MsgRegisterResponse](t, c, ctx, register(t, apptest.Ed25519("y")))
	require.Equal(t, uint32(0), res.Uid)
	require.Equal(t, next.Price, res.Price)
	require.Equal(t, before-res.Price, balance(c, ctx, apptest.Address(buyer)))
	require.Equal(t, uint64(100*tao+5), hotkeyOf(t, c, ctx, neurons[0].Hotkey()).Assets, "what it was owed is settled")
	columns, err := c.NeuronKeeper.Columns(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, []uint64{0, 0, 10 * tao}, columns.Stake)
	require.Equal(t, []uint64{20, 19, 0}, columns.Registered)
	require.Equal(t, []uint64{0, 0, 6}, columns.RecentPay)
	require.NoError(t, c.Invariants(ctx))

	// Only c is left to go, then nobody until 39.
	require.Equal(t, uint32(2), run[*types.MsgRegisterResponse](t, c, ctx, register(t, apptest.Ed25519("z"))).Uid)
	refused(t, c, ctx, register(t, apptest.Ed25519("w")), types.ErrAllImmune, "height 39")
	// Who lost its uid may buy one again, with its pool.
	ctx = ctx.WithBlockHeight(39)
	back := agreed(t, neurons[0].Coldkey(), neurons[0].Hot, 1, 100_000, 1000*tao)
	require.Equal(t, uint32(1), run[*types.MsgRegisterResponse](t, c, ctx, back).Uid)
	stake, err := c.NeuronKeeper.StakeAt(ctx, 1, 1)
	require.NoError(t, err)
	require.Equal(t, uint64(100*tao+5), stake)
	require.NoError(t, c.Invariants(ctx))
}

// Ties in pay are broken by age, then by uid.
func TestReplacedAmongEquals(t *testing.T) {
	c, _ := smallChain(t, func(h *subnettypes.Hyperparameters) { h.Immunity = 0 }, nil)
	ctx := at(c, 10)
	for i, uid := range []uint32{0, 1, 2, 0} {
		require.Equal(t, uid, run[*types.MsgRegisterResponse](t, c, ctx.WithBlockHeight(int64(10+i)), register(t, apptest.Ed25519(fmt.Sprint("x", i)))).Uid)
	}
}

func TestOwnersNeuronIsNeverReplaced(t *testing.T) {
	owner := apptest.NewNeuron("a", 0).Coldkey()
	c, neurons := smallChain(t, func(h *subnettypes.Hyperparameters) { h.Immunity, h.MaxUids = 0, 3 }, func(s *state) {
		s.subnet.Subnets[0].Owner = owner.String()
	})
	ctx := at(c, 10)
	for i := range 5 {
		require.NotZero(t, run[*types.MsgRegisterResponse](t, c, ctx, register(t, apptest.Ed25519(fmt.Sprint("x", i)))).Uid)
	}
	uid, registered := uidOf(t, c, ctx, 1, neurons[0].Hotkey())
	require.True(t, registered)
	require.Zero(t, uid)
	setSubnet(t, c, ctx, 1, func(s *subnettypes.Subnet) { s.Hyperparameters.MaxUids, s.Hyperparameters.Immunity = 1, 1_000_000 })
	refused(t, c, ctx, register(t, apptest.Ed25519("y")), types.ErrAllImmune, "subnet 1")
	require.NoError(t, c.Invariants(ctx))
}

func TestClosedAndDissolvingSubnetsTakeNobody(t *testing.T) {
	c, _ := smallChain(t, nil, nil)
	ctx := at(c, 30)
	for _, e := range []struct {
		change func(*subnettypes.Subnet)
		want   error
	}{
		{func(s *subnettypes.Subnet) { s.Hyperparameters.RegistrationOpen = false }, types.ErrClosed},
		{func(s *subnettypes.Subnet) { s.DissolvesAt = 500 }, types.ErrSubnetDissolving},
	} {
		cached, _ := ctx.CacheContext()
		setSubnet(t, c, cached, 1, e.change)
		refused(t, c, cached, register(t, apptest.Ed25519("x")), e.want, "subnet 1")
	}
}

func TestSwapHotkeyKeepsEverything(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	a, other := neurons[0], apptest.Address(buyer)
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(other, a.Hotkey(), 7*tao))
	run[*types.MsgRemoveStakeResponse](t, c, ctx, unstake(other, a.Hotkey(), tao))
	row := apptest.Row(a.Hotkey(), 1, 3, 2, 4)
	run[*weightstypes.MsgSetWeightsResponse](t, c, ctx, row)
	earn(t, c, ctx, 0, 11, 13)
	before := hotkeyOf(t, c, ctx, a.Hotkey())
	columns, err := c.NeuronKeeper.Columns(ctx, 1)
	require.NoError(t, err)

	fresh := apptest.Ed25519("fresh")
	run[*types.MsgSwapHotkeyResponse](t, c, ctx, swapped(t, a, fresh, 100))
	after := hotkeyOf(t, c, ctx, apptest.Address(fresh))
	before.Address = after.Address
	require.Equal(t, before, after, "take, payout, pool and age")
	known, err := c.NeuronKeeper.IsHotkey(ctx, a.Hotkey())
	require.NoError(t, err)
	require.False(t, known)
	uid, registered := uidOf(t, c, ctx, 1, apptest.Address(fresh))
	require.True(t, registered)
	require.Zero(t, uid)
	now, err := c.NeuronKeeper.Columns(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, columns, now, "stake, age, owed and recent pay")
	has, err := c.WeightsKeeper.Rows.Has(ctx, rowKey(1, 0))
	require.NoError(t, err)
	require.True(t, has, "the row stays")
	unbonding, err := c.NeuronKeeper.Unbondings.Get(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, after.Address, unbonding.Hotkey)
	require.NoError(t, c.Invariants(ctx))

	// The old key is nobody's any more; others' stake and unbonding go on at the new.
	refused(t, c, ctx, unstake(other, a.Hotkey(), tao), types.ErrUnknownHotkey, a.Hotkey().String())
	run[*types.MsgCancelUnbondingResponse](t, c, ctx, &types.MsgCancelUnbonding{Coldkey: other.String(), Unbonding: 1})
	got := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(other, apptest.Address(fresh))).Amount
	require.GreaterOrEqual(t, got, uint64(7*tao-2))
	require.NoError(t, c.Invariants(ctx))
}

func TestSwapColdkey(t *testing.T) {
	c, neurons := smallChain(t, nil, func(s *state) { s.neuron.Params.ColdkeySwapDelay = 50 })
	a, next := neurons[0], apptest.Address(apptest.Key("next"))
	old := a.Coldkey()
	ctx := at(c, 10)
	ask := &types.MsgSwapColdkey{Coldkey: old.String(), NewColdkey: next.String()}
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(old, neurons[1].Hotkey(), 5*tao))
	run[*types.MsgRemoveStakeResponse](t, c, ctx, unstake(old, a.Hotkey(), 3*tao))
	run[*types.MsgSetIdentityResponse](t, c, ctx, &types.MsgSetIdentity{Coldkey: old.String(), Identity: types.Identity{Name: "Ada"}})

	require.Equal(t, uint64(60), run[*types.MsgSwapColdkeyResponse](t, c, ctx, ask).Height)
	refused(t, c, ctx, ask, types.ErrSwapPending, "height 60")
	run[*types.MsgCancelColdkeySwapResponse](t, c, ctx, &types.MsgCancelColdkeySwap{Coldkey: old.String()})
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(60)))
	require.Equal(t, old.String(), hotkeyOf(t, c, ctx, a.Hotkey()).Coldkey, "a swap that was cancelled does not come")

	ctx = ctx.WithBlockHeight(61)
	require.Equal(t, uint64(111), run[*types.MsgSwapColdkeyResponse](t, c, ctx, ask).Height)
	earn(t, c, ctx, 0, 9, 0)
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(110)))
	require.Equal(t, old.String(), hotkeyOf(t, c, ctx, a.Hotkey()).Coldkey, "a block before")
	ctx = ctx.WithBlockHeight(111)
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx))
	require.Equal(t, next.String(), hotkeyOf(t, c, ctx, a.Hotkey()).Coldkey)
	identity, err := c.NeuronKeeper.Identities.Get(ctx, next)
	require.NoError(t, err)
	require.Equal(t, "Ada", identity.Name)
	unbonding, err := c.NeuronKeeper.Unbondings.Get(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, next.String(), unbonding.Coldkey)
	refused(t, c, ctx, unstakeAll(old, a.Hotkey()), types.ErrNotEnoughStake, old.String())
	own := run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(next, a.Hotkey())).Amount
	require.GreaterOrEqual(t, own+1, uint64(97*tao+9), "what was owed moved too")
	require.Equal(t, uint64(5*tao), run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(next, neurons[1].Hotkey())).Amount)
	refused(t, c, ctx, &types.MsgCancelColdkeySwap{Coldkey: old.String()}, types.ErrNoSwap, old.String())
	require.NoError(t, c.Invariants(ctx))
}

// A new coldkey that became a hotkey in the meantime cannot own anything.
func TestSwapColdkeyToWhatBecameAHotkey(t *testing.T) {
	c, neurons := smallChain(t, nil, func(s *state) { s.neuron.Params.ColdkeySwapDelay = 50 })
	ctx := at(c, 30)
	hot := apptest.Ed25519("x")
	old := neurons[0].Coldkey()
	run[*types.MsgSwapColdkeyResponse](t, c, ctx, &types.MsgSwapColdkey{Coldkey: old.String(), NewColdkey: apptest.Address(hot).String()})
	run[*types.MsgRegisterResponse](t, c, ctx, register(t, hot))
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(80)))
	require.Equal(t, old.String(), hotkeyOf(t, c, ctx, neurons[0].Hotkey()).Coldkey)
	refused(t, c, ctx, &types.MsgCancelColdkeySwap{Coldkey: old.String()}, types.ErrNoSwap)
	require.NoError(t, c.Invariants(ctx))
}

// An owner of more than a block may move: every block leaves a whole state.
func TestSwapOfALargeOwnerTakesBlocks(t *testing.T) {
	c, neurons := smallChain(t, func(h *subnettypes.Hyperparameters) {
		h.MaxUids, h.BurnCeiling, h.BurnFloor = 1000, 1, 1
	}, func(s *state) { s.neuron.Params.ColdkeySwapDelay = 1 })
	ctx := at(c, 10)
	old, next := apptest.Address(buyer), apptest.Address(apptest.Key("next"))
	for i := range 150 {
		hot := apptest.Ed25519(fmt.Sprint("many/", i))
		run[*types.MsgRegisterResponse](t, c, ctx, register(t, hot))
		run[*types.MsgAddStakeResponse](t, c, ctx, stake(old, apptest.Address(hot), 1000))
	}
	run[*types.MsgSwapColdkeyResponse](t, c, ctx, &types.MsgSwapColdkey{Coldkey: old.String(), NewColdkey: next.String()})
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(11)))
	require.NoError(t, c.Invariants(ctx))
	pending, err := c.NeuronKeeper.Swaps.Get(ctx, old)
	require.NoError(t, err, "150 hotkeys, uids and positions, 200 records a block")
	require.Equal(t, uint64(12), pending.Height)
	for height := int64(12); height <= 14; height++ {
		require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(height)))
		require.NoError(t, c.Invariants(ctx))
	}
	has, err := c.NeuronKeeper.Swaps.Has(ctx, old)
	require.NoError(t, err)
	require.False(t, has)
	gs, err := c.NeuronKeeper.ExportGenesis(ctx)
	require.NoError(t, err)
	for _, h := range gs.Hotkeys {
		require.NotEqual(t, old.String(), h.Coldkey)
	}
	for _, p := range gs.Positions {
		require.NotEqual(t, old.String(), p.Coldkey)
	}
	require.Len(t, gs.Hotkeys, 150+len(neurons))
}

func TestUnbonding(t *testing.T) {
	c, neurons := smallChain(t, nil, func(s *state) {
		s.neuron.Params.Unbonding, s.neuron.Params.MaxUnbondings, s.neuron.Params.MaxCompletions = 100, 3, 2
	})
	who, at1 := apptest.Address(buyer), neurons[0].Hotkey()
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(who, at1, 10*tao))
	before := balance(c, ctx, who)
	for i := range uint64(3) {
		res := run[*types.MsgRemoveStakeResponse](t, c, ctx.WithBlockHeight(int64(10+i)), unstake(who, at1, tao))
		require.Equal(t, i+1, res.Unbonding)
		require.Equal(t, 110+i, res.Completes)
		require.Equal(t, uint64(tao), res.Amount)
	}
	refused(t, c, ctx, unstake(who, at1, tao), types.ErrTooManyUnbondings, "the bound is 3", "height 110")
	require.Equal(t, uint64(107*tao), hotkeyOf(t, c, ctx, at1).Assets, "it left the pool at once")
	earn(t, c, ctx, 0, 0, tao)

	// A cancelled one goes back; it earned nothing while it was out.
	run[*types.MsgCancelUnbondingResponse](t, c, ctx, &types.MsgCancelUnbonding{Coldkey: who.String(), Unbonding: 2})
	refused(t, c, ctx, &types.MsgCancelUnbonding{Coldkey: who.String(), Unbonding: 2}, types.ErrUnknownUnbonding, "unbonding 2")
	run[*types.MsgRemoveStakeResponse](t, c, ctx.WithBlockHeight(12), unstake(who, at1, tao))
	require.NoError(t, c.Invariants(ctx))

	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(109)))
	require.Equal(t, before, balance(c, ctx, who))
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(110)))
	require.Equal(t, before+tao, balance(c, ctx, who), "a fixed amount")
	refused(t, c, ctx, &types.MsgCancelUnbonding{Coldkey: who.String(), Unbonding: 1}, types.ErrUnknownUnbonding)
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(200)))
	require.Equal(t, before+3*tao, balance(c, ctx, who))
	require.NoError(t, c.Invariants(ctx))
}

func TestCompletionsPerBlockAreBounded(t *testing.T) {
	c, neurons := smallChain(t, nil, func(s *state) {
		s.neuron.Params.Unbonding, s.neuron.Params.MaxUnbondings, s.neuron.Params.MaxCompletions = 10, 100, 2
	})
	who, at1 := apptest.Address(buyer), neurons[0].Hotkey()
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(who, at1, 10*tao))
	before := balance(c, ctx, who)
	for range 5 {
		run[*types.MsgRemoveStakeResponse](t, c, ctx, unstake(who, at1, tao))
	}
	for i, total := range []uint64{2, 4, 5, 5} {
		require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(int64(20+i))))
		require.Equal(t, before+total*tao, balance(c, ctx, who))
		require.NoError(t, c.Invariants(ctx))
	}
}

func TestMoveStake(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	who := apptest.Address(buyer)
	from, to, third := neurons[0].Hotkey(), neurons[1].Hotkey(), neurons[2].Hotkey()
	move := func(from, to sdk.AccAddress, amount uint64) *types.MsgMoveStake {
		return &types.MsgMoveStake{Coldkey: who.String(), From: from.String(), To: to.String(), Amount: apptest.Coin(amount)}
	}
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(who, from, 10*tao))
	require.Equal(t, uint64(4*tao), run[*types.MsgMoveStakeResponse](t, c, ctx, move(from, to, 4*tao)).Amount)
	require.Equal(t, uint64(106*tao), hotkeyOf(t, c, ctx, from).Assets)
	require.Equal(t, uint64(54*tao), hotkeyOf(t, c, ctx, to).Assets)
	refused(t, c, ctx.WithBlockHeight(369), move(to, third, tao), types.ErrTooSoon, "360 blocks", "height 370")
	run[*types.MsgMoveStakeResponse](t, c, ctx.WithBlockHeight(370), move(to, third, tao))
	refused(t, c, ctx.WithBlockHeight(370), move(from, to, 7*tao), types.ErrNotEnoughStake, "6000000000")
	everything := move(from, to, 0)
	everything.All = true
	require.Equal(t, uint64(6*tao), run[*types.MsgMoveStakeResponse](t, c, ctx.WithBlockHeight(370), everything).Amount)
	refused(t, c, ctx.WithBlockHeight(900), everything, types.ErrNotEnoughStake, who.String())
	require.NoError(t, c.Invariants(ctx))
}

func TestACancelledUnbondingCannotMoveOn(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	who := apptest.Address(buyer)
	from, to, third := neurons[0].Hotkey(), neurons[1].Hotkey(), neurons[2].Hotkey()
	everything := func(from, to sdk.AccAddress) *types.MsgMoveStake {
		return &types.MsgMoveStake{Coldkey: who.String(), From: from.String(), To: to.String(), Amount: apptest.Coin(0), All: true}
	}
	ctx := at(c, 10)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(who, from, 10*tao))
	run[*types.MsgMoveStakeResponse](t, c, ctx, everything(from, to))
	run[*types.MsgRemoveStakeResponse](t, c, ctx, unstakeAll(who, to)) // the position, and when it moved, is gone
	run[*types.MsgCancelUnbondingResponse](t, c, ctx, &types.MsgCancelUnbonding{Coldkey: who.String(), Unbonding: 1})
	refused(t, c, ctx, everything(to, third), types.ErrTooSoon, "360 blocks", "height 370")
	run[*types.MsgMoveStakeResponse](t, c, ctx.WithBlockHeight(370), everything(to, third))
}

func TestTake(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	a := neurons[0]
	set := func(take uint32) *types.MsgSetTake {
		return &types.MsgSetTake{Coldkey: a.Coldkey().String(), Hotkey: a.Hotkey().String(), Take: take}
	}
	ctx := at(c, 10)
	other := apptest.Address(buyer)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(other, a.Hotkey(), 100*tao))
	refused(t, c, ctx, set(180_001), types.ErrInvalidTake, "180001", "180000")
	// Dividends of others' stake under the old take of 18 %: 9 of 100 tao.
	earn(t, c, ctx, 0, 0, 100*tao)
	run[*types.MsgSetTakeResponse](t, c, ctx, set(0))
	value := func() uint64 {
		cached, _ := ctx.CacheContext()
		return run[*types.MsgRemoveStakeResponse](t, c, cached, unstakeAll(other, a.Hotkey())).Amount
	}
	require.InDelta(t, 100*tao+(100*tao-9*tao)/2, value(), 10)
	// Without a take all dividends are the stakers'.
	was := value()
	earn(t, c, ctx, 0, 0, 100*tao)
	run[*types.MsgAddStakeResponse](t, c, ctx, stake(other, a.Hotkey(), 1))
	shares := float64(was) / (300 * tao)
	require.InDelta(t, float64(was)+shares*100*tao, float64(value()), 10)

	refused(t, c, ctx, set(10_001), types.ErrInvalidTake, "10001", "10000")
	run[*types.MsgSetTakeResponse](t, c, ctx, set(10_000))
	refused(t, c, ctx.WithBlockHeight(10+86_399), set(20_000), types.ErrTooSoon, "height 86410")
	run[*types.MsgSetTakeResponse](t, c, ctx.WithBlockHeight(10+86_400), set(20_000))
	run[*types.MsgSetTakeResponse](t, c, ctx.WithBlockHeight(10+86_400), set(5)) // lowered at once
	require.NoError(t, c.Invariants(ctx))
}

func TestPayout(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	a := neurons[0]
	set := func(payout types.Payout) *types.MsgSetPayout {
		return &types.MsgSetPayout{Coldkey: a.Coldkey().String(), Hotkey: a.Hotkey().String(), Payout: payout}
	}
	ctx := at(c, 10)
	before := balance(c, ctx, a.Coldkey())
	earn(t, c, ctx, 0, 7*tao, 0)
	run[*types.MsgSetPayoutResponse](t, c, ctx, set(types.PAYOUT_BALANCE))
	require.Equal(t, uint64(107*tao), hotkeyOf(t, c, ctx, a.Hotkey()).Assets, "earned under the old one")
	require.Equal(t, before, balance(c, ctx, a.Coldkey()))
	earn(t, c, ctx, 0, 5*tao, 3*tao)
	require.NoError(t, c.NeuronKeeper.SettleNext(ctx, 1))
	require.Equal(t, before+5*tao, balance(c, ctx, a.Coldkey()), "incentive to the balance")
	require.Equal(t, uint64(110*tao), hotkeyOf(t, c, ctx, a.Hotkey()).Assets, "dividends stay")
	run[*types.MsgSetPayoutResponse](t, c, ctx, set(types.PAYOUT_STAKE))
	earn(t, c, ctx, 0, tao, 0)
	require.NoError(t, c.NeuronKeeper.SettleNext(ctx, 1))
	require.Equal(t, uint64(111*tao), hotkeyOf(t, c, ctx, a.Hotkey()).Assets)
	require.NoError(t, c.Invariants(ctx))
}

func TestServeAndRetire(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	a := neurons[0]
	msg := (&world{}).axon(a)
	ctx := at(c, 10)
	run[*types.MsgServeResponse](t, c, ctx, msg)
	axon, err := c.NeuronKeeper.Axons.Get(ctx, rowKey(1, 0))
	require.NoError(t, err)
	require.Equal(t, uint64(10), axon.Height)
	require.Equal(t, msg.Host, axon.Host)
	require.Equal(t, msg.Prices, axon.Prices)
	refused(t, c, ctx.WithBlockHeight(69), msg, types.ErrTooSoon, "60 blocks", "height 70")
	msg.Host = "2001:db8::1"
	run[*types.MsgServeResponse](t, c, ctx.WithBlockHeight(70), msg)
	endpoints, err := c.NeuronKeeper.Endpoints(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, map[uint32]string{0: "[2001:db8::1]:8091"}, endpoints)
	run[*types.MsgRetireResponse](t, c, ctx, &types.MsgRetire{Hotkey: a.Hotkey().String(), Subnet: 1})
	refused(t, c, ctx, &types.MsgRetire{Hotkey: a.Hotkey().String(), Subnet: 1}, types.ErrInvalidAxon, "uid 0")

	// An axon goes with its uid.
	run[*types.MsgServeResponse](t, c, ctx.WithBlockHeight(200), msg)
	run[*types.MsgDeregisterResponse](t, c, ctx, &types.MsgDeregister{Coldkey: a.Coldkey().String(), Hotkey: a.Hotkey().String(), Subnet: 1})
	has, err := c.NeuronKeeper.Axons.Has(ctx, rowKey(1, 0))
	require.NoError(t, err)
	require.False(t, has)
	require.NoError(t, c.Invariants(ctx))
}

func TestIdentity(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	ctx := at(c, 10)
	set := func(i types.Identity) *types.MsgSetIdentity {
		return &types.MsgSetIdentity{Coldkey: neurons[0].Coldkey().String(), Identity: i}
	}
	want := types.Identity{Name: "Émilie", Url: "https://example.org/é", Description: "Institutions de physique"}
	run[*types.MsgSetIdentityResponse](t, c, ctx, set(want))
	got, err := c.NeuronKeeper.Identities.Get(ctx, neurons[0].Coldkey())
	require.NoError(t, err)
	require.Equal(t, want, got)
	run[*types.MsgSetIdentityResponse](t, c, ctx, set(types.Identity{}))
	has, err := c.NeuronKeeper.Identities.Has(ctx, neurons[0].Coldkey())
	require.NoError(t, err)
	require.False(t, has)
}

// A neuron's life by transactions alone: bought, staked, heard, paid, replaced.
func TestALifeInBlocks(t *testing.T) {
	neurons := []apptest.Neuron{apptest.NewNeuron("a", 100*tao), apptest.NewNeuron("b", 90*tao), apptest.NewNeuron("c", 80*tao)}
	hot := apptest.Ed25519("life/hot")
	options := []apptest.Option{apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(buyer), 100*tao)}
	c := apptest.New(t, append(options, apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.MaxUids, h.ActivityCutoff = 4, 1000 }))...)
	ok := func(txs ...[]byte) {
		t.Helper()
		for _, res := range c.NextBlock(txs...) {
			require.Zero(t, res.Code, res.Log)
		}
	}
	ok(c.Paid(buyer, register(t, hot)))
	ok(c.Paid(buyer, stake(apptest.Address(buyer), apptest.Address(hot), 5*tao)))
	ok(c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 1, 1, 2, 1, 3, 8)),
		c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, 1, 2, 1, 3, 8)),
		c.Free(neurons[2].Hot, apptest.Row(neurons[2].Hotkey(), 0, 1, 1, 1, 3, 8)))
	c.Blocks(10)
	earned := hotkeyOf(t, c, c.Ctx(), apptest.Address(hot)).Assets - 5*tao
	require.NotZero(t, earned)
	ok(c.Paid(buyer, &types.MsgDeregister{Coldkey: apptest.Address(buyer).String(), Hotkey: apptest.Address(hot).String(), Subnet: 1}))
	left := hotkeyOf(t, c, c.Ctx(), apptest.Address(hot)).Assets
	require.GreaterOrEqual(t, left, earned+5*tao)
	c.Blocks(10)
	require.Equal(t, left, hotkeyOf(t, c, c.Ctx(), apptest.Address(hot)).Assets, "who left earns no more")
	ok(c.Paid(buyer, unstakeAll(apptest.Address(buyer), apptest.Address(hot))))
	require.Zero(t, hotkeyOf(t, c, c.Ctx(), apptest.Address(hot)).Assets)
	ok(c.Paid(buyer, register(t, hot)))
	require.NoError(t, c.Invariants(c.Ctx()))
}
