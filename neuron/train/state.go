package train

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/taonet/taonet/neuron/data"
	"github.com/taonet/taonet/neuron/model"
	"github.com/taonet/taonet/neuron/moe"
	"github.com/taonet/taonet/neuron/nn"
)

// stateKey is the entry of a checkpoint's metadata that holds what is not in the model.
const stateKey = "train"

// state is what a step depends on besides the model and its moments.
type state struct {
	Step      uint64       `json:"step"`
	Optimiser int          `json:"optimiser_steps"`
	Sampler   []byte       `json:"sampler"`
	Dropout   []byte       `json:"dropout"`
	Network   bool         `json:"network"`
	Dispatch  moe.Dispatch `json:"dispatch"`
}

// state of the lessons; the optimiser and dropout are the trainer's.
func (t *lessons) state() (s state, err error) {
	s = state{Step: t.step, Network: t.Network, Dispatch: t.dispatch}
	if t.now.drawn {
		s.Sampler = t.now.before // what is drawn already is drawn again
		return s, nil
	}
	s.Sampler, err = t.sampler.MarshalBinary()
	return s, err
}

// resume goes on from a state.
func (t *lessons) resume(s state, sampler *data.Sampler) {
	t.Stop()
	t.now.drawn, t.next.drawn = false, false
	t.step, t.Network, t.sampler = s.Step, s.Network, sampler
	top, explore := t.dispatch.Top, t.dispatch.Explore
	t.dispatch = s.Dispatch
	t.dispatch.Top, t.dispatch.Explore = top, explore
}

// Save writes the model with everything that the next step depends on.
func (t *Trainer) Save(w io.Writer, metadata map[string]string) error {
	s, err := t.state()
	if err != nil {
		return err
	}
	s.Optimiser, s.Dropout = t.optimiser.Steps, t.tape.RandomState()
	all, err := s.beside(metadata)
	if err != nil {
		return err
	}
	return model.Save(w, t.task, all)
}

// beside is a checkpoint's metadata with the state.
func (s state) beside(metadata map[string]string) (map[string]string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	all := map[string]string{stateKey: base64.StdEncoding.EncodeToString(text)}
	for k, v := range metadata {
		all[k] = v
	}
	return all, nil
}

// Load goes on from what Save wrote and returns the metadata. When it fails the trainer
// is as it was.
func (t *Trainer) Load(r io.Reader) (map[string]string, error) {
	before := remember(t.task.Params())
	metadata, err := model.Load(r, t.task)
	if err != nil {
		return nil, err
	}
	s, sampler, err := readState(metadata[stateKey])
	if err == nil {
		err = t.tape.SetRandomState(s.Dropout)
	}
	if err != nil {
		before.restore()
		return nil, err
	}
	t.resume(s, sampler)
	t.optimiser.Steps = s.Optimiser
	return metadata, nil
}

func readState(text string) (s state, sampler *data.Sampler, err error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &s)
	}
	if err != nil {
		return s, nil, fmt.Errorf("the checkpoint's entry %q: %w", stateKey, err)
	}
	if s.Optimiser < 0 || s.Step > 1<<62 {
		return s, nil, fmt.Errorf("the checkpoint says step %d with %d steps of the optimiser: it is damaged", s.Step, s.Optimiser)
	}
	sampler = data.NewSampler(0, 0)
	return s, sampler, sampler.UnmarshalBinary(s.Sampler)
}

// memory of parameters and moments.
type memory struct {
	params []*nn.Param
	values [][]float32
}

func remember(params []*nn.Param) *memory {
	m := &memory{params: params}
	for _, p := range params {
		for _, values := range [][]float32{p.Data, p.First, p.Second} {
			m.values = append(m.values, slices.Clone(values))
		}
	}
	return m
}

func (m *memory) restore() {
	for i, p := range m.params {
		copy(p.Data, m.values[3*i])
		copy(p.First, m.values[3*i+1])
		copy(p.Second, m.values[3*i+2])
	}
}
