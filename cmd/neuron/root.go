package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taonet/taonet/neuron"
)

const (
	flagHome   = "home"
	flagConfig = "config"
	flagSet    = "set"
	flagOutput = "output"

	formatText = "text"
	formatJSON = "json"

	// configName is the configuration's file in a home.
	configName = "neuron.yaml"
)

// newRootCmd returns the whole command line.
func newRootCmd(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "neuron",
		Short: "A peer of the Tao network that learns, answers, scores and earns",
		Long: `A neuron holds a model, a dataset and a loss. It answers other neurons and asks them,
learns from all answers, measures what each was worth, and is paid for what others
find in it.

Every key of the configuration can be set in HOME/neuron.yaml, by a variable of the
environment (NEURON_TRAIN_STEPS for train.steps) and by --set train.steps=100; what
comes later stands against what comes before.`,
		Example:       "neuron init\nneuron run\nneuron demo --home /tmp/neuron-demo",
		Version:       programVersion(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if !slices.Contains([]string{formatText, formatJSON}, p.output) {
				return fmt.Errorf("--%s: %q is unknown: it is %s or %s", flagOutput, p.output, formatText, formatJSON)
			}
			return nil
		},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	flags := root.PersistentFlags()
	flags.StringVar(&p.home, flagHome, "", "Folder of keys, checkpoints and configuration (default ~/.neuron, or NEURON_HOME)")
	flags.StringVar(&p.file, flagConfig, "", "The configuration's file (default HOME/"+configName+")")
	flags.StringArrayVar(&p.sets, flagSet, nil, "Set a key of the configuration, key=value; may be repeated")
	flags.StringVarP(&p.output, flagOutput, "o", formatText, "Form of what is printed: text or json")
	complete(root, flagSet, func() (keys []string) {
		for _, key := range neuron.Keys() {
			keys = append(keys, key+"=\t"+neuron.About(key))
		}
		return keys
	})
	complete(root, flagOutput, func() []string { return []string{formatText, formatJSON} })
	root.AddCommand(
		initCmd(p), runCmd(p), doctorCmd(p),
		registerCmd(p), stakeCmd(p), unstakeCmd(p), serveCmd(p),
		overviewCmd(p), metagraphCmd(p), evalCmd(p),
		experimentCmd(p), demoCmd(p), configCmd(p), versionCmd(p),
	)
	root.SetFlagErrorFunc(flagError)
	group(root)
	return root
}

// complete offers words for a flag's value to the shell.
func complete(cmd *cobra.Command, flag string, words func() []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}) // it fails of a flag that there is not, which a test would see
}

// group makes a command that only holds others show its help, and refuse a word that is
// none of them.
func group(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return unknown("command", args[0], cmd.SuggestionsFor(args[0]), cmd)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
}

// unknown names what is nearest to a word, or where to look.
func unknown(what, word string, near []string, cmd *cobra.Command) error {
	if len(near) > 0 {
		return fmt.Errorf("unknown %s %q: the nearest is %s", what, word, strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown %s %q: %s --help lists what there is", what, word, cmd.CommandPath())
}

// flagError says how to go on after a flag that cannot be read.
func flagError(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); cmd.HasSubCommands() && len(words) > 0 {
		return unknown("command", words[0], cmd.SuggestionsFor(words[0]), cmd) // its flags are not ours
	}
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return fmt.Errorf("%w; %s --help lists what there is", err, cmd.CommandPath())
	}
	return unknown("flag", missing.GetSpecifiedName(), nearFlags(cmd, missing.GetSpecifiedName()), cmd)
}

// nearFlags lists the flags of a command that resemble a word.
func nearFlags(cmd *cobra.Command, word string) (near []string) {
	names := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		names.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	for _, name := range names.SuggestionsFor(word) {
		near = append(near, "--"+name)
	}
	return near
}

// keyAnnotation marks a flag that stands for a key of the configuration.
const keyAnnotation = "neuron/key"

// keyFlag adds a flag that sets a key of the configuration.
func keyFlag(cmd *cobra.Command, name, key string) {
	cmd.Flags().String(name, "", neuron.About(key)+" Key "+key)
	mark(cmd, name, key)
}

// keySwitch is keyFlag for a key that is true or false.
func keySwitch(cmd *cobra.Command, name, key string) {
	cmd.Flags().Bool(name, false, neuron.About(key)+" Key "+key)
	mark(cmd, name, key)
}

func mark(cmd *cobra.Command, name, key string) {
	cmd.Flags().Lookup(name).Annotations = map[string][]string{keyAnnotation: {key}}
}

// settings are the keys that flags set.
func (p *program) settings(cmd *cobra.Command) (list []neuron.Setting, err error) {
	if p.home != "" {
		list = append(list, neuron.Setting{Key: "home", Text: p.home, Flag: "--" + flagHome})
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if key := f.Annotations[keyAnnotation]; len(key) == 1 {
			list = append(list, neuron.Setting{Key: key[0], Text: f.Value.String(), Flag: "--" + f.Name})
		}
	})
	for _, set := range p.sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("--%s: %q has no =: write it as --%s train.steps=100", flagSet, set, flagSet)
		}
		list = append(list, neuron.Setting{Key: strings.TrimSpace(key), Text: value, Flag: "--" + flagSet})
	}
	return list, nil
}

// folder is the home that flags and variables say.
func (p *program) folder() (string, error) {
	home := neuron.Default()
	for _, entry := range p.environ {
		if value, ok := strings.CutPrefix(entry, neuron.EnvPrefix+"HOME="); ok && value != "" {
			home.Home = value
		}
	}
	if p.home != "" {
		home.Home = p.home
	}
	return neuron.Home(home)
}

// config reads the configuration. With needed, its file must be there; else defaults
// hold where neither --config nor a file in the home names any.
func (p *program) config(cmd *cobra.Command, needed bool) (*neuron.Config, error) {
	settings, err := p.settings(cmd)
	if err != nil {
		return nil, err
	}
	sources := neuron.Sources{File: p.file, Environ: p.environ, Flags: settings}
	if sources.File == "" {
		home, err := p.folder()
		if err != nil {
			return nil, err
		}
		sources.File = filepath.Join(home, configName)
		if _, err := os.Stat(sources.File); errors.Is(err, fs.ErrNotExist) && !needed {
			sources.File = ""
		}
	}
	return neuron.Load(sources)
}

// isJSON says that a program reads what is printed.
func (p *program) isJSON() bool { return p.output == formatJSON }

// print writes a value as JSON.
func (p *program) print(value any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// say writes a line for people.
func (p *program) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// tell writes a line beside what is printed.
func (p *program) tell(format string, args ...any) { fmt.Fprintf(p.err, format+"\n", args...) }
