// Package sign makes signed transactions from private keys in memory: for the
// demo, load generators and tests. People sign with the keyring.
package sign

import (
	"context"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/client"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/taonet/taonet/app/amount"
)

// Options say how a transaction is made.
type Options struct {
	ChainID string
	Key     cryptotypes.PrivKey
	// Number and Sequence of the account; Sequence is 0 when Timeout is set.
	Number, Sequence uint64
	// Fee in rao, 0 for the free lane.
	Fee uint64
	// Gas limit.
	Gas  uint64
	Memo string
	// Timeout makes the transaction unordered: it needs no sequence and is void after it.
	Timeout time.Time
}

// Address of a key.
func Address(key cryptotypes.PrivKey) sdk.AccAddress { return sdk.AccAddress(key.PubKey().Address()) }

// Tx returns the bytes of a transaction signed in mode direct.
func Tx(ctx context.Context, config client.TxConfig, o Options, msgs ...sdk.Msg) ([]byte, error) {
	builder := config.NewTxBuilder()
	if err := builder.SetMsgs(msgs...); err != nil {
		return nil, err
	}
	builder.SetGasLimit(o.Gas)
	builder.SetMemo(o.Memo)
	if o.Fee > 0 {
		builder.SetFeeAmount(sdk.NewCoins(sdk.NewCoin(amount.BaseDenom, sdkmath.NewIntFromUint64(o.Fee))))
	}
	if !o.Timeout.IsZero() {
		builder.SetUnordered(true)
		builder.SetTimeoutTimestamp(o.Timeout)
	}
	if err := attach(ctx, config, builder, o); err != nil {
		return nil, err
	}
	return config.TxEncoder()(builder.GetTx())
}

// attach sets an empty signature first: what is signed names its mode and key.
func attach(ctx context.Context, config client.TxConfig, builder client.TxBuilder, o Options) error {
	mode := signing.SignMode_SIGN_MODE_DIRECT
	signature := signing.SignatureV2{
		PubKey: o.Key.PubKey(), Data: &signing.SingleSignatureData{SignMode: mode}, Sequence: o.Sequence,
	}
	if err := builder.SetSignatures(signature); err != nil {
		return err
	}
	signer := authsigning.SignerData{
		Address: Address(o.Key).String(), ChainID: o.ChainID, AccountNumber: o.Number, Sequence: o.Sequence, PubKey: o.Key.PubKey(),
	}
	document, err := authsigning.GetSignBytesAdapter(ctx, config.SignModeHandler(), mode, signer, builder.GetTx())
	if err != nil {
		return err
	}
	bytes, err := o.Key.Sign(document)
	if err != nil {
		return err
	}
	signature.Data = &signing.SingleSignatureData{SignMode: mode, Signature: bytes}
	return builder.SetSignatures(signature)
}
