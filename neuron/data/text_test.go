package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPercentagesMakeAWhole(t *testing.T) {
	require.Equal(t, Part(Parts-1), Test)
	sum := 0
	for p := range Part(Parts) {
		sum += p.Percent()
		require.Equal(t, sum, p.end())
	}
	require.Equal(t, 100, sum)
	require.Equal(t, "validation", Validation.String())
	require.Equal(t, "part 9", Part(9).String())
	require.Zero(t, Part(9).Percent())
}

// The sides of these blocks were computed apart from this package; a change here
// would put what one release trained on into the test part of the next.
func TestTheSideOfABlockNeverChanges(t *testing.T) {
	for letter, want := range map[byte]Part{'a': Train, 'y': Train, 'w': Gate, '2': Gate, 'q': Score, 'z': Score, 'o': Validation, '8': Test, 'i': Test} {
		text, err := NewText("one", bytes.Repeat([]byte{letter}, BlockSize))
		require.NoError(t, err)
		require.Equal(t, 1, text.Len(want), "letter %c", letter)
		require.Equal(t, BlockSize, text.Bytes())
	}
}

func TestTextIsSplitByContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few different letters and short documents make equal blocks likely.
		documents := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []byte {
			letter := rapid.SampledFrom([]byte("abwqo8")).Draw(t, "letter")
			other := rapid.SampledFrom([]byte("abwqo8")).Draw(t, "other")
			return append(bytes.Repeat([]byte{letter}, rapid.IntRange(0, 1200).Draw(t, "length")),
				bytes.Repeat([]byte{other}, rapid.IntRange(0, 1200).Draw(t, "more"))...)
		}), 1, 12).Draw(t, "documents")
		want := map[string]Part{}
		for _, d := range documents {
			for ; len(d) >= 512; d = d[512:] {
				sum := sha256.Sum256(d[:512])
				h := binary.BigEndian.Uint64(sum[:8]) % 100
				side := Train
				for _, bound := range []uint64{80, 88, 94, 97} {
					if h >= bound {
						side++
					}
				}
				want[string(d[:512])] = side
			}
		}
		text, err := NewText("blocks", documents...)
		if len(want) == 0 {
			require.ErrorContains(t, err, "not one block of 512 bytes")
			return
		}
		require.NoError(t, err)
		got := map[string]Part{}
		for p := range Part(Parts) {
			for i := range text.Len(p) {
				block := string(text.Block(p, i))
				require.NotContains(t, got, block, "a block comes twice")
				got[block] = p
			}
		}
		require.Equal(t, want, got)
	})
}

func TestPartsAreDisjointAcrossDomains(t *testing.T) {
	side := map[string]Part{}
	total := 0
	for seed := range uint64(3) {
		texts, err := Generated(seed%2, 100<<10) // one seed twice: equal content in other texts
		require.NoError(t, err)
		for _, text := range texts {
			for p := range Part(Parts) {
				for i := range text.Len(p) {
					block := string(text.Block(p, i))
					if q, seen := side[block]; seen {
						require.Equal(t, q, p)
					}
					side[block] = p
					total++
				}
			}
		}
	}
	require.Less(t, len(side), total)
}

func TestPartsHaveTheirShares(t *testing.T) {
	text := generated(t, 7, 0, 4<<20)
	for p := range Part(Parts) {
		share := 100 * float64(text.Len(p)) * BlockSize / float64(text.Bytes())
		require.InDelta(t, p.Percent(), share, 1.5, "part %s", p)
	}
}

func TestTextOfEqualBytesIsEqual(t *testing.T) {
	folder := t.TempDir()
	content := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog. "), 200)
	path := write(t, folder, "fox.txt", content)
	loaded, err := LoadText("fox", path)
	require.NoError(t, err)
	made, err := NewText("fox", content)
	require.NoError(t, err)
	require.Equal(t, made.held, loaded.held)
	require.Equal(t, made.bytes, loaded.bytes)
}

func TestFilesAreDocuments(t *testing.T) {
	folder := t.TempDir()
	a, b := bytes.Repeat([]byte("a"), 600), bytes.Repeat([]byte("b"), 1100)
	write(t, folder, "2.txt", a)
	write(t, folder, "1.txt", b)
	text, err := LoadText("two", folder)
	require.NoError(t, err)
	require.Equal(t, append(bytes.Repeat([]byte("b"), 512), bytes.Repeat([]byte("a"), 512)...), text.bytes)
}

func TestWindowsAreStretchesOfTheirPart(t *testing.T) {
	text := generated(t, 3, 1, 64<<10)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]Part{Train, Gate}).Draw(t, "part")
		batch, length := rapid.IntRange(1, 9).Draw(t, "batch"), rapid.IntRange(1, BlockSize).Draw(t, "length")
		into := make([]byte, batch*length)
		s := NewSampler(rapid.Uint64().Draw(t, "seed"), 0)
		require.NoError(t, text.Windows(p, s, batch, length, into))
		for i := range batch {
			window, found := into[i*length:(i+1)*length], false
			for b := range text.Len(p) {
				found = found || bytes.Contains(text.Block(p, b), window)
			}
			require.True(t, found, "window %d", i)
		}
	})
}

func TestEveryStretchComes(t *testing.T) {
	text, err := NewText("one block", append(bytes.Repeat([]byte("a"), 511), 'b'))
	require.NoError(t, err)
	only := Train
	for p := range Part(Parts) {
		if text.Len(p) == 1 {
			only = p
		}
	}
	last := 0
	into := make([]byte, 4000*500)
	require.NoError(t, text.Windows(only, NewSampler(1, 1), 4000, 500, into))
	for i := range 4000 {
		if into[i*500+499] == 'b' {
			last++
		}
	}
	require.InDelta(t, 4000.0/13, last, 80) // 13 starts, one of them at the end
}

func TestWrongText(t *testing.T) {
	folder := t.TempDir()
	short := write(t, folder, "short.txt", []byte("hello"))
	binaryFile := write(t, folder, "photo.jpg", append(bytes.Repeat([]byte("x"), 70<<10), 0))
	huge := sparse(t, folder, "huge.txt", MaxText+1)
	half := sparse(t, folder, "half.txt", MaxText/2+1)
	other := sparse(t, folder, "other.txt", MaxText/2+1)
	text := generated(t, 1, 0, 8<<10)
	into := make([]byte, 64)
	load := func(patterns ...string) func() error {
		return func() error { _, err := LoadText("notes", patterns...); return err }
	}
	refuses(t, []wrong{
		{"nothing named", load(), []string{"notes", "no file named", "give a file"}},
		{"no such file", load(folder + "/none.txt"), []string{"none.txt", "no such file"}},
		{"too short", load(short), []string{"notes", "512", "join"}},
		{"zero byte", load(binaryFile), []string{"photo.jpg", "offset 71680", "zero byte", "glob"}},
		{"too large", load(huge), []string{"huge.txt", "1073741825", "1073741824"}},
		{"too large together", load(half, other), []string{"other.txt", "1073741826", "1073741824", "fewer"}},
		{"device", load(os.DevNull), []string{os.DevNull, "regular file"}},
		{"shard", func() error { _, err := text.Shard(Shard{2, 2}); return err }, []string{"prose", "shard 2 of 2", "0 to count-1"}},
		{"no shards", func() error { _, err := text.Shard(Shard{}); return err }, []string{"shard 0 of 0"}},
		{"take too much", func() error { _, err := text.Take(9000); return err }, []string{"9000", "8192", "give more"}},
		{"take less than nothing", func() error { _, err := text.Take(-1); return err }, []string{"-1"}},
		{"window too long", func() error { return text.Windows(Train, NewSampler(1, 1), 1, 513, make([]byte, 513)) }, []string{"513", "512"}},
		{"window of nothing", func() error { return text.Windows(Train, NewSampler(1, 1), 1, 0, nil) }, []string{"windows of 0"}},
		{"memory", func() error { return text.Windows(Train, NewSampler(1, 1), 3, 32, into) }, []string{"64 bytes", "3 windows of 32"}},
		{"no batch", func() error { return text.Windows(Train, NewSampler(1, 1), 0, 32, nil) }, []string{"0 windows", "at least 1"}},
		{"empty part", func() error {
			one, err := text.Take(BlockSize)
			require.NoError(t, err)
			return one.Windows(Gate, NewSampler(1, 1), 2, 32, into)
		}, []string{"prose", "part gate", "512 bytes", "larger share"}},
		{"generated too little", func() error { _, err := Generated(1, 511); return err }, []string{"511", "512"}},
	})
}
