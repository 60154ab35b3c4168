package axon

import (
	"time"

	"google.golang.org/grpc/codes"

	"github.com/taonet/taonet/neuron/synapse"
)

// generate answers Generate, a message for each piece of text as the model makes it. It
// does not go through the queue: few run at the same time.
func (s *Server) generate(c *call) error {
	var m synapse.GenerateRequest
	if err := c.admit(func(body []byte) (int, error) { return s.readGenerate(body, &m) }); err != nil {
		return err
	}
	if !s.generates.take(c.budget, 1) {
		return exhausted(time.Second, "%d texts are being generated here, or %d of yours: wait for one, or ask another neuron", s.config.Generates, s.config.GeneratesPerCaller)
	}
	defer s.generates.give(c.budget, 1)
	expert := s.deps.Expert()
	if expert == nil {
		return errNoModel()
	}
	var refusal error // of emit, which the model may have wrapped
	left := int(m.Most)
	err := guard(func() error {
		return expert.Generate(c.ctx, m.Prompt, int(m.Most), m.Temperature, m.Seed, func(text []byte) error {
			if text = text[:min(len(text), left)]; len(text) == 0 {
				return nil
			}
			left -= len(text)
			refusal = c.emit(text)
			return refusal
		})
	})
	if refusal != nil {
		return refusal
	}
	if err != nil {
		return s.failed(err)
	}
	return c.reply(&synapse.GenerateResponse{Done: true})
}

// readGenerate checks a GenerateRequest; what the prompt costs is paid at once, what is
// generated as it comes.
func (s *Server) readGenerate(body []byte, m *synapse.GenerateRequest) (rows int, err error) {
	card := s.describe().card
	if !card.Generates || s.config.Generates == 0 {
		return 0, errUnsupported("generates nothing", "ask another neuron")
	}
	if err := parse(body, m); err != nil {
		return 0, err
	}
	prompt := max(maxPrompt, card.Context)
	switch {
	case len(m.Prompt) > prompt:
		return 0, refuse(codes.InvalidArgument, "a prompt of %d bytes, at most %d are taken: send its end alone", len(m.Prompt), prompt)
	case m.Most < 1 || m.Most > maxGenerate:
		return 0, refuse(codes.InvalidArgument, "%d bytes to generate, 1 to %d are: ask for less, and go on with the text as a prompt", m.Most, maxGenerate)
	case !(m.Temperature >= 0 && m.Temperature <= 2):
		return 0, refuse(codes.InvalidArgument, "temperature %v, 0 to 2 is taken: choose one of those", m.Temperature)
	}
	return min(len(m.Prompt), maxPrompt), nil
}

// emit pays for a piece of text and sends it.
func (c *call) emit(text []byte) error {
	if err := c.charge(len(text), c.config.Idle); err != nil {
		return err
	}
	return c.reply(&synapse.GenerateResponse{Text: text})
}
