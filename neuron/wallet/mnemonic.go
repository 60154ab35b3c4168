package wallet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cosmos/go-bip39"
)

// ErrMnemonic says that words are no mnemonic.
var ErrMnemonic = errors.New("wallet: no mnemonic")

// entropyBits of a new mnemonic: 24 words.
const entropyBits = 256

// newMnemonic draws 24 words.
func newMnemonic() (string, error) {
	entropy, err := bip39.NewEntropy(entropyBits)
	if err != nil {
		return "", err
	}
	return bip39.NewMnemonic(entropy)
}

// cleanMnemonic puts one space between the words and checks them as BIP-39 does. What
// is wrong is said by position: the words themselves never get into an error.
func cleanMnemonic(text string) (string, error) {
	words := strings.Fields(strings.ToLower(text))
	switch len(words) {
	case 12, 15, 18, 21, 24:
	default:
		return "", fmt.Errorf("%w: it has %d words, a mnemonic has 12, 15, 18, 21 or 24", ErrMnemonic, len(words))
	}
	for i, word := range words {
		if _, known := bip39.ReverseWordMap[word]; !known {
			return "", fmt.Errorf("%w: word %d is not in the list of BIP-39 (English); look for a typing error", ErrMnemonic, i+1)
		}
	}
	clean := strings.Join(words, " ")
	if _, err := bip39.MnemonicToByteArray(clean); err != nil {
		return "", fmt.Errorf("%w: all %d words are known and their checksum is wrong; one is another, or two have changed places", ErrMnemonic, len(words))
	}
	return clean, nil
}
