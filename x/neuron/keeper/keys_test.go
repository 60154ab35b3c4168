package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// A little that was sent to a key before it becomes a hotkey goes to its coldkey:
// nobody can keep a key from being registered, or swapped in, with 1 rao.
func TestWhatAHotkeyHeldGoesToItsColdkey(t *testing.T) {
	c, neurons := smallChain(t, func(h *subnettypes.Hyperparameters) { h.MaxUids = 10 }, func(s *state) { s.neuron.Params = types.DefaultParams() })
	ctx := at(c, 10)
	owner := neurons[0].Coldkey()
	send := func(to sdk.AccAddress, amount uint64) {
		_, err := c.Deliver(ctx, banktypes.NewMsgSend(owner, to, apptest.Rao(amount)))
		require.NoError(t, err)
	}
	registered, swappedIn := apptest.Ed25519("registered"), apptest.Ed25519("swapped in")
	send(apptest.Address(registered), 1)
	least := types.DefaultParams().MinStakeChange
	send(apptest.Address(swappedIn), least)

	before := balance(c, ctx, apptest.Address(buyer))
	price := run[*types.MsgRegisterResponse](t, c, ctx, register(t, registered)).Price
	require.Equal(t, before+1-price, balance(c, ctx, apptest.Address(buyer)))
	require.Zero(t, balance(c, ctx, apptest.Address(registered)))

	before = balance(c, ctx, owner)
	run[*types.MsgSwapHotkeyResponse](t, c, ctx, swapped(t, neurons[0], swappedIn, 100))
	require.Equal(t, before+least, balance(c, ctx, owner))
	require.NoError(t, c.Invariants(ctx))

	// More than that is not taken by mistake.
	rich := apptest.Ed25519("rich")
	send(apptest.Address(rich), least+1)
	refused(t, c, ctx, register(t, rich), types.ErrUnsuitableKey, "100000001rao", "100000000rao", "fresh key")
}

// What a key has with validators would be paid to it when it is a hotkey, past the
// send restriction.
func TestADelegatorIsNoHotkey(t *testing.T) {
	c, neurons := smallChain(t, func(h *subnettypes.Hyperparameters) { h.MaxUids = 10 }, nil)
	ctx := at(c, 10)
	key := apptest.Key("delegator")
	addr := apptest.Address(key)
	_, err := c.Deliver(ctx, banktypes.NewMsgSend(neurons[0].Coldkey(), addr, apptest.Rao(5*tao)))
	require.NoError(t, err)
	validators, err := c.StakingKeeper.GetAllValidators(ctx)
	require.NoError(t, err)
	operator := validators[0].OperatorAddress
	_, err = c.Deliver(ctx, stakingtypes.NewMsgDelegate(addr.String(), operator, apptest.Coin(5*tao)))
	require.NoError(t, err)
	refused(t, c, ctx, register(t, key), types.ErrUnsuitableKey, addr.String(), "delegated")
	_, err = c.Deliver(ctx, stakingtypes.NewMsgUndelegate(addr.String(), operator, apptest.Coin(5*tao)))
	require.NoError(t, err)
	refused(t, c, ctx, register(t, key), types.ErrUnsuitableKey, "delegated")
}

// A coldkey can be replaced only by one that is unused, then and when the delay is
// over: nobody presses hotkeys, stake, unbondings or a name on somebody else.
func TestAColdkeyIsReplacedByAnUnusedOne(t *testing.T) {
	c, neurons := smallChain(t, func(h *subnettypes.Hyperparameters) { h.MaxUids = 10 }, func(s *state) { s.neuron.Params.ColdkeySwapDelay = 50 })
	ctx := at(c, 10)
	old, next := neurons[0].Coldkey(), apptest.Address(apptest.Key("next"))
	fund := func(ctx sdk.Context) {
		_, err := c.Deliver(ctx, banktypes.NewMsgSend(old, next, apptest.Rao(50*tao)))
		require.NoError(t, err)
	}
	uses := map[string]sdk.Msg{
		"stake":    stake(next, neurons[1].Hotkey(), tao),
		"identity": &types.MsgSetIdentity{Coldkey: next.String(), Identity: types.Identity{Name: "Emmy"}},
		"hotkey":   agreed(t, next, apptest.Ed25519("hers"), 1, 1000, 50*tao),
	}
	ask := &types.MsgSwapColdkey{Coldkey: old.String(), NewColdkey: next.String()}
	for name, use := range uses {
		t.Run(name+" before", func(t *testing.T) {
			ctx, _ := ctx.CacheContext()
			fund(ctx)
			_, err := c.Deliver(ctx, use)
			require.NoError(t, err)
			refused(t, c, ctx, ask, types.ErrUnsuitableKey, next.String(), "fresh key")
		})
		t.Run(name+" meanwhile", func(t *testing.T) {
			ctx, _ := ctx.CacheContext()
			run[*types.MsgSwapColdkeyResponse](t, c, ctx, ask)
			fund(ctx)
			_, err := c.Deliver(ctx, use)
			require.NoError(t, err)
			ended := ctx.WithBlockHeight(60).WithEventManager(sdk.NewEventManager())
			require.NoError(t, c.NeuronKeeper.EndBlock(ended))
			require.Equal(t, old.String(), hotkeyOf(t, c, ctx, neurons[0].Hotkey()).Coldkey)
			event, err := sdk.ParseTypedEvent(ended.EventManager().ABCIEvents()[0])
			require.NoError(t, err)
			require.Contains(t, event.(*types.EventColdkeySwapCancelled).Error, "fresh key")
			refused(t, c, ctx, &types.MsgCancelColdkeySwap{Coldkey: old.String()}, types.ErrNoSwap)
			require.NoError(t, c.Invariants(ctx))
		})
	}
}

// An unbonding that cannot be paid waits, and holds up nobody behind it.
func TestAnUnbondingThatCannotBePaidWaits(t *testing.T) {
	c, neurons := smallChain(t, nil, func(s *state) { s.neuron.Params.Unbonding, s.neuron.Params.MaxCompletions = 10, 1 })
	ctx := at(c, 10)
	for i, n := range neurons[:2] {
		run[*types.MsgRemoveStakeResponse](t, c, ctx.WithBlockHeight(int64(10+i)), unstake(n.Coldkey(), n.Hotkey(), tao))
	}
	// Bank pays no account that belongs to a module.
	blocked := c.AccountKeeper.GetModuleAddress("fee_collector")
	u, err := c.NeuronKeeper.Unbondings.Get(ctx, 1)
	require.NoError(t, err)
	u.Coldkey = blocked.String()
	require.NoError(t, c.NeuronKeeper.Unbondings.Set(ctx, 1, u))

	before := balance(c, ctx, neurons[1].Coldkey())
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(20)))
	u, err = c.NeuronKeeper.Unbondings.Get(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, uint64(30), u.Completes)
	require.NoError(t, c.NeuronKeeper.EndBlock(ctx.WithBlockHeight(21)))
	require.Equal(t, before+tao, balance(c, ctx, neurons[1].Coldkey()))
}

// Every index that lacks an entry, or has one too many, is found.
func TestTheInvariantWalksTheIndexes(t *testing.T) {
	c, neurons := smallChain(t, nil, nil)
	ctx := at(c, 10)
	a, other := neurons[0], apptest.Address(buyer)
	run[*types.MsgRemoveStakeResponse](t, c, ctx, unstake(a.Coldkey(), a.Hotkey(), tao))
	run[*types.MsgSwapColdkeyResponse](t, c, ctx, &types.MsgSwapColdkey{Coldkey: neurons[1].Coldkey().String(), NewColdkey: other.String()})
	require.NoError(t, c.NeuronKeeper.Invariant(ctx))
	k := c.NeuronKeeper
	hot, cold := []byte(a.Hotkey()), []byte(a.Coldkey())
	u, err := k.Unbondings.Get(ctx, 1)
	require.NoError(t, err)
	swap, err := k.Swaps.Get(ctx, neurons[1].Coldkey())
	require.NoError(t, err)
	for name, harm := range map[string]func(sdk.Context) error{
		"owned lost":           func(ctx sdk.Context) error { return k.Owned.Remove(ctx, join(cold, hot)) },
		"owned of nobody":      func(ctx sdk.Context) error { return k.Owned.Set(ctx, join(other, hot)) },
		"positions lost":       func(ctx sdk.Context) error { return k.PositionsByColdkey.Remove(ctx, join(cold, hot)) },
		"positions of nobody":  func(ctx sdk.Context) error { return k.PositionsByColdkey.Set(ctx, join(other, hot)) },
		"registration lost":    func(ctx sdk.Context) error { return k.Registrations.Remove(ctx, joinID(hot, 1)) },
		"registration wrong":   func(ctx sdk.Context) error { return k.Registrations.Set(ctx, joinID(hot, 1), 2) },
		"registration extra":   func(ctx sdk.Context) error { return k.Registrations.Set(ctx, joinID(hot, 9), 0) },
		"uid of nobody":        func(ctx sdk.Context) error { return k.OwnedUids.Set(ctx, join3(1, other, 0)) },
		"uid lost":             func(ctx sdk.Context) error { return k.OwnedUids.Remove(ctx, join3(1, cold, 0)) },
		"unbonding not queued": func(ctx sdk.Context) error { return k.UnbondingQueue.Remove(ctx, joinIDs(u.Completes, 1)) },
		"unbonding of nobody":  func(ctx sdk.Context) error { return k.UnbondingByColdkey.Set(ctx, joinID(other, 1)) },
		"unbonding at nobody":  func(ctx sdk.Context) error { return k.UnbondingByHotkey.Remove(ctx, joinID(hot, 1)) },
		"swap not queued": func(ctx sdk.Context) error {
			return k.SwapQueue.Remove(ctx, joinHeight(swap.Height, neurons[1].Coldkey()))
		},
		"a hotkey that holds Tao": func(ctx sdk.Context) error {
			unrestricted := c.BankKeeper
			unrestricted.ClearSendRestriction()
			defer unrestricted.AppendSendRestriction(k.SendRestriction)
			return unrestricted.SendCoins(ctx, a.Coldkey(), a.Hotkey(), apptest.Rao(1))
		},
	} {
		cached, _ := ctx.CacheContext()
		require.NoError(t, harm(cached), name)
		require.ErrorIs(t, k.Invariant(cached), types.ErrInvariant, name)
	}
}
