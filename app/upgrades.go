package app

import (
	"context"

	"github.com/cosmos/cosmos-sdk/baseapp"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
)

// release is one version that changes state.
type release struct {
	name   string
	stores storetypes.StoreUpgrades
}

// releases lists every release that needs a plan, oldest first. The next release
// adds its line here; module migrations run by themselves.
var releases = []release{
	{name: "v1.0.0"},
}

// registerUpgrades tells the upgrade module what to do at a plan's height.
func (app *App) registerUpgrades() {
	for _, r := range releases {
		app.UpgradeKeeper.SetUpgradeHandler(r.name,
			func(ctx context.Context, _ upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
				return app.ModuleManager.RunMigrations(ctx, app.configurator, from)
			})
	}
	app.SetStoreLoader(app.loadStores)
}

// loadStores adds and removes stores when the next block is that of an upgrade.
func (app *App) loadStores(stores storetypes.CommitMultiStore) error {
	// Without a block there was no upgrade. Asking would make the home folder, which
	// commands that only need the codecs must not do.
	if stores.LastCommitID().Version == 0 {
		return baseapp.DefaultStoreLoader(stores)
	}
	info, err := app.UpgradeKeeper.ReadUpgradeInfoFromDisk()
	if err != nil {
		return err
	}
	for _, r := range releases {
		if info.Name == r.name && !app.UpgradeKeeper.IsSkipHeight(info.Height) {
			return upgradetypes.UpgradeStoreLoader(info.Height, &r.stores)(stores)
		}
	}
	return baseapp.DefaultStoreLoader(stores)
}
