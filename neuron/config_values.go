package neuron

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// Source is a kind of place that a value comes from.
type Source uint8

// The sources, each standing against those before it.
const (
	FromDefault Source = iota
	FromFile
	FromEnvironment
	FromFlag
)

// Origin is where a value comes from.
type Origin struct {
	Source Source
	// Name of the file, the variable or the flag.
	Name string
	// Line of the file, from 1; 0 where there is none.
	Line int
}

// String is "default", "neuron.yaml:12", "NEURON_TRAIN_STEPS" or "--steps".
func (o Origin) String() string {
	switch {
	case o.Source == FromDefault:
		return "default"
	case o.Line > 0:
		return fmt.Sprintf("%s:%d", o.Name, o.Line)
	}
	return o.Name
}

// Origin of a key's value.
func (c *Config) Origin(key string) Origin { return c.origins[key] }

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// Key that it is about, empty when it is about none.
	Key string
	// Value that the key has, as it is written.
	Value string
	// Origin of the value.
	Origin Origin
	// Text says all of it, the bound and what to do included.
	Text string
}

// Error is the problem's text.
func (p Problem) Error() string { return p.Text }

// Problems are all that is wrong with a configuration.
type Problems []Problem

// Error has a line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Text
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each as an error.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i := range p {
		all[i] = p[i]
	}
	return all
}

// kindOf says what a node is, for a reader.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return fmt.Sprintf("%q", abridged(node.Value))
}

// abridged cuts what an error need not repeat.
func abridged(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

// scalar reads a single value by its kind.
func scalar(node *yaml.Node, into reflect.Value) error {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("%s, must be a single value: write it out", kindOf(node))
	}
	tag := node.ShortTag()
	if tag == "!!null" {
		return errors.New("no value: give one, or remove the line for the default")
	}
	switch into.Interface().(type) {
	case Duration, Size:
		return unmarshal(node, into)
	}
	switch into.Kind() {
	case reflect.String:
		if tag == "!!binary" || !strings.HasPrefix(tag, "!!") {
			return fmt.Errorf("%s has the tag %s, must have none: write the text itself", kindOf(node), tag)
		}
		into.SetString(node.Value)
		return nil
	case reflect.Bool:
		return decode(node, into, tag == "!!bool", "must be true or false")
	case reflect.Float64:
		return decode(node, into, tag == "!!float" || tag == "!!int", "must be a number")
	}
	return decode(node, into, tag == "!!int", "must be a whole number within 64 bits")
}

func unmarshal(node *yaml.Node, into reflect.Value) error {
	if reader, ok := into.Addr().Interface().(yaml.Unmarshaler); ok {
		return reader.UnmarshalYAML(node)
	}
	return fmt.Errorf("%s cannot be read", kindOf(node))
}

// decode leaves reading to the library when the value is of the right kind: by itself
// it would cut 1.5 to 1 and take "yes" for true.
func decode(node *yaml.Node, into reflect.Value, ok bool, must string) error {
	if ok && node.Decode(into.Addr().Interface()) == nil {
		return nil
	}
	return fmt.Errorf("%s %s", kindOf(node), must)
}
