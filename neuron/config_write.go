package neuron

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// head begins a commented file.
const head = `# The configuration of a neuron. Every key is optional; what is not here has its
# default. A variable of the environment stands against a key here (NEURON_TRAIN_STEPS
# for train.steps), a flag against both. neuron config show --origin lists what holds
# and why, neuron config validate says what is wrong.
`

// lineWidth is where comments break, in bytes.
const lineWidth = 88

// Commented is the configuration as a file with a comment on every key. Parse reads it
// back to the same values.
func Commented(c *Config) []byte {
	var b strings.Builder
	b.WriteString(head)
	for _, f := range fields() {
		indent := strings.Repeat("  ", strings.Count(f.key, "."))
		if indent == "" {
			b.WriteByte('\n')
		}
		comment(&b, indent, f.describe())
		if f.isSection {
			b.WriteString(f.name + ":\n")
			continue
		}
		b.WriteString(indent + f.name + ":")
		write(&b, indent, f.of(c))
	}
	return []byte(b.String())
}

// comment writes a text in lines.
func comment(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > lineWidth {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// write writes a value after its key.
func write(b *strings.Builder, indent string, value reflect.Value) {
	if value.Kind() != reflect.Slice {
		b.WriteString(" " + show(value.Interface()) + "\n")
		return
	}
	if value.Len() == 0 {
		b.WriteString(" []\n")
		return
	}
	b.WriteByte('\n')
	for i := range value.Len() {
		item := value.Index(i)
		b.WriteString(indent + "  - " + show(item.Interface()) + "\n")
	}
}

// show is a value on one line, as it is read from a file.
func show(value any) string {
	switch value := value.(type) {
	case Duration:
		return value.String()
	case Size:
		return value.String()
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case string:
		return quoted(value)
	}
	v := reflect.ValueOf(value)
	var parts []string
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, show(v.Index(i).Interface()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type(), "", nil) {
			if field := v.FieldByIndex(f.index); !field.IsZero() {
				parts = append(parts, f.name+": "+show(field.Interface()))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(value)
}

// quoted is a text as it stands in YAML, plain where it cannot be taken for anything
// else.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./~", r)
	}
	node := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if text != "" && text[0] != '-' && text != "~" && node.ShortTag() == "!!str" &&
		!strings.ContainsFunc(strings.ReplaceAll(text, ":", "."), func(r rune) bool { return !plain(r) }) &&
		!strings.HasSuffix(text, ":") && !strings.HasPrefix(text, ":") {
		return text
	}
	return doubleQuoted(text)
}

// doubleQuoted escapes what a double-quoted YAML text must not hold as it is. Escapes
// of YAML are those of JSON, and \U for what is beyond.
func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Value is one key of a configuration for whoever shows it.
type Value struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// Values lists all keys with their values as a file has them, and where they come from.
func (c *Config) Values() (out []Value) {
	for _, f := range fields() {
		if !f.isSection {
			out = append(out, Value{Key: f.key, Value: show(f.of(c).Interface()), Origin: c.Origin(f.key).String()})
		}
	}
	return out
}

// Show is a line for every key, with origin also where its value comes from.
func (c *Config) Show(origin bool) string {
	values := c.Values()
	keys, width := 0, 0
	for _, v := range values {
		keys = max(keys, len(v.Key))
		if len(v.Value) <= 40 {
			width = max(width, len(v.Value))
		}
	}
	var b strings.Builder
	for _, v := range values {
		if origin {
			fmt.Fprintf(&b, "%-*s  %-*s  %s\n", keys, v.Key, width, v.Value, v.Origin)
		} else {
			fmt.Fprintf(&b, "%-*s  %s\n", keys, v.Key, v.Value)
		}
	}
	return b.String()
}
