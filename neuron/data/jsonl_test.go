package data

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONL(t *testing.T) {
	folder := t.TempDir()
	first := `{"id": 1, "text": "` + strings.Repeat("a", 300) + `"}` + "\n\n" +
		`  {"text": "caf\u00e9\n` + strings.Repeat("b", 204) + `", "tags": ["x"]}` + "\r\n"
	last := `{"text":"` + strings.Repeat("c", 600) + `"}`
	path := write(t, folder, "1.jsonl", []byte(first+last))
	text, err := LoadJSONL("posts", "text", path)
	require.NoError(t, err)
	want := strings.Repeat("a", 300) + "\n" + "café\n" + strings.Repeat("b", 204) + "\n"
	require.Len(t, want, 512)
	require.Equal(t, want+strings.Repeat("c", 512), string(text.bytes))

	// A line more changes none of the blocks before it.
	write(t, folder, "1.jsonl", []byte(first+last+"\n"+`{"text":"`+strings.Repeat("d", 600)+`"}`))
	more, err := LoadJSONL("posts", "text", folder+"/*.jsonl")
	require.NoError(t, err)
	require.Equal(t, string(text.bytes), string(more.bytes[:len(text.bytes)]))
	require.Len(t, more.bytes, 3*512-512+512)
}

func TestWrongJSONL(t *testing.T) {
	folder := t.TempDir()
	load := func(content string) func() error {
		return func() error {
			_, err := LoadJSONL("posts", "text", write(t, folder, "x.jsonl", []byte(content)))
			return err
		}
	}
	good := `{"text":"x"}` + "\n"
	refuses(t, []wrong{
		{"no object", load(good + "[1,2]"), []string{"x.jsonl", "line 2", `"[1,2]"`, "JSON object"}},
		{"null", load("null"), []string{"line 1", "null"}},
		{"broken", load(good + "\n" + `{"text":"x"`), []string{"line 3", "JSON object"}},
		{"two in a line", load(`{"text":"x"}{"text":"y"}`), []string{"line 1"}},
		{"other fields", load(`{"txt":"x","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`), []string{"line 1", `no field "text"`, `"a"`, "and 2 more"}},
		{"no fields", load(`{}`), []string{"it has none"}},
		{"number", load(good + `{"text": 5}`), []string{"line 2", `"5"`, "must be a string"}},
		{"null text", load(`{"text":null}`), []string{"null", "string"}},
		{"zero byte", load(`{"text":"a\u0000b"}`), []string{"line 1", "zero byte"}},
		{"long line", load(good + `{"text":"` + strings.Repeat("x", MaxLine) + `"}`), []string{"line 2", "16777216", "several lines"}},
		{"short", load(good), []string{"not one block"}},
		{"empty", load(""), []string{"not one block"}},
		{"too large", func() error {
			_, err := LoadJSONL("posts", "text", sparse(t, folder, "y.jsonl", MaxText+1))
			return err
		}, []string{"y.jsonl", "1073741824"}},
	})
}

func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"text":"hello"}`+"\n"+`{"text":"\ud83d\ude00 \u00e9"}`), "text")
	f.Add([]byte(`{"a":{"text":"no"},"text":""}`+"\n\n{}"), "a")
	f.Add([]byte("\ufeff[]"), "")
	f.Fuzz(func(t *testing.T, content []byte, field string) {
		var got []string
		if parseJSONL(bytes.NewReader(content), "f", field, func(text string) error {
			got = append(got, text)
			return nil
		}) != nil {
			return
		}
		// What was read says the same when it is written anew.
		var again bytes.Buffer
		for _, text := range got {
			require.NoError(t, json.NewEncoder(&again).Encode(map[string]string{field: text}))
		}
		i := 0
		require.NoError(t, parseJSONL(&again, "f", string(bytes.ToValidUTF8([]byte(field), []byte("\ufffd"))), func(text string) error {
			require.Equal(t, got[i], text)
			i++
			return nil
		}))
		require.Len(t, got, i)
	})
}
