package app

import (
	"os"
	"path/filepath"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/taonet/taonet/app/amount"
)

const (
	// Name of the application and of its binary.
	Name = "taod"
	// Bech32Prefix of account addresses: tao1…
	Bech32Prefix = "tao"
	// BaseDenom is the smallest unit; all amounts in state are in it.
	BaseDenom = amount.BaseDenom
	// DisplayDenom is what people read and type: 1 tao = 10^9 rao.
	DisplayDenom = amount.DisplayDenom
	// DisplayExponent is the number of decimals of the display denomination.
	DisplayExponent = amount.Exponent
	// CoinType is the SLIP-44 number in derivation paths.
	CoinType = 118
	// MinGasPrice is the default price that a node asks for and a client offers, in rao.
	MinGasPrice = "0.001rao"
)

// DefaultNodeHome is where taod keeps its files: ~/.taod, or $TAOD_HOME; empty when
// neither is known.
var DefaultNodeHome = defaultHome()

// init runs before any package reads addresses or denominations. The SDK keeps
// both in process-wide state.
func init() {
	// sdk.GetConfig asks for the host's name and the executable's path on every
	// call unless a scope is set: a tenth of the CPU under load.
	if os.Getenv(sdk.EnvConfigScope) == "" {
		if err := os.Setenv(sdk.EnvConfigScope, Name); err != nil {
			panic(err)
		}
	}
	sdk.DefaultBondDenom = BaseDenom
	config := sdk.GetConfig()
	config.SetBech32PrefixForAccount(Bech32Prefix, Bech32Prefix+"pub")
	config.SetBech32PrefixForValidator(Bech32Prefix+"valoper", Bech32Prefix+"valoperpub")
	config.SetBech32PrefixForConsensusNode(Bech32Prefix+"valcons", Bech32Prefix+"valconspub")
	config.SetCoinType(CoinType)
	config.Seal()
	if err := sdk.RegisterDenom(DisplayDenom, sdkmath.LegacyOneDec()); err != nil {
		panic(err)
	}
	if err := sdk.RegisterDenom(BaseDenom, sdkmath.LegacyNewDecWithPrec(1, DisplayExponent)); err != nil {
		panic(err)
	}
	if err := sdk.SetBaseDenom(BaseDenom); err != nil {
		panic(err)
	}
}

// Metadata describes Tao to wallets.
func Metadata() banktypes.Metadata {
	return banktypes.Metadata{
		Description: "The stake, pay and fee of the network",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: BaseDenom, Exponent: 0},
			{Denom: DisplayDenom, Exponent: DisplayExponent},
		},
		Base:    BaseDenom,
		Display: DisplayDenom,
		Name:    "Tao",
		Symbol:  "TAO",
	}
}

func defaultHome() string {
	if home := os.Getenv("TAOD_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "."+Name)
}
