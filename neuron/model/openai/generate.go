package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/taonet/taonet/neuron/model"
)

const (
	// MaxPrompt is the longest prompt in bytes.
	MaxPrompt = 1 << 20
	// maxLine is the longest line of a stream, maxStream all of it: a piece of text comes
	// with several hundred bytes around it.
	maxLine   = 1 << 20
	maxStream = 64 << 20
)

// completion is a request to /v1/completions.
type completion struct {
	Model       string  `json:"model"`
	Prompt      string  `json:"prompt"`
	MaxTokens   int     `json:"max_tokens"`
	Temperature float32 `json:"temperature"`
	Seed        uint64  `json:"seed"`
	Stream      bool    `json:"stream"`
}

// piece is what a line of the stream holds.
type piece struct {
	Choices []struct {
		Text   string  `json:"text"`
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Error json.RawMessage `json:"error"`
}

// Generate implements model.Expert. Bytes of the prompt that are not UTF-8 arrive as
// U+FFFD, and an empty prompt as a line break; of the seed the lower 31 bits count.
// Whether the same seed gives the same text is for the server to say. emit gets the
// pieces as they come, and must not keep the slice; an error of its own ends the text.
func (m *Model) Generate(ctx context.Context, prompt []byte, most int, temperature float32, seed uint64, emit func([]byte) error) error {
	if err := model.CheckGenerate(most, temperature); err != nil {
		return err
	}
	if len(prompt) > MaxPrompt {
		return fmt.Errorf("a prompt of %d bytes, at most %d: give its end", len(prompt), MaxPrompt)
	}
	if len(prompt) == 0 {
		prompt = []byte{'\n'}
	}
	body, err := json.Marshal(completion{
		Model: m.options.name, Prompt: string(prompt), MaxTokens: most, Temperature: temperature, Seed: seed & (1<<31 - 1), Stream: true,
	})
	if err != nil {
		return err
	}
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(m.options.begin, func() { cancel(errSlow) })
	defer watch.Stop()
	err = m.stream(limited, body, most, emit, watch)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(context.Cause(limited), errSlow):
		return fmt.Errorf("%w at %s: it began later than %v or paused for more than %v", ErrUnreachable, m.base, m.options.begin, m.options.pause)
	}
	return err
}

// errSlow is why a request was given up.
var errSlow = errors.New("too slow")

// stream reads server-sent events: lines "data: {…}", at last "data: [DONE]". While it
// waits for the server, watch runs.
func (m *Model) stream(ctx context.Context, body []byte, most int, emit func([]byte) error, watch *time.Timer) error {
	response, err := m.ask(ctx, http.MethodPost, "/completions", body)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(io.LimitReader(response.Body, maxStream))
	lines.Buffer(make([]byte, 0, 1<<12), maxLine)
	finished := false
	for lines.Scan() {
		watch.Reset(m.options.pause)
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok {
			continue // empty lines, comments and other fields
		}
		data = bytes.TrimSpace(data)
		if string(data) == "[DONE]" {
			return nil
		}
		text, done, err := m.read(data)
		if err != nil {
			return err
		}
		finished = finished || done
		text = text[:min(len(text), most)]
		if most -= len(text); len(text) > 0 {
			watch.Stop()
			if err := emit(text); err != nil {
				return err
			}
			watch.Reset(m.options.pause)
		}
		if most == 0 {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("%w at %s: a line of more than %d bytes", ErrAnswer, m.base, maxLine)
		}
		return fmt.Errorf("%w at %s: the text broke off: %w", ErrUnreachable, m.base, err)
	}
	if !finished {
		return fmt.Errorf("%w at %s: the text broke off without an end", ErrAnswer, m.base)
	}
	return nil
}

// read takes the text out of one event.
func (m *Model) read(data []byte) (text []byte, finished bool, err error) {
	var p piece
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, false, fmt.Errorf("%w at %s: %.80q in a stream: %w", ErrAnswer, m.base, data, err)
	}
	if len(p.Error) > 0 && string(p.Error) != "null" {
		return nil, false, fmt.Errorf("%w at %s: %.300q", ErrRefused, m.base, reason(data))
	}
	if len(p.Choices) == 0 {
		return nil, false, nil // the last event of some servers counts tokens
	}
	return []byte(p.Choices[0].Text), p.Choices[0].Finish != nil && *p.Choices[0].Finish != "", nil
}

// ask sends a request and makes sure that the answer is no error.
func (m *Model) ask(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, m.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if m.options.key != "" {
		request.Header.Set("Authorization", "Bearer "+m.options.key)
	}
	response, err := m.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: start it, or correct the address: %w", ErrUnreachable, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxError))
	advice := ""
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		advice = ": give the server's key"
	case http.StatusNotFound:
		advice = ": it lacks " + path + " or the model"
	}
	return nil, fmt.Errorf("%w at %s: %d%s: %.300q", ErrRefused, m.base+path, response.StatusCode, advice, reason(text))
}

// reason is the message in an error, {"error": {"message": …}} or {"error": …}, or the
// error as it came.
func reason(text []byte) string {
	var told struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(text, &told) == nil && len(told.Error) > 0 {
		var inner struct{ Message string }
		if json.Unmarshal(told.Error, &inner) == nil && inner.Message != "" {
			return inner.Message
		}
		var plain string
		if json.Unmarshal(told.Error, &plain) == nil {
			return plain
		}
	}
	return string(bytes.TrimSpace(text))
}
