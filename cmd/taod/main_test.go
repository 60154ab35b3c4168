package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log/v2"

	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"

	"github.com/taonet/taonet/app"
	"github.com/taonet/taonet/app/localnet"
)

// asTaod makes the test binary be taod, so that tests run the real program.
const asTaod = "TAOD_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asFlood) != "" {
		flood()
		return
	}
	if os.Getenv(asTaod) != "" {
		main()
		return
	}
	if err := os.Setenv(asTaod, "true"); err != nil { // for every child
		panic(err)
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what takes seconds on a machine with nothing
// else to do. Only a failure lasts so long.
const patience = 5 * time.Minute

// result of a command.
type result struct {
	code     int
	out, err string
}

// taod runs a command as a user would.
func taod(t testing.TB, home string, args ...string) result {
	t.Helper()
	if !slices.Contains(args, "--home") {
		args = append(args, "--home", home)
	}
	return taodWith(t, os.Environ(), args...)
}

// taodWith runs a command in an environment.
func taodWith(t testing.TB, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// must runs a command that has to succeed and returns what it printed.
func must(t testing.TB, home string, args ...string) string {
	t.Helper()
	r := taod(t, home, args...)
	require.Zero(t, r.code, "taod %v\n%s%s", args, r.out, r.err)
	return r.out
}

// fixture is a local network of a test.
type fixture struct {
	localnet.Config
	net *localnet.Network
	app *app.App
}

// network starts a local network on free ports. It is stopped with the test.
func network(t testing.TB, validators int, edit func(*localnet.Config)) *fixture {
	t.Helper()
	f := &fixture{
		Config: localnet.Config{Home: t.TempDir(), Validators: validators, Binary: os.Args[0]},
		app:    app.New(log.NewNopLogger(), dbm.NewMemDB(), nil, true, simtestutil.NewAppOptionsWithFlagHome(t.TempDir())),
	}
	if edit != nil {
		edit(&f.Config)
	}
	for f.PortOffset = 1000; f.CheckPorts() != nil; f.PortOffset += 200 {
		require.Less(t, f.PortOffset, 20000, "no free ports")
	}
	require.NoError(t, f.Prepare(f.app))
	var err error
	f.net, err = f.Start(context.Background(), func(format string, args ...any) { t.Logf(format, args...) })
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.net.Stop())
		if t.Failed() {
			for i := range validators {
				tail(t, f.Log(i))
			}
		}
	})
	for i := range validators {
		f.wait(t, i, 2)
	}
	return f
}

// wait until node i has reached a height.
func (f *fixture) wait(t testing.TB, i int, height int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, f.net.WaitHeight(ctx, i, height))
}

// tail shows the end of a log.
func tail(t testing.TB, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Log(err)
		return
	}
	t.Logf("%s ends:\n%s", filepath.Base(filepath.Dir(file)), text[max(0, len(text)-3000):])
}
