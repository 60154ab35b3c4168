package types_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/x/weights/types"
)

type commitCase struct {
	Name    string   `json:"name"`
	ChainID string   `json:"chain_id"`
	Hotkey  string   `json:"hotkey"` // hex
	Subnet  uint64   `json:"subnet"`
	Uids    []uint32 `json:"uids"`
	Weights []uint32 `json:"weights"`
	Salt    string   `json:"salt"` // hex
	Version uint64   `json:"version"`
	Bytes   string   `json:"bytes"`
	SHA256  string   `json:"sha256"`
}

func TestCommitVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/commit.json")
	require.NoError(t, err)
	var file struct {
		Cases []commitCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.GreaterOrEqual(t, len(file.Cases), 7)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			hotkey, err := hex.DecodeString(c.Hotkey)
			require.NoError(t, err)
			salt, err := hex.DecodeString(c.Salt)
			require.NoError(t, err)
			require.Equal(t, c.Bytes, hex.EncodeToString(types.CommitBytes(c.ChainID, hotkey, c.Subnet, c.Uids, c.Weights, salt, c.Version)))
			require.Equal(t, c.SHA256, hex.EncodeToString(types.CommitHash(c.ChainID, hotkey, c.Subnet, c.Uids, c.Weights, salt, c.Version)))
		})
	}
}

// hidden is all that goes into a commit.
type hidden struct {
	Chain           string
	Hotkey, Salt    string
	Subnet, Version uint64
	Row             string
}

func (h hidden) hash() string {
	uids, weights := make([]uint32, 0, len(h.Row)), make([]uint32, 0, len(h.Row))
	for i := 0; i+1 < len(h.Row); i += 2 {
		uids, weights = append(uids, uint32(h.Row[i])), append(weights, uint32(h.Row[i+1]))
	}
	return string(types.CommitHash(h.Chain, []byte(h.Hotkey), h.Subnet, uids, weights, []byte(h.Salt), h.Version))
}

func TestDifferentRowsHaveDifferentCommits(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) hidden {
		text := func(name string) string {
			return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 'b'}), 0, 4).Draw(t, name))
		}
		row := text("row")
		return hidden{
			Chain: text("chain"), Hotkey: text("hotkey"), Salt: text("salt"), Row: row[:len(row)/2*2],
			Subnet: rapid.Uint64Range(0, 2).Draw(t, "subnet"), Version: rapid.Uint64Range(0, 2).Draw(t, "version"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if (a == b) != (a.hash() == b.hash()) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}
