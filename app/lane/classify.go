package lane

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
	weightstypes "github.com/taonet/taonet/x/weights/types"
)

// MaxMessages is the largest number of messages in a free transaction.
const MaxMessages = 8

// Key is a place in the free lane: each pair has one pending transaction at most.
type Key struct {
	Hotkey string // bech32 address
	Subnet uint64
}

// Class says in which lane a transaction travels.
type Class struct {
	// Free is true when no fee is due.
	Free bool
	// Keys are the places a free transaction takes, none twice.
	Keys []Key
	// Gas is the gas limit of the transaction.
	Gas uint64
	// Entries is the number of weights in all rows of a free transaction.
	Entries int
}

// freeMessage returns the place of a message that may travel free, and how many
// weights it holds.
func freeMessage(msg sdk.Msg) (key Key, entries int, ok bool) {
	switch m := msg.(type) {
	case *weightstypes.MsgSetWeights:
		return Key{m.Hotkey, m.Subnet}, len(m.Uids), true
	case *weightstypes.MsgCommitWeights:
		return Key{m.Hotkey, m.Subnet}, 0, true
	case *weightstypes.MsgRevealWeights:
		return Key{m.Hotkey, m.Subnet}, len(m.Uids), true
	case *neurontypes.MsgServe:
		return Key{m.Hotkey, m.Subnet}, 0, true
	default:
		return Key{}, 0, false
	}
}

// Classify decides in which lane tx travels. A transaction is free when it offers
// no fee, every message is a free one of the same hotkey, no message type comes
// twice for a subnet, there are at most MaxMessages, and it has neither memo, fee
// payer, fee granter, tip nor extension.
//
// A transaction that only almost qualifies is an ordinary one and pays its fee;
// Class.Free is false then and reason says which condition was not met.
func Classify(tx sdk.Tx) (class Class, reason string) {
	if gasTx, ok := tx.(sdk.GasTx); ok {
		class.Gas = gasTx.GetGas()
	}
	signed, ok := tx.(authsigning.Tx)
	if !ok {
		return class, "it cannot be signed"
	}
	msgs := tx.GetMsgs()
	if len(msgs) == 0 || len(msgs) > MaxMessages {
		return class, fmt.Sprintf("it has %d messages, 1 to %d may travel free", len(msgs), MaxMessages)
	}
	if reason = rides(signed); reason != "" {
		return class, reason
	}
	keys, entries, reason := places(msgs)
	if reason != "" {
		return class, reason
	}
	class.Free, class.Keys, class.Entries = true, keys, entries
	return class, ""
}

// rides says what a transaction carries beside its messages that is not free.
func rides(tx authsigning.Tx) string {
	if !tx.GetFee().IsZero() {
		return "it offers a fee of " + tx.GetFee().String()
	}
	if tx.GetMemo() != "" {
		return "it has a memo"
	}
	if len(tx.FeeGranter()) != 0 {
		return "it names a fee granter"
	}
	if ext, ok := tx.(ante.HasExtensionOptionsTx); ok && len(ext.GetExtensionOptions())+len(ext.GetNonCriticalExtensionOptions()) > 0 {
		return "it has extension options"
	}
	signers, err := tx.GetSigners()
	if err != nil || len(signers) != 1 {
		return fmt.Sprintf("it has %d signers, a hotkey signs alone", len(signers))
	}
	if payer := tx.FeePayer(); len(payer) != 0 && string(payer) != string(signers[0]) {
		return "it names another fee payer"
	}
	return ""
}

// places collects the places that messages take, or says why they may not travel free.
func places(msgs []sdk.Msg) (keys []Key, entries int, reason string) {
	type once struct {
		kind   string
		subnet uint64
	}
	seen := make(map[once]bool, len(msgs))
	taken := make(map[Key]bool, len(msgs))
	for _, msg := range msgs {
		kind := sdk.MsgTypeURL(msg)
		key, n, ok := freeMessage(msg)
		if !ok {
			return nil, 0, kind + " pays a fee"
		}
		if key.Hotkey != hotkeyOf(msgs[0]) {
			return nil, 0, "its messages are of more than one hotkey"
		}
		if seen[once{kind, key.Subnet}] {
			return nil, 0, fmt.Sprintf("%s comes twice for subnet %d", kind, key.Subnet)
		}
		seen[once{kind, key.Subnet}] = true
		if !taken[key] {
			taken[key] = true
			keys = append(keys, key)
		}
		entries += n
	}
	return keys, entries, ""
}

// hotkeyOf returns the hotkey of a free message, empty for any other.
func hotkeyOf(msg sdk.Msg) string {
	key, _, _ := freeMessage(msg)
	return key.Hotkey
}
