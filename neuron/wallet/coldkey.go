package wallet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/taonet/taonet/app/keys"
)

// What can be wrong with a keyring.
var (
	// ErrPassword: the keyring was not unlocked.
	ErrPassword = errors.New("wallet: wrong password")
	// ErrNoKey: the keyring has no key of that name.
	ErrNoKey = errors.New("wallet: no such key")
	// ErrTaken: the keyring has a key of that name, or this key under another.
	ErrTaken = errors.New("wallet: the key is there already")
)

// Backends of a keyring, where its secrets lie.
const (
	// BackendOS is the operating system's store of passwords.
	BackendOS = keyring.BackendOS
	// BackendFile is files that a password encrypts.
	BackendFile = keyring.BackendFile
	// BackendTest is files that nothing protects: for local networks alone.
	BackendTest = keyring.BackendTest
)

// KeyringConfig says which keyring.
type KeyringConfig struct {
	// Dir is what taod calls --keyring-dir: its home, ~/.taod, unless one was chosen.
	Dir string
	// Backend is one of the Backend constants.
	Backend string
	// Input is where a password is read from, a line each time, when standard input is
	// no terminal; nil is standard input. A new keyring of BackendFile reads it twice.
	Input io.Reader
}

// Keyring is where coldkeys lie. It is for one goroutine.
type Keyring struct {
	ring keyring.Keyring
	cfg  KeyringConfig
}

// OpenKeyring opens a keyring. Nothing is unlocked before a key is asked for.
func OpenKeyring(cfg KeyringConfig) (*Keyring, error) {
	if !slices.Contains([]string{BackendOS, BackendFile, BackendTest}, cfg.Backend) {
		return nil, fmt.Errorf("keyring backend %q is unknown: it is %s, %s or, for local networks, %s", cfg.Backend, BackendOS, BackendFile, BackendTest)
	}
	if cfg.Dir == "" {
		return nil, errors.New("the keyring has no folder: name one, such as ~/.taod")
	}
	if cfg.Input == nil {
		cfg.Input = os.Stdin
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of the keyring: %w", err)
	}
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	ring, err := keyring.New(sdk.KeyringServiceName(), cfg.Backend, cfg.Dir, cfg.Input, codec.NewProtoCodec(registry), keys.Option())
	if err != nil {
		return nil, fmt.Errorf("the keyring in %s (backend %s) cannot be opened: %w; another --keyring-backend may be there", cfg.Dir, cfg.Backend, err)
	}
	return &Keyring{ring: ring, cfg: cfg}, nil
}

// said turns the SDK's errors into ours.
func (k *Keyring) said(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrMaxPassPhraseAttempts):
		return fmt.Errorf("%w of the keyring in %s; the keys in it can be made again from their mnemonics", ErrPassword, k.cfg.Dir)
	case errors.Is(err, sdkerrors.ErrKeyNotFound):
		return fmt.Errorf("%w: %q is not in the keyring in %s (backend %s); %s", ErrNoKey, name, k.cfg.Dir, k.cfg.Backend, k.known())
	}
	return fmt.Errorf("key %q of the keyring in %s (backend %s): %w", name, k.cfg.Dir, k.cfg.Backend, err)
}

// known names what there is.
func (k *Keyring) known() string {
	records, err := k.ring.List()
	if err != nil || len(records) == 0 {
		return "it is empty: make a key with neuron init or taod keys add"
	}
	names := make([]string, len(records))
	for i, r := range records {
		names[i] = r.Name
	}
	return "there are: " + strings.Join(names, ", ")
}

// Create makes a secp256k1 key of a new mnemonic of 24 words. The mnemonic is kept
// nowhere: the caller shows it once. It fails with ErrTaken or ErrPassword.
func (k *Keyring) Create(name string) (key *Coldkey, mnemonic string, err error) {
	if mnemonic, err = newMnemonic(); err != nil {
		return nil, "", err
	}
	if key, err = k.Import(name, mnemonic); err != nil {
		return nil, "", err
	}
	return key, mnemonic, nil
}

// Import makes the key that `taod keys add --recover` makes of the same words: path
// m/44'/118'/0'/0/0. It fails with ErrMnemonic, ErrTaken or ErrPassword.
func (k *Keyring) Import(name, mnemonic string) (*Coldkey, error) {
	if strings.TrimSpace(name) == "" {
		return nil, errors.New("a key needs a name")
	}
	clean, err := cleanMnemonic(mnemonic)
	if err != nil {
		return nil, err
	}
	// NewAccount would write over a key of another address.
	switch _, err := k.ring.Key(name); {
	case err == nil:
		return nil, fmt.Errorf("%w: %q is in the keyring in %s; choose another name", ErrTaken, name, k.cfg.Dir)
	case !errors.Is(err, sdkerrors.ErrKeyNotFound):
		return nil, k.said(name, err)
	}
	record, err := k.ring.NewAccount(name, clean, "", path(), hd.Secp256k1)
	if errors.Is(err, keyring.ErrDuplicatedAddress) {
		return nil, fmt.Errorf("%w: the keyring in %s has this key under another name; taod keys list shows it", ErrTaken, k.cfg.Dir)
	}
	if err != nil {
		return nil, k.said(name, err)
	}
	return k.coldkey(record)
}

// Open returns the key of a name. It fails with ErrNoKey or ErrPassword.
func (k *Keyring) Open(name string) (*Coldkey, error) {
	record, err := k.ring.Key(name)
	if err != nil {
		return nil, k.said(name, err)
	}
	return k.coldkey(record)
}

// Names of all keys and their addresses, in the keyring's order.
func (k *Keyring) Names() (names, addresses []string, err error) {
	records, err := k.ring.List()
	if err != nil {
		return nil, nil, k.said("", err)
	}
	for _, r := range records {
		key, err := k.coldkey(r)
		if err != nil {
			return nil, nil, err
		}
		names, addresses = append(names, key.name), append(addresses, key.address)
	}
	return names, addresses, nil
}

func (k *Keyring) coldkey(record *keyring.Record) (*Coldkey, error) {
	public, err := record.GetPubKey()
	if err != nil {
		return nil, k.said(record.Name, err)
	}
	return &Coldkey{ring: k, name: record.Name, public: public, address: addressOf(public)}, nil
}

// Coldkey is a key that owns. Its secret stays in the keyring; what is signed goes
// there. No part of a running neuron takes one.
type Coldkey struct {
	ring    *Keyring
	name    string
	public  cryptotypes.PubKey
	address string
}

// Name in the keyring.
func (c *Coldkey) Name() string { return c.name }

// Address is tao1….
func (c *Coldkey) Address() string { return c.address }

// PubKey is the public key as transactions name it.
func (c *Coldkey) PubKey() cryptotypes.PubKey { return c.public }

// Sign signs the document of a transaction in mode direct. The keyring may ask for its
// password. It fails with ErrPassword, or when the keyring knows the public key alone.
func (c *Coldkey) Sign(document []byte) ([]byte, error) {
	signature, _, err := c.ring.ring.Sign(c.name, document, signing.SignMode_SIGN_MODE_DIRECT)
	if errors.Is(err, keyring.ErrOfflineSign) {
		return nil, fmt.Errorf("the keyring in %s has the public key of %q alone: sign on the machine that has the secret", c.ring.cfg.Dir, c.name)
	}
	return signature, c.ring.said(c.name, err)
}
