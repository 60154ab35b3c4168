package wallet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	neurontypes "github.com/taonet/taonet/x/neuron/types"
)

// ErrConsent says that a consent is none, or of another key.
var ErrConsent = errors.New("wallet: no valid consent")

// Consent is a hotkey's agreement to be registered by a coldkey in a subnet, or, with
// subnet 0, to take another hotkey's place. As JSON it is the file that `taod keys
// consent` prints and `taod tx neuron register --consent` takes.
type Consent struct {
	ChainID string `json:"chain_id"`
	Coldkey string `json:"coldkey"`
	Hotkey  string `json:"hotkey"`
	// PubKey of the hotkey.
	PubKey ConsentKey `json:"pub_key"`
	Subnet uint64     `json:"subnet"`
	// Expiry is the last height at which it counts.
	Expiry uint64 `json:"expiry"`
	// Signature over neurontypes.ConsentBytes; base64 in JSON.
	Signature []byte `json:"signature"`
}

// Consent signs an agreement that counts up to a height on one chain. It can be used
// more than once until then, by that coldkey alone.
func (h *Hotkey) Consent(chainID, coldkey string, subnet, expiry uint64) (Consent, error) {
	c := Consent{
		ChainID: chainID, Coldkey: coldkey, Hotkey: h.address, PubKey: ConsentKey{h.PubKey()}, Subnet: subnet, Expiry: expiry,
	}
	document, err := c.document()
	if err != nil {
		return c, err
	}
	c.Signature, err = h.Sign(document)
	return c, err
}

// document is what is signed.
func (c Consent) document() ([]byte, error) {
	cold, err := ParseAddress(c.Coldkey)
	if err != nil {
		return nil, fmt.Errorf("coldkey: %w", err)
	}
	hot, err := ParseAddress(c.Hotkey)
	if err != nil {
		return nil, fmt.Errorf("hotkey: %w", err)
	}
	return neurontypes.ConsentBytes(c.ChainID, cold, hot, c.Subnet, c.Expiry), nil
}

// Verify checks that the hotkey signed this. It fails with ErrConsent. Chain, coldkey,
// subnet and expiry are the caller's to check.
func (c Consent) Verify() error {
	if c.PubKey.PubKey == nil {
		return fmt.Errorf("%w: it has no public key", ErrConsent)
	}
	if got := addressOf(c.PubKey); got != c.Hotkey {
		return fmt.Errorf("%w: its public key is of %s, it says %.80q", ErrConsent, got, c.Hotkey)
	}
	document, err := c.document()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConsent, err)
	}
	if !c.PubKey.VerifySignature(document, c.Signature) {
		return fmt.Errorf("%w: the signature of %s is not over chain %q, coldkey %s, subnet %d, expiry %d", ErrConsent,
			c.Hotkey, c.ChainID, c.Coldkey, c.Subnet, c.Expiry)
	}
	return nil
}

// ParseConsent reads and verifies the JSON of a Consent. It fails with ErrConsent.
func ParseConsent(text []byte) (Consent, error) {
	var c Consent
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Consent{}, fmt.Errorf("%w: it is not the JSON that taod keys consent prints: %w", ErrConsent, err)
	}
	return c, c.Verify()
}

// ConsentKey is a public key whose JSON is that of its protobuf.
type ConsentKey struct{ cryptotypes.PubKey }

// anyKey is the JSON of a public key in a protobuf Any.
type anyKey struct {
	Type string `json:"@type"`
	Key  []byte `json:"key"`
}

const (
	typeEd25519   = "/cosmos.crypto.ed25519.PubKey"
	typeSecp256k1 = "/cosmos.crypto.secp256k1.PubKey"
)

// MarshalJSON implements json.Marshaler.
func (k ConsentKey) MarshalJSON() ([]byte, error) {
	switch key := k.PubKey.(type) {
	case *ed25519.PubKey:
		return json.Marshal(anyKey{typeEd25519, key.Key})
	case *secp256k1.PubKey:
		return json.Marshal(anyKey{typeSecp256k1, key.Key})
	}
	return nil, fmt.Errorf("%w: a key of type %T", ErrConsent, k.PubKey)
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *ConsentKey) UnmarshalJSON(text []byte) error {
	var key anyKey
	if err := json.Unmarshal(text, &key); err != nil {
		return err
	}
	switch {
	case key.Type == typeEd25519 && len(key.Key) == ed25519.PubKeySize:
		k.PubKey = &ed25519.PubKey{Key: key.Key}
	case key.Type == typeSecp256k1 && len(key.Key) == secp256k1.PubKeySize:
		k.PubKey = &secp256k1.PubKey{Key: key.Key}
	default:
		return fmt.Errorf("a public key of type %.80q with %d bytes is neither ed25519 nor secp256k1", key.Type, len(key.Key))
	}
	return nil
}
