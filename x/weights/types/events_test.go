package types_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/x/weights/types"
)

func TestARowsEventIsTheTypedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := types.EventRowSet{
			Subnet: rapid.Uint64().Draw(t, "subnet"), Uid: rapid.Uint32Range(0, math.MaxUint16).Draw(t, "uid"),
			Hotkey:  sdk.AccAddress(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "hotkey")).String(),
			Entries: rapid.Uint32().Draw(t, "entries"), Revealed: rapid.Bool().Draw(t, "revealed"),
		}
		want, err := sdk.TypedEventToEvent(&e)
		require.NoError(t, err)
		require.Equal(t, want, e.Event())
	})
}
