package model

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/nn"
)

// small models of both kinds.
func small(seed uint64) map[string]Language {
	return map[string]Language{
		"mlp":         NewMLP(MLPConfig{Context: 4, Embedding: 8, Hidden: 32, Dropout: 0.1}, seed),
		"transformer": NewTransformer(TransformerConfig{Context: 16, Width: 32, Layers: 2, Heads: 4, Dropout: 0.1}, seed),
	}
}

// song is text with some structure.
func song(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "verse %d of the song goes on and on, ", i%7)
	}
	return b.Bytes()[:n]
}

// trainer is what a training step needs beside the model.
type trainer struct {
	tape   *nn.Tape
	adam   *nn.AdamW
	random *rand.Rand
	ids    []uint8
	next   []uint8
}

func newTrainer(d *nn.Device, batch, length int) *trainer {
	t := &trainer{tape: nn.NewTape(d, 1), adam: nn.NewAdamW(3e-3, 0.1), random: rand.New(rand.NewPCG(2, 2))}
	t.tape.Training = true
	t.ids, t.next = make([]uint8, batch*length), make([]uint8, batch*length)
	return t
}

func (t *trainer) step(m Language, text []byte, length int) float32 {
	for i := 0; i < len(t.ids); i += length {
		at := t.random.IntN(len(text) - length - 1)
		copy(t.ids[i:i+length], text[at:])
		copy(t.next[i:i+length], text[at+1:])
	}
	t.tape.Reset()
	logits, _ := m.Forward(t.tape, t.ids, length)
	loss := t.tape.CrossEntropy(logits, t.next, 0)
	t.tape.Backward(loss, nil)
	t.adam.Step(m.Params(), 1)
	return loss.Data[0]
}

func TestLearns(t *testing.T) {
	d := nn.NewDevice(2)
	defer d.Close()
	text := song(4000)
	for name, m := range small(1) {
		trainer := newTrainer(d, 8, 16)
		first := trainer.step(m, text, 16)
		require.InDelta(t, math.Log(256), first, 0.4, "%s begins knowing nothing", name)
		var last float32
		for range 75 {
			last = trainer.step(m, text, 16)
		}
		require.Less(t, last, float32(1.2), name)
	}
}

// TestSessionIsForward: byte by byte is the same as all at once, also for sequences
// that are followed together without being at the same place.
func TestSessionIsForward(t *testing.T) {
	d := nn.NewDevice(2)
	defer d.Close()
	text := song(64)
	for name, m := range small(3) {
		tape, live := nn.NewTape(d, 1), nn.NewTape(d, 1)
		logits, _ := m.Forward(tape, text[:16], 16)
		session := m.Open(3)
		for i := range 16 {
			live.Reset()
			sequences, next := []int32{2}, []uint8{text[i]}
			if i >= 5 { // a second sequence starts later
				sequences, next = append(sequences, 0), append(next, text[i-5])
			}
			got := session.Next(live, sequences, next)
			require.InDeltaSlice(t, logits.Row(i), got.Row(0), 1e-4, "%s at %d", name, i)
			if i >= 5 {
				require.InDeltaSlice(t, logits.Row(i-5), got.Row(1), 1e-4, "%s at %d, the second", name, i)
			}
		}
		session.Restart(2)
		live.Reset()
		require.InDeltaSlice(t, logits.Row(0), session.Next(live, []int32{2}, text[:1]).Row(0), 1e-4, "%s after a restart", name)
	}
}

// TestLongSession: a sequence beyond the context goes on from its last quarter.
func TestLongSession(t *testing.T) {
	d := nn.NewDevice(1)
	defer d.Close()
	text := song(64)
	m := small(4)["transformer"]
	tape, live := nn.NewTape(d, 1), nn.NewTape(d, 1)
	session := m.Open(1)
	for i := range 40 {
		live.Reset()
		got := session.Next(live, []int32{0}, text[i:i+1])
		// 16 fit; then 4 stay, and 12 more fit.
		start := 0
		if i >= 16 {
			start = 12 + (i-16)/12*12
		}
		tape.Reset()
		logits, _ := m.Forward(tape, text[start:i+1], i+1-start)
		require.InDeltaSlice(t, logits.Row(i-start), got.Row(0), 1e-4, "at %d", i)
	}
}

func TestNewLanguage(t *testing.T) {
	for name, parameters := range map[string]int{"bytelm-mlp": 355_104, "bytelm-transformer": 842_496} {
		m, err := NewLanguage(name, 1)
		require.NoError(t, err)
		require.Equal(t, name, m.Card().Architecture)
		require.Equal(t, parameters, m.Card().Parameters)
		again, err := NewLanguage(name, 1)
		require.NoError(t, err)
		require.Equal(t, m.Card().Hash, again.Card().Hash)
		other, err := NewLanguage(name, 2)
		require.NoError(t, err)
		require.NotEqual(t, m.Card().Hash, other.Card().Hash)
	}
	_, err := NewLanguage("gpt", 1)
	require.EqualError(t, err, `no model is called "gpt"; there are bytelm-mlp, bytelm-transformer`)
}

// TestResumesToTheBit: stopped and loaded again, training goes on as if nothing had
// happened.
func TestResumesToTheBit(t *testing.T) {
	d := nn.NewDevice(2)
	defer d.Close()
	text := song(4000)
	for name, m := range small(5) {
		whole := newTrainer(d, 8, 16)
		for range 10 {
			whole.step(m, text, 16)
		}
		var file bytes.Buffer
		require.NoError(t, Save(&file, m, map[string]string{"dropout": hex.EncodeToString(whole.tape.RandomState())}))
		resumed := small(99)[name]
		metadata, err := Load(&file, resumed)
		require.NoError(t, err)
		require.Equal(t, m.Card().Hash, resumed.Card().Hash)
		second := newTrainer(d, 8, 16)
		state, err := hex.DecodeString(metadata["dropout"])
		require.NoError(t, err)
		require.NoError(t, second.tape.SetRandomState(state))
		second.adam.Steps = whole.adam.Steps
		var want []float32
		whole.random, second.random = rand.New(rand.NewPCG(8, 8)), rand.New(rand.NewPCG(8, 8))
		for range 10 {
			want = append(want, whole.step(m, text, 16))
		}
		for i := range want {
			require.Equal(t, want[i], second.step(resumed, text, 16), "%s, step %d", name, i)
		}
		require.Equal(t, m.Card().Hash, resumed.Card().Hash, name)
	}
}

// checkpoint is a valid file.
func checkpoint(t testing.TB) []byte {
	var file bytes.Buffer
	require.NoError(t, Save(&file, small(1)["mlp"], map[string]string{"step": "12"}))
	return file.Bytes()
}

// edited replaces a text of the header, by one of the same length.
func edited(t *testing.T, file []byte, old, text string) []byte {
	require.Len(t, text, len(old))
	require.Contains(t, string(file), old)
	return []byte(strings.Replace(string(file), old, text, 1))
}

func TestDamagedCheckpoints(t *testing.T) {
	good := checkpoint(t)
	header := int(binary.LittleEndian.Uint64(good))
	nan := bytes.Clone(good)
	binary.LittleEndian.PutUint32(nan[len(nan)-4:], math.Float32bits(float32(math.NaN())))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":        {nil, "ends in the length of its header"},
		"huge header":  {bytes.Repeat([]byte{0xff}, 100), "at most 1048576"},
		"cut header":   {good[:100], "ends in its header"},
		"cut data":     {good[:len(good)-1], "ends in tensor"},
		"no data":      {good[:8+header], "ends in tensor"},
		"more data":    {append(bytes.Clone(good), 0), "goes on after its last tensor"},
		"not finite":   {nan, "is NaN"},
		"no JSON":      {edited(t, good, `{"__metadata__"`, `["__metadata__"`), "no JSON"},
		"type":         {edited(t, good, `"F32"`, `"F16"`), `is of type "F16"`},
		"shape":        {edited(t, good, `"shape":[256,8]`, `"shape":[128,8]`), "has shape [128 8]"},
		"name":         {edited(t, good, `"in.weight"`, `"on.weight"`), `no tensor "in.weight"`},
		"architecture": {edited(t, good, `bytelm-mlp`, `bytelm-abc`), `of a "bytelm-abc"`},
		"metadata":     {edited(t, good, `"step":"12"`, `"step":1234`), "__metadata__"},
	} {
		m := small(7)["mlp"]
		before := m.Card().Hash
		_, err := Load(bytes.NewReader(c.file), m)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, before, m.Card().Hash, "%s: the model was changed", name)
	}
}

func FuzzLoad(f *testing.F) {
	good := checkpoint(f)
	f.Add(good)
	f.Add(good[:50])
	f.Fuzz(func(t *testing.T, file []byte) {
		m := small(7)["mlp"]
		before := m.Card().Hash
		if _, err := Load(bytes.NewReader(file), m); err != nil {
			require.Equal(t, before, m.Card().Hash)
			return
		}
		var again bytes.Buffer
		require.NoError(t, Save(&again, m, nil))
	})
}

// BenchmarkTraining is whole training steps of the built-in sizes. Metric: tokens/s.
func BenchmarkTraining(b *testing.B) {
	text := song(100_000)
	for _, c := range []struct {
		name          string
		batch, length int
	}{{"bytelm-mlp", 64, 16}, {"bytelm-transformer", 16, 128}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", c.name, workers), func(b *testing.B) {
				d := nn.NewDevice(workers)
				defer d.Close()
				m, err := NewLanguage(c.name, 1)
				require.NoError(b, err)
				trainer := newTrainer(d, c.batch, c.length)
				trainer.step(m, text, c.length)
				b.ReportAllocs()
				for b.Loop() {
					trainer.step(m, text, c.length)
				}
				b.ReportMetric(float64(b.N*c.batch*c.length)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// BenchmarkFollow is 256 sequences read byte by byte. Metric: bytes/s in all.
func BenchmarkFollow(b *testing.B) {
	const sequences = 256
	for _, name := range []string{"bytelm-mlp", "bytelm-transformer"} {
		b.Run(name, func(b *testing.B) {
			d := nn.NewDevice(2)
			defer d.Close()
			m, err := NewLanguage(name, 1)
			require.NoError(b, err)
			session, tape := m.Open(sequences), nn.NewTape(d, 1)
			which, next := make([]int32, sequences), make([]uint8, sequences)
			for i := range which {
				which[i] = int32(i)
			}
			for b.Loop() {
				tape.Reset()
				session.Next(tape, which, next)
			}
			b.ReportMetric(float64(b.N*sequences)/b.Elapsed().Seconds(), "bytes/s")
		})
	}
}
