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
	legacy.RegisterAminoMsg(cdc, &MsgCreateSubnet{}, "tao/x/subnet/MsgCreateSubnet")
	legacy.RegisterAminoMsg(cdc, &MsgDissolveSubnet{}, "tao/x/subnet/MsgDissolveSubnet")
	legacy.RegisterAminoMsg(cdc, &MsgDescribeSubnet{}, "tao/x/subnet/MsgDescribeSubnet")
	legacy.RegisterAminoMsg(cdc, &MsgOfferOwnership{}, "tao/x/subnet/MsgOfferOwnership")
	legacy.RegisterAminoMsg(cdc, &MsgAcceptOwnership{}, "tao/x/subnet/MsgAcceptOwnership")
	legacy.RegisterAminoMsg(cdc, &MsgSetHyperparameter{}, "tao/x/subnet/MsgSetHyperparameter")
	legacy.RegisterAminoMsg(cdc, &MsgVoteSubnets{}, "tao/x/subnet/MsgVoteSubnets")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "tao/x/subnet/MsgUpdateParams")
}

// RegisterInterfaces registers messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgCreateSubnet{}, &MsgDissolveSubnet{}, &MsgDescribeSubnet{}, &MsgOfferOwnership{},
		&MsgAcceptOwnership{}, &MsgSetHyperparameter{}, &MsgVoteSubnets{}, &MsgUpdateParams{},
	)
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
