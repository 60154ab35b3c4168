package experiment

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/neurontest"
	"github.com/taonet/taonet/neuron/nn"
	"github.com/taonet/taonet/neuron/train"
)

func TestEveryExperimentIsFoundByItsName(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range All() {
		require.False(t, seen[e.Name], e.Name)
		seen[e.Name] = true
		found, err := Find(e.Name)
		require.NoError(t, err)
		require.Equal(t, e.Title, found.Title)
	}
	for _, name := range []string{"ablate", "faults", "images", "size"} {
		require.True(t, seen[name], name)
	}
	_, err := Find("none")
	require.ErrorContains(t, err, "size")
}

func TestSizeRunsEndToEnd(t *testing.T) {
	env := tiny(t, 4)
	env.Seeds = env.Seeds[:1]
	texts, err := data.Generated(1, 150<<10) // of which there are shards
	require.NoError(t, err)
	env.Texts = texts[:4]
	var runs []sizeRun
	done(t, size(), env, &runs)
	require.Len(t, runs, 1)
	require.Len(t, runs[0].Sizes, len(sizes(true)))
	for i, p := range runs[0].Sizes {
		require.Equal(t, sizes(true)[i], p.Neurons)
		require.Positive(t, p.On.Mix)
		require.Positive(t, p.Off.Own)
		require.Equal(t, p.Neurons > 1, p.Rows > 0)
	}
	require.Equal(t, runs[0].Sizes[0].On, runs[0].Sizes[0].Off, "one neuron is alone")
}

func TestFaultsAndAblateRunEndToEnd(t *testing.T) {
	env := tiny(t, 3)
	env.Seeds, env.Kept = env.Seeds[:1], t.TempDir()
	var runs []faultsRun
	done(t, faults(), env, &runs)
	require.Len(t, runs[0].Fails, len(failingParts(true)))
	none, some := runs[0].Fails[0], runs[0].Fails[1]
	require.InDelta(t, none.On.Mix, none.Kept.Mix, 1e-5)
	require.NotEqual(t, none.On.Mix, some.On.Mix)
	paces := runs[0].Paces
	require.Equal(t, 1.0, paces[0].Answered)
	free := paces[len(paces)-1]
	for _, p := range paces[2 : len(paces)-1] {
		require.Positive(t, p.Delay)
		require.Equal(t, free.Model, p.Model, "who waits learns the same")
		require.LessOrEqual(t, p.PerSecond, 1/p.Delay.Seconds(), "a step waits once")
	}

	var choices []ablateRun
	done(t, ablate(), env, &choices)
	list := choices[0].Choices
	require.Equal(t, "default", list[0].Factor)
	require.Equal(t, none.On, list[0].On, "the default of both is one model")
	require.Equal(t, none.Off, *list[0].Off)
	require.Greater(t, len(list), 5)
}

// The choices that quick runs leave out, one of each factor.
func TestSlowChoicesCanBeMade(t *testing.T) {
	env := tiny(t, 3)
	c := circles(env, circle{shards: 1, bytes: 20_000, sample: 5_000, steps: 1})[0]
	ctx := context.Background()
	a := &ablation{circle: c, stage: testStage(env, c.own), device: nn.NewDevice(1)}
	defer a.device.Close()
	a.peers = []neurontest.Peer{{UID: 1, Expert: specialist(t, 1)}, {UID: 2, Expert: specialist(t, 2)}}
	for _, p := range a.peers {
		a.experts = append(a.experts, p.Expert)
	}
	var err error
	a.voices, err = a.stage.hearAll(ctx, a.experts)
	require.NoError(t, err)
	a.subject, err = c.taught(ctx, "default", a.peers, nil)
	require.NoError(t, err)
	a.self, err = a.stage.hear(ctx, a.subject)
	require.NoError(t, err)
	made := map[string]choice{}
	for _, o := range a.options() {
		if _, ok := made[o.factor]; ok || !o.slow || o.factor == "beta" {
			continue
		}
		made[o.factor], err = o.run(ctx)
		require.NoError(t, err, "%s %s", o.factor, o.value)
		require.Positive(t, made[o.factor].On.Mix)
		require.Positive(t, made[o.factor].Off.Mix)
	}
	for _, factor := range []string{"k", "share s", "codec", "answers", "text"} {
		require.Contains(t, made, factor)
	}
}

func TestProjectedIsTheProjection(t *testing.T) {
	texts, err := data.Generated(1, 20<<10)
	require.NoError(t, err)
	device := nn.NewDevice(1)
	defer device.Close()
	peer := specialist(t, 5)
	before := lossOf(t, peer, texts[0])
	p, err := project(basic(1, 10, texts[:1]), peer, device, 40)
	require.NoError(t, err)
	require.Less(t, lossOf(t, p, texts[0]), before, "it learns")

	in := model.Input{Count: 2, Length: 30, Tokens: []byte("to be or not to be, that is a question that nobody has asked")}
	got, want, hidden := make([]float32, 60*256), make([]float32, 60*256), make([]float32, 60*8)
	require.NoError(t, p.Forward(context.Background(), in, got))
	require.NoError(t, peer.Hidden(context.Background(), in, hidden))
	p.projection.Apply(want, hidden)
	require.InDeltaSlice(t, want, got, 1e-5)
}

func lossOf(t *testing.T, m model.Expert, text *data.Text) float64 {
	t.Helper()
	blocks := train.Blocks(data.Test, 4, text)
	rows, err := answers(context.Background(), m, blocks)
	require.NoError(t, err)
	s := stage{groups: [][][]byte{blocks}}
	return s.alone([]voice{spoken(rows, blocks)}).Mix
}

func TestPaceCountsWhoAnswered(t *testing.T) {
	c := circles(tiny(t, 2), circle{shards: 1, bytes: 20_000, sample: 5_000, steps: 6})[0]
	peers := []neurontest.Peer{{UID: 1, Expert: specialist(t, 1)}, {UID: 2, Expert: specialist(t, 2)}}
	for part, answered := range map[float64][2]float64{0: {1, 1}, 0.5: {0.1, 0.9}, 1: {0, 0}} {
		p, err := c.pace(context.Background(), peers, pace{Fails: part}, 6)
		require.NoError(t, err)
		require.GreaterOrEqual(t, p.Answered, answered[0])
		require.LessOrEqual(t, p.Answered, answered[1])
		require.Positive(t, p.PerSecond)
		require.Len(t, p.Model, 16)
	}
}

// What size says that training asks is what a network counts.
func TestCostIsWhatPeersCompute(t *testing.T) {
	env := tiny(t, 3)
	for _, steps := range []int{1, 7, 10} {
		c := circles(env, circle{shards: 1, bytes: 20_000, sample: 5_000, steps: steps})[0]
		l, err := c.learner(0)
		require.NoError(t, err)
		network := neurontest.NewNetwork(1, neurontest.Peer{UID: 1, Expert: specialist(t, 1)}, neurontest.Peer{UID: 2, Expert: specialist(t, 2)})
		l.network, l.checks = network, 1
		m, err := l.learn(context.Background(), env)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		var p sizePart
		require.NoError(t, c.cost(&p, 2))
		require.Equal(t, network.Rows(), p.Rows, "%d steps", steps)
	}
}

func TestHoldingsOfACircle(t *testing.T) {
	texts, err := data.Generated(1, 100<<10)
	require.NoError(t, err)
	c := circle{env: &Env{Texts: texts[:3]}, own: 2, shards: 2, bytes: 20_000, sample: 5_000}
	for i, name := range []string{texts[2].Name, texts[0].Name, texts[1].Name, texts[2].Name} {
		held, err := c.holding(i)
		require.NoError(t, err)
		require.Len(t, held, 3)
		require.Equal(t, name, held[0].Name)
		require.InDelta(t, 20_000, held[0].Bytes(), data.BlockSize)
		require.InDelta(t, 5_000, held[1].Bytes(), data.BlockSize)
	}
	first, err := c.holding(0)
	require.NoError(t, err)
	fourth, err := c.holding(3)
	require.NoError(t, err)
	seen := map[string]bool{}
	for i := range first[0].Len(data.Train) {
		seen[string(first[0].Block(data.Train, i))] = true
	}
	for i := range fourth[0].Len(data.Train) {
		require.False(t, seen[string(fourth[0].Block(data.Train, i))], "two neurons of a domain hold different text")
	}
}

func TestVerdicts(t *testing.T) {
	require.Equal(t, "Reached: more. It is 5.0 %.", verdict("more", 5, 4, "%.1f %%"))
	require.Equal(t, "Missed: more. It is 3.0 %, short by 1.0 %.", verdict("more", 3, 4, "%.1f %%"))
	require.Contains(t, compared(Sample{0.01, 0.002}), "worse")
	require.Contains(t, compared(Sample{-0.01, 0.002}), "better")
	require.Contains(t, compared(Sample{0.01, 0.02}), "not to be told")
	require.Contains(t, compared(Sample{0.001, 0.0001}), "not to be told")
}

func TestExperimentsNeedDomains(t *testing.T) {
	env := tiny(t, 1)
	for _, e := range []Experiment{size(), faults(), ablate()} {
		_, err := e.Run(context.Background(), env)
		require.ErrorContains(t, err, "domains", e.Name)
	}
	_, err := images().Run(context.Background(), env)
	require.ErrorContains(t, err, "--digits")
}
