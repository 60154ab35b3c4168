package keys

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

const (
	// curve is the HMAC key of the root: SLIP-0010, "Master key generation".
	curve = "ed25519 seed"
	// hardened is the bit of an index that asks for hardened derivation.
	hardened = uint32(1) << 31
)

// node of the tree: the left and the right half of an HMAC-SHA512.
type node struct {
	secret, chain [32]byte
}

// derive walks from a seed down a path; an empty path is the root.
func derive(seed []byte, path string) (node, error) {
	indices, err := parsePath(path)
	if err != nil {
		return node{}, err
	}
	n := split([]byte(curve), seed)
	for _, index := range indices {
		n = n.child(index)
	}
	return n, nil
}

// child is SLIP-0010's CKDpriv for ed25519: I = HMAC-SHA512(chain, 0x00 || secret ||
// ser32(index)), left half the secret, right half the chain code, no rejection.
func (n node) child(index uint32) node {
	data := make([]byte, 0, 1+len(n.secret)+4)
	data = append(data, 0)
	data = append(data, n.secret[:]...)
	data = binary.BigEndian.AppendUint32(data, index|hardened)
	return split(n.chain[:], data)
}

// split is an HMAC-SHA512 cut in two.
func split(key, data []byte) (n node) {
	mac := hmac.New(sha512.New, key)
	mac.Write(data) // a hash never fails
	sum := mac.Sum(nil)
	copy(n.secret[:], sum[:32])
	copy(n.chain[:], sum[32:])
	return n
}

// parsePath reads m/44'/118'/0'/0'/0' into indices without the hardened bit. The
// leading m may be missing, and so may any apostrophe: there is only one kind.
func parsePath(path string) ([]uint32, error) {
	trimmed := strings.TrimRight(path, "/")
	if trimmed == "" && path == "" || trimmed == "m" {
		return nil, nil
	}
	parts := strings.Split(trimmed, "/")
	if parts[0] == "m" {
		parts = parts[1:]
	}
	indices := make([]uint32, 0, len(parts))
	for i, part := range parts {
		index, err := strconv.ParseUint(strings.TrimSuffix(part, "'"), 10, 31)
		if err != nil {
			return nil, fmt.Errorf("HD path %q: part %d is %q: want a number from 0 to %d, as in m/44'/118'/0'/0'/0'",
				path, i+1, part, hardened-1)
		}
		indices = append(indices, uint32(index))
	}
	return indices, nil
}
