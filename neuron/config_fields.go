package neuron

import (
	"reflect"
	"slices"
	"strings"
)

// field is a key of the configuration: a leaf or a section.
type field struct {
	key       string // its path, train.rate
	name      string // the last part of it
	index     []int  // where reflect finds it in Config
	kind      reflect.Type
	about     string
	least     string // bounds as they are written; empty for none
	most      string
	choices   []string
	isSection bool
}

// fieldsOf lists the keys of a struct in their order, a section before its keys.
func fieldsOf(t reflect.Type, prefix string, index []int) (out []field) {
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name := tag.Get("yaml")
		if name == "" {
			continue
		}
		f := field{
			key: prefix + name, name: name, index: append(slices.Clone(index), i), kind: t.Field(i).Type,
			about: tag.Get("about"), least: tag.Get("min"), most: tag.Get("max"), choices: strings.Fields(tag.Get("choices")),
			isSection: t.Field(i).Type.Kind() == reflect.Struct,
		}
		out = append(out, f)
		if f.isSection {
			out = append(out, fieldsOf(f.kind, f.key+".", f.index)...)
		}
	}
	return out
}

// fields of the whole configuration.
func fields() []field { return fieldsOf(reflect.TypeFor[Config](), "", nil) }

// of is the field in a configuration.
func (f field) of(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().FieldByIndex(f.index) }

// variable is the name of the environment variable that stands for the key.
func (f field) variable() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// isRecords says that the key holds a list of structs.
func (f field) isRecords() bool {
	return f.kind.Kind() == reflect.Slice && f.kind.Elem().Kind() == reflect.Struct
}

// Keys lists every key that can be set, as train.rate, in the order of the file.
func Keys() (out []string) {
	for _, f := range fields() {
		if !f.isSection {
			out = append(out, f.key)
		}
	}
	return out
}

// About says in a sentence what a key is, with its bounds; empty for one that there is
// not.
func About(key string) string {
	for _, f := range fields() {
		if f.key == key {
			return f.describe()
		}
	}
	return ""
}

// describe is what a key is and may be.
func (f field) describe() string {
	if bound := f.bound(); bound != "" {
		return strings.TrimSuffix(f.about, ".") + " (" + bound + ")."
	}
	return f.about
}

// bound is what a key may be, empty for anything.
func (f field) bound() string {
	switch {
	case len(f.choices) > 0:
		return "one of " + strings.Join(f.choices, ", ")
	case f.least != "":
		return f.least + " to " + f.most
	}
	return ""
}

// nearest is the known key that a wrong one most likely stands for: the fewest edits
// of its last part, then one of the same section.
func nearest(wrong string, known []string) string {
	section, name := split(wrong)
	best, score := "", 0
	for _, key := range known {
		s, n := split(key)
		distance := 2 * edits(name, n)
		if s != section {
			distance++
		}
		if best == "" || distance < score {
			best, score = key, distance
		}
	}
	return best
}

func split(key string) (section, name string) {
	dot := strings.LastIndexByte(key, '.')
	return key[:dot+1], key[dot+1:]
}

// edits is how many insertions, deletions, substitutions and swaps of neighbours turn
// one word into another (the distance of Damerau and Levenshtein, without edits within
// a swapped pair).
func edits(from, to string) int {
	a, b := []rune(from), []rune(to)
	a = a[:min(len(a), 64)] // a key of a megabyte is as wrong as one of 64 letters
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
