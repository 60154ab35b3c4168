package types

import (
	"encoding/binary"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
)

// consentDomain separates consents from everything else a hotkey signs.
const consentDomain = "tao/neuron/consent/v1"

// ConsentBytes is what a hotkey signs to be registered (subnet > 0) or to take
// another hotkey's place (subnet 0):
//
//	domain | chain id | coldkey | hotkey | subnet | expiry
//
// where texts and addresses are preceded by their length as 4 bytes and numbers
// have 8 bytes, all big endian.
func ConsentBytes(chainID string, coldkey, hotkey []byte, subnet, expiry uint64) []byte {
	var b []byte
	for _, field := range [][]byte{[]byte(consentDomain), []byte(chainID), coldkey, hotkey} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	b = binary.BigEndian.AppendUint64(b, subnet)
	return binary.BigEndian.AppendUint64(b, expiry)
}

// HotkeyPubKey decodes a hotkey's public key: ed25519 or secp256k1.
func HotkeyPubKey(value *codectypes.Any) (cryptotypes.PubKey, error) {
	if value == nil {
		return nil, ErrInvalidPubKey.Wrap("it is missing")
	}
	key, ok := value.GetCachedValue().(cryptotypes.PubKey)
	if !ok {
		return nil, ErrInvalidPubKey.Wrapf("%s is none", value.TypeUrl)
	}
	switch k := key.(type) {
	case *ed25519.PubKey:
		if len(k.Key) != ed25519.PubKeySize {
			return nil, ErrInvalidPubKey.Wrapf("an ed25519 key has %d bytes, this %d", ed25519.PubKeySize, len(k.Key))
		}
	case *secp256k1.PubKey:
		if len(k.Key) != secp256k1.PubKeySize {
			return nil, ErrInvalidPubKey.Wrapf("a secp256k1 key has %d bytes, this %d", secp256k1.PubKeySize, len(k.Key))
		}
	default:
		return nil, ErrInvalidPubKey.Wrapf("the type is %s, allowed are ed25519 and secp256k1", key.Type())
	}
	return key, nil
}
