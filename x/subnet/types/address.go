package types

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Canonical reads an address in its one spelling, by which others know the account.
// Each module wraps the error in its own.
func Canonical(text string) (sdk.AccAddress, error) {
	addr, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, err
	}
	if addr.String() != text {
		return nil, fmt.Errorf("write it as %s", addr)
	}
	return addr, nil
}
