//go:build unix

package axon

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/taonet/taonet/neuron/blas"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

const (
	benchClients     = 128
	benchConnections = 16
	benchSequences   = 16
	benchLength      = 32
)

// trusting takes every signature and gives empty ones: what is left without them.
type trusting struct{ hotkey }

func (trusting) Sign([]byte) ([]byte, error)                       { return make([]byte, 64), nil }
func (trusting) Verify(string, *synapse.Key, []byte, []byte) error { return nil }
func (t trusting) signer(on bool) synapse.Signer {
	if on {
		return t.hotkey
	}
	return t
}

// idle answers whatever lies in memory.
type idle struct{ *oracle }

func (idle) Forward(_ context.Context, _ model.Input, dst []float32) error {
	clear(dst)
	return nil
}

// BenchmarkAxon has 128 clients on 16 connections that ask for Forward of 16 sequences of
// 32 bytes in f16: 0.5 KB there, 262 KB back. echo is gRPC alone with the same TLS and
// the same bytes; instant is the axon over a model that takes no time; model is it over
// bytelm-mlp. cpu-ms/call is of clients and server together.
func BenchmarkAxon(b *testing.B) {
	kernel := blas.New(0)
	defer kernel.Close()
	blas32.Use(kernel)
	defer blas32.Use(gonum.Implementation{})
	language, err := model.NewLanguage("bytelm-mlp", 1)
	require.NoError(b, err)
	served, err := model.NewServed(language, 0)
	require.NoError(b, err)
	defer func() { _ = served.Close() }()
	quick := idle{textOracle()}
	b.Run("echo", benchEcho)
	for _, c := range []struct {
		name    string
		expert  model.Expert
		signed  bool
		batched bool
	}{
		{"instant/unsigned", quick, false, false},
		{"instant/signed", quick, true, false},
		{"instant/signed+batched", quick, true, true},
		{"model/unsigned", served, false, false},
		{"model/signed", served, true, false},
		{"model/signed+batched", served, true, true},
	} {
		b.Run(c.name, func(b *testing.B) { benchAxon(b, c.expert, c.signed, c.batched) })
	}
}

func benchAxon(b *testing.B, expert model.Expert, signed, batched bool) {
	s := serve(b, textOracle(), func(c *Config, d *Deps) {
		c.CallsPerSecond, c.CallBurst, c.RowsPerSecond, c.RowBurst = 1<<29, 1<<29, 1<<29, 1<<29
		c.Queue, c.ConnectionsPerAddress = 4*benchClients, benchConnections
		c.BatchRequests, c.Delay = 1, 0
		if batched {
			c.BatchRequests, c.BatchRows, c.Delay = 16, 1<<20, 2*time.Millisecond
		}
		d.Expert = func() model.Expert { return expert }
		if !signed {
			d.Verifier = trusting{}
		}
		d.Signer = trusting{d.Signer.(hotkey)}.signer(signed)
	})
	connections := make([]*client, benchConnections)
	for i := range connections {
		connections[i] = s.dial("127.0.0.1")
	}
	request := text(b, benchSequences, benchLength)
	request.Encoding = synapse.Encoding_ENCODING_F16
	body := marshal(b, request)
	keys := make([]trusting, benchClients)
	for i := range keys {
		keys[i] = trusting{newHotkey()}
		s.subnet.register(keys[i].Address(), 1)
	}
	measure(b, func(i int) error {
		c := connections[i%benchConnections]
		sent, err := synapse.SignRequest(keys[i].signer(signed), c.head("Forward"), body)
		if err != nil {
			return err
		}
		return exchange(c, sent, body)
	})
}

// exchange makes a call and keeps nothing of it.
func exchange(c *client, sent synapse.Signed, body synapse.Raw) error {
	var answer synapse.Raw
	ctx := context.Background()
	if sent.Head != nil {
		ctx = metadata.NewOutgoingContext(ctx, sent.Metadata())
	}
	return c.Invoke(ctx, prefix+"Forward", &body, &answer)
}

func benchEcho(b *testing.B) {
	config, fingerprint, err := synapse.ServerTLS(certificate())
	require.NoError(b, err)
	header := tensor.Header{Modality: tensor.ModalityText, DType: tensor.F16, Shape: tensor.Shape{benchSequences * benchLength, 256}}
	answer, err := answerOf(header, make([]float32, benchSequences*benchLength*256), 1)
	require.NoError(b, err)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)), grpc.ForceServerCodecV2(synapse.Codec{}))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "tao.synapse.v1.SynapseService", Methods: []grpc.MethodDesc{{
		MethodName: "Forward",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var body synapse.Raw
			return &answer, decode(&body)
		},
	}}}, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	connections := make([]*client, benchConnections)
	for i := range connections {
		conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(synapse.ClientTLS(fingerprint))),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(synapse.Codec{})))
		require.NoError(b, err)
		defer func() { _ = conn.Close() }()
		connections[i] = &client{ClientConn: conn}
	}
	body := marshal(b, text(b, benchSequences, benchLength))
	measure(b, func(i int) error { return exchange(connections[i%benchConnections], synapse.Signed{}, body) })
}

// measure makes b.N calls with all clients at the same time.
func measure(b *testing.B, ask func(client int) error) {
	for i := range benchConnections { // connect
		require.NoError(b, ask(i))
	}
	took := make([]time.Duration, b.N)
	left := atomic.Int64{}
	left.Store(int64(b.N))
	var group sync.WaitGroup
	used := cpu()
	b.ResetTimer()
	for i := range benchClients {
		group.Go(func() {
			for at := left.Add(-1); at >= 0; at = left.Add(-1) {
				began := time.Now()
				if err := ask(i); err != nil {
					b.Error(err)
					return
				}
				took[at] = time.Since(began)
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu()-used).Microseconds())/1000/float64(b.N), "cpu-ms/call")
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(b.N*benchSequences*benchLength)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// cpu is what this process has used, clients and server together.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
