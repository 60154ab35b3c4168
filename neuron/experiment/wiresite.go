package experiment

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/taonet/taonet/neuron/axon"
	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/dendrite"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
	"github.com/taonet/taonet/neuron/wallet"
)

const wireChain = "tao-experiment"

// wireSite is an axon on loopback.
type wireSite struct {
	server *axon.Server
	key    *wallet.Hotkey
	port   int
	ended  chan error
}

// everyone is registered.
type everyone struct{}

// Caller implements axon.Registry.
func (everyone) Caller(string) (axon.Caller, bool) {
	return axon.Caller{UID: 1, Stake: 1, Registered: true}, true
}

// openSite serves a model with bounds that no client of an experiment meets.
func openSite(m model.Expert, batching bool) (*wireSite, error) {
	certificate, err := synapse.NewCertificate()
	if err != nil {
		return nil, err
	}
	const plenty = 1 << 29
	cfg := axon.DefaultConfig()
	cfg.ChainID, cfg.Certificate, cfg.Restart = wireChain, certificate, 0
	cfg.CallsPerSecond, cfg.CallBurst, cfg.RowsPerSecond, cfg.RowBurst = plenty, plenty, plenty, plenty
	cfg.ConnectionsPerAddress, cfg.Connections, cfg.Queue, cfg.Memory = 1024, 1024, 1024, 4<<30
	cfg.Follows = 1024
	cfg.BatchRequests, cfg.Delay = 1, 0
	if batching {
		cfg.BatchRequests, cfg.BatchRows, cfg.Delay = 16, 1<<20, 2*time.Millisecond
	}
	s := &wireSite{key: wallet.NewHotkey(), ended: make(chan error, 1)}
	s.server, err = axon.New(cfg, axon.Deps{
		Expert: func() model.Expert { return m }, Signer: s.key, Verifier: wallet.Verifier{}, Registry: everyone{},
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	go func() { s.ended <- s.server.Serve(context.Background(), listener) }()
	return s, nil
}

func (s *wireSite) close() error { return errors.Join(s.server.Close(), <-s.ended) }

// client has a key and a connection of its own; the site is its peer 0.
func (s *wireSite) client(encoding tensor.DType) *dendrite.Dendrite {
	d := dendrite.New(dendrite.Config{ChainID: wireChain, Subnet: 1, AllowPrivate: true, Encoding: encoding},
		dendrite.Deps{Signer: wallet.NewHotkey(), Verifier: wallet.Verifier{}})
	d.SetPeers([]dendrite.Endpoint{{
		Hotkey: s.key.Address(), Host: "127.0.0.1", Port: uint32(s.port), Fingerprint: s.server.Fingerprint(), Version: 1,
	}})
	return d
}

// forward measures how many requests get an answer.
func (p wirePlan) forward(ctx context.Context, m model.Expert, source *data.Mixture, sequences, clients int, batching bool) (wireLoad, error) {
	load := wireLoad{Method: "Forward", Size: sequences * wireLength, Clients: clients, Batching: batching}
	in, _, err := question(source, data.NewSampler(1, 22), sequences)
	if err != nil {
		return load, err
	}
	err = load.measure(ctx, m, p.took, func(ctx context.Context, peer *dendrite.Peer) (func() error, func() error, error) {
		dst := make([]float32, in.Rows()*model.Vocabulary)
		return func() error { return peer.Forward(ctx, in, dst) }, func() error { return nil }, nil
	})
	return load, err
}

// follow measures the steps of walks.
func (p wirePlan) follow(ctx context.Context, m model.Expert, clients int) (wireLoad, error) {
	load := wireLoad{Method: "Follow", Size: wireFollowed, Clients: clients, Batching: true}
	err := load.measure(ctx, m, p.took, func(ctx context.Context, peer *dendrite.Peer) (func() error, func() error, error) {
		stream, err := peer.Follow(ctx, wireFollowed)
		if err != nil {
			return nil, nil, err
		}
		column, dst := slices.Repeat([]byte("e"), wireFollowed), make([]float32, wireFollowed*model.Vocabulary)
		return func() error { return stream.Next(ctx, column, dst) }, stream.Close, nil
	})
	return load, err
}

// opener prepares one client: what it does again and again, and what it does in the end.
type opener func(ctx context.Context, peer *dendrite.Peer) (ask, end func() error, err error)

// measure has all clients ask until the time is over. Each is answered once before that.
func (l *wireLoad) measure(ctx context.Context, m model.Expert, took time.Duration, open opener) (err error) {
	site, err := openSite(m, l.Batching)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.close()) }()
	asks := make([]func() error, l.Clients)
	for i := range asks {
		c := site.client(tensor.F16)
		defer c.Close()
		peer, _ := c.Peer(0)
		ask, end, err := open(ctx, peer)
		if err != nil {
			return err
		}
		defer func() { _ = end() }()
		if err := ask(); err != nil {
			return err
		}
		asks[i] = ask
	}
	began := time.Now()
	latencies := l.flood(ctx, asks, began.Add(took))
	seconds := time.Since(began).Seconds()
	l.Rate, l.Tokens = float64(len(latencies))/seconds, float64(len(latencies)*l.Size)/seconds
	if len(latencies) > 0 {
		slices.Sort(latencies)
		l.P50, l.P99 = latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	}
	return ctx.Err()
}

// flood has all ask until a time, and counts what fails.
func (l *wireLoad) flood(ctx context.Context, asks []func() error, until time.Time) []time.Duration {
	var (
		mu        sync.Mutex
		latencies []time.Duration
		clients   sync.WaitGroup
	)
	for _, ask := range asks {
		clients.Go(func() {
			var own []time.Duration
			failed := 0
			for at := time.Now(); at.Before(until) && ctx.Err() == nil; {
				err := ask()
				now := time.Now()
				if err != nil {
					failed++
				} else {
					own = append(own, now.Sub(at))
				}
				at = now
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, own...)
			l.Failed += failed
		})
	}
	clients.Wait()
	return latencies
}
