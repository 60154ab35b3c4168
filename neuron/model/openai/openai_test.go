package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taonet/taonet/neuron/model"
)

const oneModel = `{"object":"list","data":[{"id":"llama-3","object":"model","meta":{"n_ctx_train":8192,"n_params":1234}}]}`

// server is a local server with one model and a way to complete.
func server(t testing.TB, complete http.HandlerFunc) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, oneModel) })
	mux.HandleFunc("POST /v1/completions", complete)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func dial(t testing.TB, address string, with ...Option) *Model {
	m, err := Dial(t.Context(), address, with...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// events writes a stream, one event at a time.
func events(w http.ResponseWriter, all ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range all {
		_, _ = fmt.Fprintf(w, "data: %s\n\n", e)
		w.(http.Flusher).Flush()
	}
}

func said(text string) string {
	b, _ := json.Marshal(text)
	return `{"choices":[{"index":0,"text":` + string(b) + `,"finish_reason":null}]}`
}

const end = `{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}`

func generate(t testing.TB, m *Model, prompt string, most int) (pieces []string, err error) {
	err = m.Generate(t.Context(), []byte(prompt), most, 0.5, 1<<40|7, func(b []byte) error {
		pieces = append(pieces, string(b))
		return nil
	})
	return pieces, err
}

func TestGenerate(t *testing.T) {
	var request completion
	var key string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		key = r.Header.Get("Authorization")
		request = completion{}
		_ = json.NewDecoder(r.Body).Decode(&request)
		_, _ = io.WriteString(w, ": a comment\nevent: x\n\n")
		events(w, said("grüß "), said("dich"), said(""), end, `{"choices":[],"usage":{"total_tokens":9}}`, "[DONE]", said("never read"))
	})
	m := dial(t, s.URL+"/v1/", Key("secret"))
	require.Equal(t, model.Card{
		Modality: model.Text, Architecture: "llama-3", Classes: 256, Context: 8192, Parameters: 1234, Generates: true,
	}, m.Card())
	pieces, err := generate(t, m, "hallo \xff", 100)
	require.NoError(t, err)
	require.Equal(t, []string{"grüß ", "dich"}, pieces)
	require.Equal(t, completion{Model: "llama-3", Prompt: "hallo \ufffd", MaxTokens: 100, Temperature: 0.5, Seed: 7, Stream: true}, request)
	require.Equal(t, "Bearer secret", key)

	pieces, err = generate(t, m, "", 9) // bytes, not characters: the ü and ß have two
	require.NoError(t, err)
	require.Equal(t, []string{"grüß ", "di"}, pieces)
	require.Equal(t, "\n", request.Prompt)

	stop := errors.New("enough")
	require.ErrorIs(t, m.Generate(t.Context(), nil, 9, 0, 0, func([]byte) error { return stop }), stop)
}

func TestUnsupported(t *testing.T) {
	m := dial(t, server(t, http.NotFound).URL)
	var e model.Expert = m
	require.ErrorIs(t, e.Forward(t.Context(), model.Input{}, nil), model.ErrUnsupported)
	require.ErrorIs(t, e.Hidden(t.Context(), model.Input{}, nil), model.ErrUnsupported)
	_, err := e.Follow(1)
	require.ErrorIs(t, err, model.ErrUnsupported)
}

func TestBrokenServers(t *testing.T) {
	write := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	refuse := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, status) }
	}
	for name, c := range map[string]struct {
		complete http.HandlerFunc
		kind     error
		want     string
	}{
		"OpenAI's error": {refuse(400, `{"error":{"message":"context too long","code":400}}`), ErrRefused, `400: "context too long"`},
		"Ollama's error": {refuse(500, `{"error":"out of memory"}`), ErrRefused, `500: "out of memory"`},
		"plain error":    {refuse(503, "loading\x1b"), ErrRefused, `503: "loading\x1b"`},
		"key":            {refuse(401, ""), ErrRefused, "give the server's key"},
		"no completions": {refuse(404, "404 page not found"), ErrRefused, "it lacks /completions"},
		"redirection": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusTemporaryRedirect)
		}, ErrUnreachable, "give the address where it is"},
		"nothing":    {write(""), ErrAnswer, "broke off without an end"},
		"no end":     {write("data: " + said("a") + "\n\n"), ErrAnswer, "broke off without an end"},
		"no JSON":    {write("data: {\n\n"), ErrAnswer, `"{" in a stream`},
		"late error": {write("data: " + said("a") + "\n\ndata: {\"error\":{\"message\":\"GPU lost\"}}\n\n"), ErrRefused, `"GPU lost"`},
		"long line":  {write("data: " + strings.Repeat("x", maxLine+10)), ErrAnswer, "a line of more than 1048576"},
		"dies": {func(w http.ResponseWriter, _ *http.Request) {
			events(w, said("a"))
			panic(http.ErrAbortHandler)
		}, ErrUnreachable, "broke off"},
	} {
		_, err := generate(t, dial(t, server(t, c.complete).URL), "a", 10)
		require.ErrorIs(t, err, c.kind, name)
		require.ErrorContains(t, err, c.want, name)
		require.Less(t, len(err.Error()), 700, name)
	}
	pieces, err := generate(t, dial(t, server(t, write("data:"+said("a")+"\n\ndata: "+end+"\n\n")).URL), "a", 10)
	require.NoError(t, err, "finish_reason ends a text too")
	require.Equal(t, []string{"a"}, pieces)
}

// TestSlowServers: one that does not begin, one that pauses, and a caller who leaves.
func TestSlowServers(t *testing.T) {
	hang := func(before ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that the server sees the caller leave
			if before != nil {
				events(w, before...)
			}
			<-r.Context().Done()
		}
	}
	for name, handler := range map[string]http.HandlerFunc{"begins never": hang(), "pauses": hang(said("a"))} {
		m := dial(t, server(t, handler).URL, AnswerWithin(80*time.Millisecond, 40*time.Millisecond))
		_, err := generate(t, m, "a", 10)
		require.ErrorIs(t, err, ErrUnreachable, name)
		require.ErrorContains(t, err, "paused for more than 40ms", name)
	}
	// A reader that takes its time is no pause of the server.
	m := dial(t, server(t, func(w http.ResponseWriter, _ *http.Request) { events(w, said("a"), said("b"), "[DONE]") }).URL,
		AnswerWithin(time.Minute, 50*time.Millisecond))
	require.NoError(t, m.Generate(t.Context(), nil, 10, 0, 0, func([]byte) error { time.Sleep(70 * time.Millisecond); return nil }))
	ctx, cancel := context.WithCancel(t.Context())
	m = dial(t, server(t, hang(said("a"))).URL)
	err := m.Generate(ctx, nil, 10, 0, 0, func([]byte) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestChoiceOfAModel(t *testing.T) {
	var list string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/base/v1/models", r.URL.Path)
		_, _ = io.WriteString(w, list)
	}))
	t.Cleanup(s.Close)
	try := func(models string, with ...Option) (*Model, error) {
		list = models
		return Dial(t.Context(), s.URL+"/base", with...)
	}
	two := `{"data":[{"id":"a","max_model_len":512},{"id":"b"}]}`
	m, err := try(two, Name("a"))
	require.NoError(t, err)
	require.Equal(t, 512, m.Card().Context)
	for name, c := range map[string]struct {
		list, name, want string
	}{
		"several":   {two, "", `name one of them: "a", "b"`},
		"other":     {two, "c", `has no model "c"; it has "a", "b"`},
		"none":      {`{"data":[]}`, "", "load one there"},
		"unnamed":   {`{"data":[{"id":""}]}`, "", "load one there"},
		"no list":   {"<html>", "", "is this an OpenAI-compatible server?"},
		"long list": {`{"data":["` + strings.Repeat("x", maxList) + `"]}`, "", "at most 1048576 bytes"},
	} {
		_, err := try(c.list, Name(c.name))
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestAddressesAndArguments(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080": "http://127.0.0.1:8080/v1", "http://localhost:11434/v1": "http://localhost:11434/v1",
		"https://[::1]:1/x/": "https://[::1]:1/x/v1",
	} {
		got, err := baseURL(address, false)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for address, want := range map[string]string{
		"": "give http", "127.0.0.1:8080": "give http", "ftp://localhost": "give http", "http://a:b@localhost": "give http",
		"http://localhost?x=1": "give http", "http://10.0.0.1": "not on this machine", "https://api.openai.com/v1": "not on this machine",
	} {
		_, err := Dial(t.Context(), address)
		require.ErrorContains(t, err, want, address)
	}
	got, err := baseURL("https://api.example.com/v1", true)
	require.NoError(t, err)
	require.Equal(t, "https://api.example.com/v1", got)

	s := server(t, http.NotFound)
	m := dial(t, s.URL)
	s.Close()
	_, err = generate(t, m, "a", 0)
	require.ErrorContains(t, err, "0 bytes to generate")
	require.ErrorContains(t, m.Generate(t.Context(), nil, 1, 3, 0, nil), "temperature 3")
	_, err = generate(t, m, strings.Repeat("x", MaxPrompt+1), 1)
	require.ErrorContains(t, err, "at most 1048576")
	_, err = generate(t, m, "a", 1)
	require.ErrorIs(t, err, ErrUnreachable)
	_, err = Dial(t.Context(), s.URL)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorContains(t, err, "start it, or correct the address")
}

// FuzzStream: whatever a server sends, no more comes out than was asked for.
func FuzzStream(f *testing.F) {
	f.Add("data: " + said("a") + "\n\ndata: [DONE]\n\n")
	f.Add("data: " + said("grüß dich und alle") + "\n\n")
	f.Add("data: {\"choices\":null}\n\ndata: {\"error\":1}\n\n")
	var body string
	m := &Model{base: "http://fuzz/v1", options: options{begin: time.Minute, pause: time.Minute}}
	m.client = &http.Client{Transport: transport(func() string { return body })}
	f.Fuzz(func(t *testing.T, stream string) {
		body = stream
		pieces, _ := generate(t, m, "a", 5)
		require.LessOrEqual(t, len(strings.Join(pieces, "")), 5)
	})
}

type transport func() string

func (b transport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(b()))}, nil
}
