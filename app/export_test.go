package app

import (
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/types/module"
)

// AddRelease makes every App built in the rest of the test a later release, which
// adds stores.
func AddRelease(t testing.TB, name string, stores ...string) {
	t.Helper()
	before := releases
	t.Cleanup(func() { releases = before })
	releases = append(append([]release(nil), before...),
		release{name: name, stores: storetypes.StoreUpgrades{Added: stores}})
}

// Configurator is where a test registers a migration.
func (app *App) Configurator() module.Configurator { return app.configurator }
