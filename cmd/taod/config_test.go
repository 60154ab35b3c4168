package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// freshHome is that of a node that never ran.
func freshHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	must(t, home, "init", "node", "--chain-id", "test")
	must(t, home, "config", "set", "client", "keyring-backend", "test")
	return home
}

func TestConfig(t *testing.T) {
	home := freshHome(t)
	require.Empty(t, must(t, home, "config", "diff", "app"))
	must(t, home, "config", "set", "app", "api.enable", "false")
	must(t, home, "config", "set", "app", "tao.signature-cache", "7")
	must(t, home, "config", "set", "config", "rpc.laddr", "tcp://0.0.0.0:1234")
	must(t, home, "config", "set", "client", "chain-id", "other")
	require.Equal(t, "false\n", must(t, home, "config", "get", "app", "api.enable"))
	require.Contains(t, must(t, home, "config", "view", "config"), `laddr = "tcp://0.0.0.0:1234"`)
	require.Equal(t, home+"\n", must(t, home, "config", "home"))
	require.Equal(t, "api.enable = false\ntao.signature-cache = 7\n", must(t, home, "config", "diff", "app"))
	require.Contains(t, must(t, home, "config", "diff", "config"), "rpc.laddr")

	for _, c := range []struct{ file, key, value, says string }{
		{"app", "api.enable", "maybe", "'api.enable' cannot parse"},
		{"app", "pruning", "nonsense", "unknown pruning strategy"},
		{"app", "block-executor", "nonsense", "invalid block executor"},
		{"config", "mempool.size", "many", "'mempool.size' cannot parse"},
		{"client", "output", "yaml", `"yaml" is unknown: it is one of text, json`},
		{"client", "keyring-backend", "nonsense", "unknown keyring backend"},
	} {
		file := filepath.Join(home, "config", c.file+".toml")
		before, err := os.ReadFile(file)
		require.NoError(t, err)
		r := taod(t, home, "config", "set", c.file, c.key, c.value)
		require.NotZero(t, r.code, c)
		require.Contains(t, r.err, c.says)
		require.Contains(t, r.err, c.value+" is refused")
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), c)
	}
	must(t, home, "config", "set", "app", "pruning", "nonsense", "--skip-validate")
	r := taod(t, home, "config", "set", "nosuch", "a", "b")
	require.NotZero(t, r.code)
	require.Contains(t, r.err, "the files are app, config and client")
}

// environment is that of the test with changes; an empty value takes one out.
func environment(changes ...string) (env []string) {
	for _, kept := range os.Environ() {
		name, _, _ := strings.Cut(kept, "=")
		changed := false
		for _, change := range changes {
			changed = changed || strings.HasPrefix(change, name+"=")
		}
		if !changed {
			env = append(env, kept)
		}
	}
	for _, change := range changes {
		if !strings.HasSuffix(change, "=") {
			env = append(env, change)
		}
	}
	return env
}

// The program of the test is called taod.test: its variables are still those of taod.
func TestVariablesAreNamedAfterTaod(t *testing.T) {
	home := freshHome(t)
	r := taodWith(t, environment("TAOD_OUTPUT=nonsense"), "keys", "list", "--home", home)
	require.NotZero(t, r.code)
	require.Contains(t, r.err, `--output: "nonsense" is unknown`)
	require.Zero(t, taodWith(t, environment("TAOD_TEST_OUTPUT=nonsense"), "keys", "list", "--home", home).code)
	r = taodWith(t, environment("TAOD_HOME="+home), "config", "home")
	require.Equal(t, home+"\n", r.out)
}

// Without a home there are still a version and help, and nothing is written.
func TestNoHome(t *testing.T) {
	for _, env := range [][]string{environment("HOME=/dev/null", "TAOD_HOME="), environment("HOME=", "TAOD_HOME=")} {
		for _, args := range [][]string{{"version"}, {}, {"help"}, {"q"}, {"q", "bank", "--help"}, {"completion", "bash"}} {
			r := taodWith(t, env, args...)
			require.Zero(t, r.code, "%v: %s", args, r.err)
		}
		r := taodWith(t, env, "keys", "list")
		require.NotZero(t, r.code)
		require.Contains(t, r.err, "--home")
		require.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
	}
	require.NoDirExists(t, ".taod")
}
