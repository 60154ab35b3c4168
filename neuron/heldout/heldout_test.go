package heldout_test

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/heldout"
)

// goText is the text that comes with Go.
func goText(t *testing.T) *neuron.Domains {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	goroot := strings.TrimSpace(string(root))
	if domains, err := data.DefaultDomains(goroot); err != nil || len(domains) < 2 {
		t.Skip("this Go has no text to learn from")
	}
	return &neuron.Domains{Goroot: goroot}
}

// home is a neuron of that text without a chain that has made some steps.
func home(t *testing.T, domains *neuron.Domains, steps uint64) heldout.Config {
	t.Helper()
	cfg := neuron.Default()
	cfg.Home, cfg.Chain.None, cfg.Telemetry.Listen = t.TempDir(), true, ""
	cfg.Train.Batch, cfg.Train.Length, cfg.Train.Steps, cfg.Train.EvaluateEvery = 2, 16, steps, 1<<20
	cfg.Data.Bytes = 100_000
	deps := neuron.Deps{Domains: domains, Log: slog.New(slog.DiscardHandler)}
	if steps > 0 {
		ctx, done := context.WithCancel(context.Background())
		defer done()
		watching := deps
		watching.Watch = func(s neuron.Status) {
			if s.Resting {
				done()
			}
		}
		n, err := neuron.New(cfg, watching)
		require.NoError(t, err)
		require.NoError(t, n.Run(ctx))
	}
	return heldout.Config{Neuron: cfg, Deps: deps, Domains: []string{"go", "docs"}, Say: t.Logf}
}

// The text is read once.
func TestHeldOut(t *testing.T) {
	domains := goText(t)
	for name, test := range map[string]func(*testing.T, *neuron.Domains){
		"twin":                         testTwin,
		"domains of the configuration": testDomainsOfTheConfiguration,
		"nothing learned":              testNothingLearned,
		"home in use":                  testHomeInUse,
		"unknown domain":               testUnknownDomain,
	} {
		t.Run(name, func(t *testing.T) { test(t, domains) })
	}
}

// The twin of a neuron that never had a network is the neuron itself.
func testTwin(t *testing.T, domains *neuron.Domains) {
	c := home(t, domains, 20)
	c.Twin = true
	l, err := heldout.Run(context.Background(), c)
	require.NoError(t, err)
	require.EqualValues(t, 20, l.Step)
	require.Equal(t, []string{"go", "docs"}, l.Domains)
	require.Positive(t, l.Bytes)
	require.Nil(t, l.On, "there is nobody to ask")
	require.NotNil(t, l.Alone)
	require.InDelta(t, l.Off, *l.Alone, 1e-6)
	require.Less(t, l.Off, 5.0)

	again, err := heldout.Run(context.Background(), home2(c))
	require.NoError(t, err)
	require.Equal(t, l.Off, again.Off, "measuring changes nothing")
}

// home2 is the same home without a twin.
func home2(c heldout.Config) heldout.Config {
	c.Twin = false
	return c
}

func testDomainsOfTheConfiguration(t *testing.T, domains *neuron.Domains) {
	c := home(t, domains, 1)
	c.Domains = nil
	c.Neuron.Data.Samples = []neuron.Sample{{Domain: "docs", Bytes: 20_000}}
	l, err := heldout.Run(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, []string{"go", "docs"}, l.Domains)
	c.Neuron.Data.Kind, c.Neuron.Data.Domain = neuron.KindGenerated, "sums"
	_, err = heldout.Run(context.Background(), c)
	require.ErrorContains(t, err, "--domains")
}

func testNothingLearned(t *testing.T, domains *neuron.Domains) {
	c := home(t, domains, 0)
	_, err := heldout.Run(context.Background(), c)
	require.ErrorIs(t, err, heldout.ErrUntrained)
	_, err = heldout.Run(context.Background(), c)
	require.ErrorIs(t, err, heldout.ErrUntrained, "the home was given back")
}

func testHomeInUse(t *testing.T, domains *neuron.Domains) {
	c := home(t, domains, 1)
	n, err := neuron.New(c.Neuron, c.Deps)
	require.NoError(t, err)
	_, err = heldout.Run(context.Background(), c)
	require.ErrorContains(t, err, "in use by another neuron")
	ended, end := context.WithCancel(context.Background())
	end()
	require.NoError(t, n.Run(ended))
}

func testUnknownDomain(t *testing.T, domains *neuron.Domains) {
	c := home(t, domains, 1)
	c.Domains = []string{"nosuch"}
	_, err := heldout.Run(context.Background(), c)
	require.ErrorContains(t, err, `"nosuch"`)
}
