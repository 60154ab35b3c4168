package keys

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// vector is a seed and what SLIP-0010 says about the keys below it.
type vector struct {
	Seed string `json:"seed"`
	Keys []struct {
		Path    string `json:"path"`
		Chain   string `json:"chain"`
		Private string `json:"private"`
		Public  string `json:"public"` // with the leading 00 of the document
	} `json:"keys"`
}

// TestSLIP10 checks the document's test vectors 1 and 2 for ed25519.
func TestSLIP10(t *testing.T) {
	bz, err := os.ReadFile("testdata/slip10_ed25519.json")
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(bz, &vectors))
	require.Len(t, vectors, 2)
	for _, v := range vectors {
		seed, err := hex.DecodeString(v.Seed)
		require.NoError(t, err)
		require.Len(t, v.Keys, 6)
		for _, want := range v.Keys {
			got, err := derive(seed, want.Path)
			require.NoError(t, err)
			require.Equal(t, want.Chain, hex.EncodeToString(got.chain[:]), want.Path)
			require.Equal(t, want.Private, hex.EncodeToString(got.secret[:]), want.Path)
			public := Ed25519.Generate()(got.secret[:]).PubKey()
			require.Equal(t, want.Public, "00"+hex.EncodeToString(public.Bytes()), want.Path)
		}
	}
}

func TestParsePath(t *testing.T) {
	for path, want := range map[string][]uint32{
		"":                    nil,
		"m":                   nil,
		"m/":                  nil,
		"m/44'/118'/0'/0/0":   {44, 118, 0, 0, 0},
		"m/44'/118'/0'/0'/0'": {44, 118, 0, 0, 0},
		"44/118/3":            {44, 118, 3},
		"m/0'/2147483647'/":   {0, 1<<31 - 1},
		"7":                   {7},
	} {
		got, err := parsePath(path)
		require.NoError(t, err, path)
		require.Equal(t, want, got, path)
	}
	for _, path := range []string{
		"/", "//", "m//0", "/44'", "m/m", "m/x'", "m/0''", "m/'", "m/-1", "m/+1", "m/2147483648", "m/ 1", "m/0x1", "m/1_0", "n/0",
	} {
		_, err := parsePath(path)
		require.Error(t, err, path)
		require.Contains(t, err.Error(), "2147483647", path)
	}
}

// TestPathsDiffer: hardened or not is one key; any other difference is another key.
func TestPathsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "seed")
		parts := rapid.SliceOfN(rapid.StringMatching(`(0|[1-9][0-9]{0,8})'?`), 1, 6).Draw(t, "parts")
		path := "m/" + strings.Join(parts, "/")
		one, err := derive(seed, path)
		require.NoError(t, err)
		same, err := derive(seed, strings.ReplaceAll(path, "'", ""))
		require.NoError(t, err)
		require.Equal(t, one, same)

		longer, err := derive(seed, path+"/0")
		require.NoError(t, err)
		require.NotEqual(t, one.secret, longer.secret)
		require.NotEqual(t, one.chain, longer.chain)
		other, err := derive(append([]byte{1}, seed...), path)
		require.NoError(t, err)
		require.NotEqual(t, one.secret, other.secret)
	})
}

func FuzzParsePath(f *testing.F) {
	for _, path := range []string{"", "m", "m/44'/118'/0'/0/0", "m//", "m/2147483648", "/'"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		indices, err := parsePath(path)
		if err != nil {
			return
		}
		for _, index := range indices {
			require.Less(t, index, hardened, path)
		}
		if len(indices) > 0 {
			require.LessOrEqual(t, len(indices), strings.Count(path, "/")+1, path)
		}
	})
}
