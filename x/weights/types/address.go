package types

import sdk "github.com/cosmos/cosmos-sdk/types"

// ParseAddress reads an address in its one spelling, by which others know the
// account. field names it in errors.
func ParseAddress(field, text string) (sdk.AccAddress, error) {
	addr, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, ErrInvalidAddress.Wrapf("%s %q: %s", field, text, err)
	}
	if addr.String() != text {
		return nil, ErrInvalidAddress.Wrapf("%s %q: write it as %s", field, text, addr)
	}
	return addr, nil
}
