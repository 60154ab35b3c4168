package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/core/comet"
	"cosmossdk.io/log/v2"
	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/taonet/taonet/app/lane"
	"github.com/taonet/taonet/x/emission"
	"github.com/taonet/taonet/x/neuron"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	"github.com/taonet/taonet/x/subnet"
	subnetsim "github.com/taonet/taonet/x/subnet/simulation"
	"github.com/taonet/taonet/x/weights"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// appFactory makes chains for the simulator.
type appFactory = func(log.Logger, dbm.DB, bool, servertypes.AppOptions, ...func(*baseapp.BaseApp)) *simApp

// simApp is the chain as the simulator wants it.
type simApp struct {
	*App
	delivered map[string]int // successful messages and events at ends of blocks, by type
}

// newSimApp makes chains with the given options, with all invariants checked.
func newSimApp(options map[string]any) appFactory {
	return func(logger log.Logger, db dbm.DB, loadLatest bool, opts servertypes.AppOptions, base ...func(*baseapp.BaseApp)) *simApp {
		merged := map[string]any{OptionInvariants: true}
		maps.Copy(merged, options)
		app := &simApp{
			App:       New(logger, db, nil, false, simOptions{opts, merged}, base...),
			delivered: make(map[string]int),
		}
		app.SetAnteHandler(app.creditFees(app.AnteHandler()))
		app.SetPostHandler(app.count)
		app.SetBeginBlocker(app.BeginBlocker)
		app.SetEndBlocker(app.watch(app.endBlocker(simOptions{opts, merged})))
		if loadLatest {
			must(app.LoadLatestVersion())
		}
		return app
	}
}

type simOptions struct {
	servertypes.AppOptions
	merged map[string]any
}

// Get implements servertypes.AppOptions.
func (o simOptions) Get(name string) any {
	if value, ok := o.merged[name]; ok {
		return value
	}
	return o.AppOptions.Get(name)
}

// creditFees credits fees at once. The simulator delivers transactions behind the
// end of the block, where bank would have credited them.
func (app *simApp) creditFees(inner sdk.AnteHandler) sdk.AnteHandler {
	return func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
		ctx, err := inner(ctx, tx, simulate)
		if err != nil {
			return ctx, err
		}
		free := ctx.WithGasMeter(storetypes.NewInfiniteGasMeter())
		if err := app.BankKeeper.CreditVirtualAccounts(free); err != nil {
			return ctx, err
		}
		store := free.ObjectStore(app.objKeys[banktypes.ObjectStoreKey])
		var credited [][]byte
		it := store.Iterator(nil, nil)
		for ; it.Valid(); it.Next() {
			credited = append(credited, it.Key())
		}
		if err := it.Close(); err != nil {
			return ctx, err
		}
		for _, key := range credited {
			store.Delete(key)
		}
		return ctx, nil
	}
}

// What count counts beside types of messages.
const (
	freeLane  = "free of fee"
	paidByOwn = "hotkey's fee paid by its coldkey"
)

// count counts successful messages.
func (app *simApp) count(ctx sdk.Context, tx sdk.Tx, _, success bool) (sdk.Context, error) {
	if !success {
		return ctx, nil
	}
	for _, msg := range tx.GetMsgs() {
		app.delivered[sdk.MsgTypeURL(msg)]++
	}
	if lane.IsFree(ctx) {
		app.delivered[freeLane]++
	} else if fee, ok := tx.(sdk.FeeTx); ok && len(fee.FeeGranter()) > 0 {
		app.delivered[paidByOwn]++
	}
	return ctx, nil
}

// watch counts what the ends of blocks do and fails on an epoch that failed: the
// chain itself goes on behind one.
func (app *simApp) watch(inner sdk.EndBlocker) sdk.EndBlocker {
	return func(ctx sdk.Context) (sdk.EndBlock, error) {
		end, err := inner(ctx)
		for _, event := range end.Events {
			if !strings.HasPrefix(event.Type, "tao.") {
				continue
			}
			app.delivered["event "+event.Type]++
			if event.Type == proto.MessageName(&weightstypes.EventEpochFailed{}) {
				err = errors.Join(err, fmt.Errorf("an epoch failed at height %d: %v", ctx.BlockHeight(), event.Attributes))
			}
		}
		return end, err
	}
}

// BeginBlocker implements runtime.AppI. The simulator accuses several validators
// of a block of double signing; soon none would be left.
func (app *simApp) BeginBlocker(ctx sdk.Context) (sdk.BeginBlock, error) {
	most := 0
	if ctx.BlockHeight()%25 == 0 {
		most = 1
	}
	return app.ModuleManager.BeginBlock(ctx.WithCometInfo(fewAccused{ctx.CometInfo(), most}))
}

type fewAccused struct {
	comet.BlockInfo
	most int
}

// GetEvidence implements comet.BlockInfo.
func (f fewAccused) GetEvidence() comet.EvidenceList {
	return firstEvidence{f.BlockInfo.GetEvidence(), f.most}
}

type firstEvidence struct {
	comet.EvidenceList
	most int
}

// Len implements comet.EvidenceList.
func (f firstEvidence) Len() int { return min(f.EvidenceList.Len(), f.most) }

// EndBlocker implements runtime.AppI.
func (app *simApp) EndBlocker(ctx sdk.Context) (sdk.EndBlock, error) {
	return app.ModuleManager.EndBlock(ctx)
}

// InitChainer implements runtime.AppI.
func (app *simApp) InitChainer(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	return app.initChain(ctx, req)
}

// now reads and writes the state in which the simulator delivers.
func (app *simApp) now() sdk.Context { return app.NewContextLegacy(false, cmtproto.Header{}) }

// TxConfig makes transactions as neurons do: see simTxBuilder.
func (app *simApp) TxConfig() client.TxConfig { return simTxConfig{app.App.TxConfig(), app} }

type simTxConfig struct {
	client.TxConfig
	app *simApp
}

// NewTxBuilder implements client.TxConfig.
func (c simTxConfig) NewTxBuilder() client.TxBuilder {
	return &simTxBuilder{TxBuilder: c.TxConfig.NewTxBuilder(), app: c.app}
}

// simTxBuilder leaves every other memo out, so that rows travel free, and lets
// coldkeys pay for their hotkeys in some of the others.
type simTxBuilder struct {
	client.TxBuilder
	app  *simApp
	memo string
}

// SetMemo leaves every other memo out.
func (b *simTxBuilder) SetMemo(memo string) {
	if len(memo)%2 == 1 {
		b.memo = memo
		b.TxBuilder.SetMemo(memo)
	}
}

// hotkeyFee is what a coldkey pays for its hotkey, in rao.
const hotkeyFee = 1000

// SetFeeAmount takes the fee of a hotkey, which has nothing, from its coldkey where
// that allows it.
func (b *simTxBuilder) SetFeeAmount(fee sdk.Coins) {
	b.TxBuilder.SetFeeAmount(fee)
	signers, err := b.GetTx().GetSigners()
	must(err)
	if b.memo == "" || !fee.Empty() || len(signers) != 1 {
		return
	}
	ctx := b.app.now()
	coldkey, known, err := b.app.NeuronKeeper.Coldkey(ctx, signers[0])
	must(err)
	fee = sdk.NewCoins(sdk.NewInt64Coin(BaseDenom, hotkeyFee))
	if !known || !b.app.BankKeeper.SpendableCoins(ctx, coldkey).IsAllGTE(fee) {
		return
	}
	if allowance, err := b.app.FeeGrantKeeper.GetAllowance(ctx, coldkey, signers[0]); err == nil && allowance != nil {
		b.TxBuilder.SetFeeAmount(fee)
		b.SetFeeGranter(coldkey)
	}
}

// SetGasLimit lowers the simulator's limit to what a free transaction may ask for.
func (b *simTxBuilder) SetGasLimit(limit uint64) {
	if class, _ := lane.Classify(b.GetTx()); class.Free {
		limit = uint64(len(b.GetTx().GetMsgs())*lane.GasBase + class.Entries*lane.GasEntry)
	}
	b.TxBuilder.SetGasLimit(limit)
}

// SimulationManager keeps the proposals of our modules. Those of the SDK's would
// pass, too, in a simulation in which governance is quick, and its own operations
// do not expect that (a memo of 100 bytes, a denomination that cannot be sent).
func (app *simApp) SimulationManager() *module.SimulationManager {
	all := *app.App.SimulationManager()
	all.Modules = slices.Clone(all.Modules)
	for i, m := range all.Modules {
		switch m := m.(type) {
		case emission.AppModule, subnet.AppModule, neuron.AppModule, weights.AppModule, simsx.HasWeightedOperationsXWithProposals:
		case simsx.HasWeightedOperationsX:
			all.Modules[i] = operationsOnly{all.Modules[i], m}
		default:
			all.Modules[i] = stateOnly{all.Modules[i]}
		}
	}
	all.Modules = append(all.Modules, people{app})
	return &all
}

type operationsOnly struct {
	module.AppModuleSimulation
	simsx.HasWeightedOperationsX
}

type stateOnly struct{ module.AppModuleSimulation }

// people are no module: they send what the SDK's operations do not, votes for
// proposals and fee allowances of coldkeys for their hotkeys.
type people struct{ app *simApp }

// GenerateGenesisState implements module.AppModuleSimulation.
func (people) GenerateGenesisState(*module.SimulationState) {}

// RegisterStoreDecoder implements module.AppModuleSimulation.
func (people) RegisterStoreDecoder(simtypes.StoreDecoderRegistry) {}

// WeightedOperations implements module.AppModuleSimulation.
func (people) WeightedOperations(module.SimulationState) []simtypes.WeightedOperation { return nil }

// WeightedOperationsX registers what people send.
func (p people) WeightedOperationsX(weights simsx.WeightSource, reg simsx.Registry) {
	reg.Add(weights.Get("people_vote", 300), p.vote())
	reg.Add(weights.Get("people_allow", 60), p.allow())
}

// vote lets a validator say yes to a proposal.
func (p people) vote() simsx.SimMsgFactoryFn[*govv1.MsgVote] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *govv1.MsgVote) {
		var open []uint64
		must(p.app.GovKeeper.Proposals.Walk(ctx, nil, func(id uint64, proposal govv1.Proposal) (bool, error) {
			if proposal.Status == govv1.StatusVotingPeriod {
				open = append(open, id)
			}
			return false, nil
		}))
		if len(open) == 0 {
			reporter.Skip("no proposal is open")
			return nil, nil
		}
		validators, err := p.app.StakingKeeper.GetBondedValidatorsByPower(ctx)
		must(err)
		if len(validators) == 0 {
			reporter.Skip("no validator is bonded")
			return nil, nil
		}
		r := data.Rand()
		operator, err := sdk.ValAddressFromBech32(simsx.OneOf(r, validators).OperatorAddress)
		must(err)
		from := data.GetAccountbyAccAddr(reporter, sdk.AccAddress(operator))
		if reporter.IsSkipped() {
			return nil, nil
		}
		subnetsim.KeepForFee(&from)
		return []simsx.SimAccount{from}, govv1.NewMsgVote(from.Address, simsx.OneOf(r, open), govv1.OptionYes, "")
	}
}

// allow grants a hotkey its coldkey's Tao for fees.
func (p people) allow() simsx.SimMsgFactoryFn[*feegrant.MsgGrantAllowance] {
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, *feegrant.MsgGrantAllowance) {
		var pairs []neurontypes.Hotkey
		must(p.app.NeuronKeeper.Hotkeys.Walk(ctx, nil, func(addr []byte, h neurontypes.Hotkey) (bool, error) {
			if _, err := p.app.FeeGrantKeeper.GetAllowance(ctx, sdk.MustAccAddressFromBech32(h.Coldkey), addr); err != nil && data.HasAccount(h.Coldkey) {
				pairs = append(pairs, h)
			}
			return false, nil
		}))
		if len(pairs) == 0 {
			reporter.Skip("every hotkey has an allowance")
			return nil, nil
		}
		h := simsx.OneOf(data.Rand(), pairs)
		from := data.GetAccount(reporter, h.Coldkey)
		subnetsim.KeepForFee(&from)
		msg, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{}, from.Address, sdk.MustAccAddressFromBech32(h.Address))
		must(err)
		return []simsx.SimAccount{from}, msg
	}
}

// stateOf says how the simulator makes the first state.
func stateOf(app *simApp) simsx.SimStateFactory {
	return simsx.SimStateFactory{
		Codec: app.AppCodec(),
		AppStateFn: simtestutil.AppStateFnWithExtendedCb(
			app.AppCodec(), app.SimulationManager(), app.DefaultGenesis(), app.adaptGenesis),
		BlockedAddr:   blockedAddresses(),
		AccountSource: app.AccountKeeper,
		BalanceSource: app.BankKeeper,
	}
}

// adaptGenesis lets proposals pass with few votes within a few blocks, so that what
// only governance may do is done, and validators stay: the simulator has most of
// them off line.
func (app *simApp) adaptGenesis(genesis map[string]json.RawMessage) {
	cdc := app.AppCodec()
	var gov govv1.GenesisState
	cdc.MustUnmarshalJSON(genesis[govtypes.ModuleName], &gov)
	voting, expedited := 12*time.Hour, 6*time.Hour // 4 to 9 blocks, and half of it
	gov.Params.VotingPeriod, gov.Params.ExpeditedVotingPeriod = &voting, &expedited
	gov.Params.Quorum, gov.Params.Threshold, gov.Params.ExpeditedThreshold, gov.Params.VetoThreshold = "0.001", "0.1", "0.2", "0.9"
	genesis[govtypes.ModuleName] = cdc.MustMarshalJSON(&gov)

	var slashing slashingtypes.GenesisState
	cdc.MustUnmarshalJSON(genesis[slashingtypes.ModuleName], &slashing)
	slashing.Params.SignedBlocksWindow = 100
	slashing.Params.MinSignedPerWindow = sdkmath.LegacyNewDecWithPrec(5, 2)
	slashing.Params.SlashFractionDoubleSign = sdkmath.LegacyNewDecWithPrec(5, 2)
	slashing.Params.SlashFractionDowntime = sdkmath.LegacyNewDecWithPrec(1, 2)
	genesis[slashingtypes.ModuleName] = cdc.MustMarshalJSON(&slashing)

	var staking stakingtypes.GenesisState
	cdc.MustUnmarshalJSON(genesis[stakingtypes.ModuleName], &staking)
	staking.Params.MaxValidators = max(staking.Params.MaxValidators, 10)
	genesis[stakingtypes.ModuleName] = cdc.MustMarshalJSON(&staking)
}

// fewAccounts makes 25 to 74 accounts: few enough that they meet, enough that
// validators are left.
func fewAccounts(r *rand.Rand, n int) []simtypes.Account {
	return simtypes.RandomAccounts(r, 25+n%50)
}

// lastState reads what the last block left, its late transactions included.
func (app *simApp) lastState() sdk.Context {
	return app.GetContextForCheckTx(nil)
}
