package app

import (
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// signersDecorator refuses a transaction whose signers cannot be read, such as one
// whose sender is no address. The SDK's own checks do so too, but with errors that
// have no code of their own.
type signersDecorator struct{}

// AnteHandle implements sdk.AnteDecorator.
func (signersDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	signed, ok := tx.(authsigning.Tx)
	if !ok {
		return ctx, errorsmod.Wrapf(sdkerrors.ErrTxDecode, "a %T cannot be signed", tx)
	}
	if _, err := signed.GetSigners(); err != nil {
		return ctx, errorsmod.Wrapf(sdkerrors.ErrTxDecode, "the signers: %s", err)
	}
	return next(ctx, tx, simulate)
}
