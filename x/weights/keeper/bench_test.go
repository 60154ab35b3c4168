package keeper_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/collections"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/neuron/pool"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	"github.com/taonet/taonet/x/weights/types"
)

// entries of each row.
const entries = 64

// BenchmarkEndBlock times whole blocks without transactions, each with an epoch of
// a full subnet in which every neuron has a permit and a row of 64 random peers.
// ns/op is FinalizeBlock; commit-ms/op is Commit, on a database in memory.
func BenchmarkEndBlock(b *testing.B) {
	for _, n := range []int{256, 4096} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			c := fullSubnet(b, n)
			c.Blocks(3) // memory has grown to its size, bonds have formed
			var commits time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			height := c.Height()
			for range b.N {
				height++
				_, err := c.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: c.Time(height), Hash: make([]byte, 32)})
				require.NoError(b, err)
				b.StopTimer()
				began := time.Now()
				_, err = c.Commit()
				commits += time.Since(began)
				require.NoError(b, err)
				b.StartTimer()
			}
			b.StopTimer()
			b.ReportMetric(float64(commits.Microseconds())/1000/float64(b.N), "commit-ms/op")
			writes, size := written(b, c, height+1)
			b.ReportMetric(float64(writes), "writes/epoch")
			b.ReportMetric(float64(size), "bytes/epoch")
			epoch, err := c.WeightsKeeper.Epoch(c.Ctx(), 1)
			require.NoError(b, err)
			require.False(b, epoch.PaidByStake, "an epoch that pays for consensus is meant")
			require.Equal(b, uint64(height+1), epoch.Height)
			b.ReportMetric(float64(epoch.Nonzeros), "nonzeros")
		})
	}
}

// BenchmarkMetagraph asks for a full subnet as a client does: query, answer and its
// encoding, on a committed state.
func BenchmarkMetagraph(b *testing.B) {
	c := fullSubnet(b, 4096)
	c.Blocks(2)
	data, err := (&types.QueryMetagraphRequest{Subnet: 1}).Marshal()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		res, err := c.Query(b.Context(), &abci.RequestQuery{Path: "/tao.weights.v1.Query/Metagraph", Data: data})
		require.NoError(b, err)
		require.Zero(b, res.Code, res.Log)
		b.SetBytes(int64(len(res.Value)))
	}
}

// written counts what one block writes to our stores: values, and bytes with keys.
func written(b *testing.B, c *apptest.Chain, height int64) (count, size int) {
	b.Helper()
	c.CommitMultiStore().AddListeners([]storetypes.StoreKey{c.StoreKey(types.StoreKey), c.StoreKey(neurontypes.StoreKey)})
	_, err := c.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: c.Time(height), Hash: make([]byte, 32)})
	require.NoError(b, err)
	_, err = c.Commit()
	require.NoError(b, err)
	for _, pair := range c.CommitMultiStore().PopStateCache() {
		count, size = count+1, size+len(pair.Key)+len(pair.Value)
	}
	return count, size
}

// fullSubnet is a chain with n staked neurons, all permitted, and a row of each.
func fullSubnet(b *testing.B, n int) *apptest.Chain {
	b.Helper()
	c := apptest.New(b, apptest.WithOption(app.OptionInvariants, false), apptest.WithGenesis(func(genesis map[string]json.RawMessage) {
		cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
		h := subnettypes.LocalnetHyperparameters()
		h.Tempo, h.ActivityCutoff, h.MaxUids, h.MaxValidators, h.MaxRow = 1, 1_000_000, uint32(n), uint32(n), entries
		h.Kappa = uint32(65535 * entries / (2 * n)) // peers are weighed by 64 of n
		genesis[subnettypes.ModuleName] = cdc.MustMarshalJSON(subnettypes.NewGenesis(h))

		random := rand.New(rand.NewSource(1))
		neurons, total := neurontypes.DefaultGenesis(), uint64(0)
		for uid := range n {
			hot, cold := sdk.AccAddress(fmt.Sprintf("hotkey %013d", uid)).String(), sdk.AccAddress(fmt.Sprintf("coldkey %012d", uid)).String()
			p, shares, err := pool.Pool{}.Deposit(uint64(tao + random.Int63n(100*tao)))
			require.NoError(b, err)
			total += p.Assets
			neurons.Hotkeys = append(neurons.Hotkeys, neurontypes.Hotkey{Address: hot, Coldkey: cold, Assets: p.Assets, Shares: p.Shares.String()})
			neurons.Positions = append(neurons.Positions, neurontypes.Position{Hotkey: hot, Coldkey: cold, Shares: shares.String()})
			neurons.Neurons = append(neurons.Neurons, neurontypes.Neuron{Subnet: 1, Uid: uint32(uid), Hotkey: hot})
		}
		genesis[neurontypes.ModuleName] = cdc.MustMarshalJSON(neurons)
		var bank banktypes.GenesisState
		cdc.MustUnmarshalJSON(genesis[banktypes.ModuleName], &bank)
		bank.Balances = append(bank.Balances, banktypes.Balance{
			Address: authtypes.NewModuleAddress(neurontypes.ModuleName).String(), Coins: apptest.Rao(total),
		})
		genesis[banktypes.ModuleName] = cdc.MustMarshalJSON(&bank)
	}))
	random := rand.New(rand.NewSource(2))
	ctx := c.NewUncachedContext(false, c.Ctx().BlockHeader())
	for uid := range n {
		var uids, values []uint32
		for _, peer := range random.Perm(n)[:entries] {
			uids, values = append(uids, uint32(peer)), append(values, uint32(1+random.Intn(65535)))
		}
		row := types.StoredRow{Updated: 1, Written: 1, Entries: types.PackRow(uids, values)}
		require.NoError(b, c.WeightsKeeper.Rows.Set(ctx, collections.Join(uint64(1), uint32(uid)), row.Bytes()))
	}
	return c
}
