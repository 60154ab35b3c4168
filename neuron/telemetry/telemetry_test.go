package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

// serving starts telemetry on a free port; it ends with the test.
func serving(t *testing.T, cfg Config) *Telemetry {
	t.Helper()
	cfg.Listen, cfg.Output = "127.0.0.1:0", io.Discard
	tm, err := New(cfg)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tm.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		_, err := net.DialTimeout("tcp", tm.Addr(), time.Second)
		require.Error(t, err, "the address was given back")
	})
	return tm
}

// get asks for a page.
func get(t *testing.T, tm *Telemetry, path string) (status int, body string) {
	t.Helper()
	res, err := http.Get("http://" + tm.Addr() + path)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// scrape returns the meters' lines without comments, by name and labels.
func scrape(t *testing.T, tm *Telemetry) map[string]string {
	t.Helper()
	status, body := get(t, tm, "/metrics")
	require.Equal(t, http.StatusOK, status)
	out := map[string]string{}
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			cut := strings.LastIndexByte(line, ' ')
			out[line[:cut]] = line[cut+1:]
		}
	}
	return out
}

func TestScrapeShowsWhatWasRecorded(t *testing.T) {
	tm := serving(t, Config{Version: "v1"})
	m := tm.Meters
	m.Step(7, 1.5, 1.25, 500*time.Millisecond)
	m.Step(8, 1.25, 1, 500*time.Millisecond)
	m.PeersUp(3)
	m.Served("Forward", codes.OK, 20*time.Millisecond)
	m.Served("Forward", codes.ResourceExhausted, time.Millisecond)
	m.Served("Forged\nmethod", 9999, time.Millisecond)
	m.Queue(4)
	m.Batch(100)
	m.Asked(2, true, 10*time.Millisecond)
	m.Asked(2, false, time.Second)
	m.Score(2, 0.25)
	m.Row(true)
	m.Row(false)
	m.Row(true)
	m.Height(1234)
	m.Earned(1_500_000_000)
	m.Checkpoint(time.Unix(1000, 0), 250*time.Millisecond)
	have := scrape(t, tm)
	for name, want := range map[string]string{
		`steps_total`: "2", `step`: "8", `steps_per_second`: "2",
		`loss_nats{of="alone"}`: "1.25", `loss_nats{of="network"}`: "1", `peers_up`: "3",
		`requests_total{code="OK",method="Forward"}`: "1", `requests_total{code="ResourceExhausted",method="Forward"}`: "1",
		`requests_total{code="Unknown",method="other"}`: "1", `request_seconds_count{method="Forward"}`: "2",
		`request_seconds_bucket{method="Forward",le="0.032"}`: "2", `request_seconds_bucket{method="Forward",le="0.016"}`: "1",
		`queue_depth`: "4", `batch_rows_count`: "1", `batch_rows_sum`: "100",
		`peer_asked_total{uid="2"}`: "2", `peer_answered_total{uid="2"}`: "1", `peer_seconds_count`: "1", `peer_score{uid="2"}`: "0.25",
		`weight_rows_total{result="accepted"}`: "2", `weight_rows_total{result="failed"}`: "1",
		`height`: "1234", `earned_tao`: "1.5", `checkpoints_total`: "1", `checkpoint_seconds`: "0.25", `checkpoint_timestamp_seconds`: "1000",
		`build_info{version="v1"}`: "1",
	} {
		require.Equal(t, want, have["neuron_"+name], name)
	}
	require.Contains(t, have, "go_goroutines")
	require.Contains(t, have, "process_resident_memory_bytes")
}

// TestReadme: the table of meters is complete and names no other.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile("`(neuron_[a-z_]+)`").FindAllStringSubmatch(string(readme), -1) {
		listed[name[1]] = true
	}
	tm := serving(t, Config{})
	tm.Meters.Served("Seen", codes.OK, time.Millisecond)
	tm.Meters.Asked(1, true, time.Millisecond)
	tm.Meters.Score(1, 1)
	_, body := get(t, tm, "/metrics")
	served := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^# TYPE (neuron_\S+)`).FindAllStringSubmatch(body, -1) {
		served[name[1]] = true
	}
	require.Equal(t, served, listed)
}

// TestLabelsAreBounded: however many peers there are, the scrape does not grow beyond
// MaxPeers of them, and one that goes makes room.
func TestLabelsAreBounded(t *testing.T) {
	tm := serving(t, Config{})
	count := func(prefix string) (n int) {
		for name := range scrape(t, tm) {
			if strings.HasPrefix(name, prefix) {
				n++
			}
		}
		return n
	}
	for uid := range uint32(3 * MaxPeers) {
		tm.Meters.Asked(uid, uid%2 == 0, time.Millisecond)
		tm.Meters.Score(uid, 0.5)
		tm.Meters.Served(fmt.Sprint("Method", uid), codes.Code(uid), time.Millisecond)
	}
	have := scrape(t, tm)
	require.Equal(t, fmt.Sprint(2*MaxPeers), have[`neuron_peer_asked_total{uid="other"}`])
	require.Equal(t, fmt.Sprint(MaxPeers), have[`neuron_peer_answered_total{uid="other"}`])
	require.Equal(t, MaxPeers+1, count("neuron_peer_asked_total"))
	require.Equal(t, MaxPeers, count("neuron_peer_score"))
	require.LessOrEqual(t, count("neuron_requests_total"), 17)
	require.Equal(t, "0", have[`neuron_peer_answered_total{uid="1"}`])

	tm.Meters.Forget(0)
	tm.Meters.Forget(3 * MaxPeers) // has no label
	tm.Meters.Asked(100_000, true, time.Millisecond)
	have = scrape(t, tm)
	require.Equal(t, "1", have[`neuron_peer_asked_total{uid="100000"}`])
	require.NotContains(t, have, `neuron_peer_asked_total{uid="0"}`)
	require.NotContains(t, have, `neuron_peer_score{uid="0"}`)
	require.Equal(t, MaxPeers+1, count("neuron_peer_asked_total"))
}

func TestHealth(t *testing.T) {
	now := time.Unix(1000, 0)
	var clock atomic.Pointer[time.Time]
	clock.Store(&now)
	tm := serving(t, Config{})
	tm.Health.now = func() time.Time { return *clock.Load() }
	type answer struct {
		State string
		Parts []struct {
			Part, State, Says string
			Since             time.Time
		}
	}
	ask := func(want int) (a answer) {
		status, body := get(t, tm, "/healthz")
		require.Equal(t, want, status, body)
		require.NoError(t, json.Unmarshal([]byte(body), &a))
		return a
	}
	require.Equal(t, answer{State: "ok", Parts: ask(200).Parts}, ask(200))
	require.Empty(t, ask(200).Parts)

	tm.Health.Set("data", OK, "12 blocks")
	tm.Health.Set("chain", Starting, "asks %s", "127.0.0.1:9090")
	require.Equal(t, "starting", ask(200).State)

	later := now.Add(time.Minute)
	clock.Store(&later)
	tm.Health.Set("chain", Failing, "no node answers:\nstart one, or set chain.nodes\t%s", strings.Repeat("ä", 1000))
	a := ask(http.StatusServiceUnavailable)
	require.Equal(t, "failing", a.State)
	require.Equal(t, []string{"chain", "data"}, []string{a.Parts[0].Part, a.Parts[1].Part})
	require.True(t, strings.HasPrefix(a.Parts[0].Says, "no node answers: start one, or set chain.nodes ä"))
	require.Less(t, len(a.Parts[0].Says), 510)
	require.Equal(t, later.UTC(), a.Parts[0].Since)
	require.Equal(t, now.UTC(), a.Parts[1].Since)

	evenLater := later.Add(time.Minute)
	clock.Store(&evenLater)
	tm.Health.Set("chain", Failing, "still none")
	require.Equal(t, later.UTC(), ask(503).Parts[0].Since, "since it fails, not since it says so")
	tm.Health.Set("chain", OK, "height 5")
	a = ask(200)
	require.Equal(t, "ok", a.State)
	require.Equal(t, evenLater.UTC(), a.Parts[0].Since)

	for i := range 2 * maxParts {
		tm.Health.Set(fmt.Sprint("part ", i), Failing, "x")
	}
	require.Len(t, ask(503).Parts, maxParts)
}

func TestPortTaken(t *testing.T) {
	taken := serving(t, Config{})
	_, err := New(Config{Listen: taken.Addr()})
	require.EqualError(t, err, "telemetry cannot listen at "+taken.Addr()+", which is taken: stop the program that has it, or set telemetry.listen to another port or to nothing")
	_, err = New(Config{Listen: "192.0.2.1:9464"}) // an address of documentation, no machine's
	require.ErrorContains(t, err, "is no address of this machine")
	_, err = New(Config{Listen: "nowhere"})
	require.ErrorContains(t, err, DefaultListen)
}

func TestNothingIsServed(t *testing.T) {
	tm, err := New(Config{})
	require.NoError(t, err)
	require.Empty(t, tm.Addr())
	tm.Meters.Step(1, 1, 1, time.Second)
	tm.Health.Set("data", OK, "there")
	_, span := tm.Traces.Tracer("x").Start(context.Background(), "y")
	require.False(t, span.IsRecording())
	ctx, stop := context.WithCancel(context.Background())
	stop()
	require.NoError(t, tm.Serve(ctx))
}

func TestCloseWithoutServe(t *testing.T) {
	tm, err := New(Config{Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	require.NoError(t, tm.Close())
	again, err := New(Config{Listen: tm.Addr()})
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestProfilesWhenAsked(t *testing.T) {
	without, with := serving(t, Config{}), serving(t, Config{Pprof: true})
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
		status, _ := get(t, without, path)
		require.Equal(t, http.StatusNotFound, status, path)
		status, body := get(t, with, path)
		require.Equal(t, http.StatusOK, status, path)
		require.NotEmpty(t, body)
	}
	res, err := http.Post("http://"+with.Addr()+"/metrics", "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	status, _ := get(t, with, "/")
	require.Equal(t, http.StatusNotFound, status)
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	tm, err := New(Config{Output: &out, Log: "json", Level: "warn"})
	require.NoError(t, err)
	tm.Log.Info("hidden")
	tm.Log.Warn("a peer lies", "uid", 3)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), out.String())
	require.Equal(t, "a peer lies", line["msg"])
	require.EqualValues(t, 3, line["uid"])

	out.Reset()
	tm, err = New(Config{Output: &out})
	require.NoError(t, err)
	tm.Log.Debug("hidden")
	tm.Log.Info("shown", "uid", 3)
	require.Regexp(t, `^time=\S+ level=INFO msg=shown uid=3\n$`, out.String())

	for _, cfg := range []Config{{Log: "xml"}, {Level: "loud"}, {Traces: "127.0.0.1:4318"}} {
		_, err := New(cfg)
		require.ErrorContains(t, err, "set telemetry.")
	}
}

// TestTraces: what is left when telemetry stops reaches the collector.
func TestTraces(t *testing.T) {
	var path atomic.Value
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path.Store(r.URL.Path) }))
	defer collector.Close()
	tm, err := New(Config{Traces: collector.URL, Output: io.Discard})
	require.NoError(t, err)
	_, span := tm.Traces.Tracer("neuron").Start(context.Background(), "step")
	require.True(t, span.IsRecording())
	span.End()
	require.NoError(t, tm.Close())
	require.Equal(t, "/v1/traces", path.Load())
}

func TestStepsPerSecondIsAMean(t *testing.T) {
	var p pace
	require.InDelta(t, 10, p.add(100*time.Millisecond), 1e-9)
	slower := p.add(time.Second)
	require.InDelta(t, 1/(0.1+smooth*0.9), slower, 1e-9)
	for range 200 {
		slower = p.add(time.Second)
	}
	require.InDelta(t, 1, slower, 1e-6)
}
