package setup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/wallet"
)

// Key is a key of a neuron.
type Key struct {
	// Name in the keyring, or the file of a hotkey.
	Name string `json:"name"`
	// Address is tao1….
	Address string `json:"address"`
	// Mnemonic of a coldkey that was made now, to be shown once. Empty otherwise.
	Mnemonic string `json:"mnemonic,omitempty"`
	// Kept says that it was there.
	Kept bool `json:"kept"`
}

// KeyringFolder is where the keyring of a configuration is.
func KeyringFolder(cfg *neuron.Config) (string, error) {
	if cfg.Wallet.KeyringDir == "" {
		return neuron.Home(cfg)
	}
	return cfg.Path(cfg.Wallet.KeyringDir)
}

// Keyring opens the keyring of a configuration. Passwords come from input where standard
// input is no terminal.
func Keyring(cfg *neuron.Config, input io.Reader) (*wallet.Keyring, error) {
	dir, err := KeyringFolder(cfg)
	if err != nil {
		return nil, err
	}
	return wallet.OpenKeyring(wallet.KeyringConfig{Dir: dir, Backend: cfg.Wallet.KeyringBackend, Input: input})
}

// Coldkey opens the coldkey of a configuration.
func Coldkey(cfg *neuron.Config, input io.Reader) (*wallet.Coldkey, error) {
	ring, err := Keyring(cfg, input)
	if err != nil {
		return nil, err
	}
	return ring.Open(cfg.Wallet.Coldkey)
}

// MakeColdkey makes the coldkey of a configuration, imports it where there is a mnemonic,
// or keeps the one that is there. A mnemonic for a name that is taken is an error.
func MakeColdkey(cfg *neuron.Config, mnemonic string, input io.Reader) (Key, error) {
	ring, err := Keyring(cfg, input)
	if err != nil {
		return Key{}, err
	}
	key := Key{Name: cfg.Wallet.Coldkey}
	var cold *wallet.Coldkey
	if mnemonic != "" {
		cold, err = ring.Import(key.Name, mnemonic)
	} else if cold, err = ring.Open(key.Name); err == nil {
		key.Kept = true
	} else if errors.Is(err, wallet.ErrNoKey) {
		cold, key.Mnemonic, err = ring.Create(key.Name)
	}
	if err != nil {
		return Key{}, fmt.Errorf("the coldkey: %w", err)
	}
	key.Address = cold.Address()
	return key, nil
}

// Hotkey reads the hotkey of a configuration.
func Hotkey(cfg *neuron.Config) (*wallet.Hotkey, error) {
	path, err := cfg.Path(cfg.Wallet.Hotkey)
	if err != nil {
		return nil, err
	}
	return wallet.LoadHotkey(path)
}

// MakeHotkey makes the hotkey of a configuration, imports it where there is a mnemonic,
// or keeps the one that is there. A mnemonic where there is a file is an error.
func MakeHotkey(cfg *neuron.Config, mnemonic string) (Key, error) {
	path, err := cfg.Path(cfg.Wallet.Hotkey)
	if err != nil {
		return Key{}, err
	}
	key := Key{Name: path}
	hot := wallet.NewHotkey()
	if mnemonic != "" {
		if hot, err = wallet.HotkeyFromMnemonic(mnemonic); err != nil {
			return Key{}, fmt.Errorf("the hotkey: %w", err)
		}
	} else {
		have, err := wallet.LoadHotkey(path)
		if err == nil {
			key.Address, key.Kept = have.Address(), true
			return key, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Key{}, err
		}
	}
	key.Address = hot.Address()
	return key, hot.Save(path)
}
