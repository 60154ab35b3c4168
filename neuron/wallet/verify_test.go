package wallet_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/wallet"
)

// pair is a key of either kind and how it travels.
type pair struct {
	private cryptotypes.PrivKey
	key     *synapse.Key
	address string
}

func pairs(seed []byte) []pair {
	ed, secp := ed25519.GenPrivKeyFromSecret(seed), secp256k1.GenPrivKeyFromSecret(seed)
	made := []pair{
		{private: ed, key: &synapse.Key{Type: synapse.KeyType_KEY_TYPE_ED25519}},
		{private: secp, key: &synapse.Key{Type: synapse.KeyType_KEY_TYPE_SECP256K1}},
	}
	for i := range made {
		made[i].key.Bytes = made[i].private.PubKey().Bytes()
		made[i].address = sdk.AccAddress(made[i].private.PubKey().Address()).String()
	}
	return made
}

func TestVerify(t *testing.T) {
	v := wallet.Verifier{}
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "message")
		made := pairs(rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "seed"))
		for i, p := range made {
			signature, err := p.private.Sign(message)
			require.NoError(t, err)
			require.NoError(t, v.Verify(p.address, p.key, message, signature))

			at := rapid.IntRange(0, len(signature)*8-1).Draw(t, "bit")
			wrong := bytes.Clone(signature)
			wrong[at/8] ^= 1 << (at % 8)
			require.ErrorIs(t, v.Verify(p.address, p.key, message, wrong), wallet.ErrSignature)
			require.ErrorIs(t, v.Verify(p.address, p.key, append(bytes.Clone(message), 0), signature), wallet.ErrSignature)
			require.ErrorIs(t, v.Verify(p.address, p.key, message, signature[:63]), wallet.ErrSignature)
			require.ErrorIs(t, v.Verify(made[1-i].address, p.key, message, signature), wallet.ErrAddress)
			require.ErrorIs(t, v.Verify(p.address+" ", p.key, message, signature), wallet.ErrAddress)
		}
	})
}

func TestVerifyRefusesKeys(t *testing.T) {
	v, p := wallet.Verifier{}, pairs([]byte{1})
	signature, err := p[0].private.Sign(nil)
	require.NoError(t, err)
	for _, key := range []*synapse.Key{
		nil, {}, {Type: 9, Bytes: p[0].key.Bytes}, {Type: synapse.KeyType_KEY_TYPE_ED25519},
		{Type: synapse.KeyType_KEY_TYPE_ED25519, Bytes: p[1].key.Bytes}, {Type: synapse.KeyType_KEY_TYPE_SECP256K1, Bytes: p[0].key.Bytes},
	} {
		require.ErrorIs(t, v.Verify(p[0].address, key, nil, signature), wallet.ErrKey)
	}
}

// TestVerifyRefusesHighS: S and N - S verify alike in mathematics; only the lower is taken.
func TestVerifyRefusesHighS(t *testing.T) {
	order, ok := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	require.True(t, ok)
	p := pairs([]byte{2})[1]
	signature, err := p.private.Sign([]byte("x"))
	require.NoError(t, err)
	high := bytes.Clone(signature)
	new(big.Int).Sub(order, new(big.Int).SetBytes(signature[32:])).FillBytes(high[32:])
	require.NoError(t, wallet.Verifier{}.Verify(p.address, p.key, []byte("x"), signature))
	require.ErrorIs(t, wallet.Verifier{}.Verify(p.address, p.key, []byte("x"), high), wallet.ErrSignature)

	// And of ed25519 no S above the group's order.
	group, ok := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	require.True(t, ok)
	p = pairs([]byte{2})[0]
	signature, err = p.private.Sign([]byte("x"))
	require.NoError(t, err)
	s := make([]byte, 32)
	for i := range s {
		s[i] = signature[63-i]
	}
	added := new(big.Int).Add(group, new(big.Int).SetBytes(s)).FillBytes(make([]byte, 32))
	high = bytes.Clone(signature)
	for i := range added {
		high[63-i] = added[i]
	}
	require.ErrorIs(t, wallet.Verifier{}.Verify(p.address, p.key, []byte("x"), high), wallet.ErrSignature)
}

// TestSignedRequests walks a signature through the envelope of package synapse.
func TestSignedRequests(t *testing.T) {
	hot, v := wallet.NewHotkey(), wallet.Verifier{}
	signed, err := synapse.SignRequest(hot, &synapse.Head{ChainId: "tao-1"}, []byte("body"))
	require.NoError(t, err)
	head, err := synapse.ReadHead(signed)
	require.NoError(t, err)
	require.Equal(t, hot.Address(), head.Sender)
	require.NoError(t, synapse.VerifyRequest(v, signed, head, []byte("body")))
	signed.Signature[3] ^= 1
	require.ErrorIs(t, synapse.VerifyRequest(v, signed, head, []byte("body")), synapse.ErrSignature)
}

func FuzzVerify(f *testing.F) {
	for _, p := range pairs([]byte("seed")) {
		signature, err := p.private.Sign([]byte("message"))
		require.NoError(f, err)
		f.Add(p.address, int32(p.key.Type), p.key.Bytes, []byte("message"), signature)
	}
	f.Add("", int32(0), []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, address string, kind int32, key, message, signature []byte) {
		err := wallet.Verifier{}.Verify(address, &synapse.Key{Type: synapse.KeyType(kind), Bytes: key}, message, signature)
		if err == nil { // then it is of this address, and of no malleable length
			require.Len(t, signature, 64)
			require.Error(t, wallet.Verifier{}.Verify(address[1:], &synapse.Key{Type: synapse.KeyType(kind), Bytes: key}, message, signature))
		}
	})
}
