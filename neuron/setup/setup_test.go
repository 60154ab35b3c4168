package setup_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/setup"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/wallet"
)

// load puts answers and further settings together.
func load(t *testing.T, a setup.Answers, more ...neuron.Setting) (*neuron.Config, error) {
	t.Helper()
	settings, err := a.Settings()
	require.NoError(t, err)
	return neuron.Load(neuron.Sources{Flags: append(settings, more...)})
}

// home is a configuration in a fresh folder, with a keyring that has no password.
func home(t *testing.T, more ...neuron.Setting) *neuron.Config {
	t.Helper()
	more = append(more, neuron.Setting{Key: "home", Text: t.TempDir()}, neuron.Setting{Key: "wallet.keyring_backend", Text: "test"})
	cfg, err := load(t, setup.Answers{}, more...)
	require.NoError(t, err)
	return cfg
}

func TestAnswersAboutData(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		return path
	}
	one, two := file("one.txt"), file("two.txt")
	images, labels := file("t10k-images-idx3-ubyte"), file("t10k-labels-idx1-ubyte.gz")
	file("pictures/cat/1.png")
	target := neuron.Setting{Key: "data.target", Text: "y"}
	for _, c := range []struct {
		data, kind, domain, model string
		paths                     int
		more                      []neuron.Setting
	}{
		{"", "domain", "go", "bytelm-mlp", 0, nil},
		{"docs", "domain", "docs", "bytelm-mlp", 0, nil},
		{"sums", "generated", "sums", "bytelm-mlp", 0, nil},
		{one + ", " + two, "text", "go", "bytelm-mlp", 2, nil},
		{dir, "text", "go", "bytelm-mlp", 1, nil},
		{filepath.Join(dir, "**", "*.nosuch"), "text", "go", "bytelm-mlp", 1, nil},
		{file("a.jsonl"), "jsonl", "go", "bytelm-mlp", 1, nil},
		{file("a.csv"), "csv", "go", "table-mlp", 1, []neuron.Setting{target}},
		{file("x.npy") + "," + file("y.npy"), "npy", "go", "table-mlp", 2, nil},
		{images + "," + labels, "idx", "go", "image-conv", 2, nil},
		{filepath.Join(dir, "pictures"), "png", "go", "image-conv", 1, nil},
	} {
		cfg, err := load(t, setup.Answers{Data: c.data}, c.more...)
		require.NoError(t, err, c.data)
		require.Equal(t, c.kind, cfg.Data.Kind, c.data)
		require.Equal(t, c.domain, cfg.Data.Domain, c.data)
		require.Equal(t, c.model, cfg.Model.Architecture, c.data)
		require.Len(t, cfg.Data.Paths, c.paths, c.data)
		for _, path := range cfg.Data.Paths {
			require.True(t, filepath.IsAbs(path), path)
		}
	}
	_, err := setup.Answers{Data: "nosuch"}.Settings()
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, `--data "nosuch" is neither a domain`)
}

func TestRelativePathsAreOfTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("book.txt", []byte("x"), 0o600))
	cfg, err := load(t, setup.Answers{Data: "book.txt"})
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(here, "book.txt")}, cfg.Data.Paths)
}

func TestAnswersAboutAddresses(t *testing.T) {
	for _, c := range []struct {
		public, listen, advertise string
		private                   bool
	}{
		{"", "", "", false},
		{"203.0.113.7", "0.0.0.0:9000", "203.0.113.7:9000", false},
		{"203.0.113.7:7000", "0.0.0.0:7000", "203.0.113.7:7000", false},
		{"neuron.example.org:7000", "0.0.0.0:7000", "neuron.example.org:7000", false},
		{"[2001:db8::1]:7000", "0.0.0.0:7000", "[2001:db8::1]:7000", false},
		{"[2001:db8::1]", "0.0.0.0:9000", "[2001:db8::1]:9000", false},
		{"127.0.0.1:7000", "127.0.0.1:7000", "127.0.0.1:7000", true},
		{"localhost:7000", "localhost:7000", "localhost:7000", true},
		{"10.0.0.7:7000", "0.0.0.0:7000", "10.0.0.7:7000", true},
	} {
		cfg, err := load(t, setup.Answers{Public: c.public})
		require.NoError(t, err, c.public)
		require.Equal(t, c.listen, cfg.Axon.Listen, c.public)
		require.Equal(t, c.advertise, cfg.Axon.Advertise, c.public)
		require.Equal(t, c.private, cfg.Network.AllowPrivate, c.public)
	}
	_, err := load(t, setup.Answers{Public: "host:name"})
	require.ErrorContains(t, err, "--public")
	_, err = load(t, setup.Answers{Name: "a b", Nodes: "nosuch"})
	require.ErrorContains(t, err, "--name")
	require.ErrorContains(t, err, "--node")
}

func TestWriteOnce(t *testing.T) {
	cfg := home(t)
	require.NoError(t, setup.Free(cfg))
	path, err := setup.Write(cfg)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cfg.Home, "neuron.yaml"), path)
	read, err := neuron.Load(neuron.Sources{File: path})
	require.NoError(t, err)
	require.Equal(t, cfg.Values()[0].Value, read.Values()[0].Value)
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	_, err = setup.Write(home(t, neuron.Setting{Key: "name", Text: "other"}))
	require.NoError(t, err, "another home is free")
	require.ErrorIs(t, setup.Free(cfg), setup.ErrExists)
	cfg.Name = "other"
	_, err = setup.Write(cfg)
	require.ErrorIs(t, err, setup.ErrExists)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestKeys(t *testing.T) {
	cfg := home(t)
	cold, err := setup.MakeColdkey(cfg, "", nil)
	require.NoError(t, err)
	require.Len(t, strings.Fields(cold.Mnemonic), 24)
	again, err := setup.MakeColdkey(cfg, "", nil)
	require.NoError(t, err)
	require.Equal(t, setup.Key{Name: cold.Name, Address: cold.Address, Kept: true}, again)
	_, err = setup.MakeColdkey(cfg, cold.Mnemonic, nil)
	require.ErrorIs(t, err, wallet.ErrTaken)
	opened, err := setup.Coldkey(cfg, nil)
	require.NoError(t, err)
	require.Equal(t, cold.Address, opened.Address())

	other := home(t)
	imported, err := setup.MakeColdkey(other, cold.Mnemonic, nil)
	require.NoError(t, err)
	require.Equal(t, setup.Key{Name: cold.Name, Address: cold.Address}, imported)
	_, err = setup.MakeColdkey(home(t), "some words", nil)
	require.ErrorIs(t, err, wallet.ErrMnemonic)

	_, err = setup.Hotkey(cfg)
	require.ErrorIs(t, err, fs.ErrNotExist)
	hot, err := setup.MakeHotkey(cfg, "")
	require.NoError(t, err)
	kept, err := setup.MakeHotkey(cfg, "")
	require.NoError(t, err)
	require.True(t, kept.Kept)
	require.Equal(t, hot.Address, kept.Address)
	_, err = setup.MakeHotkey(cfg, cold.Mnemonic)
	require.ErrorIs(t, err, wallet.ErrExists)
	read, err := setup.Hotkey(cfg)
	require.NoError(t, err)
	require.Equal(t, hot.Address, read.Address())
	_, err = setup.MakeHotkey(home(t), "some words")
	require.ErrorIs(t, err, wallet.ErrMnemonic)
}

// A file that is no hotkey stays as it is.
func TestDamagedHotkeyStays(t *testing.T) {
	cfg := home(t)
	path := filepath.Join(cfg.Home, "hotkey.json")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err := setup.MakeHotkey(cfg, "")
	require.ErrorIs(t, err, wallet.ErrDamaged)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

// The keyring's folder is the home unless the configuration says another.
func TestKeyringFolder(t *testing.T) {
	dir := t.TempDir()
	cfg := home(t, neuron.Setting{Key: "wallet.keyring_dir", Text: dir})
	_, err := setup.MakeColdkey(cfg, "", bytes.NewReader(nil))
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(dir, "keyring-test"))
	require.NoDirExists(t, filepath.Join(cfg.Home, "keyring-test"))
}

func TestRecord(t *testing.T) {
	cfg := home(t)
	_, err := setup.Record(cfg, [32]byte{})
	require.ErrorContains(t, err, "axon.advertise is empty")
	pem, err := setup.Certificate(cfg)
	require.NoError(t, err)
	again, err := setup.Certificate(cfg)
	require.NoError(t, err)
	require.Equal(t, pem, again, "it is made once")
	_, fingerprint, err := synapse.ServerTLS(pem)
	require.NoError(t, err)
	cfg.Axon.Advertise = "[2001:db8::1]:7000"
	cfg.Axon.Prices = []neuron.Price{{Unit: "request", Amount: 7}}
	record, err := setup.Record(cfg, fingerprint)
	require.NoError(t, err)
	require.Equal(t, "[2001:db8::1]:7000", record.Address())
	require.Equal(t, fingerprint, record.Fingerprint)
	require.Equal(t, map[string]uint64{"request": 7}, record.Prices)
	require.EqualValues(t, 1, record.Version)
}
