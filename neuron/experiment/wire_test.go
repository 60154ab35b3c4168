package experiment

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
)

func TestWireMeasuresRealAnswers(t *testing.T) {
	texts, err := data.Generated(1, 60_000)
	require.NoError(t, err)
	env := &Env{Seeds: []uint64{1}, Texts: texts[:2], Say: t.Logf}
	p := wirePlan{batches: 1, clients: []int{1, 2}, took: 50 * time.Millisecond}
	m, err := model.NewServed(model.NewMLP(model.MLPConfig{Context: 8, Embedding: 8, Hidden: 32}, 1), 1)
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Close()) }()
	r, err := p.run(context.Background(), env, m)
	require.NoError(t, err)

	raw := r.Raw.(map[string]any)
	codecs := raw["codecs"].([]wireCodec)
	require.Len(t, codecs, 4)
	f32, f16, bf16, int8 := codecs[0], codecs[1], codecs[2], codecs[3]
	require.Equal(t, "f32", f32.Codec)
	require.Less(t, f32.Worst, 1e-5, "nothing is lost but by renormalising")
	require.Less(t, f16.Worst, 2e-3, "11 bits")
	require.Less(t, bf16.Worst, 2e-2, "8 bits")
	require.Greater(t, f32.Bytes, 1024.)
	require.InDelta(t, f32.Bytes/2, f16.Bytes, 20)
	require.InDelta(t, f16.Bytes, bf16.Bytes, 20)
	require.Less(t, int8.Bytes, 0.6*f16.Bytes)

	loads := raw["loads"].([]wireLoad)
	require.Len(t, loads, 10, "two sizes for two numbers of clients, both with batching and without, and two that follow")
	for _, l := range loads {
		require.Positive(t, l.Rate, l)
		require.Positive(t, l.P50, l)
		require.LessOrEqual(t, l.P50, l.P99)
		require.Zero(t, l.Failed)
	}
	require.Len(t, r.Tables[1].Rows, 10)
	require.Len(t, r.Plots[0].Lines, 5)
	require.Contains(t, r.Findings[0], "bytes per token")
}

func TestWireFindsTheSmallestCodecThatCostsNothing(t *testing.T) {
	codecs := []wireCodec{{Codec: "f32", Bytes: 1000}, {Codec: "f16", Bytes: 500, Cost: 1e-5}, {Codec: "int8", Bytes: 270, Cost: 0.02}}
	findings := wireFindings(codecs, []wireLoad{
		{Method: "Forward", Size: 512, Clients: 8, Rate: 20}, {Method: "Forward", Size: 512, Clients: 128, Rate: 10, Failed: 3},
		{Method: "Forward", Size: 512, Clients: 128, Rate: 15, Batching: true}, {Method: "Forward", Size: 32, Clients: 128, Rate: 99, Batching: true},
		{Method: "Follow", Size: 64, Clients: 8, Rate: 99, Batching: true},
	})
	require.Contains(t, findings[0], "is f16: 500 bytes")
	require.Equal(t, []string{
		"128 clients that ask for 32 tokens get 0 answers/s, with batching 99.", "128 clients that ask for 512 tokens get 10 answers/s, with batching 15.",
		"3 requests failed in all.",
	}, findings[1:])
}
