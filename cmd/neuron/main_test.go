package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asNeuron makes the test binary be neuron, so that tests run the real program.
const asNeuron = "TAO_TEST_AS_NEURON"

func TestMain(m *testing.M) {
	if os.Getenv(asNeuron) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what takes seconds on a machine with nothing
// else to do. Only a failure lasts so long.
const patience = 3 * time.Minute

// result of a command.
type result struct {
	code     int
	out, err string
}

// command is neuron with arguments, in an environment without anybody's neuron.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "NEURON_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, asNeuron+"=true")
	return cmd
}

// neuronWith runs a command with standard input and more variables.
func neuronWith(t testing.TB, stdin string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, args...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// run runs a command as a user would.
func run(t testing.TB, args ...string) result {
	t.Helper()
	return neuronWith(t, "", nil, args...)
}

// must runs a command that has to succeed and returns what it printed.
func must(t testing.TB, args ...string) string {
	t.Helper()
	r := run(t, args...)
	require.Zero(t, r.code, "neuron %v\n%s%s", args, r.out, r.err)
	return r.out
}

// mustJSON is must with what it printed as JSON.
func mustJSON[T any](t testing.TB, args ...string) (value T) {
	t.Helper()
	out := must(t, append(args, "-o", "json")...)
	decoder := json.NewDecoder(strings.NewReader(out))
	require.NoError(t, decoder.Decode(&value), out)
	return value
}

// alone are the settings of a small neuron without a chain: whole runs take a second.
func alone(home string) []string {
	return []string{
		"--home", home, "--set", "train.batch=2", "--set", "train.length=8", "--set", "train.evaluate_every=100000",
		"--set", "telemetry.listen=",
	}
}

// aloneHome is a home of such a neuron.
func aloneHome(t testing.TB) string {
	t.Helper()
	home := t.TempDir()
	must(t, "init", "--home", home, "--data", "prose", "--chain-none")
	return home
}

// until waits for what takes a while.
func until(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "it took too long")
	}
}

// lines counts lines that a command writes meanwhile.
type lines struct {
	mu   sync.Mutex
	seen int
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen += bytes.Count(text, []byte("\n"))
	return len(text), nil
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}
