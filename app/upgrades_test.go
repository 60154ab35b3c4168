package app_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/x/emission"
	emissiontypes "github.com/taonet/taonet/x/emission/types"
)

const (
	nextRelease = "next"
	nextStore   = "next"
)

// raisedEmission is the emission module of a later release.
type raisedEmission struct{ emission.AppModule }

func (raisedEmission) ConsensusVersion() uint64 { return 2 }

// upgrading is a chain whose validators voted for a plan, some blocks before its height.
func upgrading(t *testing.T, before int64) (c *apptest.Chain, home string, height int64) {
	home = t.TempDir()
	operator := apptest.Key("operator")
	c = apptest.New(t,
		apptest.WithOption(flags.FlagHome, home),
		apptest.WithFunds(apptest.Address(operator), 100*apptest.Tao),
		apptest.WithGenesis(func(genesis map[string]json.RawMessage) {
			var state map[string]any
			require.NoError(t, json.Unmarshal(genesis[govtypes.ModuleName], &state))
			params := state["params"].(map[string]any)
			params["voting_period"], params["expedited_voting_period"] = "3s", "2s"
			text, err := json.Marshal(state)
			require.NoError(t, err)
			genesis[govtypes.ModuleName] = text
		}))
	height = c.Height() + 10
	proposal, err := govv1.NewMsgSubmitProposal([]sdk.Msg{&upgradetypes.MsgSoftwareUpgrade{
		Authority: authtypes.NewModuleAddress(govtypes.ModuleName).String(),
		Plan:      upgradetypes.Plan{Name: nextRelease, Height: height},
	}}, apptest.Rao(10*apptest.Tao), apptest.Address(operator).String(), "", "Upgrade", "To the next release", false)
	require.NoError(t, err)
	for _, msg := range []sdk.Msg{proposal, govv1.NewMsgVote(apptest.Address(operator), 1, govv1.OptionYes, "")} {
		res := c.NextBlock(c.Paid(operator, msg))
		require.Zero(t, res[0].Code, res[0].Log)
	}
	for c.Height() < height-before {
		c.NextBlock()
	}
	plan, err := c.UpgradeKeeper.GetUpgradePlan(c.Ctx())
	require.NoError(t, err, "the vote scheduled the plan")
	require.Equal(t, height, plan.Height)
	return c, home, height
}

// reopen starts another binary on the state of a chain.
func reopen(c *apptest.Chain, home string, mounts ...storetypes.StoreKey) {
	options := simtestutil.AppOptionsMap{flags.FlagHome: home, app.OptionInvariants: true}
	c.App = app.New(log.NewNopLogger(), c.DB, nil, true, options, baseapp.SetChainID(apptest.ChainID),
		func(base *baseapp.BaseApp) { base.MountStores(mounts...) })
}

func TestUpgradeStopsTheOldBinaryAndMigratesInTheNew(t *testing.T) {
	c, home, height := upgrading(t, 1)
	_, err := c.TryBlock()
	require.ErrorContains(t, err, `UPGRADE "next" NEEDED`)
	require.FileExists(t, filepath.Join(home, "data", upgradetypes.UpgradeInfoFilename))
	reopen(c, home)
	_, err = c.TryBlock()
	require.ErrorContains(t, err, `UPGRADE "next" NEEDED`, "an old binary stays stopped")
	require.Equal(t, height-1, c.LastBlockHeight())

	app.AddRelease(t, nextRelease, nextStore)
	store := storetypes.NewKVStoreKey(nextStore)
	reopen(c, home, store)
	modules := c.ModuleManager.Modules
	modules[emissiontypes.ModuleName] = raisedEmission{modules[emissiontypes.ModuleName].(emission.AppModule)}
	var migrated []int64
	require.NoError(t, c.Configurator().RegisterMigration(emissiontypes.ModuleName, 1, func(ctx sdk.Context) error {
		migrated = append(migrated, ctx.BlockHeight())
		ctx.KVStore(store).Set([]byte("made"), []byte("here"))
		return nil
	}))
	c.Blocks(3)

	require.Equal(t, []int64{height}, migrated, "once, in the block of the plan")
	require.Equal(t, []byte("here"), c.Ctx().KVStore(store).Get([]byte("made")))
	versions, err := c.UpgradeKeeper.GetModuleVersionMap(c.Ctx())
	require.NoError(t, err)
	require.Equal(t, uint64(2), versions[emissiontypes.ModuleName])
	done, err := c.UpgradeKeeper.GetDoneHeight(c.Ctx(), nextRelease)
	require.NoError(t, err)
	require.Equal(t, height, done)

	reopen(c, home, store)
	c.Blocks(2) // the stores are there already
	require.Equal(t, height+4, c.LastBlockHeight())
}

func TestALaterBinaryRefusesToRunBeforeThePlan(t *testing.T) {
	c, home, _ := upgrading(t, 3)
	app.AddRelease(t, nextRelease)
	reopen(c, home)
	_, err := c.TryBlock()
	require.ErrorContains(t, err, "BINARY UPDATED BEFORE TRIGGER")
}

func TestUpgradeCanBeSkipped(t *testing.T) {
	c, home, height := upgrading(t, 1)
	options := simtestutil.AppOptionsMap{flags.FlagHome: home, server.FlagUnsafeSkipUpgrades: []int{int(height)}}
	c.App = app.New(log.NewNopLogger(), c.DB, nil, true, options, baseapp.SetChainID(apptest.ChainID))
	c.Blocks(2)
	_, err := c.UpgradeKeeper.GetUpgradePlan(c.Ctx())
	require.ErrorIs(t, err, upgradetypes.ErrNoUpgradePlanFound)
}

func TestAnAppWithoutBlocksTouchesNoDisk(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, true, simtestutil.NewAppOptionsWithFlagHome(home))
	require.NoDirExists(t, home)
}
