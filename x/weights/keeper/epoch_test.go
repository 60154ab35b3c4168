package keeper_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/keeper"
	"github.com/taonet/taonet/x/weights/types"
)

func TestEpochIsDueByHeightAndSubnet(t *testing.T) {
	for _, tempo := range []uint64{1, 2, 3, 7} {
		c := apptest.New(t, apptest.WithNeurons(makeNeurons("due", tao, tao)...),
			apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = tempo }))
		for range 20 {
			ran := len(of[*types.EventEpoch](block(t, c))) == 1
			require.Equal(t, (uint64(c.Height())+1)%tempo == 0, ran, "tempo %d height %d", tempo, c.Height())
		}
	}
}

// twoSubnets is a chain with subnets 1 and 2, an epoch of each every block, both
// with three neurons; those of subnet 2 have rows of two weights.
func twoSubnets(t *testing.T, budget uint64) *apptest.Chain {
	t.Helper()
	first, second := makeNeurons("first", tao, tao, tao), makeNeurons("second", 0, 0, 0)
	return apptest.New(t, apptest.WithNeurons(first...), apptest.WithGenesis(func(genesis map[string]json.RawMessage) {
		cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
		subnets := subnettypes.NewGenesis(subnettypes.LocalnetHyperparameters())
		subnets.Subnets = append(subnets.Subnets, subnets.Subnets[0])
		subnets.Subnets[1].Id, subnets.Subnets[1].Name, subnets.NextId = 2, "image", 3
		for i := range subnets.Subnets {
			subnets.Subnets[i].Hyperparameters.Tempo = 1
		}
		genesis[subnettypes.ModuleName] = cdc.MustMarshalJSON(subnets)
		var neurons neurontypes.GenesisState
		cdc.MustUnmarshalJSON(genesis[neurontypes.ModuleName], &neurons)
		weights := types.DefaultGenesis()
		weights.Params.EpochBudget = budget
		for _, subnet := range []uint64{1, 2} {
			state := types.SubnetState{Epoch: types.Epoch{Subnet: subnet}}
			for uid := range uint32(3) {
				if subnet == 2 {
					require.NoError(t, neurons.AddNeuron(2, second[uid].Hotkey(), second[uid].Coldkey(), 0))
				}
				row := types.Row{Subnet: subnet, Uid: uid, Updated: 1, Written: 1}
				for other := range uint32(3) {
					if other != uid {
						row.Entries = append(row.Entries, types.Entry{Uid: other, Value: 65535})
					}
				}
				state.Rows = append(state.Rows, row)
			}
			state.Columns = []types.PackedColumn{{Name: types.ColumnPermit, Data: []byte{1, 1, 1}}}
			weights.Subnets = append(weights.Subnets, state)
		}
		genesis[neurontypes.ModuleName] = cdc.MustMarshalJSON(&neurons)
		genesis[types.ModuleName] = cdc.MustMarshalJSON(weights)
	}))
}

func TestBudgetDelaysAndLosesNothing(t *testing.T) {
	c := twoSubnets(t, 7) // 6 weights each
	c.Blocks(1)           // what their first epochs read is known only afterwards
	var last uint64
	for range 10 {
		events := block(t, c)
		ran, delayed := of[*types.EventEpoch](events), of[*types.EventEpochDelayed](events)
		require.Len(t, ran, 1)
		require.Len(t, delayed, 1)
		require.NotEqual(t, ran[0].Epoch.Subnet, delayed[0].Subnet)
		require.NotEqual(t, last, ran[0].Epoch.Subnet, "the oldest runs first, so they take turns")
		last = ran[0].Epoch.Subnet
		require.Equal(t, uint64(c.Height()), delayed[0].Due)
		require.GreaterOrEqual(t, delayed[0].Nonzeros, uint64(6))
		require.Less(t, delayed[0].Budget, delayed[0].Nonzeros)
		require.Equal(t, uint64(2), ran[0].Epoch.Height-max(ran[0].Epoch.Previous, ran[0].Epoch.Height-2), "every second block")
	}
	c = twoSubnets(t, 1<<19)
	require.Len(t, of[*types.EventEpoch](block(t, c)), 2, "both fit")
	c = twoSubnets(t, 1)
	require.Len(t, of[*types.EventEpoch](block(t, c)), 1, "the first runs however large it is")
}

// counting is a neuron keeper that counts how often an epoch is loaded.
type counting struct {
	types.NeuronKeeper
	loads map[uint64]int
}

func (c counting) EpochColumns(ctx context.Context, subnet uint64) (stake, registered []uint64, err error) {
	c.loads[subnet]++
	return c.NeuronKeeper.EpochColumns(ctx, subnet)
}

func TestADelayedEpochIsNotLoaded(t *testing.T) {
	c := twoSubnets(t, 7)
	c.Blocks(2) // both have had an epoch, and one waits
	neurons := counting{c.NeuronKeeper, make(map[uint64]int)}
	k := keeper.NewKeeper(c.AppCodec(), runtime.NewKVStoreService(c.StoreKey(types.StoreKey)), c.EmissionKeeper, c.SubnetKeeper, neurons, "")
	loads := 0
	for height := c.Height() + 1; height < c.Height()+5; height++ {
		ctx := at(c, height)
		require.NoError(t, k.EndBlock(ctx))
		events := typed(ctx.EventManager().ABCIEvents())
		ran, delayed := of[*types.EventEpoch](events), of[*types.EventEpochDelayed](events)
		require.Len(t, ran, 1)
		require.Len(t, delayed, 1)
		loads++
		require.Equal(t, loads, neurons.loads[1]+neurons.loads[2], "the one that ran and no other")
	}
	require.Equal(t, map[uint64]int{1: 2, 2: 2}, neurons.loads)
}

func TestABlockGoesBeyondItsBudgetByOneEpochAtMost(t *testing.T) {
	c := twoSubnets(t, 13)                  // 6 weights and 6 bonds each
	for _, subnet := range []uint64{1, 2} { // as if their last epochs had read little
		epoch, err := c.WeightsKeeper.Epoch(c.Ctx(), subnet)
		require.NoError(t, err)
		epoch.Nonzeros = 1
		require.NoError(t, c.WeightsKeeper.Epochs.Set(c.Ctx(), subnet, epoch))
	}
	ctx := at(c, 2)
	require.NoError(t, c.WeightsKeeper.EndBlock(ctx))
	require.Len(t, of[*types.EventEpoch](typed(ctx.EventManager().ABCIEvents())), 2, "12 and 12 of 13")
	ctx = at(c, 3)
	require.NoError(t, c.WeightsKeeper.EndBlock(ctx))
	require.Len(t, of[*types.EventEpoch](typed(ctx.EventManager().ABCIEvents())), 1, "what they read is known now")
}

func TestOnlyRowsThatWeighSomebodyMakeASubnetLive(t *testing.T) {
	for _, e := range []struct {
		name string
		rows map[int][]uint32
		want bool
	}{
		{"two rows", map[int][]uint32{0: {3, 1}, 1: {3, 1}}, true},
		{"one row", map[int][]uint32{0: {3, 1}}, false},
		{"lone weights for oneself", map[int][]uint32{0: {0, 1}, 1: {1, 1}}, false},
		{"one of two weighs itself alone", map[int][]uint32{0: {0, 1}, 1: {3, 1}}, false},
	} {
		t.Run(e.name, func(t *testing.T) {
			neurons := makeNeurons("live", 100*tao, 100*tao, 0, 0)
			c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(neurons[3].Coldkey(), tao),
				apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo, h.ActivityCutoff = 1, 1000 }))
			live := func() bool {
				s, err := c.SubnetKeeper.Subnet(c.Ctx(), 1)
				require.NoError(t, err)
				return s.Live
			}
			sendRows(t, c, e.rows, neurons)
			require.Equal(t, e.want, live())
			if e.want { // their rows remain, and mean nobody
				block(t, c, c.Paid(neurons[3].Cold, &neurontypes.MsgDeregister{
					Coldkey: neurons[3].Coldkey().String(), Hotkey: neurons[3].Hotkey().String(), Subnet: 1,
				}))
				require.False(t, live())
			}
		})
	}
}

func TestPaidCarriedAndRecycledAreThePot(t *testing.T) {
	neurons := makeNeurons("pot", 100*tao, 50*tao, 70*tao, 3*tao, 0, 0, 0, 1)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) { h.Tempo = 1 }))
	random := rand.New(rand.NewSource(7))
	seen := map[string]int{}
	for range 150 {
		var txs [][]byte
		for i := range 4 {
			if random.Intn(3) > 0 {
				continue
			}
			var pairs []uint32
			for uid := range uint32(len(neurons)) {
				if random.Intn(2) == 0 {
					pairs = append(pairs, uid, uint32(1+random.Intn(1000)))
				}
			}
			if len(pairs) > 0 {
				txs = append(txs, c.Free(neurons[i].Hot, apptest.Row(neurons[i].Hotkey(), pairs...)))
			}
		}
		before := potOf(t, c)
		ledger, err := c.EmissionKeeper.Ledger(c.Ctx())
		require.NoError(t, err)
		epoch := of[*types.EventEpoch](block(t, c, txs...))[0].Epoch
		after, err := c.EmissionKeeper.Ledger(c.Ctx())
		require.NoError(t, err)
		require.Equal(t, before+after.Minted-ledger.Minted, epoch.Pot, "all that is in the pot")
		require.Equal(t, epoch.Pot, epoch.Paid+epoch.Carried+epoch.Recycled)
		require.Equal(t, epoch.Carried, potOf(t, c), "what is carried is there for the next epoch")
		require.Equal(t, epoch.Recycled, after.Recycled-ledger.Recycled)
		require.Less(t, epoch.Carried, uint64(2*len(neurons)), "only dust is carried")
		switch {
		case epoch.PaidByStake:
			seen["by stake"]++
		case epoch.Recycled > 0:
			seen["recycled"]++
		default:
			seen["consensus"]++
		}
	}
	require.Greater(t, seen["consensus"], 50, "%v", seen)
	require.Positive(t, seen["by stake"], "%v", seen)
}

func potOf(t testing.TB, c *apptest.Chain) uint64 {
	t.Helper()
	pot, err := c.EmissionKeeper.Pot(c.Ctx(), 1)
	require.NoError(t, err)
	return pot
}

func TestNoConsensusPaysTheValidatorHalfByActiveStake(t *testing.T) {
	neurons := makeNeurons("half", 200*tao, 100*tao, 100*tao, 100*tao, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.Tempo, h.ActivityCutoff = 1, 5
	}))
	for c.Height() < 10 {
		c.Blocks(1)
	}
	// Three of four have rows, toward different uids: nobody is backed by a half.
	txs := [][]byte{
		c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 0, 1)),
		c.Free(neurons[2].Hot, apptest.Row(neurons[2].Hotkey(), 3, 1)),
		c.Free(neurons[3].Hot, apptest.Row(neurons[3].Hotkey(), 4, 1)),
	}
	epoch := of[*types.EventEpoch](block(t, c, txs...))[0].Epoch
	require.True(t, epoch.PaidByStake)
	require.Equal(t, epoch.Pot-epoch.Pot/2, epoch.Recycled)
	require.LessOrEqual(t, epoch.Pot/2-epoch.Paid, uint64(3))
	res, err := queries(c).Metagraph(c.Ctx(), &types.QueryMetagraphRequest{Subnet: 1})
	require.NoError(t, err)
	for uid, n := range res.Neurons {
		require.Zero(t, n.ServerEmission)
		if uid >= 1 && uid <= 3 {
			require.InDelta(t, float64(epoch.Pot/6), float64(n.ValidatorEmission), 2)
		} else {
			require.Zero(t, n.ValidatorEmission, "uid %d is inactive or has no stake", uid)
		}
	}
}

func TestNobodyActiveRecyclesAll(t *testing.T) {
	neurons := makeNeurons("idle", 200*tao, 100*tao, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithSubnet(func(h *subnettypes.Hyperparameters) {
		h.Tempo, h.ActivityCutoff = 1, 3
	}))
	for range 10 {
		epoch := of[*types.EventEpoch](block(t, c))[0].Epoch
		if c.Height() <= 3 {
			require.True(t, epoch.PaidByStake, "nobody is inactive yet")
			continue
		}
		require.Equal(t, epoch.Pot, epoch.Recycled)
		require.Zero(t, epoch.Paid)
		require.Zero(t, epoch.Carried)
		require.False(t, epoch.PaidByStake)
		require.Zero(t, potOf(t, c), "no jackpot grows")
	}
}

func TestOwnerIsCutInOnlyWithConsensus(t *testing.T) {
	owner := apptest.Key("owner")
	neurons := makeNeurons("cut", 100*tao, 100*tao, 100*tao, 0)
	c := apptest.New(t, apptest.WithNeurons(neurons...), apptest.WithFunds(apptest.Address(owner), tao))
	uncached := c.NewUncachedContext(false, c.Ctx().BlockHeader())
	setSubnet(t, c, uncached, func(s *subnettypes.Subnet) {
		s.Owner, s.Hyperparameters.Tempo, s.Hyperparameters.OwnerCut = apptest.Address(owner).String(), 1, 180_000
	})
	balance := func() uint64 { return c.BankKeeper.GetBalance(c.Ctx(), apptest.Address(owner), "rao").Amount.Uint64() }
	first := balance()
	before := potOf(t, c)
	epoch := of[*types.EventEpoch](block(t, c))[0].Epoch
	require.True(t, epoch.PaidByStake)
	require.Zero(t, epoch.OwnerCut)
	require.Equal(t, epoch.Pot, epoch.Paid+epoch.Carried+epoch.Recycled)
	require.Greater(t, epoch.Pot, before, "all of it")
	require.Equal(t, first, balance())
	epoch = of[*types.EventEpoch](block(t, c,
		c.Free(neurons[0].Hot, apptest.Row(neurons[0].Hotkey(), 3, 1)),
		c.Free(neurons[1].Hot, apptest.Row(neurons[1].Hotkey(), 3, 1)),
		c.Free(neurons[2].Hot, apptest.Row(neurons[2].Hotkey(), 3, 1)),
	))[0].Epoch
	require.False(t, epoch.PaidByStake)
	require.Equal(t, first+epoch.OwnerCut, balance())
	require.Equal(t, (epoch.Pot+epoch.OwnerCut)*18/100, epoch.OwnerCut, "18 % of the whole")
	require.Equal(t, epoch.Pot, epoch.Paid+epoch.Carried+epoch.Recycled)
	require.Zero(t, epoch.Recycled)
}

// failing is a subnet keeper whose last call in an epoch fails.
type failing struct {
	types.SubnetKeeper
	fail func() error
}

func (f failing) EpochDone(context.Context, uint64, bool) error { return f.fail() }

func TestFailedEpochKeepsThePot(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no more ink") },
		"panic": func() error { panic("no more ink") },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := rowChain(t)
			k := keeper.NewKeeper(c.AppCodec(), runtime.NewKVStoreService(c.StoreKey(types.StoreKey)),
				c.EmissionKeeper, failing{c.SubnetKeeper, fail}, c.NeuronKeeper, "")
			ctx := at(c, 11)
			before, err := c.WeightsKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			pot, columns := potOf(t, c), columnsOf(t, c)
			require.NoError(t, k.EndBlock(ctx), "the chain goes on")
			events := typed(ctx.EventManager().ABCIEvents())
			require.Empty(t, of[*types.EventEpoch](events))
			failed := of[*types.EventEpochFailed](events)
			require.Len(t, failed, 1)
			require.Equal(t, uint64(1), failed[0].Subnet)
			require.Contains(t, failed[0].Error, "no more ink")
			after, err := c.WeightsKeeper.ExportGenesis(ctx)
			require.NoError(t, err)
			require.Equal(t, before, after, "nothing is half done, and it is not due any more")
			require.Equal(t, pot, potOf(t, c))
			require.Equal(t, columns, columnsOf(t, c))
			require.NoError(t, c.Invariants(ctx))

			ctx = at(c, 13)
			require.NoError(t, c.WeightsKeeper.EndBlock(ctx))
			done := of[*types.EventEpoch](typed(ctx.EventManager().ABCIEvents()))
			require.Len(t, done, 1, "the next tempo tries again")
			require.Equal(t, pot, done[0].Epoch.Pot)
		})
	}
}

func columnsOf(t *testing.T, c *apptest.Chain) neurontypes.Columns {
	t.Helper()
	columns, err := c.NeuronKeeper.Columns(c.Ctx(), 1)
	require.NoError(t, err)
	return columns
}

func TestCorruptRowFailsTheEpochNotTheChain(t *testing.T) {
	c := apptest.New(t, apptest.WithNeurons(makeNeurons("corrupt", tao, tao)...), apptest.WithOption(app.OptionInvariants, false))
	uncached := c.NewUncachedContext(false, c.Ctx().BlockHeader())
	require.NoError(t, c.WeightsKeeper.Rows.Set(uncached, collections.Join(uint64(1), uint32(1)), []byte("seventeen bytes..")))
	pot := potOf(t, c)
	c.Blocks(1)
	failed := of[*types.EventEpochFailed](block(t, c))
	require.Len(t, failed, 1)
	require.Contains(t, failed[0].Error, types.ErrCorrupt.Error())
	require.Greater(t, potOf(t, c), pot)
}
