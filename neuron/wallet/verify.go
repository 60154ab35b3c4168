package wallet

import (
	"errors"
	"fmt"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/neuron/synapse"
)

// What Verify finds wrong.
var (
	// ErrKey: no public key that an account of the chain could have.
	ErrKey = errors.New("wallet: no public key of an account")
	// ErrAddress: the address is not that of the key.
	ErrAddress = errors.New("wallet: the address is not that of the key")
	// ErrSignature: the key did not sign this.
	ErrSignature = errors.New("wallet: wrong signature")
)

// signatureBytes is the length of every signature: R || S.
const signatureBytes = 64

// Verifier checks signatures as the chain does: of ed25519 keys by the rules of ZIP-215,
// of secp256k1 keys over the SHA-256 of the message and with the lower S alone, so that
// nobody can turn one signature into another. It implements synapse.Verifier, holds
// nothing and is safe for concurrent use.
type Verifier struct{}

var _ synapse.Verifier = Verifier{}

// Verify implements synapse.Verifier. It fails with ErrKey, ErrAddress or ErrSignature.
func (Verifier) Verify(address string, key *synapse.Key, message, signature []byte) error {
	public, err := publicKey(key)
	if err != nil {
		return err
	}
	if got := addressOf(public); got != address {
		return fmt.Errorf("%w: it is %s, this says %.80q", ErrAddress, got, address)
	}
	if len(signature) != signatureBytes {
		return fmt.Errorf("%w: it has %d bytes, need %d", ErrSignature, len(signature), signatureBytes)
	}
	if !public.VerifySignature(message, signature) {
		return fmt.Errorf("%w: %s did not sign these %d bytes", ErrSignature, address, len(message))
	}
	return nil
}

// publicKey is a key of the wire as the chain knows it.
func publicKey(key *synapse.Key) (cryptotypes.PubKey, error) {
	bytes := key.GetBytes()
	var (
		public cryptotypes.PubKey
		want   int
	)
	switch key.GetType() {
	case synapse.KeyType_KEY_TYPE_ED25519:
		public, want = &ed25519.PubKey{Key: bytes}, ed25519.PubKeySize
	case synapse.KeyType_KEY_TYPE_SECP256K1:
		public, want = &secp256k1.PubKey{Key: bytes}, secp256k1.PubKeySize
	default:
		return nil, fmt.Errorf("%w: its type is %d, known are ed25519 (%d) and secp256k1 (%d)", ErrKey,
			key.GetType(), synapse.KeyType_KEY_TYPE_ED25519, synapse.KeyType_KEY_TYPE_SECP256K1)
	}
	if len(bytes) != want {
		return nil, fmt.Errorf("%w: it has %d bytes, a key of type %s has %d", ErrKey, len(bytes), public.Type(), want)
	}
	return public, nil
}

// addressOf is the account of a key in bech32.
func addressOf(key cryptotypes.PubKey) string { return sdk.AccAddress(key.Address()).String() }

// ParseAddress reads an address of this chain, tao1…, into its bytes.
func ParseAddress(text string) ([]byte, error) {
	address, err := sdk.GetFromBech32(text, app.Bech32Prefix)
	if err != nil {
		return nil, fmt.Errorf("address %.80q is none of %s1…: %w", text, app.Bech32Prefix, err)
	}
	if err := sdk.VerifyAddressFormat(address); err != nil {
		return nil, fmt.Errorf("address %.80q: %w", text, err)
	}
	return address, nil
}
