package chain

import (
	"fmt"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/std"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/taonet/taonet/app"
	neurontypes "github.com/taonet/taonet/x/neuron/types"
	subnettypes "github.com/taonet/taonet/x/subnet/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// codecs encode messages, for the wire and for what is signed.
type codecs struct {
	wire *codec.ProtoCodec
	tx   client.TxConfig
}

// newCodecs knows the messages that this package sends and their signers. An app in
// memory would know all and cost as much as a node's start.
func newCodecs() (codecs, error) {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          address.NewBech32Codec(app.Bech32Prefix),
			ValidatorAddressCodec: address.NewBech32Codec(app.Bech32Prefix + "valoper"),
		},
	})
	if err != nil {
		return codecs{}, fmt.Errorf("the messages of the chain: %w", err)
	}
	std.RegisterInterfaces(registry)
	authtypes.RegisterInterfaces(registry)
	banktypes.RegisterInterfaces(registry)
	feegrant.RegisterInterfaces(registry)
	neurontypes.RegisterInterfaces(registry)
	subnettypes.RegisterInterfaces(registry)
	weightstypes.RegisterInterfaces(registry)
	wire := codec.NewProtoCodec(registry)
	tx, err := authtx.NewTxConfigWithOptions(wire, authtx.ConfigOptions{EnabledSignModes: []signing.SignMode{signing.SignMode_SIGN_MODE_DIRECT}})
	if err != nil {
		return codecs{}, fmt.Errorf("the transactions of the chain: %w", err)
	}
	return codecs{wire: wire, tx: tx}, nil
}
