package neuron

import (
	"fmt"
	"slices"
	"strings"

	"github.com/taonet/taonet/neuron/data"
)

// Domains of text by name: those that come with Go, and the generated ones.
type Domains struct {
	// Goroot is what `go env GOROOT` prints, or empty.
	Goroot string
	// Seed of the generated languages.
	Seed uint64

	installed, generated []*data.Text
}

// generatedBytes is the size of each generated language.
const generatedBytes = 1 << 20

// find a domain.
func (d *Domains) find(kind, name string) (*data.Text, error) {
	var err error
	texts := &d.installed
	if kind == KindGenerated {
		texts = &d.generated
	}
	if *texts == nil {
		if kind == KindGenerated {
			*texts, err = data.Generated(d.Seed, generatedBytes)
		} else {
			*texts, err = data.DefaultDomains(d.Goroot)
		}
		if err != nil {
			return nil, err
		}
	}
	names := make([]string, len(*texts))
	for i, t := range *texts {
		if t.Name == name {
			return t, nil
		}
		names[i] = t.Name
	}
	return nil, fmt.Errorf("there is no domain %q here; there are %s", name, strings.Join(names, ", "))
}

// texts are what a configuration says that a neuron learns from, its own domain first.
func (c *Config) texts(d *Domains) ([]*data.Text, error) {
	own, err := c.ownText(d)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if c.Data.Of > 1 {
		if own, err = own.Shard(data.Shard{Index: c.Data.Shard, Count: c.Data.Of}); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	if n := int(c.Data.Bytes); n > 0 && n < own.Bytes() {
		if own, err = own.Take(n); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	texts := []*data.Text{own}
	for i, s := range c.Data.Samples {
		text, err := s.text(c.Data.Kind, d)
		if err == nil && int(s.Bytes) < text.Bytes() {
			text, err = text.Take(int(s.Bytes))
		}
		if err != nil {
			return nil, fmt.Errorf("data.samples[%d]: %w", i, err)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func (c *Config) ownText(d *Domains) (*data.Text, error) {
	switch c.Data.Kind {
	case KindText:
		return data.LoadText(c.Name, c.Data.Paths...)
	case KindJSONL:
		return data.LoadJSONL(c.Name, c.Data.Field, c.Data.Paths...)
	case KindDomain, KindGenerated:
		return d.find(c.Data.Kind, c.Data.Domain)
	}
	return nil, fmt.Errorf("%s is no text: a %s learns from text, jsonl, domain or generated", c.Data.Kind, c.Model.Architecture)
}

func (s Sample) text(kind string, d *Domains) (*data.Text, error) {
	if s.Domain == "" {
		return data.LoadText("sample", s.Paths...)
	}
	if kind != KindGenerated {
		kind = KindDomain
	}
	return d.find(kind, s.Domain)
}

// Names keeps those of the installed domains that are wanted; with none of them there
// all that there are, four at most.
func (d *Domains) Names(wanted []string) ([]string, error) {
	if _, err := d.find(KindDomain, ""); len(d.installed) == 0 {
		return nil, err
	}
	var names []string
	for _, w := range wanted {
		if _, err := d.find(KindDomain, w); err == nil {
			names = append(names, w)
		}
	}
	for _, t := range d.installed {
		if len(names) < 2 && !slices.Contains(names, t.Name) {
			names = append(names, t.Name)
		}
	}
	return names, nil
}
