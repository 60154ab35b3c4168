package amount

import sdkmath "cosmossdk.io/math"

// FormatRao is Format of an amount in state.
func FormatRao(rao uint64) string { return Format(sdkmath.NewIntFromUint64(rao)) }
