package app

import (
	"context"
	"fmt"

	"github.com/spf13/cast"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"

	"github.com/taonet/taonet/app/lane"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// setHandlers says what happens to a transaction before its messages, and how
// blocks are proposed and judged.
func (app *App) setHandlers(opts servertypes.AppOptions) {
	app.slots = lane.NewSlots(lane.Limits{PaidTxs: DefaultMempoolSize / 2, PaidBytes: DefaultMaxBytes / 2, PaidGas: MaxBlockGas / 2})
	app.SetAnteHandler(app.anteHandler(signatureCache(opts)))

	proposals := lane.NewProposals(app.txConfig.TxDecoder(), DefaultMempoolSize, app.Logger())
	app.SetPrepareProposal(proposals.PrepareProposal)
	app.SetProcessProposal(proposals.ProcessProposal)
}

// signatureCache reads how many verified transactions the node remembers.
func signatureCache(opts servertypes.AppOptions) *lane.SignatureCache {
	size := DefaultSignatureCache
	if value := opts.Get(OptionSignatureCache); value != nil {
		size = cast.ToInt(value)
	}
	return lane.NewSignatureCache(size)
}

// anteHandler is the SDK's chain of checks with the free lane woven in: what is
// cheap comes first, the signature late, the slot last.
func (app *App) anteHandler(cache *lane.SignatureCache) sdk.AnteHandler {
	accounts := app.AccountKeeper
	fees := ante.NewDeductFeeDecorator(accounts, virtualFees{app.BankKeeper}, app.FeeGrantKeeper, nil)
	verify := ante.NewSigVerificationDecorator(accounts, app.txConfig.SignModeHandler())
	return sdk.ChainAnteDecorators(
		ante.NewSetUpContextDecorator(),
		signersDecorator{},
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(accounts),
		lane.NewCheckDecorator(app, app.slots),
		ante.NewConsumeGasForTxSizeDecorator(accounts),
		lane.NewFeeDecorator(fees),
		ante.NewSetPubKeyDecorator(accounts),
		ante.NewValidateSigCountDecorator(accounts),
		ante.NewSigGasConsumeDecorator(accounts, ante.DefaultSigVerificationGasConsumer),
		cache.Wrap(accounts, verify),
		ante.NewIncrementSequenceDecorator(accounts),
		lane.NewClaimDecorator(app.slots),
	)
}

// CheckFree runs the checks that a message of the free lane meets in its module.
func (app *App) CheckFree(ctx sdk.Context, msg sdk.Msg) error {
	switch m := msg.(type) {
	case *weightstypes.MsgSetWeights:
		return app.WeightsKeeper.CheckRow(ctx, m)
	case *weightstypes.MsgCommitWeights:
		return app.WeightsKeeper.CheckCommit(ctx, m)
	case *weightstypes.MsgRevealWeights:
		return app.WeightsKeeper.CheckReveal(ctx, m)
	case *neurontypes.MsgServe:
		return app.NeuronKeeper.CheckServe(ctx, m)
	}
	return fmt.Errorf("%s does not travel free", sdk.MsgTypeURL(msg))
}

// virtualFees sends fees to the fee collector by way of a transient account, so
// that transactions do not all write one balance. Bank credits it at the end of
// the block.
type virtualFees struct {
	bankkeeper.BaseKeeper
}

// SendCoinsFromAccountToModule implements the fee decorator's bank.
func (v virtualFees) SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amount sdk.Coins) error {
	if module != authtypes.FeeCollectorName {
		return fmt.Errorf("fees go to %s, not to %s", authtypes.FeeCollectorName, module)
	}
	return v.SendCoinsFromAccountToModuleVirtual(ctx, from, module, amount)
}
