package amount

import (
	"context"

	"google.golang.org/protobuf/reflect/protoreflect"

	basev1beta1 "cosmossdk.io/api/cosmos/base/v1beta1"
	"cosmossdk.io/client/v2/autocli/flag"
)

// coinMessage is what autocli's arguments and flags of one coin, or of several, hold.
const coinMessage protoreflect.FullName = "cosmos.base.v1beta1.Coin"

// DefineFlags makes autocli's commands take tao and rao wherever a message holds a
// Coin or a list of them, as arguments and as flags. It must come before commands
// are built: before AppOptions.EnhanceRootCommandWithBuilder.
func DefineFlags(builder *flag.Builder) {
	builder.DefineMessageFlagType(coinMessage, coinType{})
}

type coinType struct{}

// NewValue implements flag.Type.
func (coinType) NewValue(*context.Context, *flag.Builder) flag.Value { return &coinValue{} }

// DefaultValue implements flag.Type.
func (coinType) DefaultValue() string { return "" }

// coinValue is one coin; nil until it is set. Autocli makes one per item of a list.
type coinValue struct {
	coin *basev1beta1.Coin
}

// Get implements flag.HasValue.
func (v *coinValue) Get(protoreflect.Value) (protoreflect.Value, error) {
	if v.coin == nil {
		return protoreflect.Value{}, nil
	}
	return protoreflect.ValueOfMessage(v.coin.ProtoReflect()), nil
}

// Set implements pflag.Value.
func (v *coinValue) Set(text string) error {
	coin, err := Parse(text)
	if err != nil {
		return err
	}
	v.coin = &basev1beta1.Coin{Denom: coin.Denom, Amount: coin.Amount.String()}
	return nil
}

// String implements pflag.Value.
func (v *coinValue) String() string {
	if v.coin == nil {
		return ""
	}
	return v.coin.Amount + v.coin.Denom
}

// Type implements pflag.Value; help shows it after the flag's name.
func (v *coinValue) Type() string { return "amount" }
