package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/setup"
)

// initFlags are what init is told.
type initFlags struct {
	setup.Answers
	importCold, importHot bool
}

// initCmd makes a home.
func initCmd(p *program) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a neuron: its configuration and its keys",
		Long: `Make a home with a commented neuron.yaml, a coldkey that owns and a hotkey that works.
On a terminal four things are asked that no flag says: the name, the data, a node of the
chain and the public address. A configuration that is there is never written over; keys
that are there are kept.

The mnemonic of a new coldkey is shown once: write it down. --import reads one from
standard input instead, --import-hotkey that of the hotkey, each on a line of its own,
in this order and before any password of the keyring.`,
		Example: `neuron init
neuron init --name ada --data 'books/*.txt' --node 127.0.0.1:9090 --public 203.0.113.7:9000
neuron init --home /tmp/ada --data go --public 127.0.0.1:9001 --keyring-backend test
neuron init --chain-none --data prose`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Name, "name", "", neuron.About("name"))
	flags.StringVar(&f.Data, "data", "", "A domain (go, assembly, opticks, docs; prose, sums, log, programs, markup, letters), or files, folders and globs with commas between them")
	flags.StringVar(&f.Nodes, "node", "", neuron.About("chain.nodes"))
	flags.StringVar(&f.Public, "public", "", "host:port that others reach it at; empty answers nobody")
	flags.BoolVar(&f.importCold, "import", false, "Read the coldkey's mnemonic from standard input")
	flags.BoolVar(&f.importHot, "import-hotkey", false, "Read the hotkey's mnemonic from standard input")
	keyFlag(cmd, "chain-id", "chain.id")
	keyFlag(cmd, "subnet", "chain.subnet")
	keySwitch(cmd, "chain-none", "chain.none")
	keyFlag(cmd, "coldkey", "wallet.coldkey")
	keyFlag(cmd, "keyring-backend", "wallet.keyring_backend")
	keyFlag(cmd, "keyring-dir", "wallet.keyring_dir")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return p.init(cmd, f) }
	return cmd
}

// made is what init made.
type made struct {
	Home    string     `json:"home"`
	Config  string     `json:"config"`
	Coldkey *setup.Key `json:"coldkey,omitempty"`
	Hotkey  *setup.Key `json:"hotkey,omitempty"`
	Next    []string   `json:"next"`
}

func (p *program) init(cmd *cobra.Command, f initFlags) error {
	if p.file != "" {
		return fmt.Errorf("--%s names a file to read, and init writes one into its home: choose the folder with --%s", flagConfig, flagHome)
	}
	cfg, err := p.newConfig(cmd, &f)
	if err != nil {
		return err
	}
	m := made{}
	if m.Home, err = neuron.Home(cfg); err != nil {
		return err
	}
	if !cfg.Chain.None {
		if err := p.makeKeys(cfg, f, &m); err != nil {
			return err
		}
	}
	if m.Config, err = setup.Write(cfg); err != nil {
		return err
	}
	m.next(cfg, p.home)
	if p.isJSON() {
		return p.print(m)
	}
	p.showMade(m)
	return nil
}

// newConfig puts the configuration together that is to be written.
func (p *program) newConfig(cmd *cobra.Command, f *initFlags) (*neuron.Config, error) {
	settings, err := p.settings(cmd)
	if err != nil {
		return nil, err
	}
	home, err := p.folder()
	if err != nil {
		return nil, err
	}
	at := func(key, text, flag string) neuron.Setting { return neuron.Setting{Key: key, Text: text, Flag: flag} }
	first := []neuron.Setting{at("telemetry.log", formatJSON, "neuron init")}
	if usual, err := neuron.Home(neuron.Default()); err != nil || home != usual {
		settings = append(settings, at("home", home, "--"+flagHome)) // the whole path, wherever it is read from
	}
	early, _ := neuron.Load(neuron.Sources{Flags: settings}) // what is wrong is said with all of it
	if err := setup.Free(early); err != nil {
		return nil, err
	}
	if err := p.askAll(cmd, f, early.Chain.None); err != nil {
		return nil, err
	}
	answers, err := f.Settings()
	if err != nil {
		return nil, err
	}
	settings = append(append(first, answers...), settings...)
	if cfg, err := neuron.Load(neuron.Sources{Flags: settings}); err != nil || cfg.Chain.None || cfg.Origin("chain.id").Source != neuron.FromDefault {
		return cfg, err
	}
	return p.ofItsNode(cmd.Context(), settings)
}

// nodePatience is how long init waits for a node to say its chain.
const nodePatience = 3 * time.Second

// ofItsNode takes the chain's id from the node, where it answers.
func (p *program) ofItsNode(ctx context.Context, settings []neuron.Setting) (*neuron.Config, error) {
	cfg, err := neuron.Load(neuron.Sources{Flags: settings})
	if err != nil {
		return nil, err
	}
	client, err := chain.Dial(chain.Config{Nodes: cfg.Chain.Nodes, Patience: nodePatience})
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }() // it was only asked
	ctx, cancel := context.WithTimeout(ctx, nodePatience)
	defer cancel()
	status, err := client.Status(ctx)
	if err != nil {
		p.tell("%s does not answer now, so chain.id is taken to be %s; --chain-id or the file says another", strings.Join(cfg.Chain.Nodes, ", "), cfg.Chain.ID)
		return cfg, nil
	}
	return neuron.Load(neuron.Sources{Flags: append(settings, neuron.Setting{Key: "chain.id", Text: status.ChainID, Flag: "the node"})})
}

// askAll asks what no flag says, where somebody can answer.
func (p *program) askAll(cmd *cobra.Command, f *initFlags, alone bool) error {
	if !p.asks {
		return nil
	}
	usual := neuron.Default()
	questions := []struct {
		flag, text, usual string
		answer            *string
		chain             bool
	}{
		{"name", "Name", usual.Name, &f.Name, false},
		{"data", "Data (go, assembly, opticks, docs, or paths)", usual.Data.Domain, &f.Data, false},
		{"node", "Node of the chain, host:port", strings.Join(usual.Chain.Nodes, ","), &f.Nodes, true},
		{"public", "Public address, host:port (empty answers nobody and earns nothing)", "", &f.Public, true},
	}
	for _, q := range questions {
		if cmd.Flags().Changed(q.flag) || q.chain && alone {
			continue
		}
		fmt.Fprint(p.err, q.text)
		if q.usual != "" {
			fmt.Fprintf(p.err, " [%s]", q.usual)
		}
		fmt.Fprint(p.err, ": ")
		line, err := p.line()
		if err != nil {
			return err
		}
		*q.answer = line
	}
	return nil
}

// line of standard input.
func (p *program) line() (string, error) {
	line, err := p.in.ReadString('\n')
	if errors.Is(err, io.EOF) && line == "" {
		return "", errors.New("standard input ended where an answer was needed")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(line), nil
}

// secret is a line that is not shown while it is typed.
func (p *program) secret(what string) (string, error) {
	if !p.asks {
		line, err := p.line()
		if err != nil {
			return "", fmt.Errorf("the %s is read from standard input: %w", what, err)
		}
		return line, nil
	}
	fmt.Fprintf(p.err, "The %s (not shown): ", what)
	line, err := term.ReadPassword(int(os.Stdin.Fd()))
	p.tell("")
	return strings.TrimSpace(string(line)), err
}

// makeKeys makes, imports or keeps both keys.
func (p *program) makeKeys(cfg *neuron.Config, f initFlags, m *made) error {
	var words [2]string
	for i, wanted := range []bool{f.importCold, f.importHot} {
		if !wanted {
			continue
		}
		var err error
		if words[i], err = p.secret([]string{"coldkey's mnemonic", "hotkey's mnemonic"}[i]); err != nil {
			return err
		}
		if words[i] == "" {
			return errors.New("an empty line is no mnemonic: give its words on one line")
		}
	}
	cold, err := setup.MakeColdkey(cfg, words[0], p.in)
	if err != nil {
		return err
	}
	m.Coldkey = &cold
	hot, err := setup.MakeHotkey(cfg, words[1])
	m.Hotkey = &hot
	return err
}

// next says what to do next; home is what has to be typed with it.
func (m *made) next(cfg *neuron.Config, home string) {
	if home != "" {
		home = " --" + flagHome + " " + home
	}
	if cfg.Chain.None {
		m.Next = []string{"neuron run" + home}
		return
	}
	m.Next = []string{
		"send some Tao to " + m.Coldkey.Address + " (on a local network: taod localnet faucet " + m.Coldkey.Address + " 200tao)",
		"neuron register" + home, "neuron stake 100tao" + home, "neuron doctor" + home, "neuron run" + home,
	}
}

func (p *program) showMade(m made) {
	kept := func(k *setup.Key) string {
		if k.Kept {
			return ", which was there"
		}
		return ""
	}
	p.say("configuration  %s", m.Config)
	if m.Coldkey != nil {
		p.say("coldkey        %s (%s%s)", m.Coldkey.Address, m.Coldkey.Name, kept(m.Coldkey))
		p.say("hotkey         %s (%s%s)", m.Hotkey.Address, m.Hotkey.Name, kept(m.Hotkey))
		if m.Coldkey.Mnemonic != "" {
			p.say("\nThese words are the coldkey. Write them down: they are kept nowhere and not shown again.\n\n  %s", m.Coldkey.Mnemonic)
		}
	}
	p.say("\nNext:")
	for i, step := range m.Next {
		p.say("  %d. %s", i+1, step)
	}
}
