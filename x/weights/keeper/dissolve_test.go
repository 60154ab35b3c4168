package keeper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/keeper"
	"github.com/taonet/taonet/x/weights/types"
)

const lock = 100 * tao

// dissolving is a chain whose subnet 2, of owner and with n neurons, each with a
// row, a commit and a stake of 1000 rao, dissolves at height 4.
func dissolving(t *testing.T, owner sdk.AccAddress, n int, options ...apptest.Option) *apptest.Chain {
	t.Helper()
	return apptest.New(t, append(options, apptest.WithGenesis(func(genesis map[string]json.RawMessage) {
		cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
		subnets := subnettypes.NewGenesis(subnettypes.LocalnetHyperparameters())
		second := subnets.Subnets[0]
		second.Id, second.Name, second.Owner, second.Lock, second.DissolvesAt = 2, "image", owner.String(), lock, 4
		second.Hyperparameters.MaxUids = 4096
		subnets.Subnets, subnets.NextId = append(subnets.Subnets, second), 3
		genesis[subnettypes.ModuleName] = cdc.MustMarshalJSON(subnets)

		var neurons neurontypes.GenesisState
		cdc.MustUnmarshalJSON(genesis[neurontypes.ModuleName], &neurons)
		weights := types.DefaultGenesis()
		state := types.SubnetState{Epoch: types.Epoch{Subnet: 2}}
		for uid := range uint32(n) {
			target := uint32(0) // all agree, so that there are bonds
			if uid == 0 {
				target = 1
			}
			key := sdk.AccAddress(fmt.Sprintf("hotkey %013d", uid))
			require.NoError(t, neurons.AddNeuron(2, key, sdk.AccAddress("a coldkey of them all"[:20]), 1000))
			state.Rows = append(state.Rows, types.Row{Subnet: 2, Uid: uid, Updated: 1, Written: 1, Entries: []types.Entry{{Uid: target, Value: 65535}}})
			state.Commits = append(state.Commits, types.Commit{Subnet: 2, Uid: uid, Hotkey: key.String(), Hash: make([]byte, 32), Height: 1, RevealFrom: 21, RevealUntil: 41})
		}
		state.Columns = []types.PackedColumn{{Name: types.ColumnPermit, Data: bytes.Repeat([]byte{1}, n)}}
		weights.Subnets = []types.SubnetState{state}
		genesis[neurontypes.ModuleName] = cdc.MustMarshalJSON(&neurons)
		genesis[types.ModuleName] = cdc.MustMarshalJSON(weights)

		var bank banktypes.GenesisState
		cdc.MustUnmarshalJSON(genesis[banktypes.ModuleName], &bank)
		for module, amount := range map[string]uint64{subnettypes.ModuleName: lock, neurontypes.ModuleName: 1000 * uint64(n)} {
			bank.Balances = append(bank.Balances, banktypes.Balance{
				Address: authtypes.NewModuleAddress(module).String(), Coins: apptest.Rao(amount),
			})
		}
		genesis[banktypes.ModuleName] = cdc.MustMarshalJSON(&bank)
	}))...)
}

func TestDissolutionStaysWithinItsBudget(t *testing.T) {
	owner := apptest.Address(apptest.Key("owner"))
	c := dissolving(t, owner, 300, apptest.WithFunds(owner, 1))
	left := func() (rows int) {
		res, err := queries(c).Rows(c.Ctx(), &types.QueryRowsRequest{Subnet: 2})
		require.NoError(t, err)
		return len(res.Rows)
	}
	for c.Height() < 3 {
		c.Blocks(1)
	}
	require.Equal(t, 300, left())
	state, err := c.WeightsKeeper.ExportGenesis(c.Ctx())
	require.NoError(t, err)
	require.Equal(t, uint64(2), state.Subnets[len(state.Subnets)-1].Epoch.Subnet)
	require.NotEmpty(t, state.Subnets[len(state.Subnets)-1].Bonds)

	c.Blocks(1)
	require.Equal(t, 300-256, left(), "256 uids a block")
	require.Equal(t, uint64(1), c.BankKeeper.GetBalance(c.Ctx(), owner, "rao").Amount.Uint64())

	events := block(t, c)
	require.Len(t, of[*subnettypes.EventSubnetDissolved](events), 1)
	_, err = c.SubnetKeeper.Subnet(c.Ctx(), 2)
	require.ErrorIs(t, err, subnettypes.ErrUnknownSubnet)
	require.Equal(t, uint64(1+lock), c.BankKeeper.GetBalance(c.Ctx(), owner, "rao").Amount.Uint64(), "the lock is returned")
	pot, err := c.EmissionKeeper.Pot(c.Ctx(), 2)
	require.NoError(t, err)
	require.Zero(t, pot)
	store := c.Ctx().KVStore(c.StoreKey(types.StoreKey))
	prefix := []byte{1, 0, 0, 0, 0, 0, 0, 0, 2}
	for kind := types.RowsPrefix.Bytes()[0]; kind <= types.DuePrefix.Bytes()[0]; kind++ {
		prefix[0] = kind
		it := store.Iterator(prefix, append(append([]byte(nil), prefix...), 0xff))
		require.False(t, it.Valid(), "kind %d is left", kind)
		require.NoError(t, it.Close())
	}
	h, err := c.NeuronKeeper.Hotkeys.Get(c.Ctx(), sdk.AccAddress(fmt.Sprintf("hotkey %013d", 0)))
	require.NoError(t, err)
	require.GreaterOrEqual(t, h.Assets, uint64(1000), "stakes are untouched")
	c.Blocks(3)
}

func (f failing) Remove(context.Context, uint64) error { return f.fail() }

func TestAFailedDissolutionDoesNotStopTheChain(t *testing.T) {
	owner := apptest.Address(apptest.Key("owner"))
	c := dissolving(t, owner, 3, apptest.WithFunds(owner, 1))
	k := keeper.NewKeeper(c.AppCodec(), runtime.NewKVStoreService(c.StoreKey(types.StoreKey)), c.EmissionKeeper,
		failing{c.SubnetKeeper, func() error { return errors.New("no more ink") }}, c.NeuronKeeper, "")
	ctx := at(c, 4)
	require.NoError(t, k.EndBlock(ctx))
	failed := of[*types.EventEpochFailed](typed(ctx.EventManager().ABCIEvents()))
	require.Len(t, failed, 1)
	require.Equal(t, "dissolution: no more ink", failed[0].Error)
	res, err := queries(c).Rows(ctx, &types.QueryRowsRequest{Subnet: 2})
	require.NoError(t, err)
	require.Len(t, res.Rows, 3, "nothing is half done")
	require.NoError(t, c.Invariants(ctx))
	require.NoError(t, c.WeightsKeeper.EndBlock(at(c, 5)), "the next block tries again")
	_, err = c.SubnetKeeper.Subnet(ctx, 2)
	require.ErrorIs(t, err, subnettypes.ErrUnknownSubnet)
}

// ended is a subnet keeper that knows three subnets, all at their end.
type ended struct{ types.SubnetKeeper }

func (ended) Walk(_ context.Context, visit func(subnettypes.Subnet) (bool, error)) error {
	for id := range uint64(3) {
		if stop, err := visit(subnettypes.Subnet{Id: id + 1, DissolvesAt: 1}); stop || err != nil {
			return err
		}
	}
	return nil
}

// removing is a neuron keeper that notes what is removed; subnet 2 always fails.
type removing struct {
	types.NeuronKeeper
	seen map[uint64]int
}

func (r removing) RemoveUids(_ context.Context, subnet uint64, limit int) (bool, error) {
	r.seen[subnet] += limit
	if subnet == 2 {
		return false, errors.New("no more ink")
	}
	return false, nil
}

func TestDissolutionsShareOneBudget(t *testing.T) {
	c, _ := rowChain(t)
	r := removing{seen: make(map[uint64]int)}
	k := keeper.NewKeeper(c.AppCodec(), runtime.NewKVStoreService(c.StoreKey(types.StoreKey)), c.EmissionKeeper, ended{}, r, "")
	for block := range 9 {
		require.NoError(t, k.EndBlock(at(c, 100+int64(block))))
		total := 0
		for _, n := range r.seen {
			total += n
		}
		require.Equal(t, 256*(block+1), total, "however many subnets end")
	}
	require.Equal(t, map[uint64]int{1: 768, 2: 768, 3: 768}, r.seen, "they take turns, also with one that fails")
}
