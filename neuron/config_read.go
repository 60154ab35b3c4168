package neuron

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// EnvPrefix begins the name of every variable of the environment that stands for a
	// key: NEURON_TRAIN_STEPS for train.steps.
	EnvPrefix = "NEURON_"
	// MaxConfig is the most bytes of a file that is read.
	MaxConfig = 1 << 20
)

// Sources are the places from which a configuration is put together; what comes later
// stands against what came before: defaults, file, environment, flags.
type Sources struct {
	// File to read; empty for none.
	File string
	// Environ is the environment as os.Environ gives it. Names that begin with
	// EnvPrefix and are no key are left alone, since other programs have some too,
	// unless they are within two edits of one.
	Environ []string
	// Flags in their order.
	Flags []Setting
}

// Setting is a key set by a flag.
type Setting struct {
	// Key as Keys lists it.
	Key string
	// Text of the value: as in the file, lists of words also with commas.
	Text string
	// Flag as it was typed, --steps for example.
	Flag string
}

// Load puts a configuration together and checks it. The error holds every Problem, of
// reading and of Validate; the configuration is there all the same, for whoever wants
// to show it.
func Load(s Sources) (*Config, error) {
	var text []byte
	if s.File != "" {
		var err error
		if text, err = readConfig(s.File); err != nil {
			return Default(), Problems{{Text: err.Error()}}
		}
	}
	return load(s, text)
}

// Parse reads a configuration from a file's content over the defaults and checks it, as
// Load does.
func Parse(name string, text []byte) (*Config, error) { return load(Sources{File: name}, text) }

func readConfig(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w: neuron init writes one, --config names another", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, MaxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("the configuration %s cannot be read: %w", name, err)
	}
	return text, nil
}

func load(s Sources, text []byte) (*Config, error) {
	r := reader{c: Default(), file: filepath.Base(s.File)}
	r.c.origins = map[string]Origin{}
	r.document(text)
	r.environment(s.Environ)
	for _, setting := range s.Flags {
		r.flag(setting)
	}
	r.c.settle()
	unread := r.problems
	for _, p := range r.c.Validate() {
		if !slices.ContainsFunc(unread, func(q Problem) bool { return q.Key == p.Key }) {
			r.problems = append(r.problems, p)
		}
	}
	if len(r.problems) > 0 {
		return r.c, r.problems
	}
	return r.c, nil
}

// reader fills a configuration and collects what is wrong.
type reader struct {
	c        *Config
	file     string
	problems Problems
}

func (r *reader) fail(key string, at Origin, format string, args ...any) {
	r.problems = append(r.problems, Problem{Key: key, Origin: at, Text: at.String() + ": " + fmt.Sprintf(format, args...)})
}

func (r *reader) line(node *yaml.Node) Origin { return Origin{FromFile, r.file, node.Line} }

// document reads the one YAML document of the file.
func (r *reader) document(text []byte) {
	at := Origin{Source: FromFile, Name: r.file}
	if len(text) > MaxConfig {
		r.fail("", at, "more than %d bytes: this is hardly a configuration", MaxConfig)
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return // nothing but comments
	}
	if err == nil {
		err = decoder.Decode(&second)
	}
	switch {
	case err == nil:
		r.fail("", r.line(&second), "a second document begins here: keep one, and remove the line ---")
		return
	case !errors.Is(err, io.EOF):
		r.fail("", at, "%s: this is no YAML; sections are indented by two spaces, and a colon and a space follow every key", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	r.section(document.Content[0], "", reflect.ValueOf(r.c).Elem(), r.setFromFile)
}

// setFromFile notes where a key of the file was set.
func (r *reader) setFromFile(key string, node *yaml.Node) { r.c.origins[key] = r.line(node) }

// section reads the keys of a mapping into a struct. set is told of every leaf.
func (r *reader) section(node *yaml.Node, prefix string, into reflect.Value, set func(key string, node *yaml.Node)) {
	name := strings.TrimSuffix(prefix, ".")
	if node.ShortTag() == "!!null" {
		return // all its keys are commented out
	}
	if node.Kind != yaml.MappingNode {
		what := "the configuration"
		if name != "" {
			what = name
		}
		r.fail(name, r.line(node), "%s is %s, must be keys with values: write each on a line of its own, as key: value", what, kindOf(node))
		return
	}
	known := fieldsOf(into.Type(), prefix, nil)
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		keyNode, value := node.Content[i], node.Content[i+1]
		key := prefix + keyNode.Value
		at := slices.IndexFunc(known, func(f field) bool { return f.key == key && len(f.index) == 1 })
		switch {
		case keyNode.Kind != yaml.ScalarNode || keyNode.ShortTag() == "!!merge":
			r.fail(name, r.line(keyNode), "a key must be a plain word: write the values out")
		case at < 0:
			r.fail(key, r.line(keyNode), "unknown key %q%s: the nearest known one is %s", keyNode.Value, inSection(name), r.nearest(key, prefix, known))
		case seen[key] != 0:
			r.fail(key, r.line(keyNode), "%s was set in line %d already: keep one of them", key, seen[key])
		case known[at].isSection:
			r.section(value, key+".", into.FieldByIndex(known[at].index), set)
		default:
			r.leaf(key, value, into.FieldByIndex(known[at].index), set)
		}
		seen[key] = keyNode.Line
	}
}

func inSection(name string) string {
	if name == "" {
		return ""
	}
	return " in " + name
}

// nearest looks among all keys, and within a list among those of its items.
func (r *reader) nearest(key, prefix string, known []field) string {
	var keys []string
	if strings.Contains(prefix, "[") {
		for _, f := range known {
			keys = append(keys, f.key)
		}
		return nearest(key, keys)
	}
	for _, f := range fields() {
		keys = append(keys, f.key)
	}
	return nearest(key, keys)
}

// leaf reads a value; what is wrong with it leaves the value as it was.
func (r *reader) leaf(key string, node *yaml.Node, into reflect.Value, set func(string, *yaml.Node)) {
	fresh, found := reflect.New(into.Type()).Elem(), len(r.problems)
	if into.Kind() == reflect.Slice {
		r.list(key, node, fresh)
	} else if err := scalar(node, fresh); err != nil {
		r.fail(key, r.line(node), "%s: %v", key, err)
	}
	if len(r.problems) == found {
		into.Set(fresh)
		set(key, node)
	}
}

// list reads a sequence of words or of structs.
func (r *reader) list(key string, node *yaml.Node, into reflect.Value) {
	if node.ShortTag() == "!!null" {
		return // all its items are commented out
	}
	if node.Kind != yaml.SequenceNode {
		r.fail(key, r.line(node), "%s is %s, must be a list: put it in brackets, [a, b], or each item behind a dash", key, kindOf(node))
		return
	}
	for i, item := range node.Content {
		v, name := reflect.New(into.Type().Elem()).Elem(), fmt.Sprintf("%s[%d]", key, i)
		if v.Kind() == reflect.Struct {
			r.section(item, name+".", v, func(string, *yaml.Node) {})
		} else if err := scalar(item, v); err != nil {
			r.fail(key, r.line(item), "%s: %v", name, err)
		}
		into.Set(reflect.Append(into, v))
	}
}

// environment takes the variables that stand for keys.
func (r *reader) environment(environ []string) {
	byName := map[string]field{}
	var names []string
	for _, f := range fields() {
		if !f.isSection {
			byName[f.variable()], names = f, append(names, f.variable())
		}
	}
	for _, entry := range environ {
		name, text, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, EnvPrefix) {
			continue
		}
		at := Origin{Source: FromEnvironment, Name: name}
		if f, ok := byName[name]; ok {
			r.text(f, text, at)
		} else if close := nearest(name, names); edits(name, close) <= 2 {
			r.fail("", at, "unknown variable: the nearest known one is %s", close)
		}
	}
}

// flag takes a key that was set by a flag.
func (r *reader) flag(s Setting) {
	at := Origin{Source: FromFlag, Name: s.Flag}
	for _, f := range fields() {
		if f.key == s.Key && !f.isSection {
			r.text(f, s.Text, at)
			return
		}
	}
	r.fail(s.Key, at, "unknown key %q: the nearest known one is %s", s.Key, nearest(s.Key, Keys()))
}

// text reads a value that is no part of a file.
func (r *reader) text(f field, text string, at Origin) {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(text)}
	switch {
	case f.kind.Kind() == reflect.String:
		node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	case f.kind.Kind() == reflect.Slice:
		var err error
		if node, err = listOf(f, node.Value); err != nil {
			r.fail(f.key, at, "%s: %v", f.key, err)
			return
		}
	}
	found := len(r.problems)
	r.leaf(f.key, node, f.of(r.c), func(key string, _ *yaml.Node) { r.c.origins[key] = at })
	for i := range r.problems[found:] {
		p := &r.problems[found+i]
		p.Text, p.Origin = at.String()+strings.TrimPrefix(p.Text, p.Origin.String()), at
	}
}

// listOf reads a list as YAML, or as words with commas between them.
func listOf(f field, text string) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if text == "" {
		return list, nil
	}
	if f.isRecords() || strings.HasPrefix(text, "[") {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Content) == 0 {
			return nil, fmt.Errorf("%q is no list: write it as [a, b], an item with keys as {key: value}", text)
		}
		return document.Content[0], nil
	}
	for word := range strings.SplitSeq(text, ",") {
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(word)})
	}
	return list, nil
}
