package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a new user types wrong, without a node: each ends with one error that names
// the value, no usage and no trace.
func TestMistakes(t *testing.T) {
	home := freshHome(t)
	must(t, home, "keys", "add", "alice")
	to := strings.TrimSpace(must(t, home, "keys", "show", "alice", "-a"))
	send := []string{"tx", "bank", "send", "alice", to, "1tao", "--yes"}
	for _, c := range []struct {
		says string
		args []string
	}{
		{`unknown command "nosuch"`, []string{"nosuch"}},
		{`unknown command "nosuch"`, []string{"config", "nosuch"}},
		{`unknown command "nosuch"`, []string{"comet", "nosuch"}},
		{`unknown command "nosuch"`, []string{"snapshots", "nosuch"}},
		{`unknown command "extra"`, []string{"status", "extra"}},
		{`unknown command "extra"`, []string{"comet", "unsafe-reset-all", "extra"}},
		{"received 2: taod tx bank send [from_key_or_address] [to_address] [amount]", []string{"tx", "bank", "send", "alice", to}},
		{"unknown flag: --nosuch; taod tx bank send --help", append(send, "--nosuch")},
		{`"1,5tao": digits are not grouped`, []string{"tx", "bank", "send", "alice", to, "1,5tao"}},
		{`"-1tao" is read as a flag`, []string{"tx", "bank", "send", "alice", to, "-1tao"}},
		{`"-1tao" is negative`, []string{"tx", "bank", "send", "--home", home, "--", "alice", to, "-1tao"}},
		{`"1e9rao": unit "e9rao" is unknown`, []string{"tx", "bank", "send", "alice", to, "1e9rao"}},
		{`"1" has no unit`, []string{"tx", "bank", "send", "alice", to, "1"}},
		{"99999999999999999999tao", []string{"tx", "bank", "send", "alice", to, "99999999999999999999tao"}},
		{`unit "e9rao" is unknown`, []string{"tx", "bank", "multi-send", "alice", to, to, "1e9rao"}},
		{`unit "foo" is unknown`, []string{"tx", "gov", "deposit", "1", "1foo", "--from", "alice"}},
		{`unit "foo" is unknown`, []string{"genesis", "add-genesis-account", "alice", "1foo"}},
		{"--fees: amount \"1,5tao\"", append(send, "--fees", "1,5tao")},
		{"--fees: amount \"1e9rao\"", append(send, "--fees", "1e9rao")},
		{`--gas-prices: "abc" is no price`, append(send, "--gas-prices", "abc")},
		{`--gas-prices: "1foo" is no price`, append(send, "--gas-prices", "1foo")},
		{"--gas: gas must be either integer or auto", append(send, "--gas", "foo")},
		{`--sign-mode: "foo" is unknown: it is one of direct`, append(send, "--sign-mode", "foo")},
		{`--output: "yaml" is unknown: it is one of text, json`, append(send, "-o", "yaml")},
		{`"abc" is no whole number`, []string{"q", "bank", "balances", to, "--height", "abc"}},
		{"No node answers there", []string{"q", "bank", "balances", to, "--node", "tcp://127.0.0.1:1"}},
		{`"nobody" is neither an address (tao1…) nor a key in the keyring`, []string{"tx", "bank", "send", "alice", "nobody", "1tao"}},
		{`"nobody" is neither an address`, []string{"tx", "bank", "multi-send", "alice", to, "nobody", "1tao"}},
		{`"-1" is below 0`, []string{"start", "--tao.heap-target=-1"}},
		{"No node answers there", append(send, "--node", "tcp://127.0.0.1:1")},
		{"standard input ended", []string{"keys", "export", "alice"}},
		{"there is no block yet", []string{"export"}},
		{"nonsense", []string{"prune", "nonsense"}},
		{"taod init makes one", []string{"rollback", "--home", t.TempDir()}},
		{"taod init makes one", []string{"start", "--home", t.TempDir()}},
	} {
		r := taod(t, home, c.args...)
		assert.NotZero(t, r.code, "taod %v\n%s%s", c.args, r.out, r.err)
		assert.Contains(t, r.err, c.says, "taod %v\n%s", c.args, r.out)
		for _, ugly := range []string{"goroutine", "Usage:", "panic", "strconv", ".go:"} {
			assert.NotContains(t, r.err, ugly, "taod %v", c.args)
		}
	}
}

// No two flags of a command share a letter, and -o is the output format of keys too.
func TestShorthands(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		require.NotPanics(t, func() { cmd.InheritedFlags() }, cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	root := newRootCmd()
	walk(root)
	require.NotNil(t, find(root, "keys list").InheritedFlags().ShorthandLookup("o"))
}
