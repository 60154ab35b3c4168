package types

import (
	"crypto/sha256"
	"encoding/binary"
)

// commitDomain separates commits from everything else that is hashed.
const commitDomain = "tao/weights/commit/v1"

// CommitBytes is the canonical encoding of a hidden row:
//
//	domain | chain id | hotkey | subnet | count | (uid, weight)... | salt | version
//
// where texts, addresses and the salt are preceded by their length as 4 bytes,
// subnet and version have 8 bytes, count 4, uid and weight 2 each, all big endian,
// and the entries are in the order in which they will be revealed.
func CommitBytes(chainID string, hotkey []byte, subnet uint64, uids, weights []uint32, salt []byte, version uint64) []byte {
	var b []byte
	text := func(field []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
		b = append(b, field...)
	}
	text([]byte(commitDomain))
	text([]byte(chainID))
	text(hotkey)
	b = binary.BigEndian.AppendUint64(b, subnet)
	b = binary.BigEndian.AppendUint32(b, uint32(len(uids)))
	for i, uid := range uids {
		b = binary.BigEndian.AppendUint16(b, uint16(uid))
		b = binary.BigEndian.AppendUint16(b, uint16(weights[i]))
	}
	text(salt)
	return binary.BigEndian.AppendUint64(b, version)
}

// CommitHash is SHA-256 of CommitBytes.
func CommitHash(chainID string, hotkey []byte, subnet uint64, uids, weights []uint32, salt []byte, version uint64) []byte {
	hash := sha256.Sum256(CommitBytes(chainID, hotkey, subnet, uids, weights, salt, version))
	return hash[:]
}
