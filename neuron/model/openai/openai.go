// Package openai makes a model.Expert of a local server that speaks the HTTP interface
// of OpenAI: llama.cpp, vLLM, Ollama and others. It generates text, and nothing else.
//
// Such a server knows tokens of its own and tells the probabilities of a few of them at
// best. A distribution over the next byte cannot be had from that without asking for
// every prefix anew, so Forward, Hidden and Follow are unsupported: a neuron with such
// a model sells text and does not take part in mixtures.
//
// What is read comes from another program: it is bounded in size and time. Nothing is
// sent to another machine unless it is allowed, and no redirection is followed.
package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/taonet/taonet/neuron/model"
)

const (
	// beginTime is how long a server may take to begin an answer: it may have to load
	// the model first.
	beginTime = 2 * time.Minute
	// pauseTime is how long it may pause within one.
	pauseTime = 30 * time.Second
	// maxList bounds the list of models, maxError what is read of an error.
	maxList  = 1 << 20
	maxError = 1 << 14
	maxName  = 256
)

// What can be wrong with the server; errors.Is tells them apart.
var (
	// ErrUnreachable: nobody listens, or no answer comes in time.
	ErrUnreachable = errors.New("openai: no answer from the model's server")
	// ErrAnswer: it answered what no such server answers.
	ErrAnswer = errors.New("openai: wrong answer from the model's server")
	// ErrRefused: it said that it cannot do what was asked.
	ErrRefused = errors.New("openai: the model's server refused")
)

// Option changes how Dial works.
type Option func(*options)

type options struct {
	name, key    string
	anyHost      bool
	begin, pause time.Duration
}

// Name chooses one of the server's models; without it there must be only one.
func Name(name string) Option { return func(o *options) { o.name = name } }

// Key is what the server wants to see as a bearer token.
func Key(key string) Option { return func(o *options) { o.key = key } }

// AllowAnyHost lets the server be on another machine. What others ask this neuron is
// then sent there, without encryption when the address begins with http:.
func AllowAnyHost() Option { return func(o *options) { o.anyHost = true } }

// AnswerWithin is how long the server may take to begin an answer and to pause in one;
// without it 2 minutes and 30 s.
func AnswerWithin(begin, pause time.Duration) Option {
	return func(o *options) { o.begin, o.pause = begin, pause }
}

// Model is a model behind such a server. It is safe for concurrent use.
type Model struct {
	base    string
	options options
	client  *http.Client
	card    model.Card
}

// Dial asks a server, http://127.0.0.1:8080 for example, which models it has.
func Dial(ctx context.Context, address string, with ...Option) (*Model, error) {
	o := options{begin: beginTime, pause: pauseTime}
	for _, set := range with {
		set(&o)
	}
	base, err := baseURL(address, o.anyHost)
	if err != nil {
		return nil, err
	}
	m := &Model{base: base, options: o, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 1 << 16},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it redirects elsewhere: give the address where it is")
		},
	}}
	if err := m.describe(ctx); err != nil {
		_ = m.Close()
		return nil, err
	}
	return m, nil
}

// Close gives idle connections back.
func (m *Model) Close() error {
	m.client.CloseIdleConnections()
	return nil
}

// baseURL is the address up to /v1.
func baseURL(address string, anyHost bool) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("the server's address %q: give http://127.0.0.1:8080 for example", address)
	}
	if ip := net.ParseIP(u.Hostname()); !anyHost && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("the server's address %q is not on this machine: use 127.0.0.1, or allow any host", address)
	}
	path := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u.Scheme + "://" + u.Host + path + "/v1", nil
}

// listed is a model in the list. Some servers tell more than its name.
type listed struct {
	ID      string `json:"id"`
	Context int    `json:"max_model_len"` // vLLM
	Meta    struct {
		Context    int `json:"n_ctx_train"` // llama.cpp
		Parameters int `json:"n_params"`
	} `json:"meta"`
}

// describe makes the card.
func (m *Model) describe(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, m.options.begin)
	defer stop()
	response, err := m.ask(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxList+1))
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, m.base, err)
	}
	var list struct{ Data []listed }
	if len(text) > maxList || json.Unmarshal(text, &list) != nil {
		return fmt.Errorf("%w at %s: /models answers no list of at most %d bytes, but %.80q: is this an OpenAI-compatible server?", ErrAnswer, m.base, maxList, text)
	}
	chosen, err := m.choose(list.Data)
	if err != nil {
		return err
	}
	m.options.name = chosen.ID
	m.card = model.Card{
		Modality: model.Text, Architecture: chosen.ID, Classes: model.Vocabulary,
		Context: max(0, chosen.Context, chosen.Meta.Context), Parameters: max(0, chosen.Meta.Parameters), Generates: true,
	}
	return nil
}

func (m *Model) choose(all []listed) (listed, error) {
	var names []string
	for _, l := range all {
		if l.ID == "" || len(l.ID) > maxName {
			continue
		}
		if l.ID == m.options.name || m.options.name == "" && len(all) == 1 {
			return l, nil
		}
		if len(names) < 20 {
			names = append(names, fmt.Sprintf("%q", l.ID))
		}
	}
	switch {
	case len(names) == 0:
		return listed{}, fmt.Errorf("%w at %s: it has no model: load one there", ErrAnswer, m.base)
	case m.options.name == "":
		return listed{}, fmt.Errorf("the server at %s has several models, name one of them: %s", m.base, strings.Join(names, ", "))
	}
	return listed{}, fmt.Errorf("the server at %s has no model %q; it has %s", m.base, m.options.name, strings.Join(names, ", "))
}

// Card describes the model as far as the server does. The hash is zero: nobody sees
// the parameters.
func (m *Model) Card() model.Card { return m.card }

// Forward implements model.Expert: there is none.
func (m *Model) Forward(context.Context, model.Input, []float32) error {
	return fmt.Errorf("%w: the server at %s gives no distributions over bytes", model.ErrUnsupported, m.base)
}

// Hidden implements model.Expert: there is none.
func (m *Model) Hidden(context.Context, model.Input, []float32) error {
	return fmt.Errorf("%w: the server at %s does not give its hidden state", model.ErrUnsupported, m.base)
}

// Follow implements model.Expert: there is none.
func (m *Model) Follow(int) (model.Follower, error) {
	return nil, fmt.Errorf("%w: the server at %s does not follow text byte by byte", model.ErrUnsupported, m.base)
}
