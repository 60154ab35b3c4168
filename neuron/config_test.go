package neuron

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"github.com/taonet/taonet/neuron/data"
)

// values are a configuration without its origins.
func values(c *Config) Config {
	plain := *c
	plain.origins = nil
	return plain
}

// texts of the problems in an error.
func texts(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var problems Problems
	require.ErrorAs(t, err, &problems)
	var out []string
	for _, p := range problems {
		out = append(out, p.Text)
	}
	return out
}

func TestDefaultIsValid(t *testing.T) {
	require.Empty(t, Default().Validate())
	c, err := Parse("neuron.yaml", nil)
	require.NoError(t, err)
	require.Equal(t, values(Default()), values(c))
	require.Equal(t, Origin{}, c.Origin("train.steps"))
	require.Len(t, c.Data.Samples, 3)
}

// TestFields: what the tags say can be read, holds for the default, and is written in
// one manner; no two keys have the same variable.
func TestFields(t *testing.T) {
	variables := map[string]bool{}
	for _, f := range fields() {
		require.Regexp(t, `^[A-Z][^"]*\.$`, f.about, f.key)
		require.Regexp(t, `^[a-z_]+(\.[a-z_]+)?$`, f.key)
		require.False(t, variables[f.variable()], f.key)
		variables[f.variable()] = true
		if f.least != "" {
			value := f.of(Default())
			require.LessOrEqual(t, boundOf(value, f.least), boundOf(value, f.most), f.key)
			require.True(t, within(value, f.least, f.most), f.key)
		}
		if n := f.kind.Kind(); n == reflect.Int || n == reflect.Float64 {
			require.NotEmpty(t, f.least, "%s has no bounds", f.key)
		}
	}
	require.Contains(t, variables, "NEURON_TRAIN_CHECKPOINT_INTERVAL")
	require.Equal(t, len(Keys()), len(Default().Values()))
	require.Contains(t, About("train.own"), "(0.05 to 1)")
	require.Empty(t, About("nothing"))
}

func TestDomainsAreThoseOfPackageData(t *testing.T) {
	generated, err := data.Generated(1, data.BlockSize)
	require.NoError(t, err)
	require.Equal(t, domainsOf(KindGenerated), namesOf(generated))
	//nolint:staticcheck // the tests' own Go, where there is one
	if domains, err := data.DefaultDomains(runtime.GOROOT()); err == nil && len(domains) == 4 {
		require.Equal(t, domainsOf(KindDomain), namesOf(domains))
	}
	train, ok := reflect.TypeFor[Train]().FieldByName("Length")
	require.True(t, ok)
	require.Equal(t, data.BlockSize-1, int(boundOf(reflect.ValueOf(0), train.Tag.Get("max"))))
	require.Equal(t, float64(data.MaxText), boundOf(reflect.ValueOf(Size(0)), "1GiB"))
}

func namesOf(texts []*data.Text) (out []string) {
	for _, text := range texts {
		out = append(out, text.Name)
	}
	return out
}

// TestProblems compares what is said about files with testdata: a file's first line,
// "# ..." after it, is ignored; each wanted line is in NAME.problems.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := Load(Sources{File: file})
			have := strings.Join(append(texts(t, err), ""), "\n")
			golden := strings.TrimSuffix(file, ".yaml") + ".problems"
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(have), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), have)
		})
	}
}

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte("name: a\ntrain:\n  steps: 10\n  batch: 3\n  rate: 0.01\n"), 0o600))
	c, err := Load(Sources{
		File: file,
		Environ: []string{
			"NEURON_TRAIN_BATCH=4", "NEURON_TRAIN_RATE=0.02", "NEURON_CHAIN_NODES=127.0.0.1:1, localhost:2", "NEURON_AXON_LISTEN=",
			"NEURON_RT_NUM_CORES=3", "PATH=/bin", "NEURON_AXON_PRICES=[{unit: request, amount: 7}]", "NEURON_NAME=b=c", "broken",
		},
		Flags: []Setting{
			{"train.rate", "0.03", "--rate"}, {"data.paths", `["a,b.txt"]`, "--data"}, {"data.kind", "text", "--kind"},
			{"chain.none", "true", "--chain"}, {"name", "c", "--name"}, {"data.samples", "[{paths: [x], bytes: 1KB}]", "--samples"},
		},
	})
	require.NoError(t, err)
	for key, want := range map[string]string{
		"home": "default", "train.steps": "mine.yaml:3", "train.batch": "NEURON_TRAIN_BATCH", "train.rate": "--rate",
		"chain.nodes": "NEURON_CHAIN_NODES", "name": "--name", "axon.prices": "NEURON_AXON_PRICES", "data.samples": "--samples",
	} {
		require.Equal(t, want, c.Origin(key).String(), key)
	}
	require.Equal(t, Train{
		Steps: 10, Batch: 4, Length: 64, Rate: 0.03, Warmup: 100, WeightDecay: 0.5, Dropout: 0.2, Own: 0.5, Seed: 1,
		EvaluateEvery: 200, CheckpointEvery: 200, CheckpointInterval: Duration(30 * time.Second), Patience: 20,
	}, c.Train)
	require.Equal(t, "c", c.Name)
	require.Equal(t, []string{"127.0.0.1:1", "localhost:2"}, c.Chain.Nodes)
	require.Equal(t, []string{"a,b.txt"}, c.Data.Paths)
	require.Equal(t, []Price{{"request", 7}}, c.Axon.Prices)
	require.Equal(t, []Sample{{Paths: []string{"x"}, Bytes: 1000}}, c.Data.Samples)
	require.Empty(t, c.Axon.Listen)
	require.True(t, c.Chain.None)
}

func TestVariablesAndFlagsThatAreWrong(t *testing.T) {
	_, err := Load(Sources{
		Environ: []string{"NEURON_TRAIN_STEP=5", "NEURON_TRAIN_BATCH=many", "NEURON_SCORE_EVERY=5", "NEURON_DATA_SAMPLES=x", "NEURON_NAME=a\tb"},
		Flags:   []Setting{{"train.stpes", "5", "--set"}, {"train.own", "2", "--own"}, {"train", "5", "--set"}, {"chain.none", "yes", "--none"}, {"train.patience", "1.5", "--patience"}},
	})
	require.Equal(t, []string{
		`NEURON_TRAIN_STEP: unknown variable: the nearest known one is NEURON_TRAIN_STEPS`,
		`NEURON_TRAIN_BATCH: train.batch: "many" must be a whole number within 64 bits`,
		`NEURON_SCORE_EVERY: score.every: "5" is no time span: write a number with its unit, such as 30s, 5m or 250ms`,
		`NEURON_DATA_SAMPLES: data.samples is "x", must be a list: put it in brackets, [a, b], or each item behind a dash`,
		`--set: unknown key "train.stpes": the nearest known one is train.steps`,
		`--set: unknown key "train": the nearest known one is data.domain`,
		`--none: chain.none: "yes" must be true or false`,
		`--patience: train.patience: "1.5" must be a whole number within 64 bits`,
		`name is "a\U00000009b" (NEURON_NAME), must have no line breaks or other control characters: remove them`,
		`train.own is 2 (--own), must be 0.05 to 1: give a value in that range, or remove it for the default, 0.5`,
		`name is "a\U00000009b" (NEURON_NAME), must be 1 to 64 letters, digits, dots and dashes: choose another`,
	}, texts(t, err))
}

func TestFilesThatAreNone(t *testing.T) {
	c, err := Load(Sources{File: filepath.Join(t.TempDir(), "neuron.yaml")})
	require.ErrorContains(t, err, "neuron init writes one")
	require.NotNil(t, c)
	_, err = Parse("n.yaml", bytes.Repeat([]byte("#"), MaxConfig+1))
	require.ErrorContains(t, err, "more than 1048576 bytes")
	_, err = Parse("n.yaml", []byte("# nothing\n---\n"))
	require.NoError(t, err)
	var one Problem
	_, err = Parse("n.yaml", []byte("train: {own: .nan}"))
	require.ErrorAs(t, err, &one)
	require.Equal(t, "train.own", one.Key)
	require.Equal(t, "NaN", one.Value)
	require.Equal(t, Origin{FromFile, "n.yaml", 1}, one.Origin)
}

func TestSamplesFollowTheDomain(t *testing.T) {
	for text, want := range map[string][]string{
		"data: {domain: opticks}":                                              {"go", "assembly", "docs"},
		"data: {kind: generated, domain: log}":                                 {"prose", "sums", "programs", "markup", "letters"},
		"data: {kind: text, paths: [a]}":                                       nil,
		"data: {samples: []}":                                                  nil,
		"data: {kind: text, paths: [a], samples: [{domain: go, bytes: 20KB}]}": {"go"},
	} {
		c, err := Parse("n.yaml", []byte(text))
		require.NoError(t, err, text)
		var have []string
		for _, sample := range c.Data.Samples {
			have = append(have, sample.Domain)
			require.Equal(t, Size(20_000), sample.Bytes)
		}
		require.Equal(t, want, have, text)
	}
}

func TestCommented(t *testing.T) {
	text := string(Commented(Default()))
	for _, f := range fields() {
		require.Regexp(t, `(?m)^ *# .*\n *`+regexp.QuoteMeta(f.name)+`:`, text, f.key)
	}
	for _, line := range strings.Split(text, "\n") {
		require.LessOrEqual(t, len(line), 120, line)
	}
	c, err := Parse("neuron.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, values(Default()), values(c))
	require.Equal(t, FromFile, c.Origin("data.samples").Source)
}

func TestShow(t *testing.T) {
	c, err := Load(Sources{Environ: []string{"NEURON_TRAIN_STEPS=7"}})
	require.NoError(t, err)
	require.Regexp(t, `(?m)^train\.steps +7 +NEURON_TRAIN_STEPS$`, c.Show(true))
	require.Regexp(t, `(?m)^train\.checkpoint_interval +30s +default$`, c.Show(true))
	require.Regexp(t, `(?m)^train\.steps +7$`, c.Show(false))
	require.NotContains(t, c.Show(false), "default")
	out, err := json.Marshal(c.Values()[0])
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"name","value":"neuron","origin":"default"}`, string(out))
}

func TestPath(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	c := Default()
	for path, want := range map[string]string{
		"hotkey.json": "/home/ada/.neuron/hotkey.json", "/etc/x/": "/etc/x", "~/x": "/home/ada/x", "~": "/home/ada", c.Home: "/home/ada/.neuron", "~x": "/home/ada/.neuron/~x",
	} {
		have, err := c.Path(path)
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	c.Home = "here"
	have, err := c.Path("a")
	require.NoError(t, err)
	here, err := filepath.Abs("here/a")
	require.NoError(t, err)
	require.Equal(t, here, have)
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "512": 512, "512B": 512, "300KB": 300_000, "20 KiB": 20 << 10, "1.5MB": 1_500_000, "1GiB": 1 << 30, "0.5KiB": 512, "9223372036854775807": math.MaxInt64,
	} {
		have, err := ParseSize(text)
		require.NoError(t, err, text)
		require.Equal(t, want, have, text)
	}
	for _, text := range []string{"", "KB", "-1", "1.5", "1.0001KB", "1e3", "1 kb", "9223372036854775808", "9223372036854775807KB", "1.1234567890GB", "+1", "1_000"} {
		_, err := ParseSize(text)
		require.ErrorContains(t, err, "write it as 300KB", text)
	}
	require.Equal(t, []string{"0", "1MiB", "300KB", "1MB", "1025"}, []string{Size(0).String(), Size(1 << 20).String(), Size(300e3).String(), Size(1e6).String(), Size(1025).String()})
	for text, want := range map[string]string{"90s": "1m30s", "2m": "2m", "3600s": "1h", "250ms": "250ms", "0": "0s", "1h0m1s": "1h0m1s", "10h": "10h", "10m": "10m"} {
		have, err := ParseDuration(text)
		require.NoError(t, err)
		require.Equal(t, want, have.String())
	}
	_, err := ParseDuration("5")
	require.ErrorContains(t, err, "30s")
	rapid.Check(t, func(t *rapid.T) {
		size := Size(rapid.Int64Min(0).Draw(t, "size"))
		have, err := ParseSize(size.String())
		require.NoError(t, err)
		require.Equal(t, size, have)
		span := Duration(rapid.Int64().Draw(t, "span"))
		again, err := ParseDuration(span.String())
		require.NoError(t, err)
		require.Equal(t, span, again)
	})
}

func TestNearest(t *testing.T) {
	for wrong, want := range map[string]string{
		"train.stpes": "train.steps", "steps": "train.steps", "axon.bacth": "axon.batch", "trian": "train", "telemetry.listn": "telemetry.listen",
		"network.allow-private": "network.allow_private", "chain.subnets": "chain.subnet", "data.path": "data.paths",
	} {
		var keys []string
		for _, f := range fields() {
			keys = append(keys, f.key)
		}
		require.Equal(t, want, nearest(wrong, keys), wrong)
	}
	require.Equal(t, 1, edits("ab", "ba"))
	require.Equal(t, 3, edits("kitten", "sitting"))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 10, -1).Draw(t, "a"), rapid.StringN(0, 10, -1).Draw(t, "b")
		require.Equal(t, edits(a, b), edits(b, a))
		require.Equal(t, a == b, edits(a, b) == 0)
	})
}

// anyConfig draws every value at random, of the right type and nothing more.
func anyConfig(t *rapid.T) *Config {
	c := Default()
	fill(t, reflect.ValueOf(c).Elem())
	return c
}

func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type(), "", nil) {
			if len(f.index) == 1 {
				fill(t, v.FieldByIndex(f.index))
			}
		}
	case reflect.Slice:
		v.Set(reflect.Zero(v.Type()))
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			item := reflect.New(v.Type().Elem()).Elem()
			fill(t, item)
			v.Set(reflect.Append(v, item))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(
			rapid.String(),
			rapid.SampledFrom([]string{"", "-", "~", "null", "true", "yes", "1", "0x1", "1e3", ".nan", "a: b", "a:b", "a #b", "#", "[", "{a}", "2001-01-01", "<<", "*a", "&a", "!x", "|", "a\nb", "\u2028", "%", "@", "0o7", "12:30:45", "=", "a:", "::1"}),
		).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	default: // a size is not below 0
		least := int64(math.MinInt64)
		if v.Type() == reflect.TypeFor[Size]() {
			least = 0
		}
		v.SetInt(rapid.Int64Min(least).Draw(t, "int"))
	}
}

// TestCommentedIsReadBack: whatever the values, valid or not, the file says the same.
func TestCommentedIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyConfig(t)
		text := Commented(c)
		have, err := Parse("n.yaml", text)
		require.NotNil(t, have)
		require.Equal(t, values(c), values(have), "%s\n%v", text, err)
		require.Equal(t, values(c), strictly(t, text), "the library reads the same")
	})
}

// strictly is what the library alone makes of a file over the defaults, lists anew.
func strictly(t require.TestingT, text []byte) Config {
	c := values(Default())
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); !errors.Is(err, io.EOF) {
		require.NoError(t, err, "%s", text)
	}
	for _, list := range []any{&c.Chain.Nodes, &c.Data.Paths, &c.Data.Samples, &c.Axon.Prices} {
		if v := reflect.ValueOf(list).Elem(); v.Len() == 0 {
			v.SetZero()
		}
	}
	for i := range c.Data.Samples {
		if len(c.Data.Samples[i].Paths) == 0 {
			c.Data.Samples[i].Paths = nil
		}
	}
	return c
}

// FuzzConfig: no content makes the reader panic; what it takes, the library takes as
// well and reads alike; what is valid is written and read back the same; and every
// problem is one line that begins with where it is.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(Commented(Default()))
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("n.yaml", text)
		for _, problem := range texts(t, err) {
			require.NotEmpty(t, problem)
			require.NotContains(t, problem, "\n")
			require.Contains(t, problem, ":")
			require.LessOrEqual(t, len(problem), 64<<10)
		}
		if err != nil {
			return
		}
		again, err := Parse("n.yaml", Commented(c))
		require.NoError(t, err)
		require.Equal(t, values(c), values(again))
		if c.Origin("data.samples").Source == FromFile {
			require.Equal(t, values(c), strictly(t, text))
		}
	})
}
