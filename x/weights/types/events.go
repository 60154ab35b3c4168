package types

import (
	"strconv"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Event is what EmitTypedEvent makes of it, without reflection: a tenth of what the
// execution of a row took was to tell about it. Hotkey must be an address.
func (e EventRowSet) Event() sdk.Event {
	return sdk.NewEvent("tao.weights.v1.EventRowSet",
		sdk.NewAttribute("entries", strconv.FormatUint(uint64(e.Entries), 10)),
		sdk.NewAttribute("hotkey", `"`+e.Hotkey+`"`),
		sdk.NewAttribute("revealed", strconv.FormatBool(e.Revealed)),
		sdk.NewAttribute("subnet", `"`+strconv.FormatUint(e.Subnet, 10)+`"`),
		sdk.NewAttribute("uid", strconv.FormatUint(uint64(e.Uid), 10)),
	)
}
