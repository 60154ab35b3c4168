package wallet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	stded25519 "crypto/ed25519"
)

// What can be wrong with the file of a hotkey, beside fs.ErrNotExist.
var (
	// ErrExists: there is a file of that name, and it is not overwritten.
	ErrExists = errors.New("wallet: the file is there already")
	// ErrDamaged: the file holds no hotkey.
	ErrDamaged = errors.New("wallet: the file holds no hotkey")
	// ErrPermissions: others may read or change the file.
	ErrPermissions = errors.New("wallet: others may open the file")
)

const (
	// maxHotkeyFile is the longest file that is read, in bytes.
	maxHotkeyFile = 4096
	hotkeyType    = "ed25519"
)

// hotkeyFile is a hotkey as it lies in its file. Address and public key follow from the
// secret; they are there for people, and a secret that lost a digit does not fit them.
type hotkeyFile struct {
	Type      string `json:"type"`
	Address   string `json:"address"`
	PublicKey string `json:"public_key"`
	// Seed is the secret of RFC 8032, 32 bytes in hexadecimal.
	Seed string `json:"seed"`
}

// Encode is what Save writes.
func (h *Hotkey) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(hotkeyFile{
		Type: hotkeyType, Address: h.address, PublicKey: hex.EncodeToString(h.public.Bytes), Seed: hex.EncodeToString(h.seed()),
	}, "", "  ")
	return append(text, '\n'), err
}

// DecodeHotkey reads what Encode wrote. It fails with ErrDamaged, and says which part is
// wrong without repeating the secret.
func DecodeHotkey(text []byte) (*Hotkey, error) {
	if len(text) > maxHotkeyFile {
		return nil, fmt.Errorf("%w: it has %d bytes, at most %d", ErrDamaged, len(text), maxHotkeyFile)
	}
	var file hotkeyFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%w: it is no JSON with type, address, public_key and seed alone", ErrDamaged)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the key", ErrDamaged)
	}
	if file.Type != hotkeyType {
		return nil, fmt.Errorf("%w: its type is %.40q, it must be %q", ErrDamaged, file.Type, hotkeyType)
	}
	seed, err := hex.DecodeString(file.Seed)
	if err != nil || len(seed) != stded25519.SeedSize {
		return nil, fmt.Errorf("%w: the seed is not %d bytes of hexadecimal", ErrDamaged, stded25519.SeedSize)
	}
	h := hotkeyOf(seed)
	if file.Address != h.address || file.PublicKey != hex.EncodeToString(h.public.Bytes) {
		return nil, fmt.Errorf("%w: its seed gives %s, and address or public_key say another key (address %.80q)", ErrDamaged, h.address, file.Address)
	}
	return h, nil
}

// Save writes the key to a new file that its owner alone may open, and makes it durable:
// whoever reads the name finds a whole key or none. It fails with ErrExists when there
// is a file already, whatever is in it.
func (h *Hotkey) Save(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s; choose another name, or move it away if the key in it is no longer needed", ErrExists, path)
	}
	text, err := h.Encode()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder of the hotkey: %w", err)
	}
	temporary, err := writeTemporary(dir, text)
	if err != nil {
		return fmt.Errorf("the hotkey cannot be written to %s: %w", dir, err)
	}
	if err := publish(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncFolder(dir)
}

// writeTemporary makes a durable file of mode 0600 with a name of its own.
func writeTemporary(dir string, text []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, ".hotkey-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// publish gives a file its name and never takes it from another: a link fails where a
// rename would replace. Where a file system has no links, it is renamed; Save has
// looked just before.
func publish(temporary, path string) error {
	err := os.Link(temporary, path)
	switch {
	case err == nil:
		return os.Remove(temporary)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: %s appeared just now; choose another name", ErrExists, path)
	}
	return os.Rename(temporary, path)
}

// syncFolder makes a new name last.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// LoadHotkey reads a file that Save wrote. It fails with fs.ErrNotExist, ErrPermissions
// or ErrDamaged, and says what mends it.
func LoadHotkey(path string) (*Hotkey, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no hotkey at %s; make or import one with: neuron init: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("the hotkey: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("the hotkey: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no file", ErrDamaged, path)
	}
	if wide := info.Mode().Perm() &^ 0o600; wide != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o, at most 0600; mend it with: chmod 600 %s", ErrPermissions, path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxHotkeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("the hotkey: %w", err)
	}
	h, err := DecodeHotkey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; restore the file from a copy, or make a new key and register it", path, err)
	}
	return h, nil
}
