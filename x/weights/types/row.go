package types

import (
	"encoding/binary"
	"slices"

	"github.com/taonet/taonet/x/weights/yuma"
)

// rowHeader is the size of what precedes the entries of a stored row: updated and
// written, 8 bytes each.
const rowHeader = 16

// StoredRow is a row as it is kept: 16 bytes and 4 per weight.
type StoredRow struct {
	Updated uint64 // height at which it was sent or revealed
	Written uint64 // height of the commit of a revealed row, else Updated
	Entries yuma.Row
}

// Bytes is the stored form, little endian.
func (r StoredRow) Bytes() []byte {
	b := make([]byte, 0, rowHeader+4*len(r.Entries))
	b = binary.LittleEndian.AppendUint64(b, r.Updated)
	b = binary.LittleEndian.AppendUint64(b, r.Written)
	for _, entry := range r.Entries {
		b = binary.LittleEndian.AppendUint32(b, entry)
	}
	return b
}

// AppendRow decodes a stored row; its entries are appended to arena.
func AppendRow(arena []uint32, b []byte) (StoredRow, []uint32, error) {
	if len(b) < rowHeader || len(b)%4 != 0 {
		return StoredRow{}, arena, ErrCorrupt.Wrapf("a row has %d bytes", len(b))
	}
	r := StoredRow{Updated: binary.LittleEndian.Uint64(b), Written: binary.LittleEndian.Uint64(b[8:])}
	start := len(arena)
	for b = b[rowHeader:]; len(b) > 0; b = b[4:] {
		arena = append(arena, binary.LittleEndian.Uint32(b))
	}
	r.Entries = arena[start:len(arena):len(arena)]
	return r, arena, nil
}

// RowUpdated is the height at which a stored row was updated.
func RowUpdated(b []byte) (uint64, error) {
	if len(b) < rowHeader {
		return 0, ErrCorrupt.Wrapf("a row has %d bytes", len(b))
	}
	return binary.LittleEndian.Uint64(b), nil
}

// PackRow sorts, scales and packs a checked row; zero weights are left out.
func PackRow(uids, weights []uint32) yuma.Row {
	values := make([]uint16, len(weights))
	for i, w := range weights {
		values[i] = uint16(w)
	}
	yuma.MaxUpscale(values)
	row := make(yuma.Row, 0, len(uids))
	for i, uid := range uids {
		if values[i] > 0 {
			row = append(row, yuma.Pack(uint16(uid), values[i]))
		}
	}
	slices.Sort(row)
	return row
}

// ToEntries unpacks a row for queries and genesis.
func ToEntries(row yuma.Row) []Entry {
	entries := make([]Entry, len(row))
	for i, e := range row {
		entries[i] = Entry{Uid: e >> 16, Value: e & U16Max}
	}
	return entries
}

// FromEntries packs entries that were validated.
func FromEntries(entries []Entry) yuma.Row {
	row := make(yuma.Row, len(entries))
	for i, e := range entries {
		row[i] = yuma.Pack(uint16(e.Uid), uint16(e.Value))
	}
	return row
}
