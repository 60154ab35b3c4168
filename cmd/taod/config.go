package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"cosmossdk.io/tools/confix"
	confixcmd "cosmossdk.io/tools/confix/cmd"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client"
	clientconfig "github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"

	"github.com/taonet/taonet/app"
)

// envPrefix begins the name of every variable that stands for a flag or a key of
// config.toml and app.toml: TAOD_HOME, TAOD_API_ENABLE.
const envPrefix = "TAOD"

// homeless says whether a command answers without a home; one that groups others
// shows its help.
func homeless(cmd *cobra.Command) bool {
	if cmd.HasSubCommands() {
		return true
	}
	for cmd.Parent() != nil && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return slices.Contains([]string{
		"version", "help", "completion", "yuma", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd,
	}, cmd.Name())
}

// makeHome makes the folders of a home where they are missing.
func makeHome(home string) error {
	if home == "" {
		return fmt.Errorf("there is no home folder, since HOME is not set: name one with --home or %s_HOME", envPrefix)
	}
	for _, dir := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			return fmt.Errorf("the home folder %q cannot be used: %w; name another with --home or %s_HOME", home, err, envPrefix)
		}
	}
	return nil
}

// configure reads config.toml and app.toml, makes them where they are missing, and
// lets variables and flags stand against them. It is the SDK's
// InterceptConfigsPreRunHandler, which names variables after the binary's file and
// logs to stdout, where commands print JSON.
func configure(cmd *cobra.Command) error {
	v := viper.New()
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	v.SetEnvPrefix(envPrefix)
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_", "-", "_"))
	v.AutomaticEnv()
	home := v.GetString(flags.FlagHome)
	dir := filepath.Join(home, "config")
	writeDefaults(dir)
	for _, name := range []string{confix.CMTConfig, confix.AppConfig} {
		v.SetConfigFile(filepath.Join(dir, name))
		if err := v.MergeInConfig(); err != nil {
			return fmt.Errorf("reading %s: %w", filepath.Join(dir, name), err)
		}
	}
	comet := app.DefaultCometConfig()
	if err := v.Unmarshal(comet); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, confix.CMTConfig), err)
	}
	comet.SetRoot(home)
	if err := setFlags(cmd, v); err != nil {
		return err
	}
	ctx := server.NewContext(v, comet, nil)
	out := cmd.ErrOrStderr()
	if cmd.Name() == "start" {
		out = cmd.OutOrStdout()
	}
	logger, err := server.CreateSDKLogger(ctx, out)
	if err != nil {
		return err
	}
	ctx.Logger = logger.With(log.ModuleKey, "server")
	return server.SetCmdServerContext(cmd, ctx)
}

// writeDefaults writes the files of a node that are not there.
func writeDefaults(dir string) {
	missing := func(name string) (file string, is bool) {
		file = filepath.Join(dir, name)
		_, err := os.Stat(file)
		return file, errors.Is(err, os.ErrNotExist)
	}
	if file, is := missing(confix.CMTConfig); is {
		comet := app.DefaultCometConfig()
		comet.RPC.PprofListenAddress = "localhost:6060" // as with the SDK
		cmtcfg.WriteConfigFile(file, comet)
	}
	if file, is := missing(confix.AppConfig); is {
		serverconfig.SetConfigTemplate(app.NodeConfigTemplate)
		serverconfig.WriteConfigFile(file, app.DefaultNodeConfig())
	}
}

// setFlags gives flags that were not given what a variable or a file says.
func setFlags(cmd *cobra.Command, v *viper.Viper) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if err == nil && !f.Changed && v.IsSet(f.Name) {
			if err = cmd.Flags().Set(f.Name, fmt.Sprint(v.Get(f.Name))); err != nil {
				err = fmt.Errorf("--%s, from a variable or a file of the home: %w", f.Name, err)
			}
		}
	})
	return err
}

// configCmd looks at the files of the home and changes them.
func configCmd() *cobra.Command {
	cmd := confixcmd.ConfigCommand()
	cmd.Short = "Look at config.toml, app.toml and client.toml, and change them"
	for _, sub := range cmd.Commands() {
		switch sub.Name() {
		case "migrate", "diff": // they know the SDK up to v0.50
			cmd.RemoveCommand(sub)
		case "set":
			checkSet(sub)
		}
	}
	cmd.AddCommand(configDiffCmd())
	return cmd
}

// checkSet lets the SDK's command write and takes back what cannot be read again.
// Its own check knows the app.toml of SDK v0.50 and no config.toml.
func checkSet(cmd *cobra.Command) {
	cmd.Example = `taod config set app api.enable true
taod config set config rpc.laddr tcp://0.0.0.0:26657
taod config set client node tcp://localhost:26657`
	inner := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := configFile(cmd, args[0])
		before, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%w; the files are app, config and client", err)
		}
		checked := !confixcmd.FlagSkipValidate
		if err := cmd.Flags().Set("skip-validate", "true"); err != nil {
			return err
		}
		if err := inner(cmd, args); err != nil || !checked {
			return err
		}
		if err := checkConfig(cmd, file); err != nil {
			return errors.Join(fmt.Errorf("%s = %s is refused and %s stays as it was: %w", args[1], args[2], file, err),
				os.WriteFile(file, before, 0o600))
		}
		return nil
	}
}

func configFile(cmd *cobra.Command, name string) string {
	return filepath.Join(client.GetClientContextFromCmd(cmd).HomeDir, "config", name+".toml")
}

// checkConfig says why commands could not read a file.
func checkConfig(cmd *cobra.Command, file string) error {
	v := viper.New()
	v.SetConfigFile(file)
	if err := v.ReadInConfig(); err != nil {
		return err
	}
	switch filepath.Base(file) {
	case confix.AppConfig:
		node := app.DefaultNodeConfig()
		if err := v.Unmarshal(&node); err != nil {
			return err
		}
		if _, err := server.GetPruningOptionsFromFlags(v); err != nil {
			return err
		}
		return node.ValidateBasic()
	case confix.CMTConfig:
		comet := app.DefaultCometConfig()
		if err := v.Unmarshal(comet); err != nil {
			return err
		}
		return comet.ValidateBasic()
	}
	read, err := clientconfig.ReadFromClientConfig(client.GetClientContextFromCmd(cmd).WithViper(envPrefix))
	if err != nil {
		return err
	}
	if err := checkOutput(read.OutputFormat); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// configDiffCmd compares with the files of a fresh home.
func configDiffCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "diff [config]",
		Short:   "What app.toml or config.toml says and a fresh one would not",
		Example: "taod config diff app",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fresh, err := os.MkdirTemp("", app.Name)
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(fresh) }()
			writeDefaults(fresh)
			want, err := confix.LoadConfig(filepath.Join(fresh, args[0]+".toml"))
			if err != nil {
				return fmt.Errorf("config %q is unknown: it is app or config", args[0])
			}
			have, err := confix.LoadConfig(configFile(cmd, args[0]))
			if err != nil {
				return err
			}
			for _, diff := range confix.DiffValues(have, want) {
				fmt.Fprintf(cmd.OutOrStdout(), "%s = %s\n", diff.KV.Key, diff.KV.Value)
			}
			return nil
		},
	}
}
