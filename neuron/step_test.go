package neuron

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/distill"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/train"
	"github.com/taonet/taonet/neuron/wallet"
)

const (
	peersVariable = "NEURON_TEST_PEERS" // the delay of each answer
	peersCount    = 6
	benchChain    = "bench"
)

// TestMain runs peers in a process of their own when it is asked to, so that their work
// is not counted as the neuron's.
func TestMain(m *testing.M) {
	if delay := os.Getenv(peersVariable); delay != "" {
		if err := servePeers(delay); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// elsewhere is a model on a machine of its own: it answers after a while and costs this
// machine nothing but the wire.
type elsewhere struct {
	model.Expert
	delay time.Duration
}

// Forward implements model.Expert.
func (e elsewhere) Forward(ctx context.Context, in model.Input, dst []float32) error {
	for row := range in.Rows() {
		answer := dst[row*model.Vocabulary : (row+1)*model.Vocabulary]
		for i := range answer {
			answer[i] = 0.1 / model.Vocabulary
		}
		answer[(row*31)%model.Vocabulary] += 0.9
	}
	select {
	case <-time.After(e.delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// servePeers serves until standard input closes; each prints its record.
func servePeers(delay string) error {
	wait, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	m, err := model.NewLanguage("bytelm-mlp", 1)
	if err != nil {
		return err
	}
	served, err := model.NewServed(m, 1)
	if err != nil {
		return err
	}
	for range peersCount {
		hotkey := wallet.NewHotkey()
		certificate, err := synapse.NewCertificate()
		if err != nil {
			return err
		}
		cfg := axon.DefaultConfig()
		cfg.ChainID, cfg.Certificate, cfg.Open, cfg.Restart, cfg.Delay = benchChain, certificate, true, 0, 0
		cfg.RowsPerSecond, cfg.RowBurst, cfg.CallsPerSecond, cfg.CallBurst = 1<<30, 1<<30, 1<<20, 1<<20
		s, err := axon.New(cfg, axon.Deps{
			Expert: func() model.Expert { return elsewhere{served, wait} }, Signer: hotkey, Verifier: wallet.Verifier{}, Registry: &subnet{},
		})
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		go func() { _ = s.Serve(context.Background(), listener) }()
		fingerprint := s.Fingerprint()
		fmt.Println(hotkey.Address(), listener.Addr().(*net.TCPAddr).Port, hex.EncodeToString(fingerprint[:]))
	}
	_, err = os.Stdin.Read(make([]byte, 1))
	_ = err // it was closed: the parent is gone
	return nil
}

// startPeers starts the process and returns a network of its peers.
func startPeers(b *testing.B, delay time.Duration) train.Network {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), peersVariable+"="+delay.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		require.NoError(b, stdin.Close())
		require.NoError(b, cmd.Wait())
	})
	d := dendrite.New(dendrite.Config{ChainID: benchChain, AllowPrivate: true}, dendrite.Deps{Signer: wallet.NewHotkey(), Verifier: wallet.Verifier{}})
	b.Cleanup(d.Close)
	var list []dendrite.Endpoint
	lines := bufio.NewScanner(stdout)
	for uid := uint32(1); uid <= peersCount; uid++ {
		require.True(b, lines.Scan())
		fields := strings.Fields(lines.Text())
		require.Len(b, fields, 3)
		port, err := strconv.ParseUint(fields[1], 10, 16)
		require.NoError(b, err)
		e := dendrite.Endpoint{UID: uid, Hotkey: fields[0], Host: "127.0.0.1", Port: uint32(port), Version: synapseVersion}
		_, err = hex.Decode(e.Fingerprint[:], []byte(fields[2]))
		require.NoError(b, err)
		list = append(list, e)
	}
	d.SetPeers(list)
	return newPeers(d, 10*time.Second, model.Vocabulary)
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStep is a step alone and one that learns from six peers: wall time, and the
// neuron's own CPU time. The peers answer from another process after a delay.
func BenchmarkStep(b *testing.B) {
	texts, err := data.Generated(1, 200_000)
	require.NoError(b, err)
	for _, architecture := range []string{"bytelm-mlp", "bytelm-transformer"} {
		for _, c := range []struct {
			name  string
			delay time.Duration
			alone bool
		}{{"alone", 0, true}, {"peers/0ms", 0, false}, {"peers/20ms", 20 * time.Millisecond, false}} {
			b.Run(architecture+"/"+c.name, func(b *testing.B) {
				var network train.Network = train.Alone{}
				if !c.alone {
					network = startPeers(b, c.delay)
				}
				m, err := model.NewLanguage(architecture, 1)
				require.NoError(b, err)
				device := nn.NewDevice(0)
				defer device.Close()
				cfg := train.DefaultConfig()
				cfg.Length, cfg.Top, cfg.Explore, cfg.Schedule = 128, peersCount, 0, distill.Schedule{}
				t, err := train.NewTrainer(cfg, train.NewText(cfg, m, texts[0]), device)
				require.NoError(b, err)
				defer t.Stop()
				answered := 0
				step := func() {
					r, err := t.Step(context.Background(), network)
					require.NoError(b, err)
					answered += r.Answered
				}
				for range 3 {
					step()
				}
				answered = 0
				before, steps := cpu(b), 0
				for b.Loop() {
					step()
					steps++
				}
				b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(steps), "cpu-ms/step")
				b.ReportMetric(float64(answered)/float64(steps), "answers/step")
				b.ReportMetric(float64(steps*cfg.Batch*cfg.Length)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}
