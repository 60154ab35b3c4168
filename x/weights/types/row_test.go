package types_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/x/weights/types"
	"github.com/taonet/taonet/x/weights/yuma"
)

func TestStoredRowLayout(t *testing.T) {
	row := types.StoredRow{Updated: 0x0102, Written: 0x03, Entries: yuma.Row{yuma.Pack(1, 0xfffe), yuma.Pack(2, 3)}}
	require.Equal(t, []byte{
		2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
		0xfe, 0xff, 1, 0, 3, 0, 2, 0,
	}, row.Bytes(), "16 bytes and 4 per weight")
}

func TestPackRow(t *testing.T) {
	for _, c := range []struct {
		name          string
		uids, weights []uint32
		want          []types.Entry
	}{
		{"sorted and scaled", []uint32{9, 2}, []uint32{1, 4}, []types.Entry{{Uid: 2, Value: 65535}, {Uid: 9, Value: 16384}}},
		{"zeros are left out", []uint32{1, 2, 3}, []uint32{0, 5, 0}, []types.Entry{{Uid: 2, Value: 65535}}},
		{"nothing", nil, nil, []types.Entry{}},
		{"all zero", []uint32{1}, []uint32{0}, []types.Entry{}},
		{"full stays", []uint32{1, 2}, []uint32{65535, 1}, []types.Entry{{Uid: 1, Value: 65535}, {Uid: 2, Value: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, types.ToEntries(types.PackRow(c.uids, c.weights)))
		})
	}
}

func drawRow(t *rapid.T) (uids, weights []uint32) {
	uids = rapid.SliceOfNDistinct(rapid.Uint32Range(0, types.MaxUids-1), 0, 40, rapid.ID[uint32]).Draw(t, "uids")
	return uids, rapid.SliceOfN(rapid.Uint32Range(0, types.U16Max), len(uids), len(uids)).Draw(t, "weights")
}

func TestPackedRowsKeepOrderAndMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uids, weights := drawRow(t)
		row := types.PackRow(uids, weights)
		if !slices.IsSorted(row) {
			t.Fatalf("%v is not sorted", row)
		}
		most := uint32(0)
		value := make(map[uint32]uint32)
		for _, e := range types.ToEntries(row) {
			most, value[e.Uid] = max(most, e.Value), e.Value
		}
		if len(row) > 0 && most != types.U16Max {
			t.Fatalf("the largest is %d", most)
		}
		for i := range uids {
			for j := range uids {
				if weights[i] < weights[j] && value[uids[i]] > value[uids[j]] {
					t.Fatalf("%d < %d became %d > %d", weights[i], weights[j], value[uids[i]], value[uids[j]])
				}
			}
		}
	})
}

func TestStoredRowRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uids, weights := drawRow(t)
		row := types.StoredRow{Updated: rapid.Uint64().Draw(t, "updated"), Written: rapid.Uint64().Draw(t, "written"), Entries: types.PackRow(uids, weights)}
		arena := []uint32{7}
		got, arena, err := types.AppendRow(arena, row.Bytes())
		if err != nil || got.Updated != row.Updated || got.Written != row.Written || !slices.Equal(got.Entries, row.Entries) {
			t.Fatalf("%v became %v, %v", row, got, err)
		}
		if arena[0] != 7 || len(arena) != 1+len(row.Entries) {
			t.Fatalf("the arena is %v", arena)
		}
		if back := types.FromEntries(types.ToEntries(got.Entries)); !slices.Equal(back, row.Entries) {
			t.Fatalf("%v became %v", row.Entries, back)
		}
	})
}

func FuzzAppendRow(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 15))
	f.Add(types.StoredRow{Updated: 5, Written: 4, Entries: yuma.Row{yuma.Pack(1, 2)}}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		row, _, err := types.AppendRow(nil, b)
		if err != nil {
			require.ErrorIs(t, err, types.ErrCorrupt)
			return
		}
		require.Equal(t, b, row.Bytes())
	})
}
