package app

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	simcli "github.com/cosmos/cosmos-sdk/x/simulation/client/cli"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
)

// Simulations send random messages of all modules to the whole chain and check all
// invariants after every block. The defaults are short; flags make them long:
//
//	go test ./app -run TestSimulation -v -timeout 24h -Seeds 1,2,3 -NumBlocks 500 -BlockSize 100
//
// A seed that failed fails again with -Seeds SEED and the same sizes.

// TestMain reads the simulator's flags beside those of go test.
func TestMain(m *testing.M) {
	simcli.GetSimulatorFlags()
	flag.String("Seeds", "1,2,3", "seeds of the simulations, separated by commas")
	for name, value := range map[string]string{
		"NumBlocks": "40", "BlockSize": "40",
		"GenesisTime": strconv.FormatInt(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), 10),
	} {
		must(flag.Set(name, value))
	}
	os.Exit(m.Run())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// seeds reads the flag.
func seeds(t *testing.T) (list []int64) {
	t.Helper()
	for _, text := range strings.Split(flag.Lookup("Seeds").Value.String(), ",") {
		seed, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		require.NoError(t, err)
		list = append(list, seed)
	}
	return list
}

// each runs a test for every seed.
func each(t *testing.T, test func(t *testing.T, seed int64)) {
	t.Helper()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			test(t, seed)
		})
	}
}

// simulate runs one seed and returns what is left of it.
func simulate(t *testing.T, seed int64, make appFactory, then func(simsx.TestInstance[*simApp])) {
	t.Helper()
	cfg := simcli.NewConfigFromFlags()
	cfg.ChainID = simsx.SimAppChainID
	simsx.RunWithSeedAndRandAcc(t, cfg, make, stateOf, seed, nil, fewAccounts,
		func(_ testing.TB, ti simsx.TestInstance[*simApp], _ []simtypes.Account) { then(ti) })
}

// TestSimulation runs random messages and fails on a refusal that the operations
// did not expect, a broken invariant or a panic.
func TestSimulation(t *testing.T) {
	var mu sync.Mutex
	total := make(map[string]int)
	t.Run("seeds", func(t *testing.T) {
		each(t, func(t *testing.T, seed int64) {
			simulate(t, seed, newSimApp(nil), func(ti simsx.TestInstance[*simApp]) {
				require.NoError(t, ti.App.Invariants(ti.App.lastState()))
				mu.Lock()
				defer mu.Unlock()
				for _, counts := range []map[string]int{ti.App.delivered, ti.App.proposed(t)} {
					for kind, n := range counts {
						total[kind] += n
					}
				}
			})
		})
	})
	for _, kind := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%6d %s", total[kind], kind)
	}
	if t.Failed() {
		return
	}
	// The simulation is worth nothing when its operations skip.
	for _, kind := range []string{
		"/tao.neuron.v1.MsgRegister", "/tao.neuron.v1.MsgAddStake", "/tao.neuron.v1.MsgRemoveStake", "/tao.neuron.v1.MsgMoveStake",
		"/tao.neuron.v1.MsgServe", "/tao.neuron.v1.MsgSwapHotkey", "/tao.neuron.v1.MsgSwapColdkey", "/tao.neuron.v1.MsgDeregister",
		"/tao.subnet.v1.MsgVoteSubnets", "/tao.subnet.v1.MsgSetHyperparameter", "/tao.subnet.v1.MsgCreateSubnet",
		"/tao.weights.v1.MsgSetWeights", "/tao.weights.v1.MsgCommitWeights", freeLane,
	} {
		require.Positive(t, total[kind], "%s never succeeded", kind)
	}
}

// proposed counts the messages of proposals by what became of them.
func (app *simApp) proposed(t testing.TB) map[string]int {
	counts := make(map[string]int)
	err := app.GovKeeper.Proposals.Walk(app.lastState(), nil, func(_ uint64, p govv1.Proposal) (bool, error) {
		status := strings.ToLower(strings.TrimPrefix(p.Status.String(), "PROPOSAL_STATUS_"))
		for _, msg := range p.Messages {
			counts[fmt.Sprintf("%s, proposed: %s", msg.TypeUrl, status)]++
		}
		if p.Status == govv1.StatusFailed {
			t.Logf("proposal %d failed: %s", p.Id, p.FailedReason)
		}
		return false, nil
	})
	require.NoError(t, err)
	return counts
}

// TestSimulationDeterminism runs the first seed twice, with and without what one
// node may remember and another may not: the state must be the same.
func TestSimulationDeterminism(t *testing.T) {
	var hashes []string
	for _, options := range []map[string]any{{}, {OptionSignatureCache: 0}} {
		simulate(t, seeds(t)[0], newSimApp(options), func(ti simsx.TestInstance[*simApp]) {
			hashes = append(hashes, hex.EncodeToString(ti.App.LastCommitID().Hash))
		})
	}
	require.Len(t, hashes, 2)
	require.Equal(t, hashes[0], hashes[1])
}

// exceptions are the keys of the SDK's stores that its genesis does not restore:
// what is derived, what is rebuilt over time, and how values are split in it. Our
// stores have none.
func exceptions() map[string][][]byte {
	return map[string][][]byte{
		upgradetypes.StoreKey: {{upgradetypes.VersionMapByte}},
		stakingtypes.StoreKey: {
			stakingtypes.UnbondingQueueKey, stakingtypes.RedelegationQueueKey, stakingtypes.ValidatorQueueKey,
			stakingtypes.HistoricalInfoKey, stakingtypes.UnbondingIDKey, stakingtypes.UnbondingIndexKey,
			stakingtypes.UnbondingTypeKey, stakingtypes.ValidatorUpdatesKey,
		},
		authzkeeper.StoreKey:   {authzkeeper.GrantQueuePrefix},
		feegrant.StoreKey:      {feegrant.FeeAllowanceQueueKeyPrefix},
		slashingtypes.StoreKey: {slashingtypes.ValidatorMissedBlockBitmapKeyPrefix},
	}
}

// TestSimulationImportExport exports a random state, imports it into a new chain
// and compares all stores; then it starts chains from it.
func TestSimulationImportExport(t *testing.T) {
	each(t, func(t *testing.T, seed int64) {
		simulate(t, seed, newSimApp(nil), func(ti simsx.TestInstance[*simApp]) { importExport(t, ti) })
	})
}

func importExport(t *testing.T, ti simsx.TestInstance[*simApp]) {
	t.Helper()
	old := ti.App
	exported, err := old.ExportAppStateAndValidators(false, nil, nil)
	require.NoError(t, err)
	var genesis GenesisState
	require.NoError(t, json.Unmarshal(exported.AppState, &genesis))

	fresh := simsx.NewSimulationAppInstance(t, ti.Cfg, newSimApp(nil)).App
	ctx := fresh.NewContextLegacy(true, old.lastState().BlockHeader())
	_, err = fresh.ModuleManager.InitGenesis(ctx, fresh.AppCodec(), genesis)
	require.NoError(t, err)
	require.NoError(t, fresh.StoreConsensusParams(ctx, exported.ConsensusParams))
	require.NoError(t, fresh.Invariants(ctx))
	// The simulator runs messages behind the end of the block: their votes wait there
	// to be counted.
	last := old.lastState()
	require.NoError(t, old.SubnetKeeper.Recount(last, math.MaxInt))
	compareStores(t, old, last, fresh, ctx)

	start := old.lastState().BlockTime()
	for _, zero := range []bool{false, true} {
		exported, err := old.ExportAppStateAndValidators(zero, nil, nil)
		require.NoError(t, err)
		next := simsx.NewSimulationAppInstance(t, ti.Cfg, newSimApp(nil)).App
		goOn(t, next, exported.AppState, max(exported.Height, 1), start)
	}
}

// compareStores compares all stores key by key, but for the exceptions.
func compareStores(t *testing.T, old *simApp, oldCtx sdk.Context, fresh *simApp, freshCtx sdk.Context) {
	t.Helper()
	for _, name := range storeNames() {
		a, b := oldCtx.KVStore(old.StoreKey(name)), freshCtx.KVStore(fresh.StoreKey(name))
		onlyA, onlyB := simtestutil.DiffKVStores(a, b, exceptions()[name])
		require.Equal(t, len(onlyA), len(onlyB))
		// Store decoders panic where one side has no value.
		for i := range onlyA {
			t.Errorf("store %s, key %X: %X before, %X after", name, onlyA[i].Key, onlyA[i].Value, onlyB[i].Value)
		}
	}
}

// goOn starts a chain from an exported state and makes some empty blocks.
func goOn(t *testing.T, app *simApp, state []byte, height int64, start time.Time) {
	t.Helper()
	params := DefaultConsensusParams().ToProto()
	_, err := app.InitChain(&abci.RequestInitChain{
		ChainId: simsx.SimAppChainID, Time: start, InitialHeight: height, AppStateBytes: state, ConsensusParams: &params,
	})
	require.NoError(t, err)
	for i := range int64(10) {
		_, err := app.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height + i, Time: start.Add(time.Duration(i) * time.Second)})
		require.NoError(t, err)
		_, err = app.Commit()
		require.NoError(t, err)
	}
}
