package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app/apptest"
	"github.com/taonet/taonet/app/keys"
)

// TestTransactions estimates gas as --gas auto does, signs in either mode and
// delivers within the estimate, from a key that the chain has not seen before.
func TestTransactions(t *testing.T) {
	modes := []signing.SignMode{signing.SignMode_SIGN_MODE_DIRECT, signing.SignMode_SIGN_MODE_LEGACY_AMINO_JSON}
	for _, algo := range algorithms {
		for _, mode := range modes {
			t.Run(string(algo.Name())+"/"+mode.String(), func(t *testing.T) {
				ring := keyring.NewInMemory(newCodec(), keys.Option())
				record, err := ring.NewAccount("from", mnemonic, "", path, algo)
				require.NoError(t, err)
				from := address(t, record)
				chain := apptest.New(t, apptest.WithFunds(from, 2*apptest.Tao))
				account := chain.AccountKeeper.GetAccount(chain.Ctx(), from)
				require.Nil(t, account.GetPubKey())

				to := apptest.Address(apptest.Key("to"))
				message := banktypes.NewMsgSend(from, to, apptest.Rao(apptest.Tao))
				factory := tx.Factory{}.WithTxConfig(chain.TxConfig()).WithKeybase(ring).WithFromName("from").
					WithChainID(apptest.ChainID).WithAccountNumber(account.GetAccountNumber()).
					WithSignMode(mode).WithSimulateAndExecute(true).WithFees("100000rao")
				gas := estimate(t, chain, factory, message)

				builder, err := factory.WithGas(gas).BuildUnsignedTx(message)
				require.NoError(t, err)
				require.NoError(t, tx.Sign(t.Context(), factory, "from", builder, true))
				encoded, err := chain.TxConfig().TxEncoder()(builder.GetTx())
				require.NoError(t, err)
				result := chain.NextBlock(encoded)[0]
				require.Zero(t, result.Code, result.Log)
				require.Equal(t, int64(apptest.Tao), chain.BankKeeper.GetBalance(chain.Ctx(), to, "rao").Amount.Int64())
			})
		}
	}
}

// estimate is the gas of a simulation, and half as much again.
func estimate(t *testing.T, chain *apptest.Chain, factory tx.Factory, message sdk.Msg) uint64 {
	t.Helper()
	simulated, err := factory.BuildSimTx(message)
	require.NoError(t, err)
	info, _, err := chain.Simulate(simulated)
	require.NoError(t, err)
	require.Positive(t, info.GasUsed)
	return info.GasUsed + info.GasUsed/2
}
