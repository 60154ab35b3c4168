package neuron

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/model/remote"
	"github.com/taonet/taonet/neuron/synapse"
	"github.com/taonet/taonet/neuron/telemetry"
	"github.com/taonet/taonet/neuron/tensor"
)

// elsewhereProcess serves a model as another process would, at a socket.
func elsewhereProcess(t testing.TB, s remote.ModelServiceServer) (address string, stop func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tao") // a socket's path has 107 bytes at most
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	l, err := net.Listen("unix", filepath.Join(dir, "model"))
	require.NoError(t, err)
	g := grpc.NewServer(remote.ServerOptions()...)
	remote.RegisterModelServiceServer(g, s)
	done := make(chan struct{})
	go func() { defer close(done); _ = g.Serve(l) }()
	var stopped atomic.Bool
	stop = func() {
		if !stopped.Swap(true) {
			g.Stop()
			<-done
		}
	}
	t.Cleanup(stop)
	return "unix:" + l.Addr().String(), stop
}

func learner(t testing.TB, seed uint64) *remote.Server {
	t.Helper()
	s, err := remote.NewServer(model.NewMLP(model.MLPConfig{Context: 8, Embedding: 8, Hidden: 32}, seed), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A model in another process learns, and its checkpoint brings another one to where it
// was.
func TestRemoteModel(t *testing.T) {
	home, domains, said := t.TempDir(), &Domains{Seed: 1}, &book{}
	cfg := little(t, home)
	cfg.Train.Steps, cfg.Train.CheckpointEvery = 60, 20
	var stop func()
	cfg.Model.Architecture = "remote"
	cfg.Model.Address, stop = elsewhereProcess(t, learner(t, 1))
	first := runs(t, cfg, Deps{Domains: domains, Log: said.log()}, func(s Status) bool { return s.Step >= 30 })
	require.Equal(t, "bytelm-mlp", first.Model)
	require.Equal(t, first.Step, steps(t, home)[0])
	require.FileExists(t, filepath.Join(home, dirRemote, "model"))
	stop()

	_, err := New(cfg, Deps{Domains: domains, Log: said.log()})
	require.ErrorContains(t, err, "model.address")
	require.ErrorIs(t, err, remote.ErrUnreachable)

	cfg.Model.Address, _ = elsewhereProcess(t, learner(t, 9))
	last := runs(t, cfg, Deps{Domains: domains, Log: said.log()}, func(s Status) bool { return s.Resting })
	require.EqualValues(t, 60, last.Step)
	require.Less(t, last.Best, first.Best)
	require.Contains(t, said.String(), fmt.Sprintf("step=%d", first.Step))

	n, err := New(cfg, Deps{Domains: domains, Log: said.log()})
	require.NoError(t, err)
	_, err = n.Twin(t.Context(), domains, []string{"go"})
	require.ErrorContains(t, err, "a twin")
	require.EqualValues(t, 60, n.learning.served.(outside).Step(), "peers are answered by the checkpoint")
	require.NoError(t, n.learning.publish(7))
	require.EqualValues(t, 7, n.learning.served.(outside).Step())
	require.NoError(t, n.close())
}

// still is a process whose model answers and does not train, nor follow.
type still struct {
	remote.UnimplementedModelServiceServer
	card *synapse.Card
}

func (s still) Describe(context.Context, *remote.DescribeRequest) (*remote.DescribeResponse, error) {
	return &remote.DescribeResponse{Card: s.card}, nil
}

// Forward foretells the last byte again.
func (s still) Forward(_ context.Context, request *remote.ForwardRequest) (*remote.ForwardResponse, error) {
	f, err := tensor.Parse(request.Input)
	if err != nil {
		return nil, err
	}
	tokens, err := f.Tokens()
	if err != nil {
		return nil, err
	}
	p := make([]float32, len(tokens)*model.Vocabulary)
	for i, b := range tokens {
		for j := range model.Vocabulary {
			p[i*model.Vocabulary+j] = 0.5 / model.Vocabulary
		}
		p[i*model.Vocabulary+int(b)] += 0.5
	}
	h := tensor.Header{Modality: tensor.ModalityText, DType: tensor.F32, Shape: tensor.Shape{len(tokens), model.Vocabulary}}
	output, err := tensor.AppendFrame(nil, h, p)
	return &remote.ForwardResponse{Output: output}, err
}

// A model that does not train is measured and says so.
func TestRemoteThatDoesNotTrain(t *testing.T) {
	home, said := t.TempDir(), &book{}
	cfg := little(t, home)
	cfg.Model.Architecture = "remote"
	cfg.Model.Address, _ = elsewhereProcess(t, still{card: &synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Architecture: "last byte", Classes: 256, Context: 2}})
	last := runs(t, cfg, Deps{Domains: &Domains{Seed: 1}, Log: said.log()}, func(s Status) bool { return s.Alone > 0 })
	require.Contains(t, last.Says, "does not train: it answers peers and scores them")
	require.Greater(t, last.Alone, 3.0)
	require.Zero(t, last.Step)
	require.Empty(t, steps(t, home))

	// It can be scored and score: it follows by windows.
	n, err := New(cfg, Deps{Domains: &Domains{Seed: 1}, Log: said.log()})
	require.NoError(t, err)
	require.True(t, n.Expert().Card().Follows)
	_, parts := n.telemetry.Health.Parts()
	require.Equal(t, telemetry.OK, parts[0].State)
	require.Contains(t, parts[0].Says, "does not train")
	require.NoError(t, n.close())
}

func TestRemoteOfAnotherKind(t *testing.T) {
	cfg := little(t, t.TempDir())
	cfg.Model.Architecture = "remote"
	for name, c := range map[string]struct {
		card *synapse.Card
		data func() Data
		says string
	}{
		"text for a model of images": {
			&synapse.Card{Modality: synapse.Modality_MODALITY_IMAGE, Architecture: "eye", Classes: 4, Shape: []uint32{8, 8}},
			func() Data { return cfg.Data }, "a model of images"},
		"other classes": {
			&synapse.Card{Modality: synapse.Modality_MODALITY_IMAGE, Architecture: "eye", Classes: 5, Shape: []uint32{8, 8}},
			func() Data { return Data{Kind: KindIDX, Paths: idx(t, t.TempDir(), 200), Of: 1} }, "with 4 classes"},
		"images for a model of text": {
			&synapse.Card{Modality: synapse.Modality_MODALITY_TEXT, Architecture: "ear", Classes: 256},
			func() Data { return Data{Kind: KindIDX, Paths: idx(t, t.TempDir(), 200), Of: 1} }, "a model of text"},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := *cfg
			c2.Data = c.data()
			c2.Model.Address, _ = elsewhereProcess(t, still{card: c.card})
			_, err := New(&c2, Deps{Domains: &Domains{Seed: 1}, Log: (&book{}).log()})
			require.ErrorContains(t, err, c.says)
		})
	}
	// It serves images where the data is of its kind.
	c2 := *cfg
	c2.Data = Data{Kind: KindIDX, Paths: idx(t, t.TempDir(), 400), Of: 1}
	c2.Model.Address, _ = elsewhereProcess(t, still{card: &synapse.Card{Modality: synapse.Modality_MODALITY_IMAGE, Architecture: "eye", Classes: 4, Shape: []uint32{8, 8}}})
	n, err := New(&c2, Deps{Log: (&book{}).log()})
	require.NoError(t, err)
	require.NoError(t, n.close())
}

// A model that does not follow answers byte by byte as it does in windows.
func TestWindowsFollow(t *testing.T) {
	m := model.NewMLP(model.MLPConfig{Context: 8, Embedding: 8, Hidden: 32}, 3)
	served, err := model.NewServed(m, 1)
	require.NoError(t, err)
	defer func() { require.NoError(t, served.Close()) }()
	w, err := follows{served}.Follow(3)
	require.NoError(t, err)
	f, err := served.Follow(3)
	require.NoError(t, err)
	text := []byte("a text that is longer than what the model looks back on")
	have, want := make([]float32, 3*model.Vocabulary), make([]float32, 3*model.Vocabulary)
	for round := range 2 {
		for at := range len(text) - 2 {
			n := 3 - at%2*round // in the second round one of them falls behind
			bytes := text[at : at+n]
			require.NoError(t, w.Next(t.Context(), bytes, have[:n*model.Vocabulary]))
			require.NoError(t, f.Next(t.Context(), bytes, want[:n*model.Vocabulary]))
			require.InDeltaSlice(t, want[:n*model.Vocabulary], have[:n*model.Vocabulary], 1e-5)
		}
		w.Restart()
		f.Restart()
	}
	require.Error(t, w.Next(t.Context(), text[:4], make([]float32, 4*model.Vocabulary)))
	require.Error(t, w.Next(t.Context(), text[:1], have))
	require.NoError(t, f.Close())
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.Next(t.Context(), text[:1], have[:model.Vocabulary]), model.ErrClosed)
	_, err = follows{served}.Follow(0)
	require.Error(t, err)

	var windowed, direct []byte
	collect := func(into *[]byte) func([]byte) error {
		return func(b []byte) error { *into = append(*into, b...); return nil }
	}
	require.NoError(t, follows{served}.Generate(t.Context(), []byte("abc"), 20, 0, 1, collect(&windowed)))
	require.NoError(t, served.Generate(t.Context(), []byte("abc"), 20, 0, 1, collect(&direct)))
	require.Equal(t, direct, windowed)
	require.Error(t, follows{served}.Generate(t.Context(), nil, 0, 0, 1, collect(&direct)))
}

// A server of OpenAI's interface sells text; its key is nowhere to be seen.
func TestOpenAIModel(t *testing.T) {
	const secret = "a secret that nobody sees"
	t.Setenv(OpenAIKeyVariable, secret)
	keys := make(chan string, 8)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `{"data":[{"id":"llama"}]}`)
	})
	mux.HandleFunc("POST /v1/completions", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"text\":\"hello\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	home, said := t.TempDir(), &book{}
	cfg := joined(t, home)
	cfg.Model.Architecture, cfg.Model.Address, cfg.Model.Name = "openai", server.URL+"/v1", "llama"

	n, err := New(cfg, Deps{Domains: &Domains{Seed: 1}, Log: said.log()})
	require.NoError(t, err)
	require.Equal(t, "Bearer "+secret, <-keys)
	require.Nil(t, n.judge)
	require.NotNil(t, n.axon)
	require.Equal(t, "llama", n.Status().Model)
	require.Contains(t, n.Status().Says, "neither learns, asks nor scores")
	var text []byte
	require.NoError(t, n.Expert().Generate(t.Context(), []byte("say"), 10, 0, 1, func(b []byte) error { text = append(text, b...); return nil }))
	require.Equal(t, "hello", string(text))
	_, parts := n.telemetry.Health.Parts()
	require.True(t, slices.ContainsFunc(parts, func(p telemetry.Part) bool {
		return p.Part == partTraining && p.State == telemetry.OK && strings.Contains(p.Says, "generates text")
	}))
	_, err = n.Test(t.Context(), &Domains{Seed: 1}, nil)
	require.NoError(t, err)

	// It runs, sends no rows, and ends cleanly while the chain is away.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.NoError(t, n.Run(ctx))
	require.NoFileExists(t, filepath.Join(home, fileScores))

	for _, show := range []string{cfg.Show(true), string(Commented(cfg)), said.String()} {
		require.NotContains(t, show, secret)
	}
	values, err := json.Marshal(cfg.Values())
	require.NoError(t, err)
	require.NotContains(t, string(values), secret)
	// The variable is no key of the configuration, and no misspelt one.
	_, err = Load(Sources{Environ: []string{OpenAIKeyVariable + "=" + secret}})
	require.NoError(t, err)

	server.Close()
	_, err = New(cfg, Deps{Domains: &Domains{Seed: 1}, Log: said.log()})
	require.ErrorContains(t, err, OpenAIKeyVariable)
	require.NotContains(t, err.Error(), secret)
}
