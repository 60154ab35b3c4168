package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a new user types wrong, without a node: each ends non-zero with a sentence that
// names the value and the way out, no usage and no trace.
func TestMistakes(t *testing.T) {
	home := t.TempDir()
	must(t, "init", "--home", home, "--keyring-backend", "test", "--node", "127.0.0.1:1", "--public", "127.0.0.1:9778")
	none := aloneHome(t)
	wide := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(wide, "mine.txt"), []byte("x"), 0o600))
	tao := "tao1e8e76jag4xg4xaszknwegwsaugsdttzp2289w5"
	for _, c := range []struct {
		says string
		args []string
	}{
		{`unknown command "rnu": the nearest is run`, []string{"rnu"}},
		{`unknown command "rnu": the nearest is run`, []string{"rnu", "--chain-none"}},
		{`unknown command "nosuchthing": neuron --help`, []string{"nosuchthing"}},
		{`unknown command "shwo": the nearest is show`, []string{"config", "shwo"}},
		{`unknown flag "chan-none": the nearest is --chain-none`, []string{"run", "--chan-none"}},
		{`unknown flag "zzzzzzzz": neuron run --help`, []string{"run", "--zzzzzzzz"}},
		{`"yaml" is unknown: it is text or json`, []string{"version", "-o", "yaml"}},
		{`unknown command "extra"`, []string{"run", "extra"}},
		{`"train.steps" has no =`, []string{"config", "show", "--set", "train.steps"}},
		{`the nearest known one is train.steps`, []string{"config", "show", "--set", "train.step=1"}},
		{"train.batch is 0 (--set), must be 1 to 4096", []string{"config", "validate", "--set", "train.batch=0"}},
		{"neuron init writes one", []string{"config", "validate", "--home", filepath.Join(home, "nosuch")}},
		{"neuron init writes one", []string{"run", "--home", filepath.Join(home, "nosuch")}},
		{"neuron init writes one", []string{"eval", "--home", filepath.Join(home, "nosuch")}},
		{"1 of 1 checks failed: configuration", []string{"doctor", "--config", filepath.Join(home, "nosuch.yaml")}},

		{`--data "nosuch" is neither a domain (go,`, []string{"init", "--home", filepath.Join(home, "new"), "--data", "nosuch"}},
		{`must be host:port`, []string{"init", "--home", filepath.Join(home, "new"), "--node", "nosuch"}},
		{`must end in a port`, []string{"init", "--home", filepath.Join(home, "new"), "--public", "host:name"}},
		{"must be on this machine", []string{"init", "--home", filepath.Join(home, "new"), "--node", "203.0.113.7:9090"}},
		{"standard input ended", []string{"init", "--home", filepath.Join(home, "new"), "--keyring-backend", "test", "--import"}},
		{"init writes one into its home", []string{"init", "--config", filepath.Join(home, "new.yaml")}},
		{"there is a neuron already", []string{"init"}},

		{`amount "1" has no unit: write 1tao or 1rao`, []string{"stake", "1"}},
		{`amount "0tao" must be above 0`, []string{"stake", "0tao"}},
		{`unit "foo" is unknown`, []string{"unstake", "1foo"}},
		{`or all`, []string{"unstake", "some"}},
		{`"nobody" is no address of this chain`, []string{"stake", "1tao", "--hotkey", "nobody"}},
		{`"nobody" is no address of this chain`, []string{"overview", "nobody"}},
		{"accepts 1 arg(s), received 0", []string{"stake"}},
		{"no node answers", []string{"stake", "1tao", "--wait", "20s"}},
		{"no node answers", []string{"unstake", "all"}},
		{"no node answers", []string{"register"}},
		{"no node answers", []string{"serve"}},
		{"no node answers", []string{"overview"}},
		{"no node answers", []string{"metagraph"}},
		{"Start a node (taod", []string{"metagraph"}},
		{`--max-price: amount "1" has no unit`, []string{"register", "--max-price", "1"}},
		{`--fee-allowance: amount "-1tao" is negative`, []string{"register", "--fee-allowance=-1tao"}},
		{"--wait 0s is not above 0", []string{"register", "--wait", "0s"}},
		{`invalid argument "soon"`, []string{"register", "--wait", "soon"}},
		{"axon.advertise is empty", []string{"serve", "--set", "axon.advertise="}},
		{"there is no hotkey at", []string{"register", "--set", "wallet.hotkey=nosuch.json"}},
		{`"nosuch" is not in the keyring`, []string{"stake", "1tao", "--coldkey", "nosuch"}},
		{`no column is called "incentiv": the nearest is incentive`, []string{"metagraph", "--sort", "incentiv"}},
		{`no column is called "zzzzzz": there are uid, stake`, []string{"metagraph", "--sort", "zzzzzz"}},
		{"chain.none is set", []string{"metagraph", "--home", none}},
		{"chain.none is set", []string{"stake", "1tao", "--home", none, "--hotkey", tao}},

		{"no checkpoint to measure", []string{"eval", "--home", none, "--domains", "go"}},
		{"data.kind is generated", []string{"eval", "--home", none}},
		{`no experiment is called "nosuch"; there are`, []string{"experiment", "nosuch"}},
		{"--steps -1 is below 0", []string{"experiment", "together", "--steps", "-1"}},
		{"--workers 0 is below 1", []string{"experiment", "together", "--workers", "0"}},
		{"--data: there is no *.txt", []string{"experiment", "together", "--data", home}},
		{"--taod: ", []string{"experiment", "together", "--taod", "/nosuch/taod"}},
		{"/nosuch/taod", []string{"demo", "--taod", "/nosuch/taod"}},
		{"has files that no demo made", []string{"demo", "--home", wide, "--taod", os.Args[0]}},
		{"configuration", []string{"doctor", "--set", "train.batch=0"}},
		{"2 of 13 checks failed: ports, node", []string{"doctor", "--set", "axon.listen=203.0.113.7:9000"}},
	} {
		if !strings.Contains(strings.Join(c.args, " "), "--home") {
			c.args = append(c.args, "--home", home)
		}
		r := run(t, c.args...)
		assert.NotZero(t, r.code, "neuron %v\n%s%s", c.args, r.out, r.err)
		assert.Contains(t, r.err, c.says, "neuron %v", c.args)
		assert.NotContains(t, r.err, "goroutine", "neuron %v", c.args)
		assert.NotContains(t, r.err, "Usage:", "neuron %v", c.args)
		assert.LessOrEqual(t, strings.Count(r.err, "\n"), 2, "neuron %v\n%s", c.args, r.err)
	}
	require.NoDirExists(t, filepath.Join(home, "new"))
	require.FileExists(t, filepath.Join(wide, "mine.txt"))
}
