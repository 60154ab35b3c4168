package apptest

import (
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// TxOptions say how a transaction is made.
type TxOptions struct {
	Key  cryptotypes.PrivKey
	Fee  uint64 // rao
	Gas  uint64
	Memo string
	// Timeout makes the transaction unordered.
	Timeout time.Time
	// Sequence overrides the account's.
	Sequence *uint64
	ChainID  string
}

// Free signs a transaction of the free lane: no fee, no sequence.
func (c *Chain) Free(key cryptotypes.PrivKey, msgs ...sdk.Msg) []byte {
	return c.Tx(TxOptions{Key: key, Gas: 200_000, Timeout: c.Time(c.height).Add(20*time.Second + time.Duration(len(msgs)))}, msgs...)
}

// Paid signs an ordinary transaction with a fee.
func (c *Chain) Paid(key cryptotypes.PrivKey, msgs ...sdk.Msg) []byte {
	return c.Tx(TxOptions{Key: key, Gas: 1_000_000, Fee: 1000}, msgs...)
}

// Tx signs a transaction.
func (c *Chain) Tx(o TxOptions, msgs ...sdk.Msg) []byte {
	t := c.T
	t.Helper()
	builder := c.TxConfig().NewTxBuilder()
	require.NoError(t, builder.SetMsgs(msgs...))
	builder.SetGasLimit(o.Gas)
	builder.SetMemo(o.Memo)
	if o.Fee > 0 {
		builder.SetFeeAmount(Rao(o.Fee))
	}
	account := c.AccountKeeper.GetAccount(c.Ctx(), Address(o.Key))
	var number, sequence uint64
	if account != nil {
		number, sequence = account.GetAccountNumber(), account.GetSequence()
	}
	if !o.Timeout.IsZero() {
		builder.SetUnordered(true)
		builder.SetTimeoutTimestamp(o.Timeout)
		sequence = 0
	}
	if o.Sequence != nil {
		sequence = *o.Sequence
	}
	if o.ChainID == "" {
		o.ChainID = ChainID
	}
	signer := authsigning.SignerData{
		Address: Address(o.Key).String(), ChainID: o.ChainID, AccountNumber: number, Sequence: sequence, PubKey: o.Key.PubKey(),
	}
	return c.sign(builder, signer, o.Key)
}

func (c *Chain) sign(builder client.TxBuilder, signer authsigning.SignerData, key cryptotypes.PrivKey) []byte {
	t := c.T
	t.Helper()
	mode := signing.SignMode_SIGN_MODE_DIRECT
	signature := signing.SignatureV2{
		PubKey: key.PubKey(), Data: &signing.SingleSignatureData{SignMode: mode}, Sequence: signer.Sequence,
	}
	require.NoError(t, builder.SetSignatures(signature))
	doc, err := authsigning.GetSignBytesAdapter(c.Ctx(), c.TxConfig().SignModeHandler(), mode, signer, builder.GetTx())
	require.NoError(t, err)
	bz, err := key.Sign(doc)
	require.NoError(t, err)
	signature.Data = &signing.SingleSignatureData{SignMode: mode, Signature: bz}
	require.NoError(t, builder.SetSignatures(signature))
	encoded, err := c.TxConfig().TxEncoder()(builder.GetTx())
	require.NoError(t, err)
	return encoded
}

// Check runs CheckTx as the mempool would.
func (c *Chain) Check(tx []byte) *abci.ResponseCheckTx {
	c.T.Helper()
	res, err := c.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	require.NoError(c.T, err)
	return res
}

// Recheck runs CheckTx as the mempool does after a block.
func (c *Chain) Recheck(tx []byte) *abci.ResponseCheckTx {
	c.T.Helper()
	res, err := c.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_Recheck})
	require.NoError(c.T, err)
	return res
}
