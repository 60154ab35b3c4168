package wallet

import (
	"crypto/rand"

	stded25519 "crypto/ed25519"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/keys"
	"github.com/taonet/taonet/neuron/synapse"
)

// Hotkey is an ed25519 key that works: it signs rows, the axon record, requests and
// answers. It is all that a running neuron opens. It is safe for concurrent use.
type Hotkey struct {
	private *ed25519.PrivKey
	public  *synapse.Key
	address string
}

var _ synapse.Signer = (*Hotkey)(nil)

// NewHotkey draws a key. It is nowhere but in memory until Save.
func NewHotkey() *Hotkey {
	seed := make([]byte, stded25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	return hotkeyOf(seed)
}

// HotkeyFromMnemonic is the key that `taod keys add --key-type ed25519 --recover` makes
// of the same words: SLIP-0010, path m/44'/118'/0'/0'/0'. It fails with ErrMnemonic.
func HotkeyFromMnemonic(mnemonic string) (*Hotkey, error) {
	clean, err := cleanMnemonic(mnemonic)
	if err != nil {
		return nil, err
	}
	seed, err := keys.Ed25519.Derive()(clean, "", path())
	if err != nil {
		return nil, err
	}
	return hotkeyOf(seed), nil
}

// path of the keys of both kinds: account 0, index 0 of coin 118.
func path() string { return hd.CreateHDPath(app.CoinType, 0, 0).String() }

// hotkeyOf makes a key of a seed of 32 bytes.
func hotkeyOf(seed []byte) *Hotkey {
	private := &ed25519.PrivKey{Key: stded25519.NewKeyFromSeed(seed)}
	public := private.PubKey()
	return &Hotkey{
		private: private, address: addressOf(public),
		public: &synapse.Key{Type: synapse.KeyType_KEY_TYPE_ED25519, Bytes: public.Bytes()},
	}
}

// seed is what the key is made of, 32 bytes.
func (h *Hotkey) seed() []byte { return h.private.Key[:stded25519.SeedSize] }

// Address implements synapse.Signer: tao1….
func (h *Hotkey) Address() string { return h.address }

// Key implements synapse.Signer.
func (h *Hotkey) Key() *synapse.Key { return h.public }

// Sign implements synapse.Signer.
func (h *Hotkey) Sign(message []byte) ([]byte, error) { return h.private.Sign(message) }

// PubKey is the public key as transactions name it.
func (h *Hotkey) PubKey() cryptotypes.PubKey { return h.private.PubKey() }

// PrivKey is the private key as the chain's own tools sign with it.
func (h *Hotkey) PrivKey() cryptotypes.PrivKey { return h.private }

// String is the address, so that no formatting can print the secret.
func (h *Hotkey) String() string { return h.address }

// GoString is String.
func (h *Hotkey) GoString() string { return h.address }
