// Package keys teaches the SDK's keyring ed25519 beside secp256k1.
//
// secp256k1 stays the default: Ledgers and browser wallets have it. ed25519 is
// for hotkeys, which sign often and by program: it verifies twice as fast. An
// ed25519 key is derived from the same mnemonic by SLIP-0010, the tree in which
// other wallets find it again.
//
// Nothing has to be registered: the SDK's codecs (std.RegisterInterfaces and the
// amino codec of armored exports) know ed25519 keys already, and its ante handler
// accepts them. Only the keyring's list of algorithms lacks them:
//
//	clientCtx = clientCtx.WithKeyringOptions(keys.Option())
package keys

import (
	"bytes"
	stded25519 "crypto/ed25519"
	"fmt"

	"github.com/cosmos/go-bip39"

	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
)

// Ed25519 is the algorithm "ed25519" of a keyring: SLIP-0010 derivation, RFC 8032
// signatures, and the SDK's address of such a key, SHA-256(public key)[:20].
var Ed25519 keyring.SignatureAlgo = ed25519Algo{}

// Option adds Ed25519 to the algorithms of a keyring. What was there stays, in its
// order: secp256k1 is first, so it remains the default. Ledgers are not touched.
func Option() keyring.Option {
	return func(options *keyring.Options) {
		if options.SupportedAlgos.Contains(Ed25519) {
			return
		}
		// A list of our own: appending must not write into the caller's array.
		algos := make(keyring.SigningAlgoList, 0, len(options.SupportedAlgos)+1)
		options.SupportedAlgos = append(append(algos, options.SupportedAlgos...), Ed25519)
	}
}

type ed25519Algo struct{}

// Name is what --key-type takes.
func (ed25519Algo) Name() hd.PubKeyType { return hd.Ed25519Type }

// Derive walks from a BIP-39 mnemonic down a path to a key of 32 bytes. An empty
// path is the root. Every part is hardened, written so or not: SLIP-0010 has no
// other kind for ed25519, and the keyring's own default is m/44'/118'/0'/0/0.
func (ed25519Algo) Derive() hd.DeriveFn {
	return func(mnemonic, passphrase, path string) ([]byte, error) {
		seed, err := bip39.NewSeedWithErrorChecking(mnemonic, passphrase)
		if err != nil {
			return nil, err
		}
		key, err := derive(seed, path)
		if err != nil {
			return nil, err
		}
		return key.secret[:], nil
	}
}

// Generate makes a private key of what Derive gives (32 bytes) or of what an
// unarmored export gives (64 bytes: those 32 and the public key). It panics on
// anything else; the keyring turns that into an error where bytes come from people.
func (ed25519Algo) Generate() hd.GenerateFn {
	return func(bz []byte) cryptotypes.PrivKey {
		if len(bz) != ed25519.SeedSize && len(bz) != ed25519.PrivKeySize {
			panic(fmt.Sprintf("an ed25519 private key of %d bytes: want %d, or %d with its public key",
				len(bz), ed25519.SeedSize, ed25519.PrivKeySize))
		}
		key := stded25519.NewKeyFromSeed(bz[:ed25519.SeedSize])
		if len(bz) == ed25519.PrivKeySize && !bytes.Equal(key, bz) {
			panic("an ed25519 private key whose last 32 bytes are not its public key: " +
				"give the first 32 alone, or export the key again")
		}
		return &ed25519.PrivKey{Key: key}
	}
}
