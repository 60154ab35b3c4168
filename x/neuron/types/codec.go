package types

import (
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
)

// RegisterLegacyAminoCodec registers messages for the old signing mode.
func RegisterLegacyAminoCodec(cdc *codec.LegacyAmino) {
	legacy.RegisterAminoMsg(cdc, &MsgRegister{}, "tao/x/neuron/MsgRegister")
	legacy.RegisterAminoMsg(cdc, &MsgDeregister{}, "tao/x/neuron/MsgDeregister")
	legacy.RegisterAminoMsg(cdc, &MsgSwapHotkey{}, "tao/x/neuron/MsgSwapHotkey")
	legacy.RegisterAminoMsg(cdc, &MsgSwapColdkey{}, "tao/x/neuron/MsgSwapColdkey")
	legacy.RegisterAminoMsg(cdc, &MsgCancelColdkeySwap{}, "tao/x/neuron/MsgCancelColdkeySwap")
	legacy.RegisterAminoMsg(cdc, &MsgAddStake{}, "tao/x/neuron/MsgAddStake")
	legacy.RegisterAminoMsg(cdc, &MsgRemoveStake{}, "tao/x/neuron/MsgRemoveStake")
	legacy.RegisterAminoMsg(cdc, &MsgMoveStake{}, "tao/x/neuron/MsgMoveStake")
	legacy.RegisterAminoMsg(cdc, &MsgCancelUnbonding{}, "tao/x/neuron/MsgCancelUnbonding")
	legacy.RegisterAminoMsg(cdc, &MsgSetTake{}, "tao/x/neuron/MsgSetTake")
	legacy.RegisterAminoMsg(cdc, &MsgSetPayout{}, "tao/x/neuron/MsgSetPayout")
	legacy.RegisterAminoMsg(cdc, &MsgServe{}, "tao/x/neuron/MsgServe")
	legacy.RegisterAminoMsg(cdc, &MsgRetire{}, "tao/x/neuron/MsgRetire")
	legacy.RegisterAminoMsg(cdc, &MsgSetIdentity{}, "tao/x/neuron/MsgSetIdentity")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "tao/x/neuron/MsgUpdateParams")
}

// RegisterInterfaces registers messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgRegister{}, &MsgDeregister{}, &MsgSwapHotkey{}, &MsgSwapColdkey{}, &MsgCancelColdkeySwap{},
		&MsgAddStake{}, &MsgRemoveStake{}, &MsgMoveStake{}, &MsgCancelUnbonding{}, &MsgSetTake{},
		&MsgSetPayout{}, &MsgServe{}, &MsgRetire{}, &MsgSetIdentity{}, &MsgUpdateParams{},
	)
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}

// UnpackInterfaces decodes the public key.
func (m MsgRegister) UnpackInterfaces(unpacker codectypes.AnyUnpacker) error {
	var key cryptotypes.PubKey
	return unpacker.UnpackAny(m.Hotkey, &key)
}

// UnpackInterfaces decodes the public key.
func (m MsgSwapHotkey) UnpackInterfaces(unpacker codectypes.AnyUnpacker) error {
	var key cryptotypes.PubKey
	return unpacker.UnpackAny(m.NewHotkey, &key)
}
