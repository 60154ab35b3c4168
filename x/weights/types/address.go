package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	subnettypes "github.com/taonet/taonet/x/subnet/types"
)

// ParseAddress reads an address in its one spelling. field names it in errors.
func ParseAddress(field, text string) (sdk.AccAddress, error) {
	addr, err := subnettypes.Canonical(text)
	if err != nil {
		return nil, ErrInvalidAddress.Wrapf("%s %q: %s", field, text, err)
	}
	return addr, nil
}
