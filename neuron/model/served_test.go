package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

func serve(t testing.TB, m Language) *Served {
	s, err := NewServed(m, 2)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// direct is what the model itself answers.
func direct(m Language, tokens []byte, length int) (p, hidden []float32) {
	d := nn.NewDevice(1)
	defer d.Close()
	logits, h := m.Forward(nn.NewTape(d, 1), tokens, length)
	p = slices.Clone(logits.Data)
	moe.Softmax(p, p, Vocabulary)
	return p, slices.Clone(h.Data)
}

func answer(t testing.TB, e Expert, tokens []byte, length int) []float32 {
	p := make([]float32, len(tokens)*Vocabulary)
	require.NoError(t, e.Forward(t.Context(), Input{Count: len(tokens) / length, Length: length, Tokens: tokens}, p))
	return p
}

// TestServedIsTheModel: also for a batch that takes several passes.
func TestServedIsTheModel(t *testing.T) {
	for name, m := range small(1) {
		s := serve(t, m)
		require.Equal(t, m.Card(), s.Card(), name)
		for _, sequences := range []int{1, 7, 3 * rowsAtOnce / 16} {
			tokens := song(sequences * 16)
			p, hidden := direct(m, tokens, 16)
			require.Less(t, apart(p, answer(t, s, tokens, 16)), 1e-6, name)
			got := make([]float32, len(hidden))
			require.NoError(t, s.Hidden(t.Context(), Input{Count: sequences, Length: 16, Tokens: tokens}, got))
			require.Less(t, apart(hidden, got), 1e-5, name)
		}
	}
}

func TestFollowerIsTheModel(t *testing.T) {
	text := song(64)
	for name, m := range small(2) {
		s := serve(t, m)
		p, _ := direct(m, text[:16], 16)
		f, err := s.Follow(3)
		require.NoError(t, err)
		row := make([]float32, 3*Vocabulary)
		for range 2 { // the second time after a restart
			for i := range 16 {
				width := 1 + i%3
				all := bytes.Repeat(text[i:i+1], width)
				if i%3 != 2 { // only the first sequence walks on
					width, all = 1, all[:1]
				}
				require.NoError(t, f.Next(t.Context(), all, row[:width*Vocabulary]))
				require.InDeltaSlice(t, p[i*Vocabulary:][:Vocabulary], row[:Vocabulary], 1e-5, "%s at %d", name, i)
			}
			f.Restart()
		}
		require.NoError(t, f.Close())
		require.NoError(t, f.Close())
		require.ErrorIs(t, f.Next(t.Context(), text[:1], row[:Vocabulary]), ErrClosed)
		f.Restart()
	}
}

// TestUpdatesWhileServing: every answer is wholly that of one of the published
// models, and a follower's are those of the one it began with.
func TestUpdatesWhileServing(t *testing.T) {
	tokens := song(64)
	for name := range small(0) {
		models, answers := make([]Language, 3), make([][]float32, 3)
		for i := range models {
			models[i] = small(uint64(i))[name]
		}
		s := serve(t, models[0])
		for i, m := range models {
			require.NoError(t, s.Update(m, uint64(i)))
			answers[i] = answer(t, s, tokens, 16)
		}
		known := func(p []float32) bool {
			return slices.ContainsFunc(answers, func(want []float32) bool { return slices.Equal(want[:len(p)], p) })
		}
		var callers sync.WaitGroup
		wrong := make(chan string, 100)
		for range 3 {
			callers.Go(func() {
				p := make([]float32, len(tokens)*Vocabulary)
				for range 8 {
					if err := s.Forward(context.Background(), Input{Count: 4, Length: 16, Tokens: tokens}, p); err != nil || !known(p) {
						wrong <- fmt.Sprint("Forward: no model answers so; ", err)
					}
					if reason := walk(s, tokens[:16], answers); reason != "" {
						wrong <- reason
					}
				}
			})
		}
		done := make(chan struct{})
		go func() {
			callers.Wait()
			close(done)
		}()
		updates := 0
		for running := true; running; updates++ {
			require.NoError(t, s.Update(models[updates%3], uint64(updates)))
			select {
			case <-done:
				running = false
			case reason := <-wrong:
				require.Fail(t, reason)
			default:
			}
		}
		require.Greater(t, updates, 3, name)
		require.Equal(t, uint64(updates-1), s.Step())
		require.Empty(t, wrong)
	}
}

// walk follows a text; all answers are close to one model's.
func walk(s *Served, text []byte, answers [][]float32) string {
	f, err := s.Follow(1)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	left := slices.Clone(answers)
	row := make([]float32, Vocabulary)
	for i := range text {
		if err := f.Next(context.Background(), text[i:i+1], row); err != nil {
			return err.Error()
		}
		left = slices.DeleteFunc(left, func(p []float32) bool { return !(apart(row, p[i*Vocabulary:]) < 1e-5) })
	}
	if len(left) != 1 {
		return fmt.Sprintf("Follow: %d models answer so, not one", len(left))
	}
	return ""
}

// apart is the largest difference.
func apart(x, y []float32) (d float64) {
	for i, v := range x {
		d = max(d, math.Abs(float64(v-y[i])))
	}
	return d
}

// TestAnyOrderOfUpdatesAndFollowers: a follower opened at any time answers with the
// parameters of that time to its end, however many updates come meanwhile.
func TestAnyOrderOfUpdatesAndFollowers(t *testing.T) {
	type open struct {
		Follower
		model Language
	}
	s := serve(t, small(0)["mlp"])
	models := make([]Language, 6)
	for i := range models {
		models[i] = small(uint64(i))["mlp"]
	}
	rapid.Check(t, func(r *rapid.T) {
		var followers []open
		defer func() {
			for _, f := range followers {
				_ = f.Close()
			}
		}()
		published := models[0]
		require.NoError(r, s.Update(published, 0))
		for range rapid.IntRange(1, 25).Draw(r, "actions") {
			switch rapid.IntRange(0, 3).Draw(r, "action") {
			case 0:
				published = rapid.SampledFrom(models).Draw(r, "model")
				require.NoError(r, s.Update(published, 1))
			case 1:
				f, err := s.Follow(1)
				require.NoError(r, err)
				followers = append(followers, open{f, published})
			default:
				if len(followers) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(followers)-1).Draw(r, "follower")
				row := make([]float32, Vocabulary)
				followers[i].Restart()
				require.NoError(r, followers[i].Next(context.Background(), []byte{7}, row))
				want, _ := direct(followers[i].model, []byte{7}, 1)
				require.InDeltaSlice(r, want, row, 1e-6)
				if rapid.Bool().Draw(r, "close") {
					require.NoError(r, followers[i].Close())
					followers = slices.Delete(followers, i, i+1)
				}
			}
		}
	})
	require.LessOrEqual(t, len(s.spare), spareSnapshots)
}

// TestServingReusesMemory: without followers two sets of parameters take turns, and a
// follower costs one more while it is open.
func TestServingReusesMemory(t *testing.T) {
	m := small(1)["mlp"]
	s := serve(t, m)
	sets := map[*float32]bool{}
	turn := func() {
		require.NoError(t, s.Update(m, 1))
		answer(t, s, song(16), 16)
		sets[&s.current.params[0].Data[0]] = true
	}
	for range 10 {
		turn()
	}
	require.Len(t, sets, 2)
	f, err := s.Follow(1)
	require.NoError(t, err)
	for range 10 {
		turn()
	}
	require.Len(t, sets, 3)
	require.NoError(t, f.Close())
	for range 10 {
		turn()
	}
	require.Len(t, sets, 3)
	require.Less(t, testing.AllocsPerRun(10, func() { require.NoError(t, s.Update(m, 1)) }), float64(20))
}

func TestGenerate(t *testing.T) {
	for name, m := range small(3) {
		s := serve(t, m)
		generate := func(prompt string, temperature float32, seed uint64) string {
			var text []byte
			require.NoError(t, s.Generate(t.Context(), []byte(prompt), 40, temperature, seed, func(b []byte) error {
				text = append(text, b...)
				return nil
			}))
			require.Len(t, text, 40)
			return string(text)
		}
		require.Equal(t, generate("verse", 1, 5), generate("verse", 1, 5), name)
		require.NotEqual(t, generate("verse", 1, 5), generate("verse", 1, 6), name)
		require.Equal(t, generate("verse", 0, 5), generate("verse", 0, 6), name)
		require.Equal(t, generate("", 1, 5), generate("\n", 1, 5), name)
		require.Equal(t, generate(string(song(30)), 1, 5), generate(string(song(30)[30-m.Card().Context:]), 1, 5), name)
		stop := errors.New("enough")
		calls := 0
		require.ErrorIs(t, s.Generate(t.Context(), nil, 9, 1, 1, func([]byte) error { calls++; return stop }), stop)
		require.Equal(t, 1, calls)
	}
}

// TestDraw: the shares are those of softmax(log p / temperature).
func TestDraw(t *testing.T) {
	p := []float32{0.1, 0.6, 0, 0.3}
	for _, temperature := range []float32{0.5, 1, 2} {
		want := make([]float64, len(p))
		total := 0.0
		for i, v := range p {
			want[i] = math.Pow(float64(v), 1/float64(temperature))
			total += want[i]
		}
		random, counts, draws := newInitial(1).random, make([]float64, len(p)), 20_000
		for range draws {
			counts[draw(p, temperature, random)]++
		}
		for i := range p {
			require.InDelta(t, want[i]/total, counts[i]/float64(draws), 0.015, "class %d at %v", i, temperature)
		}
	}
	require.Equal(t, 1, draw(p, 1e-30, newInitial(1).random))
}

func TestServedRefuses(t *testing.T) {
	m := small(1)["transformer"]
	s := serve(t, m)
	row := make([]float32, 100*Vocabulary)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	forward := func(in Input, dst []float32) error { return s.Forward(t.Context(), in, dst) }
	generate := func(most int, temperature float32) error {
		return s.Generate(t.Context(), nil, most, temperature, 1, func([]byte) error { return nil })
	}
	follow := func(sequences int) error {
		_, err := s.Follow(sequences)
		return err
	}
	f, err := s.Follow(2)
	require.NoError(t, err)
	spoilt := small(2)["transformer"]
	spoilt.Params()[3].Data[2] = float32(math.Inf(1))
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"longer than the context": {forward(Input{Count: 1, Length: 17, Tokens: song(17)}, row), "sequences of 17 bytes, the model reads 16 at most"},
		"no length":               {forward(Input{Count: 5, Tokens: song(5)}, row), "sequences of 0 bytes"},
		"values":                  {forward(Input{Count: 5, Values: row}, row), "give tokens"},
		"bytes missing":           {forward(Input{Count: 2, Length: 8, Tokens: song(15)}, row), "15 bytes as 2 sequences of 8"},
		"no sequence":             {forward(Input{Length: 8}, row), "0 bytes as 0 sequences"},
		"count overflows":         {forward(Input{Count: math.MaxInt/8 + 1, Length: 8}, row), "as 1152921504606846976 sequences of 8"},
		"little room":             {forward(Input{Count: 1, Length: 8, Tokens: song(8)}, row[:9]), "room for 9 values, the answer is 8 rows of 256"},
		"cancelled":               {s.Forward(ctx, Input{Count: 1, Length: 8, Tokens: song(8)}, row[:8*256]), "context canceled"},
		"no sequences":            {follow(0), "0 sequences to follow, 1 to 1024"},
		"too many sequences":      {follow(1025), "1025 sequences"},
		"bytes for nobody":        {f.Next(t.Context(), song(3), row), "bytes for 3 sequences, followed are 1 to 2"},
		"room of a follower":      {f.Next(t.Context(), song(2), row[:256]), "room for 256 values"},
		"most":                    {generate(65537, 1), "65537 bytes to generate"},
		"cold":                    {generate(1, -0.1), "temperature -0.1"},
		"NaN":                     {generate(1, float32(math.NaN())), "temperature NaN"},
		"another kind":            {s.Update(small(1)["mlp"], 3), "step 3 is not served: 5 parameters"},
		"another size":            {s.Update(NewTransformer(TransformerConfig{Context: 8, Width: 32, Layers: 2, Heads: 4}, 1), 3), `"positions" of 8 x 32, the served model's is "positions" of 16 x 32`},
		"not finite":              {s.Update(spoilt, 3), `of parameter "norm.bias" is +Inf`},
	} {
		require.ErrorContains(t, c.err, c.want, name)
	}
	require.Equal(t, m.Card().Hash, s.Card().Hash)
	require.Zero(t, s.Step())
	_, err = NewServed(spoilt, 1)
	require.ErrorContains(t, err, "+Inf")
}

func TestServedClosed(t *testing.T) {
	s := serve(t, small(1)["mlp"])
	f, err := s.Follow(1)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	row := make([]float32, Vocabulary)
	require.ErrorIs(t, s.Forward(t.Context(), Input{Count: 1, Length: 1, Tokens: []byte{1}}, row), ErrClosed)
	require.ErrorIs(t, f.Next(t.Context(), []byte{1}, row), ErrClosed)
	require.NoError(t, f.Close())
}
