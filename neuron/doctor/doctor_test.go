package doctor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/doctor"
	"github.com/taonet/taonet/neuron/setup"
	"github.com/taonet/taonet/neuron/synapse"
)

// patient is a neuron that learns from a small file and whose node is away.
func patient(t *testing.T, more ...neuron.Setting) doctor.Patient {
	t.Helper()
	var book []byte
	for i := range 10_000 {
		book = fmt.Appendf(book, "line %d\n", i)
	}
	file := filepath.Join(t.TempDir(), "book.txt")
	require.NoError(t, os.WriteFile(file, book, 0o600))
	settings := []neuron.Setting{
		{Key: "home", Text: t.TempDir()}, {Key: "wallet.keyring_backend", Text: "test"}, {Key: "chain.nodes", Text: "127.0.0.1:1"},
		{Key: "data.kind", Text: "text"}, {Key: "data.paths", Text: file}, {Key: "axon.listen", Text: ""}, {Key: "telemetry.listen", Text: ""},
	}
	cfg, err := neuron.Load(neuron.Sources{Flags: append(settings, more...)})
	require.NoError(t, err)
	return doctor.Patient{Config: cfg, Version: "test"}
}

// found is the check of a name.
func found(t *testing.T, p doctor.Patient, name string) doctor.Check {
	t.Helper()
	for _, c := range doctor.Examine(context.Background(), p) {
		if c.Name == name {
			require.NotEmpty(t, c.Says)
			if c.State == doctor.Failed {
				require.NotEmpty(t, c.Do, "%s does not say what to do", name)
			}
			return c
		}
	}
	t.Fatalf("no check is called %q", name)
	return doctor.Check{}
}

// taken is an address of this machine at which somebody listens until the test ends.
func taken(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() }) // a server may have closed it
	return l
}

// free is an address at which nobody does.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// at are the settings of an axon at an address of this machine.
func at(listen, advertise string) []neuron.Setting {
	return []neuron.Setting{{Key: "axon.listen", Text: listen}, {Key: "axon.advertise", Text: advertise}, {Key: "network.allow_private", Text: "true"}}
}

func TestConfigurationComesFirst(t *testing.T) {
	p := patient(t)
	p.Problems = errors.New("train.batch is 0")
	checks := doctor.Examine(context.Background(), p)
	require.Len(t, checks, 1)
	require.Equal(t, doctor.Failed, checks[0].State)
	require.Contains(t, checks[0].Says, "train.batch is 0")
	require.False(t, doctor.Healthy(checks))
}

func TestWithoutChain(t *testing.T) {
	p := patient(t, neuron.Setting{Key: "chain.none", Text: "true"})
	checks := doctor.Examine(context.Background(), p)
	require.Len(t, checks, 5)
	for _, c := range checks {
		require.Equal(t, doctor.OK, c.State, c)
	}
	require.True(t, doctor.Healthy(checks))
}

func TestHome(t *testing.T) {
	p := patient(t)
	p.Config.Home = filepath.Join(p.Config.Home, "nosuch")
	require.Contains(t, found(t, p, "home").Do, "neuron init")
	require.Equal(t, doctor.Skipped, found(t, p, "model and data").State)
	require.NoDirExists(t, p.Config.Home, "it changes nothing")

	p.Config.Home = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(p.Config.Home, nil, 0o600))
	require.Equal(t, doctor.Failed, found(t, p, "home").State)
}

func TestModelAndData(t *testing.T) {
	p := patient(t, neuron.Setting{Key: "data.paths", Text: "/nosuch/book.txt"})
	c := found(t, p, "model and data")
	require.Equal(t, doctor.Failed, c.State)
	require.Contains(t, c.Says, "/nosuch/book.txt")

	p = patient(t)
	require.NoError(t, os.MkdirAll(filepath.Join(p.Config.Home, "checkpoints"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(p.Config.Home, "checkpoints", "step-7.safetensors"), []byte("damaged"), 0o600))
	c = found(t, p, "model and data")
	require.Equal(t, doctor.Failed, c.State)
	require.Contains(t, c.Says, "step-7.safetensors")
}

func TestPorts(t *testing.T) {
	l := taken(t)
	c := found(t, patient(t, neuron.Setting{Key: "telemetry.listen", Text: l.Addr().String()}), "ports")
	require.Equal(t, doctor.Failed, c.State)
	require.Contains(t, c.Says, "telemetry.listen cannot be had")
	c = found(t, patient(t, neuron.Setting{Key: "telemetry.listen", Text: free(t)}), "ports")
	require.Equal(t, doctor.OK, c.State)
}

func TestNodeThatIsAway(t *testing.T) {
	p := patient(t)
	_, err := setup.MakeHotkey(p.Config, "")
	require.NoError(t, err)
	_, err = setup.MakeColdkey(p.Config, "", nil)
	require.NoError(t, err)
	states := map[string]doctor.State{}
	for _, c := range doctor.Examine(context.Background(), p) {
		states[c.Name] = c.State
	}
	require.Equal(t, map[string]doctor.State{
		"configuration": doctor.OK, "version": doctor.OK, "home": doctor.OK, "model and data": doctor.OK, "ports": doctor.OK,
		"node": doctor.Failed, "clock": doctor.Skipped, "hotkey": doctor.OK, "coldkey": doctor.OK, "balance": doctor.Skipped,
		"registered": doctor.Skipped, "axon record": doctor.Skipped, "axon reached": doctor.Skipped,
	}, states)
}

func TestKeysThatAreMissing(t *testing.T) {
	require.Contains(t, found(t, patient(t), "hotkey").Do, "neuron init")
	require.Contains(t, found(t, patient(t), "coldkey").Do, "neuron init")
}

// Where no neuron runs the doctor answers in its place.
func TestReachedWhileNothingRuns(t *testing.T) {
	address := free(t)
	require.Equal(t, doctor.OK, found(t, patient(t, at(address, address)...), "axon reached").State)
	c := found(t, patient(t, at(free(t), free(t))...), "axon reached")
	require.Equal(t, doctor.Failed, c.State, "nothing forwards the advertised address")
	require.Contains(t, c.Do, "forward")
	c = found(t, patient(t, at(taken(t).Addr().String(), free(t))...), "axon reached")
	require.Equal(t, doctor.Skipped, c.State)
}

// hold takes the lock of a home as a running neuron does.
func hold(t *testing.T, home string) {
	t.Helper()
	f, err := os.Create(filepath.Join(home, "lock"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	require.NoError(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
}

// answering shakes hands at an address with a key.
func answering(t *testing.T, pem []byte) string {
	t.Helper()
	config, _, err := synapse.ServerTLS(pem)
	require.NoError(t, err)
	l := tls.NewListener(taken(t), config)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake() // the caller says what was wrong
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// Beside a running neuron the doctor takes nothing from it, and calls it.
func TestBesideARunningNeuron(t *testing.T) {
	p := patient(t, at("127.0.0.1:9", "127.0.0.1:9")...)
	pem, err := setup.Certificate(p.Config)
	require.NoError(t, err)
	address := answering(t, pem)
	p.Config.Axon.Listen, p.Config.Axon.Advertise = address, address
	hold(t, p.Config.Home)
	require.Contains(t, found(t, p, "home").Says, "a neuron runs in it")
	require.Equal(t, doctor.Skipped, found(t, p, "model and data").State)
	require.Equal(t, doctor.Skipped, found(t, p, "ports").State)
	require.Equal(t, doctor.OK, found(t, p, "axon reached").State)

	other, err := synapse.NewCertificate()
	require.NoError(t, err)
	p.Config.Axon.Advertise = answering(t, other)
	c := found(t, p, "axon reached")
	require.Equal(t, doctor.Failed, c.State)
	require.Contains(t, c.Do, "something else answers")
}

func TestDamagedCertificate(t *testing.T) {
	p := patient(t, at("127.0.0.1:9", "127.0.0.1:9")...)
	require.NoError(t, os.WriteFile(filepath.Join(p.Config.Home, "axon.pem"), []byte("damaged"), 0o600))
	require.Equal(t, doctor.Failed, found(t, p, "axon record").State)
	require.Equal(t, doctor.Skipped, found(t, p, "axon reached").State)
}
