package dendrite

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/tensor"
)

func TestSetPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		for range 3 {
			n.add(text())
		}
		self := newHotkey()
		n.endpoints = append(n.endpoints, Endpoint{UID: 9, Hotkey: self.Address(), Host: "10.0.0.9", Port: 1})
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Signer = self })
		uids := func() (uids []uint32) {
			for _, p := range d.Peers() {
				uids = append(uids, p.UID())
			}
			return uids
		}
		require.Equal(t, []uint32{1, 2, 3}, uids(), "without itself")
		var streams []*Stream
		before := d.Peers()
		for _, p := range before {
			require.NoError(t, forwardText(t.Context(), t, p, "a"))
			s, err := p.Follow(t.Context(), 1)
			require.NoError(t, err)
			streams = append(streams, s)
		}

		changed := append([]Endpoint(nil), n.endpoints[:2]...)
		changed[1].Height++ // a new record of the same place
		d.SetPeers(changed)
		require.Equal(t, []uint32{1, 2}, uids())
		require.Same(t, before[0], peer(t, d, 1), "unchanged")
		require.Equal(t, n.endpoints[0].Hotkey, before[0].Hotkey())
		require.NotSame(t, before[1], peer(t, d, 2))
		require.Equal(t, n.endpoints[0], before[0].Endpoint())
		require.Equal(t, uint64(3), before[0].Stats().Answered)
		require.Zero(t, peer(t, d, 2).Stats().Asked)
		dst := make([]float32, 256)
		require.NoError(t, streams[0].Next(t.Context(), []byte("a"), dst))
		for i := 1; i < 3; i++ {
			require.ErrorIs(t, streams[i].Next(t.Context(), []byte("a"), dst), ErrGone)
			err := forwardText(t.Context(), t, before[i], "a")
			require.ErrorIs(t, err, ErrGone)
			require.ErrorContains(t, err, "; look the peer up again")
			require.False(t, before[i].Ready())
		}
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 2), "a"))
		for _, s := range streams {
			require.NoError(t, s.Close())
		}
		d.Close()
		require.ErrorIs(t, forwardText(t.Context(), t, before[0], "a"), ErrGone)
		d.SetPeers(n.endpoints)
		require.Empty(t, d.Peers(), "closed for good")
	})
}

// TestPeerGoesMeanwhile ends calls that are under way, wherever they are.
func TestPeerGoesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text()).set(only("Forward", stall))
		n.add(text()).set(only("Step", stall))
		n.endpoints = append(n.endpoints, Endpoint{UID: 3, Hotkey: "h", Host: "slow.example.org", Port: 1})
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Resolver = lookup(stallingLookup) })
		s, err := peer(t, d, 2).Follow(t.Context(), 1)
		require.NoError(t, err)
		var group sync.WaitGroup
		var errs [3]error
		group.Go(func() { errs[0] = forwardText(t.Context(), t, peer(t, d, 1), "a") })
		group.Go(func() { errs[1] = s.Next(t.Context(), []byte("a"), make([]float32, 256)) })
		group.Go(func() { errs[2] = forwardText(t.Context(), t, peer(t, d, 3), "a") })
		time.Sleep(time.Second)
		began := time.Now()
		d.SetPeers(nil)
		group.Wait()
		for _, err := range errs {
			require.ErrorIs(t, err, ErrGone)
		}
		require.Zero(t, time.Since(began))
	})
}

func TestFingerprint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		a := n.add(text())
		right := n.endpoints[0]
		n.endpoints[0].Fingerprint[0] ^= 1
		var log strings.Builder
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		p := peer(t, d, 1)
		dials := 0
		d.deps.Dial = countDials(n.dial, &dials)
		err := forwardText(t.Context(), t, p, "a")
		require.Equal(t, ReasonFingerprint, ReasonOf(err), "%v", err)
		require.ErrorIs(t, err, synapse.ErrFingerprint)
		require.ErrorContains(t, err, "it is not asked again until its record changes")
		require.Contains(t, log.String(), "a peer is not asked until its record changes")
		for range 5 {
			time.Sleep(time.Hour)
			err = forwardText(t.Context(), t, p, "a")
			require.Equal(t, ReasonFingerprint, ReasonOf(err))
			require.False(t, p.Ready())
		}
		require.Equal(t, 1, dials)
		require.Equal(t, Refused, p.Stats().Circuit)
		d.SetPeers(n.endpoints)
		require.Equal(t, ReasonFingerprint, ReasonOf(forwardText(t.Context(), t, peer(t, d, 1), "a")), "the same record")
		d.SetPeers([]Endpoint{right})
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 1), "a"))
		require.Equal(t, 1, a.asked("Forward"))
	})
}

// TestConnectionIsReused, and made anew when it broke.
func TestConnectionIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		d := n.dendrite()
		dials := 0
		d.deps.Dial = countDials(n.dial, &dials)
		p := peer(t, d, 1)
		require.Zero(t, dials, "lazy")
		for range 5 {
			require.NoError(t, forwardText(t.Context(), t, p, "a"))
		}
		require.Equal(t, 1, dials)

		listeners := n.listeners
		n.listeners = nil
		time.Sleep(idle + time.Second) // gRPC closes what is idle
		require.Equal(t, ReasonConnection, ReasonOf(forwardText(t.Context(), t, p, "a")))
		time.Sleep(time.Hour)
		require.Equal(t, 2, dials, "none without a call")
		n.listeners = listeners
		require.NoError(t, forwardText(t.Context(), t, p, "a"))
		require.Equal(t, 3, dials)
	})
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		var events []Event
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Observe = func(e Event) { events = append(events, e) } })
		require.NoError(t, forwardText(t.Context(), t, peer(t, d, 1), "a"))
		require.Equal(t, []Event{{1, "Describe", ReasonNone, 0}, {1, "Forward", ReasonNone, 0}}, events)
		require.Len(t, d.Stats(), 1)
	})
}

// TestSignerFails: what fails here is not the peer's fault.
func TestSignerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.add(text())
		d := n.dendrite(func(_ *Config, deps *Deps) { deps.Signer = broken{newHotkey()} })
		err := forwardText(t.Context(), t, peer(t, d, 1), "a")
		require.Equal(t, ReasonLocal, ReasonOf(err))
		require.ErrorContains(t, err, "signing the request: the key is locked")
		_, err = peer(t, d, 1).Follow(t.Context(), 1)
		require.Equal(t, ReasonLocal, ReasonOf(err))
		require.Empty(t, peer(t, d, 1).Stats().Failures)
	})
}

type broken struct{ *hotkey }

func (broken) Sign([]byte) ([]byte, error) { return nil, errors.New("the key is locked") }

func TestConfig(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	require.NoError(t, Config{Grace: -1, Encoding: tensor.Int8}.Validate())
	for want, c := range map[string]Config{
		"concurrency is -1":                         {Concurrency: -1},
		"per_peer is 100000":                        {PerPeer: 100000},
		"parts is -3":                               {Parts: -3},
		"open_after is -1":                          {OpenAfter: -1},
		"timeout_floor is -1s":                      {TimeoutFloor: -time.Second},
		"connect_timeout is 2h0m0s":                 {ConnectTimeout: 2 * time.Hour},
		"encodings u8 and 0":                        {Encoding: tensor.U8},
		"grace is NaN":                              {Grace: math.NaN()},
		"timeout_floor 1m0s is above":               {TimeoutFloor: time.Minute},
		"backoff_base 10m0s is above":               {BackoffBase: 10 * time.Minute},
		"card_age is 25h0m0s":                       {CardAge: 25 * time.Hour},
		"timeout_ceiling is -1ns, the range is up ": {TimeoutCeiling: -1},
	} {
		require.ErrorContains(t, c.Validate(), want)
	}
}

func TestReasons(t *testing.T) {
	names := map[string]bool{}
	for r := range reasons {
		names[r.String()] = true
	}
	require.Len(t, names, int(reasons), "each has a name of its own")
	require.Equal(t, "14", reasons.String())
	states := map[string]bool{}
	for s := Closed; s <= Refused; s++ {
		states[s.String()] = true
	}
	require.Len(t, states, 4)
	require.False(t, ReasonBusy.Failure())
	require.True(t, ReasonRejected.Failure())
	require.Equal(t, ReasonNone, ReasonOf(context.Canceled))
	for want, d := range map[string]time.Duration{"0.1 s": time.Millisecond, "0.5 s": 500 * time.Millisecond, "8 s": 8 * time.Second, "61 s": 60*time.Second + 1} {
		require.Equal(t, want, seconds(d))
	}
}
