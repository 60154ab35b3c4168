package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/app/apptest"
)

// unsigned are the flags of a transaction that is shown and not sent.
func unsigned(address string) []string {
	return []string{"--from", address, "--generate-only", "--chain-id", "tao-1", "--gas", "200000"}
}

func TestARowIsCheckedBeforeItIsHidden(t *testing.T) {
	home, hot := t.TempDir(), apptest.Address(apptest.Ed25519("hot")).String()
	for row, says := range map[string]string{
		"0=1,3=2,0=1": "uid 0: a uid comes twice",
		"4096=1":      "uid 4096, the range is 0..4095",
		"65536=1":     "no whole number of 0..65535",
		"0=65536":     "no whole number of 0..65535",
	} {
		r := taod(t, home, append([]string{"tx", "weights", "commit", "1", row}, unsigned(hot)...)...)
		require.NotZero(t, r.code, row)
		require.Contains(t, r.err, says, row)
	}
	require.NoDirExists(t, filepath.Join(home, "commits"), "nothing was hidden")
}

func TestARevealIsOfItsChain(t *testing.T) {
	home, hot := t.TempDir(), apptest.Address(apptest.Ed25519("hot")).String()
	file := filepath.Join(home, "row.json")
	flags := unsigned(hot)
	r := taod(t, home, append([]string{"tx", "weights", "commit", "1", "0=1,3=2", "--save", file}, flags...)...)
	require.Zero(t, r.code, r.err)
	reveal := append([]string{"tx", "weights", "reveal", file}, flags...)
	r = taod(t, home, reveal...)
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, `"uids":[0,3]`)

	r = taod(t, home, append(reveal, "--chain-id", "tao-2")...)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, `committed on chain "tao-1", and this is chain "tao-2"`)

	other := apptest.Address(apptest.Ed25519("fresh")).String()
	r = taod(t, home, append(reveal, "--from", other)...)
	require.Zero(t, r.code, "it may be the hotkey's successor")
	require.Contains(t, r.err, "was committed by "+hot)
}

func TestWhatIsNoCommittedRowIsSaidInWords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "row.json")
	for text, says := range map[string]string{
		`[]`:                                     "a list is no object",
		`{"salt":5}`:                             "salt is a number, it must be a text",
		`{"uids":"0"}`:                           "uids is a text, it must be a list",
		`{"uids":[0,-1]}`:                        "it must be a whole number",
		`{"subnet":"1"}`:                         "subnet is a text, it must be a whole number",
		`{"uids":[0,1],"weights":[1]}`:           "2 uids and 1 weights",
		`{"uids":[0,0],"weights":[1,1]}`:         "a uid comes twice",
		`{"uids":[0],"weights":[70000]}`:         "the range is 0..65535",
		`{"uids":[0],"weights":[1],"salt":"zz"}`: "is no hexadecimal",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, _, err := readRow(file)
		require.ErrorContains(t, err, says, text)
		require.NotContains(t, err.Error(), "Go ", text)
	}
}

func TestYumaSaysInWordsWhatIsWrong(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "scenario.json")
	for text, says := range map[string]string{
		`{"stake":[1],"stake":[2]}`:       `the scenario: "stake" comes twice; write it once`,
		`{"epochs":[{"stake":[1]},null]}`: "epoch 1: null is no object",
		`{"stake":"1"}`:                   "epoch 0: stake: a text is no list",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		r := taod(t, home, "yuma", "run", file)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.err, says)
	}
}
