package remote

import (
	"bufio"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/model"
)

// python is an interpreter that has what the example needs: Debian's own first, as the
// packages are for that one.
func python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a process in Python")
	}
	var failures []string
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.Command(name, "-c", "import grpc, numpy, google.protobuf").CombinedOutput()
		if err == nil {
			return name
		}
		failures = append(failures, name+": "+err.Error()+"\n"+strings.TrimSpace(string(out)))
	}
	t.Fatalf("the example in Python cannot be tested: apt-get install python3-grpcio python3-numpy (or run with -short)\n%s", strings.Join(failures, "\n"))
	return ""
}

// start runs the example until the test ends or stop is called.
func start(t *testing.T, interpreter, address string) (stop func()) {
	t.Helper()
	process := exec.Command(interpreter, "example/server.py", address)
	process.Env = append(process.Environ(), "PYTHONDONTWRITEBYTECODE=1", "OPENBLAS_NUM_THREADS=1")
	var said strings.Builder
	process.Stderr = &said
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = process.Process.Kill()
			_ = process.Wait()
		}
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		require.Fail(t, "the process ended", said.String())
	}
	require.Equal(t, "serving at "+address+"\n", line)
	return stop
}

// TestPython: a model in another language learns from here, answers like itself byte
// by byte, remembers, dies and comes back.
func TestPython(t *testing.T) {
	interpreter, address := python(t), socket(t)
	stop := start(t, interpreter, address)
	m := dial(t, address)
	card := m.Card()
	require.Equal(t, "python-mlp", card.Architecture)
	require.True(t, card.Follows && card.Generates && m.Trains() && m.Saves())

	before, err := m.Follow(1)
	require.NoError(t, err)
	untrained, row := make([]float32, 256), make([]float32, 256)
	require.NoError(t, before.Next(t.Context(), []byte{'v'}, untrained))

	var losses []float64
	for i := range 120 {
		l := lesson(8, 16, 13*i%500)
		if i >= 100 { // the teacher knows the next byte too
			l.Beta = 0.5
			for _, y := range l.Targets {
				l.Teacher = append(l.Teacher, sure(int(y), 1)...)
			}
		}
		loss, err := m.Step(t.Context(), l)
		require.NoError(t, err)
		losses = append(losses, loss)
	}
	require.InDelta(t, math.Log(256), losses[0], 0.5)
	require.Less(t, losses[99], 2.2)
	require.Less(t, losses[119], 2.0)

	before.Restart()
	require.NoError(t, before.Next(t.Context(), []byte{'v'}, row))
	require.Less(t, farthest(untrained, row), 1e-6, "a follower keeps the parameters that it began with")
	require.NoError(t, before.Close())

	path := filepath.Join(t.TempDir(), "model.npz")
	trained := m.Card().Hash
	require.NotEqual(t, card.Hash, trained)
	require.NoError(t, m.Save(t.Context(), path))
	answers := followsAsItAnswers(t, m)

	stop()
	in := model.Input{Count: 1, Length: 4, Tokens: song(4)}
	require.ErrorIs(t, m.Forward(t.Context(), in, make([]float32, 4*256)), ErrUnreachable)
	start(t, interpreter, address)
	require.Eventually(t, func() bool { return m.Forward(t.Context(), in, make([]float32, 4*256)) == nil }, 10e9, 50e6)
	require.Equal(t, card.Hash, m.Card().Hash, "it begins anew")
	require.NoError(t, m.Load(t.Context(), path))
	require.Equal(t, trained, m.Card().Hash)
	require.Less(t, farthest(answers, followsAsItAnswers(t, m)), 1e-5)
	require.ErrorContains(t, m.Load(t.Context(), path+"x"), "No such file")
}

// followsAsItAnswers: Forward of a batch and Follow of its sequences agree.
func followsAsItAnswers(t *testing.T, m *Model) []float32 {
	const sequences, length = 33, 20
	tokens := song(sequences * length)
	whole := make([]float32, len(tokens)*256)
	require.NoError(t, m.Forward(t.Context(), model.Input{Count: sequences, Length: length, Tokens: tokens}, whole))
	f, err := m.Follow(sequences)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	row, next := make([]float32, sequences*256), make([]byte, sequences)
	for at := range length {
		for s := range sequences {
			next[s] = tokens[s*length+at]
		}
		require.NoError(t, f.Next(t.Context(), next, row))
		for s := range sequences {
			require.Less(t, farthest(whole[(s*length+at)*256:][:256], row[s*256:]), 1e-5, "sequence %d at %d", s, at)
		}
	}
	return whole
}

// TestPythonRefuses what no neuron sends, and goes on.
func TestPythonRefuses(t *testing.T) {
	address := socket(t)
	start(t, python(t), address)
	m := dial(t, address)
	input, err := frame(m.Card(), lesson(2, 4, 0).Input)
	require.NoError(t, err)
	damaged := append([]byte(nil), input...)
	damaged[len(damaged)-1]++
	for name, request := range map[string]*ForwardRequest{
		"a frame of 3 bytes":    {Input: []byte("abc")},
		"checksum":              {Input: damaged},
		"a frame of 31 bytes":   {Input: input[:len(input)-1]},
		"this model reads text": {Input: rows(t, 2, 0.5, 0.5)},
	} {
		_, err := m.client.Forward(t.Context(), request)
		require.ErrorContains(t, err, name)
	}
	_, err = m.client.Step(t.Context(), &StepRequest{Input: input, Targets: []int32{1}})
	require.ErrorContains(t, err, "1 targets for 8 rows")
	_, err = m.Follow(1)
	require.NoError(t, err)
}
