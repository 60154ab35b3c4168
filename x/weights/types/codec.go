package types

import (
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
)

// RegisterLegacyAminoCodec registers messages for the old signing mode.
func RegisterLegacyAminoCodec(cdc *codec.LegacyAmino) {
	legacy.RegisterAminoMsg(cdc, &MsgSetWeights{}, "tao/x/weights/MsgSetWeights")
	legacy.RegisterAminoMsg(cdc, &MsgCommitWeights{}, "tao/x/weights/MsgCommitWeights")
	legacy.RegisterAminoMsg(cdc, &MsgRevealWeights{}, "tao/x/weights/MsgRevealWeights")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "tao/x/weights/MsgUpdateParams")
}

// RegisterInterfaces registers messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgSetWeights{}, &MsgCommitWeights{}, &MsgRevealWeights{}, &MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
